"""Scores the pairs of benches/linking.rs with Splink on DuckDB: two tables in memory in, pairs above a threshold out.

    cargo bench --bench linking
    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install splink duckdb
    /tmp/peers/bin/python benches/compare/linking.py target/tmp [threads [rounds]]

The same fields on the same levels with fixed rates, agreement on a model or build adjusted for how common it is, numbers
as the only blocking rule. Reading the files is not timed. Splink does not let claims on one number compete.
"""

import logging
import os
import sys
import time

import duckdb
import splink
from splink import DuckDBAPI, Linker

folder = sys.argv[1]
threads = int(sys.argv[2]) if len(sys.argv) > 2 else os.cpu_count()
rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
logging.disable(logging.WARNING)


def level(condition, m, u, **more):
    return {"sql_condition": condition, "label_for_charts": condition, "m_probability": m, "u_probability": u, **more}


def null(column):
    condition = f"{column}_l IS NULL OR {column}_r IS NULL"
    return {"sql_condition": condition, "label_for_charts": "null", "is_null_level": True}


def frequency(column):
    return {"tf_adjustment_column": column, "tf_adjustment_weight": 1.0}


settings = {
    "link_type": "link_only",
    "unique_id_column_name": "unique_id",
    "probability_two_random_records_match": 0.9,
    "blocking_rules_to_generate_predictions": [{"blocking_rule": "l.number = r.number", "sql_dialect": "duckdb"}],
    "retain_matching_columns": False,
    "retain_intermediate_calculation_columns": False,
    "comparisons": [
        {
            "output_column_name": "since",
            "comparison_levels": [
                null("since"),
                level("since_r >= since_l", 0.483, 0.0044),
                level("ELSE", 0.231, 0.0044),
            ],
        },
        {
            "output_column_name": "device",
            "comparison_levels": [
                null("device"),
                level("device_l = device_r", 0.45, 0.00001),
                level("build_l = build_r", 0.0323, 0.0322, **frequency("build")),
                level("model_l = model_r", 0.0908, 0.092, **frequency("model")),
                level("os_l = os_r", 0.27, 0.481),
                level("ELSE", 0.157, 0.395),
            ],
        },
        {
            "output_column_name": "region",
            "comparison_levels": [
                null("region"),
                level("region_l = region_r", 0.99, 0.965),
                level("ELSE", 0.01, 0.0353),
            ],
        },
    ],
}

con = duckdb.connect()
con.execute(f"SET threads = {threads}")
for table in ["accounts", "social"]:
    con.execute(f"CREATE TABLE {table} AS FROM '{folder}/link-{table}.parquet'")
pairs = con.execute("SELECT count(*) FROM accounts JOIN social USING (number)").fetchall()[0][0]

for threshold in [0.99, None]:
    best, found = float("inf"), 0
    for _ in range(rounds):
        api = DuckDBAPI(connection=con)
        tables = [api.register(name) for name in ["accounts", "social"]]
        linker = Linker(tables, settings)
        start = time.perf_counter()
        scored = linker.inference.predict(threshold_match_probability=threshold, warning_mode="never")
        best = min(best, time.perf_counter() - start)
        found = con.execute(f"SELECT count(*) FROM {scored.physical_name}").fetchall()[0][0]
        linker.table_management.invalidate_cache()
    print(
        f"splink {splink.__version__} on duckdb {duckdb.__version__}, threshold {threshold}: {pairs:,} pairs, "
        f"{found:,} kept, {threads} threads, {best:.2f} s, {pairs / best / 1e6:.2f} M pairs/s",
        flush=True,
    )

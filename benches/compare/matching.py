"""Joins the files of benches/matching.rs with DuckDB and Polars: Parquet in, Parquet out.

    ACQUAINT_BOOK_ROWS=100000000 cargo bench --bench matching -- match_book
    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install duckdb polars
    /tmp/peers/bin/python benches/compare/matching.py target/tmp 100000000 [threads [rounds]]

Each joins by number and leaves out who saved the number before it was the account's, and one's own number. `distinct`
does in addition what acquaint does: each pair of accounts once, at the earliest, in order.
"""

import os
import resource
import sys
import time

folder, rows = sys.argv[1], int(sys.argv[2])
threads = int(sys.argv[3]) if len(sys.argv) > 3 else os.cpu_count()
rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 3
os.environ["POLARS_MAX_THREADS"] = str(threads)

import duckdb  # noqa: E402
import polars as pl  # noqa: E402

book = f"{folder}/book-{rows}.parquet"
accounts = f"{folder}/accounts.parquet"
out = f"{folder}/peer.parquet"

con = duckdb.connect()
con.execute(f"SET threads = {threads}")
con.execute("SET preserve_insertion_order = false")

JOIN = f"""FROM '{book}' c JOIN '{accounts}' b USING (number)
WHERE b.since <= c.saved_at AND c.account_id <> b."to" """


def with_duckdb():
    con.execute(f'COPY (SELECT c.account_id, b."to", c.saved_at {JOIN}) TO \'{out}\' (FORMAT parquet)')


def with_duckdb_distinct():
    con.execute(
        f'COPY (SELECT c.account_id, b."to", min(c.saved_at) {JOIN} GROUP BY ALL ORDER BY 1, 2) '
        f"TO '{out}' (FORMAT parquet)"
    )


def joined():
    held = pl.scan_parquet(book).join(pl.scan_parquet(accounts), on="number", how="inner")
    held = held.filter((pl.col("since") <= pl.col("saved_at")) & (pl.col("account_id") != pl.col("to")))
    return held.select("account_id", "to", "saved_at")


def with_polars():
    joined().sink_parquet(out)


def with_polars_distinct():
    pairs = joined().group_by("account_id", "to").agg(pl.col("saved_at").min())
    pairs.sort("account_id", "to").sink_parquet(out)


for name, work in [
    (f"duckdb {duckdb.__version__}", with_duckdb),
    (f"polars {pl.__version__}", with_polars),
    (f"duckdb {duckdb.__version__}, distinct", with_duckdb_distinct),
    (f"polars {pl.__version__}, distinct", with_polars_distinct),
]:
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    found = con.execute(f"SELECT count(*) FROM '{out}'").fetchall()[0][0]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{name}: {rows:,} rows, {found:,} matches, {threads} threads, {best:.2f} s, "
        f"{rows / best / 1e6:.1f} M rows/s, peak so far {peak:,.0f} MiB",
        flush=True,
    )

"""Joins the columns of benches/matching.rs with DuckDB and Polars: in memory, numbers already read.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install numpy duckdb polars pyarrow
    /tmp/peers/bin/python benches/compare/matching.py 10000000 [threads]
"""

import os
import sys
import time

N = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
THREADS = int(sys.argv[2]) if len(sys.argv) > 2 else os.cpu_count()
os.environ["POLARS_MAX_THREADS"] = str(THREADS)

import duckdb  # noqa: E402
import numpy as np  # noqa: E402
import polars as pl  # noqa: E402

ACCOUNTS = 2_000_000


def scatter(counter):
    bits = counter + np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def number(counter):
    return np.uint64(4_915_100_000_000) + counter * np.uint64(61_803_399) % np.uint64(100_000_000)


entry = np.arange(N, dtype=np.uint64) * np.uint64(2)
account = np.arange(ACCOUNTS, dtype=np.uint64)
contacts = pl.DataFrame(
    {
        "from": scatter(entry) % np.uint64(ACCOUNTS),
        "number": number(scatter(entry + np.uint64(1)) % np.uint64(2 * ACCOUNTS)),
        "saved_at": np.full(N, 1_000_000, dtype=np.int64),
    }
)
bindings = pl.DataFrame(
    {
        "to": account,
        "number": number(account),
        "since": np.zeros(ACCOUNTS, dtype=np.int64),
        "until": np.full(ACCOUNTS, 2**62, dtype=np.int64),
    }
)


def best(work, rounds=3):
    seconds, rows = [], 0
    for _ in range(rounds):
        start = time.perf_counter()
        rows = work()
        seconds.append(time.perf_counter() - start)
    return min(seconds), rows


def with_polars():
    joined = contacts.lazy().join(bindings.lazy(), on="number", how="inner")
    held = joined.filter(
        (pl.col("since") <= pl.col("saved_at"))
        & (pl.col("saved_at") < pl.col("until"))
        & (pl.col("from") != pl.col("to"))
    )
    return held.select("from", "to", "saved_at").collect().height


con = duckdb.connect()
con.execute(f"SET threads = {THREADS}")
con.execute("CREATE TABLE c AS SELECT * FROM contacts")
con.execute("CREATE TABLE b AS SELECT * FROM bindings")


def with_duckdb():
    con.execute("DROP TABLE IF EXISTS m")
    con.execute(
        'CREATE TABLE m AS SELECT c."from", b."to", c.saved_at FROM c JOIN b USING (number) '
        'WHERE b.since <= c.saved_at AND c.saved_at < b.until AND c."from" <> b."to"'
    )
    return con.execute("SELECT count(*) FROM m").fetchone()[0]


for name, work in [("polars " + pl.__version__, with_polars), ("duckdb " + duckdb.__version__, with_duckdb)]:
    seconds, rows = best(work)
    print(f"{name}: {N:,} entries, {rows:,} matches, {THREADS} threads, {N / seconds / 1e6:.1f} M entries/s")

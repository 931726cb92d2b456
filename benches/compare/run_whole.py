"""The friend part of a run as a whole, beside the same job in DuckDB and in Polars: consent, numbers, ties, two-paths, masks, top 10, Parquet.

    acquaint synth --users 100000 --seed 5 --out world
    python3 benches/compare/run_whole.py world [--acquaint target/release/acquaint] [--venv DIR] [--turns 3] [acquaint|duckdb|polars ...]

The packages are installed into DIR, by default target/whole, unless they are there. Everybody reads the tables of friends alone (no ads, no
businesses), on all cores, and writes one Parquet file of (user, candidate, shared, place). Reading and writing count; the clock, processor
time and peak memory are those of the process.

What is not the same favours the others:
- They get numbers that are normalised already (`acquaint identity normalise`, not timed); acquaint reads them as they were typed.
- Their consent is: accepted, and not opted out, deleted or withdrawn since; no order of an authority holds. acquaint replays every event under every policy, asks twice
  (as of the run and as known at publication), carries restrictions along links, drops numbers of people who objected, and counts why.
- Their link is the number alone, given before the account gave it up. acquaint weighs devices, former holders and two claims to one number.
- They mask friends and feedback. acquaint also masks age bands, spammers and people who hide, writes reasons, verdicts on abuse, links,
  rejections, a manifest whose sums check and a report.
So the lists differ in their last places, and the script prints how many of each tool's pairs acquaint has too.
"""

import argparse
import csv
import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from environment import in_environment
from measured import timed

PACKAGES = ["duckdb", "polars", "pyarrow"]
TABLES = ["messenger_accounts", "address_book", "social_accounts", "friendships", "feedback", "consent_events", "policy_versions", "overlays"]
HERE = Path(__file__).resolve().parents[2]
K = 10

asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
asked.add_argument("world", type=Path)
asked.add_argument("tools", nargs="*", default=["acquaint", "duckdb", "polars"])
asked.add_argument("--acquaint", default=str(HERE / "target/release/acquaint"))
asked.add_argument("--venv", default=str(HERE / "target/whole"))
asked.add_argument("--turns", type=int, default=3)
asked.add_argument("--in", dest="given", type=Path, help=argparse.SUPPRESS)
asked.add_argument("--out", type=Path, help=argparse.SUPPRESS)
ASKED = asked.parse_intermixed_args()
in_environment(ASKED.venv, PACKAGES)

import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

# Accounts that somebody accepted for, and for which nothing was taken away since.
TAKEN = "('opt_out', 'delete', 'withdraw', 'signal', 'recycled')"
SQL = f"""
create view said as select account_id, kind, share, valid_time from '{{0}}/consent_events.parquet' where account_id is not null;
create table permitted as
  select account_id from said group by account_id
  having max(case when kind = 'accept' and share then valid_time end) is not null
     and coalesce(max(case when kind in {TAKEN} then valid_time end)
                  < max(case when kind = 'accept' and share then valid_time end), true);
create table held as select n.* from '{{0}}/held.parquet' n semi join permitted using (account_id);
create table linked as
  select distinct h.account_id, s.user_id from held h join '{{0}}/given.parquet' s
    on h.e164 = s.e164 and s.since < coalesce(h.until, timestamptz '2200-01-01');
create table tie as
  with matched as (
    select distinct b.account_id as from_account, h.account_id as to_account
    from '{{0}}/book.parquet' b semi join permitted p on b.account_id = p.account_id
    join held h on b.e164 = h.e164 and b.saved_at >= h.since and (h.until is null or b.saved_at < h.until)
  ), pairs as (
    select x.user_id u, y.user_id v from matched join linked x on from_account = x.account_id join linked y on to_account = y.account_id
    union all
    select user_a, user_b from '{{0}}/friendships.parquet'
      semi join linked a on user_a = a.user_id semi join linked b on user_b = b.user_id
  ), twice as (select u, v from pairs where u <> v union select v, u from pairs where u <> v)
  select u::bigint u, v::bigint v from twice;
create table masked as
  select u, v from tie
  union select user_id::bigint, other_id::bigint from '{{0}}/feedback.parquet'
  union select other_id::bigint, user_id::bigint from '{{0}}/feedback.parquet' where kind in ('block', 'hide');
copy (
  with shared as (select x.u, y.v, count(*) n from tie x join tie y on x.v = y.u where x.u <> y.v group by all having n >= 2),
  strangers as (select shared.* from shared anti join masked using (u, v)),
  placed as (select u as user_id, v as candidate_id, n as shared, row_number() over (partition by u order by n desc, v) as place from strangers)
  select * from placed where place <= {K} order by user_id, place
) to '{{1}}' (format parquet);
"""


def with_duckdb(given, out):
    import duckdb

    duckdb.connect().execute(SQL.replace("{0}", str(given)).replace("{1}", str(out)))


def with_polars(given, out):
    import polars as pl

    read = lambda name: pl.scan_parquet(given / f"{name}.parquet")  # noqa: E731
    said = read("consent_events").filter(pl.col("account_id").is_not_null())
    accepted = pl.col("valid_time").filter((pl.col("kind") == "accept") & pl.col("share")).max()
    taken = pl.col("valid_time").filter(pl.col("kind").is_in(["opt_out", "delete", "withdraw", "signal", "recycled"])).max()
    permitted = said.group_by("account_id").agg(accepted.alias("a"), taken.alias("t"))
    permitted = permitted.filter(pl.col("a").is_not_null() & (pl.col("t").is_null() | (pl.col("t") < pl.col("a")))).select("account_id")
    held = read("held").join(permitted, on="account_id", how="semi")
    linked = held.join(read("given"), on="e164", suffix="_given")
    linked = linked.filter(pl.col("until").is_null() | (pl.col("since_given") < pl.col("until")))
    linked = linked.select("account_id", "user_id").unique().collect().lazy()
    book = read("book").join(permitted, on="account_id", how="semi").rename({"account_id": "from_account"})
    matched = book.join(held.rename({"account_id": "to_account"}), on="e164")
    matched = matched.filter((pl.col("saved_at") >= pl.col("since")) & (pl.col("until").is_null() | (pl.col("saved_at") < pl.col("until"))))
    matched = matched.select("from_account", "to_account").unique()
    pairs = matched.join(linked.rename({"account_id": "from_account", "user_id": "u"}), on="from_account")
    pairs = pairs.join(linked.rename({"account_id": "to_account", "user_id": "v"}), on="to_account").select("u", "v")
    friends = read("friendships").select(pl.col("user_a").alias("u"), pl.col("user_b").alias("v"))
    people = linked.select("user_id").unique()
    friends = friends.join(people, left_on="u", right_on="user_id", how="semi").join(people, left_on="v", right_on="user_id", how="semi")
    pairs = pl.concat([pairs, friends]).filter(pl.col("u") != pl.col("v"))
    tie = pl.concat([pairs, pairs.select(pl.col("v").alias("u"), pl.col("u").alias("v"))]).unique().collect().lazy()
    said = read("feedback").select(pl.col("user_id").alias("u"), pl.col("other_id").alias("v"), "kind")
    back = said.filter(pl.col("kind").is_in(["block", "hide"])).select(pl.col("v").alias("u"), pl.col("u").alias("v"))
    masked = pl.concat([tie, said.select("u", "v"), back])
    shared = tie.join(tie.select(pl.col("u").alias("v"), pl.col("v").alias("w")), on="v").filter(pl.col("u") != pl.col("w"))
    shared = shared.group_by("u", "w").len("shared").filter(pl.col("shared") >= 2)
    strangers = shared.join(masked, left_on=["u", "w"], right_on=["u", "v"], how="anti").sort(["u", "shared", "w"], descending=[False, True, False])
    placed = strangers.with_columns((pl.int_range(pl.len()).over("u") + 1).alias("place")).filter(pl.col("place") <= K)
    placed.rename({"u": "user_id", "w": "candidate_id"}).collect(engine="streaming").write_parquet(out)


def normalised(raw, region):
    """The numbers of a column as text with a plus sign, none where they are none."""
    rows = io.StringIO()
    csv.writer(rows).writerows([("region", "raw"), *((region or "", raw or "") for region, raw in zip(region, raw))])
    read = subprocess.run([ASKED.acquaint, "identity", "normalise", "--quiet"], input=rows.getvalue(), capture_output=True, text=True)
    if read.returncode not in (0, 1):
        sys.exit(read.stderr)
    numbers = [int(row["e164"][1:]) if row["valid"] == "1" else None for row in csv.DictReader(io.StringIO(read.stdout))]
    assert len(numbers) == len(raw)
    return numbers


def prepare(world, given):
    """Tables of numbers that are normalised already."""
    for name in ["consent_events", "friendships", "feedback"]:
        shutil.copy(world / f"{name}.parquet", given)
    accounts = pq.read_table(world / "messenger_accounts.parquet", columns=["account_id", "phone", "region", "number_since", "number_until"])
    social = pq.read_table(world / "social_accounts.parquet", columns=["user_id", "phone", "region", "phone_given_for", "phone_since", "created_at"])
    book = pq.read_table(world / "address_book.parquet")
    columns = accounts.to_pydict()
    regions = dict(zip(columns["account_id"], columns["region"]))
    number = lambda raw, region: pa.array(normalised(raw, region), pa.uint64())  # noqa: E731
    held = {"account_id": accounts["account_id"], "e164": number(columns["phone"], columns["region"])}
    held |= {"since": accounts["number_since"], "until": accounts["number_until"]}
    write(held, given / "held.parquet")
    contact = social.filter(pa.compute.equal(social["phone_given_for"], "contact"))
    columns = contact.to_pydict()
    since = pa.compute.coalesce(contact["phone_since"], contact["created_at"])
    write({"user_id": contact["user_id"], "e164": number(columns["phone"], columns["region"]), "since": since}, given / "given.parquet")
    columns = book.to_pydict()
    region = [regions.get(account) for account in columns["account_id"]]
    saved = {"account_id": book["account_id"], "e164": number(columns["phone"], region), "saved_at": book["saved_at"]}
    write(saved, given / "book.parquet")


def write(columns, path):
    table = pa.table(columns)
    pq.write_table(table.filter(pa.compute.is_valid(table["e164"])), path)


def main():
    import pyarrow.compute  # noqa: F401

    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "given").mkdir()
        (folder / "signals").mkdir()
        for name in TABLES:
            shutil.copy(ASKED.world / f"{name}.parquet", folder / "signals")
        prepare(ASKED.world, folder / "given")
        out = {tool: folder / f"{tool}.parquet" for tool in ASKED.tools}
        for turn in range(ASKED.turns):
            for tool in ASKED.tools:
                if tool == "acquaint":
                    shutil.rmtree(folder / "out", ignore_errors=True)
                    command = [ASKED.acquaint, "run", "--quiet", "--signals", folder / "signals", "--out", folder / "out"]
                else:
                    command = [sys.executable, __file__, str(ASKED.world), tool, "--venv", ASKED.venv]
                    command += ["--in", folder / "given", "--out", out[tool]]
                clock, busy, peak = timed([str(part) for part in command])
                print(f"{tool:10} {clock:7.2f} s  {busy:7.2f} s of processors  {peak / 1e9:5.2f} GB", flush=True)
        if "acquaint" in ASKED.tools:
            out["acquaint"] = folder / "out" / "suggestions.parquet"
        pairs = {}
        for tool, path in out.items():
            table = pq.read_table(path)
            pairs[tool] = set(zip(table["user_id"].to_pylist(), table["candidate_id"].to_pylist()))
        for tool, found in pairs.items():
            both = len(found & pairs.get("acquaint", found))
            print(f"{tool:10} {len(found):9,} pairs, of which acquaint has {both / max(len(found), 1):.1%}")


if ASKED.given:
    {"duckdb": with_duckdb, "polars": with_polars}[ASKED.tools[0]](ASKED.given, ASKED.out)
else:
    main()

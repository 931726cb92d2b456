"""Spread enumeration: a block of numbers shared out among accounts that each stay below every limit. What do they learn?

    python3 benches/compare/spread.py model.json [--numbers 1000000] [--accounts 10 30 100 300 1000 3000 10000]
        [--acquaint target/release/acquaint] [--venv DIR] [--dir DIR]

The numbers are whole thousands of one area; three in ten have an account, as of a messenger that most people use. Honest accounts save twelve
others each, of whom two thirds save them back, and eight numbers that are nobody's account, within 400 days; two in a hundred are verified. Attackers
divide all numbers among themselves by chance, each number once, and upload within 38 days; they are 45 to 900 days old, each on its own phone.
With --mutual each also saves and is saved by ten others of them.

For each count of attackers it writes the tables, evaluates them by the model (`evaluate abuse`: purpose abuse) and matches the address book with the model
and without (`identity match`: purpose friend suggestions, which counts no numbers that are nobody's account). It prints who was found, and how many
matches attackers and honest accounts have left.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from environment import in_environment

HERE = Path(__file__).resolve().parents[2]
PACKAGES = ["numpy", "pyarrow"]
AREA = 1_415_000_0000
NOW = 1_795_000_000  # seconds; November 2026
DAY = 86_400
DENSITY = 0.3


asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
asked.add_argument("model", type=Path)
asked.add_argument("--numbers", type=int, default=1_000_000)
asked.add_argument("--accounts", type=int, nargs="*", default=[10, 30, 100, 300, 1_000, 3_000, 10_000])
asked.add_argument("--mutual", action="store_true")
asked.add_argument("--seed", type=int, default=1)
asked.add_argument("--acquaint", default=str(HERE / "target/release/acquaint"))
asked.add_argument("--venv", default=str(HERE / "target/spread"))
asked.add_argument("--dir", type=Path, default=Path("spread"))
ASKED = asked.parse_args()
in_environment(ASKED.venv, PACKAGES)

import numpy as np  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.compute as pc  # noqa: E402
import pyarrow.csv as csv  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402


def times(seconds):
    return pa.array(np.asarray(seconds, np.int64) * 1_000_000, pa.timestamp("us", "UTC"))


def phones(numbers):
    return pc.binary_join_element_wise("+", pc.cast(pa.array(numbers), pa.string()), "")


def table(folder, name, columns):
    pq.write_table(pa.table(columns), folder / f"{name}.parquet")


class World:
    """Honest accounts, and who saved which number when."""

    def __init__(self, rng):
        self.rng = rng
        # From 2 340 000 on every number of the area is valid.
        self.asked = AREA + 2_340_000 + np.arange(ASKED.numbers, dtype=np.int64)
        n = int(ASKED.numbers * DENSITY)
        self.numbers = np.sort(rng.choice(self.asked, n, replace=False))
        self.ids = np.arange(1, n + 1, dtype=np.uint64)
        self.since = NOW - rng.integers(60, 1_500, n) * DAY
        self.seeds = rng.random(n) < 0.02
        self.books = self.honest_books(n)

    def honest_books(self, n):
        rng = self.rng
        by = np.repeat(np.arange(n), 12)
        # Most friends live near: neighbours in a ring, some anywhere.
        near = (by + rng.integers(-40, 41, len(by))) % n
        to = np.where(rng.random(len(by)) < 0.9, near, rng.integers(0, n, len(by)))
        back = rng.random(len(by)) < 2 / 3
        by, to = np.concatenate([by, to[back]]), np.concatenate([to, by[back]])
        unlike = by != to
        by, to = by[unlike], to[unlike]
        strangers_by = np.repeat(np.arange(n), 8)
        # Numbers of another area that nobody registered; popular ones are in many books.
        strangers = AREA + 90_0000_0000 + 2_340_000 + (rng.pareto(1.0, len(strangers_by)) * 2_000).astype(np.int64) % 2_000_000
        by = np.concatenate([by, strangers_by])
        numbers = np.concatenate([self.numbers[to], strangers])
        at = np.maximum(self.since[by], NOW - rng.integers(2, 400, len(by)) * DAY) + rng.integers(0, DAY, len(by))
        return self.ids[by], numbers, at

    def write(self, folder, attackers):
        rng = np.random.default_rng(ASKED.seed + attackers)
        folder.mkdir(parents=True, exist_ok=True)
        n = len(self.ids)
        ids = np.arange(n + 1, n + attackers + 1, dtype=np.uint64)
        since = NOW - rng.integers(45, 900, attackers) * DAY
        own = AREA + 91_0000_0000 + 2_340_000 + np.arange(attackers, dtype=np.int64)
        turn = rng.permutation(len(self.asked)) % attackers
        by, numbers = ids[turn], self.asked
        at = NOW - 40 * DAY + rng.integers(0, 38 * DAY, len(by))
        if ASKED.mutual and attackers > 10:
            a = np.repeat(np.arange(attackers), 5)
            b = (a + 1 + np.tile(np.arange(5), attackers)) % attackers
            by = np.concatenate([by, ids[a], ids[b]])
            numbers = np.concatenate([numbers, own[b], own[a]])
            at = np.concatenate([at, NOW - rng.integers(2, 40, 2 * len(a)) * DAY])
        book = [np.concatenate(pair) for pair in zip(self.books, (by, numbers, at))]
        table(folder, "address_book", {"account_id": book[0], "phone": phones(book[1]), "saved_at": times(book[2])})
        every, start = np.concatenate([self.ids, ids]), np.concatenate([self.since, since])
        table(folder, "messenger_accounts", {
            "account_id": every, "phone": phones(np.concatenate([self.numbers, own])), "region": ["US"] * len(every),
            "registered_at": times(start), "last_seen_at": times(np.full(len(every), NOW - DAY)), "number_since": times(start),
        })
        seeds = self.ids[self.seeds]
        table(folder, "trust_seeds", {"account_id": seeds, "verified_at": times(self.since[self.seeds])})
        self.consent(folder, every, start)
        kinds = ["person"] * n + ["spread"] * attackers
        with open(folder.parent / f"{folder.name}.csv", "w") as file:
            file.write("account_id,kind\n")
            file.writelines(f"{one},{kind}\n" for one, kind in zip(every.tolist(), kinds))
        return set(ids.tolist())

    def consent(self, folder, every, start):
        digest = "0" * 64
        announced = NOW - 2_000 * DAY
        table(folder, "policy_versions", {
            "policy": [1], "locale": ["en"], "text_digest": [digest], "announced_at": times([announced]),
            "accept_by": times([NOW + 4_000 * DAY]), "window_days": [30], "cohort_cut": times([NOW + 4_000 * DAY]),
        })
        n = len(every)
        event = np.arange(1, 2 * n + 1, dtype=np.uint64)
        at = times(np.concatenate([start, start]))
        table(folder, "consent_events", {
            "event_id": event, "account_id": np.concatenate([every, every]), "kind": ["notice_served"] * n + ["accept"] * n,
            "valid_time": at, "known_time": at, "policy": pa.array([1] * n + [None] * n, pa.uint32()),
            "text_digest": pa.array([digest] * n + [None] * n, pa.string()), "share": pa.array([None] * n + [True] * n, pa.bool_()),
        })
        table(folder, "social_accounts", {
            "user_id": pa.array([1], pa.uint64()), "phone": pa.array([None], pa.string()), "created_at": times([announced]),
        })


def acquaint(out, *arguments):
    with open(out, "w") as file:
        done = subprocess.run([ASKED.acquaint, "--quiet", *map(str, arguments)], stdout=file, stderr=subprocess.PIPE, text=True)
    if done.returncode > 1:
        sys.exit(done.stderr)


def matches(folder, config):
    out = folder.parent / "matches.csv"
    acquaint(out, "identity", "match", "--signals", folder, "--purpose", "friend_suggestions", *config)
    types = csv.ConvertOptions(include_columns=["from_account_id"])
    return csv.read_csv(out, convert_options=types)["from_account_id"].to_numpy()


def measured(world, attackers):
    folder = ASKED.dir / f"world-{attackers}"
    config = ASKED.dir / "model.toml"
    config.write_text(f'[abuse]\nmodel = "{ASKED.model.resolve()}"\n')
    ids = np.array(sorted(world.write(folder, attackers)), np.uint64)
    labels = ASKED.dir / f"{folder.name}.csv"
    out = ASKED.dir / "found.json"
    acquaint(out, "evaluate", "abuse", "--signals", folder, "--labels", labels, "--config", config, "--json")
    quarantine = json.loads(out.read_text())["at"][-1]
    before, after = matches(folder, []), matches(folder, ["--config", config])
    gained = [int(np.isin(found, ids).sum()) for found in (before, after)]
    honest = [np.unique(found[~np.isin(found, ids)]) for found in (before, after)]
    touched = len(np.setdiff1d(honest[0], honest[1]))
    return quarantine, gained, len(honest[0]), touched


def main():
    ASKED.dir.mkdir(parents=True, exist_ok=True)
    world = World(np.random.default_rng(ASKED.seed))
    print(f"{ASKED.numbers:,} numbers, {len(world.ids):,} honest accounts, seed {ASKED.seed}{', mutual' if ASKED.mutual else ''}")
    print("| accounts | numbers each | found (abuse) | honest wrongly | matches without the model | with it | honest accounts that lose matches |")
    print("|--:|--:|--:|--:|--:|--:|--:|")
    for attackers in ASKED.accounts:
        found, gained, n_honest, touched = measured(world, attackers)
        each = ASKED.numbers // attackers
        print(f"| {attackers:,} | {each:,} | {found['found'] / attackers:.3f} | {found['wrongly']} | {gained[0]:,} | {gained[1]:,} | {touched} of {n_honest:,} |", flush=True)


main()

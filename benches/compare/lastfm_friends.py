"""What friends' listens are worth on last.fm: a signals directory of who plays which artist, with who is friends with whom.

    python3 benches/compare/lastfm_friends.py ../shared/datasets/social_items clicks.csv friends.csv
    acquaint import impressions clicks.csv --public-data --person person --item item --advertiser artist --label label --time time --out signals
    rm signals/sums.json && mv friends.csv signals/friendships.csv
    acquaint worth --signals signals --only ads --config friends_min.toml

Every play is a click. For each, two artists that the person does not play are drawn by how many play them, and count as shown and not clicked.
Rows come in an order drawn at random. The artist stands for the advertiser too, so that what friends do with it is told.
"""

import csv
import gzip
import random
import sys
from pathlib import Path

SEED = 7
FIRST = 1_451_606_400  # 2016-01-01

folder, clicks, friends = map(Path, sys.argv[1:])


def table(name):
    with gzip.open(folder / name, "rt") as lines:
        return list(csv.DictReader(lines))


random.seed(SEED)
plays = table("lastfm2k_listens.csv.gz")
heard = {}
for row in plays:
    heard.setdefault(row["user"], set()).add(row["artist"])
popular = [row["artist"] for row in plays]
shown = [(row["user"], row["artist"], 1) for row in plays]
for user, own in heard.items():
    drawn = (random.choice(popular) for _ in range(2 * len(own)))
    shown += [(user, artist, 0) for artist in drawn if artist not in own]
random.shuffle(shown)
with open(clicks, "w") as out:
    rows = csv.writer(out)
    rows.writerow(["person", "item", "artist", "label", "time"])
    rows.writerows([user, artist, artist, label, FIRST + 60 * at] for at, (user, artist, label) in enumerate(shown))
with open(friends, "w") as out:
    rows = csv.writer(out)
    rows.writerow(["user_a", "user_b", "since"])
    rows.writerows([tie["src"], tie["dst"], "2015-01-01T00:00:00Z"] for tie in table("lastfm2k_friends.csv.gz") if tie["src"] in heard and tie["dst"] in heard)

"""The commands themselves on public clicks, beside Vowpal Wabbit, LightGBM and scikit-learn: log loss and AUC of the same hidden rows.

    python3 benches/compare/clicks_peers.py ../shared/datasets [--acquaint target/release/acquaint] [--venv DIR] [--rows 60000] [set ...]

The packages are installed into DIR, by default target/peers, unless they are there. Each set is one table, of at most `--rows` rows drawn at
random, the same for everybody. A seed puts its rows in an order; the last fifth is hidden. `acquaint import impressions` takes the order for time, so that
`acquaint evaluate ads --split time` hides the very same rows, which the script checks by the base rate's log loss. For that the hour of the
day, which this order would make up, is left out (`[ads.signals] time = false`).

Every method but those marked "defaults" chooses its settings inside the training rows: their last fifth is hidden from it first, and the
settings with the least log loss there are trained on all of them. Linear methods and Vowpal Wabbit get every column as categories (numbers as powers of two by
halves), trees get categories as codes and numbers as they are. A row of many impressions counts with its clicks and its other impressions.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from environment import in_environment

PACKAGES = ["numpy", "scipy", "pandas", "scikit-learn", "lightgbm", "vowpalwabbit"]
HERE = Path(__file__).resolve().parents[2]
asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
asked.add_argument("data", type=Path)
asked.add_argument("sets", nargs="*")
asked.add_argument("--acquaint", default=str(HERE / "target/release/acquaint"))
asked.add_argument("--venv", default=str(HERE / "target/peers"))
asked.add_argument("--rows", type=int, default=60_000)
asked.add_argument("--seeds", type=int, default=5)
asked.add_argument("--only", help="methods whose name begins so")
ASKED = asked.parse_intermixed_args()
in_environment(ASKED.venv, PACKAGES)

import lightgbm  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.metrics import roc_auc_score  # noqa: E402
from sklearn.preprocessing import OneHotEncoder  # noqa: E402


class Clicks:
    """A table: `label` (clicks), `shown` (impressions), categories and numbers."""

    def __init__(self, name, table, numbers=(), flags=(), low_rank=(), all_pairs=False):
        if len(table) > ASKED.rows:
            table = table.sample(ASKED.rows, random_state=0)
        self.name, self.table, self.flags, self.low_rank = name, table.reset_index(drop=True), list(flags), list(low_rank)
        self.numbers = list(numbers)
        self.categories = [c for c in table.columns if c not in (*numbers, "label", "shown")]
        self.all_pairs = all_pairs

    def ordered(self, seed):
        order = np.random.RandomState(seed).permutation(len(self.table))
        return self.table.iloc[order].reset_index(drop=True)


# ---- the sets


def facebook(data):
    t = pd.read_csv(data / "ctr/facebook_ads_kag.csv.gz", dtype=str)
    t = t.rename(columns={"Clicks": "label", "Impressions": "shown"})
    t = t[["label", "shown", "fb_campaign_id", "xyz_campaign_id", "age", "gender", "interest"]]
    flags = ["--item", "fb_campaign_id", "--advertiser", "xyz_campaign_id", "--category", "xyz_campaign_id", "--impressions", "shown"]
    return Clicks("Facebook totals", whole(t), flags=flags, all_pairs=True)


def criteo(data):
    t = pd.read_csv(data / "ctr/criteo_tiny.csv.gz", dtype=str).drop(columns="Id").rename(columns={"Label": "label"})
    numbers = [f"I{i}" for i in range(1, 14)]
    t[numbers] = t[numbers].astype(float)
    return Clicks("Criteo's first rows", whole(t), numbers)


def ipinyou(data):
    """Fields are told by their place: its rows name one value of each."""
    import gzip

    with gzip.open(data / "ctr/ipinyou_train.libsvm.gz", "rt") as file:
        lines = [line.split() for line in file]
    width = max(map(len, lines)) - 1
    rows = [[w.split(":")[0] for w in line[1:]] + [""] * (width - len(line) + 1) for line in lines]
    t = pd.DataFrame(rows, columns=[f"field{j}" for j in range(width)])
    t["label"] = [line[0] for line in lines]
    return Clicks("iPinYou", whole(t))


def open_bandit(log):
    def read(data):
        t = pd.read_csv(data / f"ctr/obd_{log}_all.csv.gz", dtype=str)
        items = pd.read_csv(data / "ctr/obd_items_all.csv.gz", dtype=str).set_index("item_id")
        made = t[["click", "item_id", "position", *(f"user_feature_{i}" for i in range(4))]].rename(columns={"click": "label"})
        for i in range(1, 4):
            made[f"item_feature_{i}"] = items[f"item_feature_{i}"].loc[t.item_id].to_numpy()
        made["item_feature_0"] = items["item_feature_0"].loc[t.item_id].to_numpy().astype(float)
        made["affinity"] = [float(t.at[i, f"user-item_affinity_{item}"]) for i, item in enumerate(t.item_id)]
        flags = ["--item", "item_id", "--position", "position"]
        pairs = [("item_id", f"user_feature_{i}") for i in range(4)]
        return Clicks(f"Open Bandit, {log}", whole(made), ["item_feature_0", "affinity"], flags, pairs, all_pairs=True)

    return read


def lastfm(data):
    """Who plays which artist; for each two artists they do not play."""
    t = pd.read_csv(data / "social_items/lastfm2k_listens.csv.gz")
    t = with_strangers(t[["user", "artist"]], "user", "artist", t.artist.unique(), 2)
    flags = ["--person", "user", "--item", "artist", "--friends", str(data / "social_items/lastfm2k_friends.csv.gz")]
    return Clicks("last.fm plays", whole(t), flags=flags, low_rank=[("user", "artist")], all_pairs=True)


def copenhagen(data):
    """Whom a student called or texted; for each four others. Friendship on Facebook and both genders are columns."""
    said = pd.concat([pd.read_csv(data / f"copenhagen/{n}.csv.gz")[["src", "dst"]] for n in ("calls", "sms")]).drop_duplicates()
    said = said[said.src != said.dst]
    people = np.union1d(said.src, said.dst)
    t = with_strangers(said, "src", "dst", people, 4)
    friends = pd.read_csv(data / "copenhagen/fb_friends.csv.gz")
    known = set(zip(friends.src, friends.dst)) | set(zip(friends.dst, friends.src))
    gender = pd.read_csv(data / "copenhagen/genders.csv.gz").set_index("user").female.astype(str).to_dict()
    t["friend"] = ["yes" if pair in known else "no" for pair in zip(t.src, t.dst)]
    t["own_gender"] = [gender.get(p, "?") for p in t.src]
    t["other_gender"] = [gender.get(p, "?") for p in t.dst]
    flags = ["--person", "src", "--item", "dst"]
    return Clicks("Copenhagen, calls and texts", whole(t), flags=flags, low_rank=[("src", "dst")], all_pairs=True)


def with_strangers(pairs, who, what, whats, each):
    draw = np.random.RandomState(0)
    taken, rows = set(zip(pairs[who], pairs[what])), []
    for person in np.repeat(pairs[who].to_numpy(), each):
        other = draw.choice(whats)
        if (person, other) not in taken and person != other:
            taken.add((person, other))
            rows.append((person, other))
    strangers = pd.DataFrame(rows, columns=[who, what])
    return pd.concat([pairs.assign(label=1), strangers.assign(label=0)], ignore_index=True)


def whole(t):
    t = t.assign(label=t.label.astype(int))
    t["shown"] = t["shown"].astype(int) if "shown" in t else 1
    texts = [c for c in t.columns if t[c].dtype.kind not in "fi"]
    t[texts] = t[texts].fillna("").astype(str)
    return t


SETS = {
    "facebook": facebook,
    "criteo": criteo,
    "ipinyou": ipinyou,
    "bts": open_bandit("bts"),
    "random": open_bandit("random"),
    "lastfm": lastfm,
    "copenhagen": copenhagen,
}


# ---- the methods: from (data, training rows, hidden rows, setting) to log loss and AUC


def judged(test, p):
    p = np.clip(np.asarray(p, float), 1e-15, 1 - 1e-15)
    clicks, others = test.label.to_numpy(), (test.shown - test.label).to_numpy()
    loss = -(clicks @ np.log(p) + others @ np.log1p(-p)) / test.shown.sum()
    y = np.concatenate([np.ones(len(p)), np.zeros(len(p))])
    weight = np.concatenate([clicks, others])
    return loss, roc_auc_score(y, np.concatenate([p, p]), sample_weight=weight) if 0 < clicks.sum() else 0.5


def base_loss(train, test):
    rate = train.label.sum() / train.shown.sum()
    return judged(test, np.full(len(test), rate))[0]


def ours(data, train, test, setting):
    """Both in one table, in this order: the last fifth is hidden by the command."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        both = pd.concat([train, test], ignore_index=True)
        if (both.shown == 1).all():
            both = both.drop(columns="shown")
        both.to_csv(folder / "clicks.csv", index=False)
        flags = list(data.flags)
        if "--friends" in flags and not setting.get("friends"):
            at = flags.index("--friends")
            del flags[at:at + 2]
        run("import", "impressions", folder / "clicks.csv", "--public-data", "--label", "label", *flags, "--out", folder / "signals")
        (folder / "acquaint.toml").write_text("[ads.signals]\ntime = false\n" + setting["toml"])
        found = json.loads(run("evaluate", "ads", "--signals", folder / "signals", "--config", folder / "acquaint.toml", "--split", "time",
                               "--no-curves", "--json", *setting.get("flags", [])))
    assert found["n_test_rows"] == len(test), (found["n_test_rows"], len(test))
    base, expected = found["base_rate"]["log_loss"], base_loss(train, test)
    assert abs(base - expected) < 1e-9 * expected, (base, expected)
    return found["model"]["log_loss"], found["model"]["auc"]


def run(*command):
    done = subprocess.run([ASKED.acquaint, *map(str, command), "--quiet"], capture_output=True, text=True)
    # 1 is done with findings: of some columns that were left out, say.
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    return done.stdout


def halves(x):
    return "" if np.isnan(x) else f"{np.sign(x):.0f}b{int(np.log2(1 + abs(x)) * 2)}"


def as_words(data, rows):
    words = rows[data.categories].astype(str)
    for number in data.numbers:
        words[number] = rows[number].map(halves)
    return words


def vowpal(data, train, test, setting):
    from vowpalwabbit import Workspace

    names = data.categories + data.numbers
    letter = {name: chr(ord("A") + i) if i < 26 else chr(ord("a") + i - 26) for i, name in enumerate(names)}
    options = setting["options"]
    for a, b in data.low_rank if setting.get("rank") else []:
        options += f" --lrq {letter[a]}{letter[b]}{setting['rank']}"
    if setting.get("pairs") and data.all_pairs:
        options += " " + " ".join(f"-q {letter[a]}{letter[b]}" for i, a in enumerate(names) for b in names[i + 1:])
    rate = train.label.sum() / train.shown.sum()
    if setting.get("from_rate"):
        options += f" --constant {np.log(rate / (1 - rate)):.4f}"

    def lines(rows, labelled):
        words = as_words(data, rows)
        parts = [f"|{letter[name]} " + words[name].map(lambda w: w.replace(":", "_").replace("|", "_").replace(" ", "_") or "none") for name in words]
        said = parts[0].str.cat(parts[1:], sep=" ")
        for line, clicks, shown in zip(said, rows.label, rows.shown):
            if not labelled:
                yield line
                continue
            for label, n in ((1, clicks), (-1, shown - clicks)):
                if n:
                    yield f"{label} {n} {line}"

    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for name, rows, labelled in (("train", train, True), ("test", test, False)):
            (folder / name).write_text("\n".join(lines(rows, labelled)) + "\n")
        common = "--quiet --loss_function logistic --link logistic"
        Workspace(f"{common} -b 22 --holdout_off -d {folder}/train --cache_file {folder}/cache -k --passes {setting['passes']} "
                  f"-f {folder}/model {options}").finish()
        Workspace(f"{common} -t -i {folder}/model -d {folder}/test -p {folder}/said").finish()
        return judged(test, np.loadtxt(folder / "said"))


def twice(rows):
    """Clicks, then other impressions, with their weights."""
    weight = np.concatenate([rows.label, rows.shown - rows.label])
    y = np.concatenate([np.ones(len(rows)), np.zeros(len(rows))])
    return y, weight, np.tile(np.arange(len(rows)), 2)


def logistic(data, train, test, setting):
    coded = OneHotEncoder(handle_unknown="ignore").fit(as_words(data, train))
    y, weight, at = twice(train)
    have = weight > 0
    x = coded.transform(as_words(data, train)).tocsr()[at[have]]
    # Its default is half of all clicks where they are one in 5,000 impressions.
    tol = 1e-4 if (train.shown == 1).all() else 1e-7
    model = LogisticRegression(C=setting["C"], max_iter=1000, tol=tol).fit(x, y[have], weight[have])
    return judged(test, model.predict_proba(coded.transform(as_words(data, test)))[:, 1])


def trees(data, train, test, setting):
    def codes(rows, of):
        made = {c: pd.Categorical(rows[c], categories=of[c]) for c in data.categories}
        made |= {c: rows[c].astype(float) for c in data.numbers}
        return pd.DataFrame(made)

    of = {c: sorted(train[c].unique()) for c in data.categories}
    y, weight, at = twice(train)
    have = weight > 0
    made = lightgbm.Dataset(codes(train, of).iloc[at[have]], y[have], weight=weight[have])
    params = {"objective": "binary", "verbosity": -1, "seed": 0, "num_threads": 1, "learning_rate": 0.05, "num_leaves": setting["leaves"]}
    params |= setting.get("more", {})
    return judged(test, lightgbm.train(params, made, num_boost_round=setting["trees"]).predict(codes(test, of)))


def grid(**lists):
    settings = [{}]
    for name, values in lists.items():
        settings = [{**s, name: v} for s in settings for v in values]
    return settings


def tomls(kind, settings):
    flags = ["--model", kind]
    table = "ftrl" if kind == "logistic" else "factors"
    return [{"toml": f"[ads.{table}]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in s.items()), "flags": flags} for s in settings]


LOOSE = {"alpha": 0.3, "l1": 0.0, "l2": 1.0}
OURS_LOGISTIC = tomls("logistic", [{}, {"alpha": 0.03}, {"alpha": 0.3}, {"epochs": 8}, {"l1": 0.0, "l2": 3.0}, {**LOOSE, "epochs": 6},
                                   {**LOOSE, "epochs": 12}])
# A quarter of the slots is enough where columns have few values, and four times as quick.
OURS_FACTORS = tomls("factors", [{"bits": 16, **s} for s in ({}, {"eta": 0.03})])
OURS_OF_IDS = tomls("factors", [{}, {"eta": 0.03}])
VOWPAL = [{"options": f"-l {rate} --l2 {l2}", "passes": passes, "from_rate": True}
          for rate in (0.05, 0.5) for l2 in (0, 1e-6) for passes in (1, 5)]
MANY_VALUES = {"cat_smooth": 1, "min_data_per_group": 5, "max_cat_threshold": 256}
METHODS = {
    "acquaint, defaults": (ours, [{"toml": ""}]),
    "acquaint, factors, defaults": (ours, tomls("factors", [{}])),
    "acquaint": (ours, OURS_LOGISTIC + OURS_FACTORS),
    "Vowpal Wabbit, defaults": (vowpal, [{"options": "", "passes": 1}]),
    "Vowpal Wabbit": (vowpal, VOWPAL),
    "Vowpal Wabbit -q": (vowpal, [{**s, "pairs": True} for s in VOWPAL]),
    "Vowpal Wabbit --lrq": (vowpal, [{**s, "rank": rank, "options": s["options"] + " --lrqdropout"} for s in VOWPAL[1:6:2] for rank in (4, 12)]),
    "LightGBM": (trees, grid(leaves=[4, 15, 31], trees=[20, 60, 200])
                 + grid(leaves=[15], trees=[60, 200], more=[MANY_VALUES])),
    "scikit-learn one-hot": (logistic, grid(C=[0.003, 0.03, 0.1, 0.3, 1.0])),
}
# Thousands of ids in a column take LightGBM minutes a fit.
TREES_OF_IDS = [{"leaves": 15, "trees": 60}, {"leaves": 31, "trees": 200}, {"leaves": 31, "trees": 200, "more": MANY_VALUES}]
FRIENDS = {"acquaint, with friends": (ours, [{"toml": "", "friends": True}])}


def chosen(data, train, method, settings):
    if len(settings) == 1:
        return settings[0]
    cut = len(train) - len(train) // 5
    losses = [method(data, train[:cut], train[cut:].reset_index(drop=True), setting)[0] for setting in settings]
    return settings[int(np.argmin(losses))]


def spread(values, digits=4):
    return f"{np.mean(values):.{digits}f} [{min(values):.{digits}f}, {max(values):.{digits}f}]"


def main():
    for name in ASKED.sets or SETS:
        data = SETS[name](ASKED.data)
        methods = dict(METHODS)
        if "--friends" in data.flags:
            methods |= FRIENDS
        if data.low_rank and "--person" in data.flags:
            methods["acquaint"] = (ours, OURS_LOGISTIC + OURS_OF_IDS)
            methods["LightGBM"] = (trees, TREES_OF_IDS)
        if not data.low_rank:
            del methods["Vowpal Wabbit --lrq"]
        if not data.all_pairs:
            del methods["Vowpal Wabbit -q"]
        methods = {m: of for m, of in methods.items() if not ASKED.only or m.startswith(ASKED.only)}
        print(f"\n**{data.name}: {len(data.table):,} rows, {data.table.label.sum():,} clicks**\n", flush=True)
        print("| | log loss over the base rate's | AUC | seconds a seed |\n|---|--:|--:|--:|", flush=True)
        for method, (of, settings) in methods.items():
            figures, start, picked = [], time.time(), []
            for seed in range(1, ASKED.seeds + 1):
                rows = data.ordered(seed)
                cut = len(rows) - len(rows) // 5
                train, test = rows[:cut], rows[cut:].reset_index(drop=True)
                setting = chosen(data, train, of, settings)
                picked.append(setting)
                loss, auc = of(data, train, test, setting)
                figures.append((loss / base_loss(train, test), auc))
            losses, areas = zip(*figures)
            seconds = (time.time() - start) / ASKED.seeds
            print(f"| {method} | {spread(losses)} | {spread(areas)} | {seconds:.0f} |", flush=True)
            print(f"  {data.name}, {method}: {picked}", file=sys.stderr, flush=True)


main()

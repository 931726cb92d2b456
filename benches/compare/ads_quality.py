"""Held-out log loss and AUC of the click model beside Vowpal Wabbit, LightGBM and scikit-learn on public clicks.

    cargo build --release --example clicks_from_libsvm
    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install numpy scipy scikit-learn lightgbm vowpalwabbit
    /tmp/peers/bin/python benches/compare/ads_quality.py ../shared/datasets/ctr [set ...]

One row in five is held out, the same for everybody, five times (splitmix64 of seed and row number). Every method but the
two marked "defaults" chooses among its settings by the log loss of a 4-fold cross-validation inside the training rows.
Linear methods get the same one-hot columns; trees get the same fields as categories (the 254 most frequent values of each,
and the rest as one) and numbers as they are. A row of many impressions counts with its clicks and its other impressions.

"trees + LR" is X. He et al. 2014: the leaves of LightGBM's trees as columns of a logistic regression beside the one-hot
ones; trees learn from one half of the training rows, the regression from the other. Vowpal Wabbit starts from the click rate, as our model
does, but for its defaults. scikit-learn's logistic regression stops at a mean gradient of 1e-4, half of all clicks at one in
5,000 impressions, and gets 1e-8 here.
"""

import json
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

import lightgbm
import numpy as np
import scipy.sparse as sp
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from vowpalwabbit import Workspace

warnings.filterwarnings("ignore")
OURS = Path(__file__).parents[2] / "target/release/examples/clicks_from_libsvm"
SEEDS = range(1, 6)
MASK = (1 << 64) - 1


def mix(x):
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def fold(seed, n, n_folds):
    return np.array([mix(mix(seed) ^ row) % n_folds for row in range(n)])


class Clicks:
    """Rows as columns of categories and numbers, and as one-hot indexes."""

    def __init__(self, name, categories, numbers, clicks, impressions):
        self.name = name
        self.clicks = np.asarray(clicks, float)
        self.impressions = np.asarray(impressions, float)
        self.numbers = np.asarray(numbers, float).reshape(len(clicks), -1)
        self.columns = [capped(column) for column in categories]
        binned = [bins(self.numbers[:, j]) for j in range(self.numbers.shape[1])]
        self.one_hot = one_hot(list(categories) + binned)
        self.trees = np.column_stack([*self.columns, self.numbers]) if len(self.columns) else self.numbers
        self.is_category = [True] * len(self.columns) + [False] * self.numbers.shape[1]

    def __len__(self):
        return len(self.clicks)


def capped(column):
    """Codes of the most frequent values; the rest share the last."""
    common = [value for value, _ in sorted(Counter(column).items(), key=lambda x: (-x[1], str(x[0])))[:253]]
    code = {value: i for i, value in enumerate(common)}
    return np.array([code.get(value, 253) for value in column], float)


def bins(numbers):
    """Powers of two, as texts; absent is a value."""
    return ["?" if np.isnan(x) else f"{np.sign(x):.0f}{int(np.log2(1 + abs(x)) * 2)}" for x in numbers]


def one_hot(columns):
    index, rows = {}, []
    for values in zip(*columns):
        rows.append([index.setdefault((j, value), len(index)) for j, value in enumerate(values)])
    indptr = np.cumsum([0] + [len(row) for row in rows])
    indices = np.concatenate([np.array(row, int) for row in rows])
    return sp.csr_matrix((np.ones(len(indices)), indices, indptr), shape=(len(rows), len(index)))


# ---- the sets


def table(path):
    import csv
    import gzip

    with gzip.open(path, "rt") as file:
        return list(csv.DictReader(file))


def facebook(data):
    rows = table(data / "facebook_ads_kag.csv.gz")
    fields = ["xyz_campaign_id", "fb_campaign_id", "age", "gender", "interest"]
    columns = [[row[field] for row in rows] for field in fields]
    return Clicks("facebook_ads_kag", columns, np.zeros((len(rows), 0)),
                  [int(r["Clicks"]) for r in rows], [int(r["Impressions"]) for r in rows])


def open_bandit(data, log):
    rows = table(data / f"obd_{log}_all.csv.gz")
    items = {row["item_id"]: row for row in table(data / "obd_items_all.csv.gz")}
    columns = [[row[f] for row in rows] for f in ["item_id", "position", *(f"user_feature_{i}" for i in range(4))]]
    columns += [[items[row["item_id"]][f"item_feature_{i}"] for row in rows] for i in (1, 2, 3)]
    numbers = [[float(items[r["item_id"]]["item_feature_0"]), float(r[f"user-item_affinity_{r['item_id']}"])] for r in rows]
    return Clicks(f"obd_{log}", columns, numbers, [int(r["click"]) for r in rows], np.ones(len(rows)))


def ipinyou(data):
    import gzip

    with gzip.open(data / "ipinyou_train.libsvm.gz", "rt") as file:
        lines = [line.split() for line in file]
    width = max(len(line) for line in lines) - 1
    cells = [[w.split(":")[0] for w in line[1:]] + [""] * (width - len(line) + 1) for line in lines]
    columns = [[row[j] for row in cells] for j in range(width)]
    return Clicks("ipinyou_train", columns, np.zeros((len(lines), 0)), [int(line[0]) for line in lines], np.ones(len(lines)))


def criteo(data):
    rows = table(data / "criteo_tiny.csv.gz")
    columns = [[row[f"C{i}"] for row in rows] for i in range(1, 27)]
    numbers = [[float(r[f"I{i}"]) if r[f"I{i}"] else np.nan for i in range(1, 14)] for r in rows]
    return Clicks("criteo_tiny", columns, numbers, [int(r["Label"]) for r in rows], np.ones(len(rows)))


SETS = {
    "facebook": facebook,
    "ipinyou": ipinyou,
    "bts": lambda data: open_bandit(data, "bts"),
    "random": lambda data: open_bandit(data, "random"),
    "criteo": criteo,
}


# ---- the methods: settings, and a function from (data, training rows, test rows, setting) to probabilities


def ours(data, train, test, setting):
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("train", "test")]
        for file, rows in zip(files, (train, test)):
            file.write_text("\n".join(libsvm(data, i) for i in rows))
        params = {k: v for k, v in setting.items() if k != "calibration"}
        command = [OURS, *files, json.dumps(params), setting.get("calibration", "none")]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return np.array([float(line) for line in out.split()])


def libsvm(data, i):
    row = data.one_hot.indices[data.one_hot.indptr[i]:data.one_hot.indptr[i + 1]]
    # 0 is a bias, as the model's own features have one.
    return f"{data.clicks[i]:.0f}/{data.impressions[i]:.0f} 0:1 " + " ".join(f"{j + 1}:1" for j in sorted(row))


def vowpal(data, train, test, setting):
    options = "--loss_function logistic --link logistic -b 18 --quiet --holdout_off " + setting["options"]
    if setting.get("from_rate"):
        rate = data.clicks[train].sum() / data.impressions[train].sum()
        options += f" --constant {np.log(rate / (1 - rate)):.4f}"
    lines = []
    order = np.random.RandomState(0).permutation(train)
    for i in order:
        row = " ".join(str(j) for j in data.one_hot.indices[data.one_hot.indptr[i]:data.one_hot.indptr[i + 1]])
        for label, n in ((1, data.clicks[i]), (-1, data.impressions[i] - data.clicks[i])):
            if n > 0:
                lines.append(f"{label} {n:.0f} | {row}")
    model = Workspace(options)
    for _ in range(setting["passes"]):
        for line in lines:
            model.learn(line)
    found = []
    for i in test:
        row = " ".join(str(j) for j in data.one_hot.indices[data.one_hot.indptr[i]:data.one_hot.indptr[i + 1]])
        found.append(model.predict(f"| {row}"))
    model.finish()
    return np.array(found)


def doubled(data, rows, x):
    """Every row twice: its clicks, and its other impressions."""
    x = sp.vstack([x, x], format="csr") if sp.issparse(x) else np.vstack([x, x])
    y = np.concatenate([np.ones(len(rows)), np.zeros(len(rows))])
    weight = np.concatenate([data.clicks[rows], data.impressions[rows] - data.clicks[rows]])
    return x[weight > 0], y[weight > 0], weight[weight > 0]


def logistic(data, train, test, setting):
    x, y, weight = doubled(data, train, data.one_hot[train])
    model = LogisticRegression(C=setting["C"], max_iter=2000, tol=1e-8)
    return model.fit(x, y, weight).predict_proba(data.one_hot[test])[:, 1]


def hist(data, train, test, setting):
    x, y, weight = doubled(data, train, data.trees[train])
    model = HistGradientBoostingClassifier(categorical_features=data.is_category, early_stopping=False, random_state=0, **setting)
    return model.fit(x, y, weight).predict_proba(data.trees[test])[:, 1]


def gbm(data, train, setting):
    x, y, weight = doubled(data, train, data.trees[train])
    categories = [j for j, is_category in enumerate(data.is_category) if is_category]
    params = {"objective": "binary", "verbosity": -1, "num_threads": 1, "seed": 0, "deterministic": True,
              "learning_rate": setting["rate"], "num_leaves": setting["leaves"], "min_data_in_leaf": 20, "max_bin": 255}
    dataset = lightgbm.Dataset(x, y, weight=weight, categorical_feature=categories, free_raw_data=False)
    return lightgbm.train(params, dataset, num_boost_round=setting["trees"])


def lightgbm_(data, train, test, setting):
    return gbm(data, train, setting).predict(data.trees[test])


def trees_and_lr(data, train, test, setting):
    of_trees, of_lr = train[::2], train[1::2]
    model = gbm(data, of_trees, setting)
    leaves = lambda rows: np.asarray(model.predict(data.trees[rows], pred_leaf=True)).reshape(len(rows), -1)
    n_leaves = setting["leaves"]

    def columns(rows):
        found = leaves(rows)
        place = found + n_leaves * np.arange(found.shape[1])
        shape = (len(rows), n_leaves * found.shape[1])
        indptr = np.arange(0, found.size + 1, found.shape[1])
        return sp.hstack([sp.csr_matrix((np.ones(found.size), place.ravel(), indptr), shape=shape), data.one_hot[rows]], format="csr")

    x, y, weight = doubled(data, of_lr, columns(of_lr))
    return LogisticRegression(C=setting["C"], max_iter=2000, tol=1e-8).fit(x, y, weight).predict_proba(columns(test))[:, 1]


def grid(**lists):
    settings = [{}]
    for name, values in lists.items():
        settings = [{**s, name: v} for s in settings for v in values]
    return settings


METHODS = {
    "ours, defaults": (ours, [{}]),
    "ours": (ours, grid(alpha=[0.02, 0.1, 0.3], l2=[10.0, 100.0], epochs=[2, 8])),
    "ours, Platt": (ours, grid(alpha=[0.02, 0.1, 0.3], l2=[10.0, 100.0], epochs=[2], calibration=["platt"])),
    "Vowpal Wabbit, defaults": (vowpal, [{"options": "", "passes": 1}]),
    "Vowpal Wabbit": (vowpal, [{"options": f"-l {rate} --l2 {l2}", "passes": passes, "from_rate": True}
                               for rate in (0.02, 0.1, 0.5) for l2 in (0, 1e-4) for passes in (1, 4)]),
    "scikit-learn logistic": (logistic, grid(C=[0.0001, 0.001, 0.01, 0.03, 0.1, 1.0])),
    "scikit-learn trees": (hist, grid(learning_rate=[0.1], max_leaf_nodes=[4, 15], max_iter=[5, 20, 80])),
    "LightGBM": (lightgbm_, grid(rate=[0.1], leaves=[4, 15], trees=[5, 20, 80])),
    "trees + LR": (trees_and_lr, grid(rate=[0.1], leaves=[4, 15], trees=[20], C=[0.001, 0.01, 0.1])),
}


# ---- measuring


def log_loss(data, rows, p):
    p = np.clip(p, 1e-15, 1 - 1e-15)
    clicks, others = data.clicks[rows], data.impressions[rows] - data.clicks[rows]
    return -(clicks @ np.log(p) + others @ np.log1p(-p)) / data.impressions[rows].sum()


def auc(data, rows, p):
    both, y, weight = doubled(data, rows, np.asarray(p).reshape(-1, 1))
    return roc_auc_score(y, both[:, 0], sample_weight=weight)


def chosen(data, train, method, settings, seed):
    if len(settings) == 1:
        return settings[0]
    folds = fold(seed + 1000, len(train), 4)

    def loss(setting):
        sums = [log_loss(data, train[folds == k], method(data, train[folds != k], train[folds == k], setting))
                * data.impressions[train[folds == k]].sum() for k in range(4)]
        return sum(sums)

    return min(settings, key=loss)


def spread(values):
    return f"{np.mean(values):8.4f} [{min(values):.4f}, {max(values):.4f}]"


def main():
    folder = Path(sys.argv[1])
    for name in sys.argv[2:] or SETS:
        data = SETS[name](folder)
        print(f"\n## {data.name}: {len(data)} rows, {data.impressions.sum():.0f} impressions, {data.clicks.sum():.0f} clicks, "
              f"{data.one_hot.shape[1]} columns\n")
        print(f"{'':26}{'log loss / base rate':>28}{'AUC':>28}{'predicted / actual clicks':>28}  seconds")
        found = {method: [] for method in ["base rate", *METHODS]}
        seconds = Counter()
        for seed in SEEDS:
            folds = fold(seed, len(data), 5)
            train, test = np.flatnonzero(folds != 0), np.flatnonzero(folds == 0)
            rate = data.clicks[train].sum() / data.impressions[train].sum()
            base = log_loss(data, test, np.full(len(test), rate))

            def note(method, p):
                ratio = (p @ data.impressions[test]) / data.clicks[test].sum()
                found[method].append((log_loss(data, test, p) / base, auc(data, test, p), ratio))

            note("base rate", np.full(len(test), rate))
            for method, (of, settings) in METHODS.items():
                start = time.time()
                setting = chosen(data, train, of, settings, seed)
                note(method, np.asarray(of(data, train, test, setting), float))
                seconds[method] += time.time() - start
                print(f"  {data.name} {seed} {method} {setting} {found[method][-1]}", file=sys.stderr, flush=True)
        for method, figures in found.items():
            losses, areas, ratios = zip(*figures)
            print(f"{method:26}{spread(losses):>28}{spread(areas):>28}{spread(ratios):>28}{seconds[method]:9.0f}", flush=True)


main()

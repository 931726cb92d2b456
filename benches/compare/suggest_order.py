"""How good the order of suggestions is beside matrix factorisation: MAP@10 of `implicit`'s ALS and BPR on the very splits of
`acquaint evaluate friends`, and the best heuristic of SciPy as a check of the splits.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install implicit scipy
    /tmp/peers/bin/python benches/compare/suggest_order.py ../shared/datasets/graphs/seal_USAir.csv.gz [seeds [threads]]

An edge lo < hi is hidden in seed s when mix((lo·2³² + hi) xor s·0x9E3779B97F4A7C15) mod 10 = 0, `mix` a step of splitmix64. Parameters are
chosen on the first seed's training edges alone: a tenth of these is hidden once more, by another seed, and the parameters with the
greatest MAP@10 there are fitted to all training edges of each seed. Nobody is suggested to themselves or to a friend; equal scores go by id.
Intervals are the 2.5th and 97.5th percentiles of 1000 draws of people, each with their mean over seeds.
"""

import csv
import gzip
import itertools
import os
import sys
import time

path = sys.argv[1]
n_seeds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
threads = int(sys.argv[3]) if len(sys.argv) > 3 else os.cpu_count()
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402
import scipy.sparse as sparse  # noqa: E402
from implicit.als import AlternatingLeastSquares  # noqa: E402
from implicit.bpr import BayesianPersonalizedRanking  # noqa: E402

K = 10
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
ALS = [dict(factors=f, regularization=r, alpha=a) for f, r, a in itertools.product([16, 64, 128], [0.1, 1.0], [1.0, 10.0, 40.0])]
BPR = [dict(factors=f, regularization=r, learning_rate=0.05) for f, r in itertools.product([16, 64, 128], [0.001, 0.01])]


def mix(x):
    with np.errstate(over="ignore"):
        z = x + GOLDEN
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def is_hidden(edges, seed):
    lo, hi = edges.astype(np.uint64).T
    with np.errstate(over="ignore"):
        key = (lo << np.uint64(32)) + hi
        return mix(key ^ (np.uint64(seed) * GOLDEN)) % np.uint64(10) == 0


def graph(n, edges):
    a, b = np.concatenate([edges, edges[:, ::-1]]).T
    made = sparse.csr_matrix((np.ones(len(a), dtype=np.float32), (a, b)), shape=(n, n))
    made.sort_indices()
    return made


def precisions(rows_of, known, hidden):
    """The average precision of everybody with something hidden."""
    people = np.flatnonzero(np.diff(hidden.indptr))
    found = np.zeros(len(people))
    for start in range(0, len(people), 512):
        some = people[start : start + 512]
        for i, (u, row) in enumerate(zip(some, rows_of(some))):
            row = row.copy()
            row[u] = -np.inf
            row[known.indices[known.indptr[u] : known.indptr[u + 1]]] = -np.inf
            best = np.argpartition(-row, K)[: 2 * K] if len(row) > 2 * K else np.arange(len(row))
            best = best[np.lexsort((best, -row[best]))][:K]
            wanted = hidden.indices[hidden.indptr[u] : hidden.indptr[u + 1]]
            hit = np.isin(best, wanted) & np.isfinite(row[best])
            places = np.arange(1, len(best) + 1)
            found[start + i] = (np.cumsum(hit) / places * hit).sum() / min(K, len(wanted))
    return people, found


def factorised(kind, known, params):
    made = kind(random_state=0, num_threads=threads, use_gpu=False, **params)
    made.fit(known, show_progress=False)
    return made.user_factors, made.item_factors


def by_product(kind, known, params):
    left, right = factorised(kind, known, params)
    return lambda some: left[some] @ right.T


def resource_allocation(known):
    shares = sparse.diags(1 / np.maximum(np.diff(known.indptr), 1)).astype(np.float32)
    return lambda some: np.asarray((known[some] @ shares @ known).todense())


def interval(by_person):
    """Of sums and counts by person over seeds."""
    sums, counts = by_person
    have = counts > 0
    sums, counts = sums[have], counts[have]
    draw = np.random.default_rng(0)
    drawn = draw.integers(0, len(sums), (1000, len(sums)))
    means = sums[drawn].sum(1) / counts[drawn].sum(1)
    low, high = np.percentile(means, [2.5, 97.5])
    return f"{sums.sum() / counts.sum():.4f} [{low:.4f}, {high:.4f}]"


with gzip.open(path, "rt") as lines:
    rows = csv.reader(lines)
    next(rows)
    edges = np.array([[int(row[0]), int(row[1])] for row in rows])
edges = np.sort(edges, axis=1)
edges = np.unique(edges[edges[:, 0] != edges[:, 1]], axis=0)
people, places = np.unique(edges, return_inverse=True)
places = places.reshape(-1, 2)
n = len(people)


def tuned(kind, grid):
    train = ~is_hidden(edges, 0)
    again = is_hidden(edges, 1_000_003)
    known, hidden = graph(n, places[train & ~again]), graph(n, places[train & again])
    worth = [precisions(by_product(kind, known, params), known, hidden)[1].mean() for params in grid]
    return grid[int(np.argmax(worth))]


print(f"{os.path.basename(path)}: {n:,} people, {len(edges):,} friendships, {n_seeds} seeds", flush=True)
methods = {"resource allocation": lambda known: resource_allocation(known)}
for name, kind, grid in [("ALS", AlternatingLeastSquares, ALS), ("BPR", BayesianPersonalizedRanking, BPR)]:
    start = time.perf_counter()
    best = tuned(kind, grid)
    print(f"  {name}: {best}, chosen in {time.perf_counter() - start:.0f} s", flush=True)
    methods[name] = lambda known, kind=kind, best=best: by_product(kind, known, best)
for name, method in methods.items():
    sums, counts, seconds = np.zeros(n), np.zeros(n), 0.0
    for seed in range(n_seeds):
        out = is_hidden(edges, seed)
        known, hidden = graph(n, places[~out]), graph(n, places[out])
        start = time.perf_counter()
        rows_of = method(known)
        seconds += time.perf_counter() - start
        who, found = precisions(rows_of, known, hidden)
        np.add.at(sums, who, found)
        np.add.at(counts, who, 1)
    print(f"  {name}: MAP@{K} {interval((sums, counts))}, {seconds / n_seeds:.1f} s a fit", flush=True)

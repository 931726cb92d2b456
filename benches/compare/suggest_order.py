"""How good the order of suggestions is beside matrix factorisation and embeddings: MAP@10 of `implicit`'s ALS and BPR on the very
splits of `acquaint evaluate friends`, of LightGCN (PyTorch Geometric) and node2vec (PecanPy) where they are installed, and the best
heuristic of SciPy as a check of the splits.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install implicit scipy [torch torch_geometric] [pecanpy]
    /tmp/peers/bin/python benches/compare/suggest_order.py ../shared/datasets/graphs/seal_USAir.csv.gz [seeds [threads [method ...]]]

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
wanted = sys.argv[4:]
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402
import scipy.sparse as sparse  # noqa: E402
from implicit.als import AlternatingLeastSquares  # noqa: E402
from implicit.bpr import BayesianPersonalizedRanking  # noqa: E402

try:
    import torch
    from torch_geometric.nn import LightGCN
except ImportError:
    LightGCN = None
try:
    from pecanpy.pecanpy import SparseOTF
except ImportError:
    SparseOTF = None

K = 10
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
LIGHTGCN = [dict(num_layers=layers, lr=lr, epochs=e) for layers, lr, e in itertools.product([1, 3], [0.005, 0.02], [100, 400])]
NODE2VEC = [dict(p=p, q=q, cosine=c) for (p, q), c in itertools.product([(1, 1), (1, 0.25), (1, 4)], [False, True])]
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


def light_gcn(known, num_layers, lr, epochs):
    """Full batches, a random other for each tie and pass, 64 coordinates: as the example of PyTorch Geometric has it."""
    torch.manual_seed(0)
    torch.set_num_threads(threads)
    ties = torch.tensor(np.array(known.nonzero()), dtype=torch.long)
    made = LightGCN(known.shape[0], embedding_dim=64, num_layers=num_layers)
    steps = torch.optim.Adam(made.parameters(), lr=lr)
    for _ in range(epochs):
        steps.zero_grad()
        others = torch.stack([ties[0], torch.randint(0, known.shape[0], ties[0].shape)])
        ranks = made(ties, torch.cat([ties, others], dim=1))
        liked, other = ranks.chunk(2)
        made.recommendation_loss(liked, other, node_id=ties.unique(), lambda_reg=1e-4).backward()
        steps.step()
    with torch.no_grad():
        found = made.get_embedding(ties).numpy()
    return lambda some: found[some] @ found.T


def node2vec(known, p, q, cosine):
    """PecanPy's own defaults: 128 coordinates, 10 walks of 80 steps from everybody, a window of 10. Without ties, at the origin."""
    walks = SparseOTF(p=p, q=q, workers=threads, verbose=False, random_state=0)
    tied = np.flatnonzero(np.diff(known.indptr))
    among = known[tied][:, tied]
    walks.set_node_ids(list(range(len(tied))))
    walks.indptr, walks.indices = among.indptr.astype(np.uint32), among.indices.astype(np.uint32)
    walks.data = among.data
    found = np.zeros((known.shape[0], 128), dtype=np.float32)
    found[tied] = walks.embed(dim=128, num_walks=10, walk_length=80, window_size=10)
    if cosine:
        found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)
    return lambda some: found[some] @ found.T


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


def tuned(fit, grid):
    train = ~is_hidden(edges, 0)
    again = is_hidden(edges, 1_000_003)
    known, hidden = graph(n, places[train & ~again]), graph(n, places[train & again])
    worth = [precisions(fit(known, params), known, hidden)[1].mean() for params in grid]
    return grid[int(np.argmax(worth))]


print(f"{os.path.basename(path)}: {n:,} people, {len(edges):,} friendships, {n_seeds} seeds", flush=True)
methods = {"resource allocation": lambda known: resource_allocation(known)}
fits = [
    ("ALS", lambda known, params: by_product(AlternatingLeastSquares, known, params), ALS),
    ("BPR", lambda known, params: by_product(BayesianPersonalizedRanking, known, params), BPR),
]
if LightGCN is not None:
    fits.append(("LightGCN", lambda known, params: light_gcn(known, **params), LIGHTGCN))
if SparseOTF is not None:
    fits.append(("node2vec", lambda known, params: node2vec(known, **params), NODE2VEC))
for name, fit, grid in fits:
    if wanted and name not in wanted:
        continue
    start = time.perf_counter()
    best = tuned(fit, grid)
    print(f"  {name}: {best}, chosen in {time.perf_counter() - start:.0f} s", flush=True)
    methods[name] = lambda known, fit=fit, best=best: fit(known, best)
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

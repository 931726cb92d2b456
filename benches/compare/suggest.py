"""Everybody's best on a public graph with two libraries for sparse products: counts of common neighbours.

    cargo bench --bench suggest -- peers
    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install implicit sparse_dot_topn scipy
    /tmp/peers/bin/python benches/compare/suggest.py ../shared/datasets/graphs/fb100_Cornell5.csv.gz [k [threads [rounds]]]

Neither masks friends or the person, so both do less than is done for a suggestion: the k best of the plain product.
"""

import csv
import gzip
import os
import sys
import time

path = sys.argv[1]
k = int(sys.argv[2]) if len(sys.argv) > 2 else 10
threads = int(sys.argv[3]) if len(sys.argv) > 3 else os.cpu_count()
rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 3
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import implicit  # noqa: E402
import numpy as np  # noqa: E402
import scipy.sparse as sparse  # noqa: E402
import sparse_dot_topn  # noqa: E402



def edges_of_gaps(lines):
    """Line k lists the higher-numbered neighbours of node k as gaps."""
    for node, line in enumerate(lines):
        end = node
        for gap in map(int, line.split()):
            end += gap
            yield node, end


def edges_of_rows(lines):
    rows = csv.reader(lines)
    next(rows)
    for row in rows:
        yield int(row[0]), int(row[1])


with gzip.open(path, "rt") as lines:
    edges = edges_of_gaps(lines) if ".adj" in path else edges_of_rows(lines)
    ends = np.array(list(edges))
people, ends = np.unique(ends, return_inverse=True)
ends = ends.reshape(-1, 2)
ends = ends[ends[:, 0] != ends[:, 1]]
a, b = np.concatenate([ends, ends[:, ::-1]]).T
n = len(people)
graph = sparse.csr_matrix((np.ones(len(a), dtype=np.float64), (a, b)), shape=(n, n))
graph.data[:] = 1.0
graph.sort_indices()
degrees = np.diff(graph.indptr).astype(np.int64)
two_paths = int((degrees * (degrees - 1)).sum())


def with_implicit():
    model = implicit.nearest_neighbours.ItemItemRecommender(K=k, num_threads=threads)
    model.fit(graph, show_progress=False)
    return model.similarity.nnz


def with_sparse_dot_topn():
    return sparse_dot_topn.sp_matmul_topn(graph, graph, top_n=k, sort=True, n_threads=threads).nnz


for name, work in [
    (f"implicit {implicit.__version__}", with_implicit),
    (f"sparse_dot_topn {sparse_dot_topn.__version__}", with_sparse_dot_topn),
]:
    best, found = float("inf"), 0
    for _ in range(rounds):
        start = time.perf_counter()
        found = work()
        best = min(best, time.perf_counter() - start)
    print(
        f"{name}: {n:,} people, {two_paths:,} two-paths, k {k}, {threads} threads, {found:,} kept, {best:.2f} s, "
        f"{two_paths / best / 1e6:.0f} M two-paths/s",
        flush=True,
    )

"""The whole job with general tools: for everybody on a graph, the 10 people who are no friends and share most friends, ties by smaller id.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install scipy duckdb polars networkit python-graphblas
    /tmp/peers/bin/python benches/compare/suggest_whole.py ../shared/datasets/graphs/ego_facebook.csv.gz [tool ...]

Reading the file is not timed. Each tool runs on all cores. Tools: scipy graphblas duckdb polars networkit; without any, all of them.
"""

import csv
import gzip
import sys
import time

import numpy as np

path, tools = sys.argv[1], sys.argv[2:]
with gzip.open(path, "rt") as lines:
    rows = csv.reader(lines)
    next(rows)
    ends = np.array([[int(row[0]), int(row[1])] for row in rows])
people, ends = np.unique(ends, return_inverse=True)
ends = ends.reshape(-1, 2)
ends = ends[ends[:, 0] != ends[:, 1]]
both = np.unique(np.concatenate([ends, ends[:, ::-1]]), axis=0)
a, b = both.T.copy()
n = len(people)
LEAST, K = 2, 10


def best_of_rows(indptr, indices, counts):
    """The best of each row of a sparse product without friends."""
    found = 0
    for u in range(n):
        row = slice(indptr[u], indptr[u + 1])
        who, score = indices[row], counts[row]
        keep = (score >= LEAST) & (who != u)
        who, score = who[keep], score[keep]
        found += len(np.lexsort((who, -score))[:K])
    return found


def with_scipy():
    from scipy import sparse

    graph = sparse.csr_matrix((np.ones(len(a), dtype=np.int32), (a, b)), shape=(n, n))
    product = graph @ graph
    product = (product - product.multiply(graph)).tocsr()
    product.eliminate_zeros()
    return best_of_rows(product.indptr, product.indices, product.data)


def with_graphblas():
    import graphblas as gb

    graph = gb.Matrix.from_coo(a, b, np.ones(len(a), dtype=np.int32), nrows=n, ncols=n)
    product = gb.Matrix(gb.dtypes.INT32, n, n)
    product(~graph.S) << graph.mxm(graph, gb.semiring.plus_pair)
    indptr, indices, counts = product.to_csr()
    return best_of_rows(indptr, indices, counts)


def with_duckdb():
    import duckdb

    ties = duckdb.connect()
    ties.register("given", {"a": a, "b": b})
    ties.execute("create table tie as select a::int a, b::int b from given")
    return ties.execute(
        f"""
        with shared as (
            select x.a u, y.b v, count(*) n from tie x join tie y on x.b = y.a where x.a <> y.b group by all having n >= {LEAST}
        ), strangers as (
            select shared.* from shared anti join tie on u = a and v = b
        )
        select count(*) from (select row_number() over (partition by u order by n desc, v) place from strangers) where place <= {K}
        """
    ).fetchone()[0]


def with_polars():
    import polars as pl

    ties = pl.LazyFrame({"a": a.astype(np.int32), "b": b.astype(np.int32)})
    shared = (
        ties.join(ties.rename({"a": "b", "b": "v"}), on="b")
        .filter(pl.col("a") != pl.col("v"))
        .group_by("a", "v")
        .len()
        .filter(pl.col("len") >= LEAST)
        .join(ties.rename({"b": "v"}), on=["a", "v"], how="anti")
        .sort(["a", "len", "v"], descending=[False, True, False])
        .group_by("a", maintain_order=True)
        .head(K)
    )
    return shared.collect().height


def with_networkit():
    import networkit as nk

    graph = nk.Graph(n)
    for u, v in ends:
        if not graph.hasEdge(u, v):
            graph.addEdge(u, v)
    pairs = nk.linkprediction.MissingLinksFinder(graph).findAtDistance(2)
    scored = nk.linkprediction.CommonNeighborsIndex(graph).runOn(pairs)
    who = np.array([pair for pair, _ in scored])
    score = np.array([score for _, score in scored], dtype=np.int64)
    who, score = np.concatenate([who, who[:, ::-1]]), np.concatenate([score, score])
    keep = score >= LEAST
    who, score = who[keep], score[keep]
    order = np.lexsort((who[:, 1], -score, who[:, 0]))
    counts = np.bincount(who[order, 0], minlength=n)
    return int(np.minimum(counts, K).sum())


for name, work in {
    "scipy": with_scipy,
    "graphblas": with_graphblas,
    "duckdb": with_duckdb,
    "polars": with_polars,
    "networkit": with_networkit,
}.items():
    if tools and name not in tools:
        continue
    start = time.perf_counter()
    try:
        found = work()
    except Exception as error:
        print(f"{name}: {type(error).__name__}: {error}", flush=True)
        continue
    print(f"{name}: {n:,} people, {found:,} suggestions, {time.perf_counter() - start:.2f} s", flush=True)

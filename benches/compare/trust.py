"""PageRank of NetworKit and igraph on the graph of examples/sybils.rs: milliseconds an iteration.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install networkit igraph
    /tmp/peers/bin/python benches/compare/trust.py ../shared/datasets/graphs/fb100_union_dev.adj.gz [threads]

A round of trust and an iteration of PageRank gather one number over every tie. NetworKit says how many iterations it took.
igraph's PRPACK does not, so its whole run is told; its power iteration was removed from the library.
"""

import gzip
import sys
import time

import igraph
import networkit as nk

threads = int(sys.argv[2]) if len(sys.argv) > 2 else 1
nk.setNumberOfThreads(threads)

pairs = []
with gzip.open(sys.argv[1], "rt") as file:
    for node, line in enumerate(file):
        at = node
        for gap in line.split():
            at += int(gap)
            pairs.append((node, at))
n = 1 + max(b for _, b in pairs)

graph = nk.Graph(n)
for a, b in pairs:
    graph.addEdge(a, b)
graph.indexEdges()
best = None
for _ in range(10):
    rank = nk.centrality.PageRank(graph, damp=0.85, tol=1e-8)
    begun = time.perf_counter()
    rank.run()
    took = (time.perf_counter() - begun) * 1e3
    per = took / rank.numberOfIterations()
    best = min(best or per, per)
print(f"networkit {nk.__version__}, {threads} threads: {best:.3f} ms an iteration of {rank.numberOfIterations()}")

graph = igraph.Graph(n=n, edges=pairs)
best = None
for _ in range(5):
    begun = time.perf_counter()
    graph.pagerank(damping=0.85)
    took = (time.perf_counter() - begun) * 1e3
    best = min(best or took, took)
print(f"igraph {igraph.__version__}, 1 thread: {best:.1f} ms the whole run")

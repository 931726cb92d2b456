"""Everybody's ten best of a catalogue with faiss: IndexFlatIP, exact, 64 coordinates, the bias as a 65th.

    cargo bench --bench catalogue
    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install faiss-cpu numpy
    /tmp/peers/bin/python benches/compare/catalogue.py [threads [rounds [people ads]]]

faiss rounds its sums in float32, so it may order near-equals otherwise; nothing is masked.
"""

import sys
import time

import faiss
import numpy as np

threads = int(sys.argv[1]) if len(sys.argv) > 1 else 2
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
sizes = [(20_000, 10_000), (20_000, 20_000), (10_000, 100_000)]
if len(sys.argv) > 4:
    sizes = [(int(sys.argv[3]), int(sys.argv[4]))]
width, k = 64, 10

faiss.omp_set_num_threads(threads)
random = np.random.default_rng(7)
for n_people, n_ads in sizes:
    people = 0.3 * random.standard_normal((n_people, width), dtype=np.float32)
    ads = 0.3 * random.standard_normal((n_ads, width), dtype=np.float32)
    bias = 0.3 * random.standard_normal((n_ads, 1), dtype=np.float32)
    for name, a, u in [
        ("with bias", np.hstack([ads, bias]), np.hstack([people, np.ones((n_people, 1), np.float32)])),
        ("without", ads, people),
    ]:
        index = faiss.IndexFlatIP(a.shape[1])
        index.add(np.ascontiguousarray(a))
        u = np.ascontiguousarray(u)
        best = float("inf")
        for _ in range(rounds):
            start = time.perf_counter()
            index.search(u, k)
            best = min(best, time.perf_counter() - start)
        pairs = n_people * n_ads / best / 1e9
        print(f"faiss {faiss.__version__} {name}: {n_people} x {n_ads}, {threads} threads: {best:.3f} s, {pairs:.3f} G scores/s")

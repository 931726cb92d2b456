"""The rows of the ads bench learnt by Vowpal Wabbit's FTRL: same slots, same parameters, one pass, from a cache of parsed rows.

    ACQUAINT_ADS_ROWS=1000000 cargo bench --bench ads -- ads/shared
    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install vowpalwabbit
    /tmp/peers/bin/python benches/compare/ads_training.py target/tmp [rounds]

The time is that of the pass over the cache, which a thread of its own reads while another learns; making the cache, starting and
predicting are not in it. Vowpal Wabbit has a constant beside the 20 features, where acquaint starts from a base rate.
"""

import math
import os
import sys
import time

from vowpalwabbit import Workspace

directory = sys.argv[1]
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
train, test = (os.path.join(directory, f"ads-{part}.vw") for part in ("train", "test"))
cache, model = train + ".cache", os.path.join(directory, "ads.model")
learner = "--ftrl --ftrl_alpha 0.1 --ftrl_beta 1 --l1 0 --l2 0 -b 22 --loss_function logistic --quiet"

if os.path.exists(cache):
    os.remove(cache)
making = Workspace(f"{learner} -d {train} --cache_file {cache}")
making.run_parser()
making.finish()

with open(train) as lines:
    n_rows = sum(1 for _ in lines)
seconds = []
for _ in range(rounds):
    learning = Workspace(f"{learner} --cache_file {cache} -f {model}")
    begun = time.perf_counter()
    learning.run_parser()
    seconds.append(time.perf_counter() - begun)
    learning.finish()
seconds.sort()
print(f"{n_rows} rows, best {n_rows / seconds[0] / 1e6:.3f} M rows/s, median {n_rows / seconds[len(seconds) // 2] / 1e6:.3f} M rows/s")

predicting = Workspace(f"-i {model} -t --link logistic --quiet")
loss, n_test = 0.0, 0
with open(test) as lines:
    for line in lines:
        p = min(max(predicting.predict(line), 1e-15), 1 - 1e-15)
        loss -= math.log(p if line.startswith("1") else 1 - p)
        n_test += 1
print(f"log loss of {n_test} rows held out: {loss / n_test:.6f}")

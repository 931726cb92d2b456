"""The rows of the ads bench learnt by Vowpal Wabbit's FTRL: same slots, same parameters, one pass.

    ACQUAINT_ADS_ROWS=1000000 cargo bench --bench ads -- ads/shared
    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install vowpalwabbit
    /tmp/peers/bin/python benches/compare/ads_training.py target/tmp [rounds]

Two times are taken in turn: that of the pass over the text, parsing included, and that of the pass over a cache of parsed rows. In both
a thread of its own reads while another learns. Making the cache and predicting are in neither, making the table is in both. The bench
has a constant beside the 20 features, as Vowpal Wabbit has, and starts from the base rate of the rows it learns.
"""

import math
import os
import sys
import time

from vowpalwabbit import Workspace

LEARNER = "--ftrl --ftrl_alpha 0.1 --ftrl_beta 1 --l1 0 --l2 0 -b 22 --loss_function logistic --quiet"


def seconds_of_pass(options):
    """Seconds of one pass over the rows: `-d` is learnt as the workspace is made, a cache when its parser is run."""
    begun = time.perf_counter()
    learning = Workspace(f"{LEARNER} {options}")
    learning.run_parser()
    seconds = time.perf_counter() - begun
    learning.finish()
    return seconds


def log_loss(model, path):
    """Of the rows of a file, nats a row, and how many they are."""
    predicting = Workspace(f"-i {model} -t --link logistic --quiet")
    loss, n_rows = 0.0, 0
    with open(path) as lines:
        for line in lines:
            p = min(max(predicting.predict(line), 1e-15), 1 - 1e-15)
            loss -= math.log(p if line.startswith("1") else 1 - p)
            n_rows += 1
    return loss / n_rows, n_rows


def main():
    directory = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    train, test = (os.path.join(directory, f"ads-{part}.vw") for part in ("train", "test"))
    cache, model = train + ".cache", os.path.join(directory, "ads.model")
    if os.path.exists(cache):
        os.remove(cache)
    seconds_of_pass(f"-d {train} --cache_file {cache}")
    with open(train) as lines:
        n_rows = sum(1 for _ in lines)
    inputs = {"text": f"-d {train}", "cache": f"--cache_file {cache} -f {model}"}
    seconds = {name: [] for name in inputs}
    for _ in range(rounds):
        for name, options in inputs.items():
            seconds[name].append(seconds_of_pass(options))
    for name, taken in seconds.items():
        taken.sort()
        best, median = (n_rows / s / 1e6 for s in (taken[0], taken[len(taken) // 2]))
        print(f"{n_rows} rows from {name}: best {best:.3f} M rows/s, median {median:.3f} M rows/s")
    loss, n_test = log_loss(model, test)
    print(f"log loss of {n_test} rows held out: {loss:.6f}")


main()

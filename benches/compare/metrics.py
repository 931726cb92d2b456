"""Times scikit-learn's metrics on rows like those of benches/metrics.rs: two million predictions, one in twenty clicked.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install numpy scikit-learn
    /tmp/peers/bin/python benches/compare/metrics.py [rows]
"""

import sys
import time

import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.metrics import log_loss, roc_auc_score

n = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000
random = np.random.RandomState(7)
p = 0.002 + 0.2 * random.rand(n) ** 4
y = (random.rand(n) < p).astype(int)

best = {}
for _ in range(3):
    for name, of in {
        "log_loss": lambda: log_loss(y, p),
        "roc_auc_score": lambda: roc_auc_score(y, p),
        "calibration_curve": lambda: calibration_curve(y, p, n_bins=10, strategy="quantile"),
    }.items():
        start = time.perf_counter()
        of()
        best[name] = min(best.get(name, 1e9), time.perf_counter() - start)
for name, seconds in best.items():
    print(f"{name:18} {seconds:.3f} s  {n / seconds / 1e6:6.2f} M rows/s")
print(f"{'all three':18} {sum(best.values()):.3f} s  {n / sum(best.values()) / 1e6:6.2f} M rows/s")

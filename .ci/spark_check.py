"""Compares runs on Spark with runs on one machine: python .ci/spark_check.py PROGRAM KERNEL [--kills N] [--users N] [--signals DIR]

Everything is on this machine: local-cluster masters start processes of their own, and nothing listens but on loopback.
"""

import argparse
import filecmp
import os
import random
import subprocess
import sys
import tempfile
import threading
import time

EXECUTOR = "CoarseGrainedExecutorBackend"
PYTHON_WORKER = "pyspark.daemon"


class Check:
    def __init__(self, program, kernel, root):
        self.program = program
        self.on_spark = ["--engine", "spark", "--kernel", kernel, "--python", sys.executable]
        self.root = root
        self.passed = 0
        self.failed = 0
        self.n_runs = 0

    def note(self, what, is_right, more=""):
        print(f"{'ok  ' if is_right else 'FAIL'} {what}{': ' if more else ''}{more}", flush=True)
        self.passed += is_right
        self.failed += not is_right

    def path(self, name):
        return os.path.join(self.root, name)

    def acquaint(self, arguments, meanwhile=None, limit=600):
        """Exit code and standard error. `meanwhile` gets the process while it runs."""
        process = subprocess.Popen(
            [self.program, "--quiet", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        if meanwhile:
            threading.Thread(target=meanwhile, args=(process,), daemon=True).start()
        try:
            _, error = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            for pid, _ in descendants(process.pid):
                os.kill(pid, 9)
            process.kill()
            return "hung", process.communicate()[1]
        return process.returncode, error

    def same(self, here, there):
        names = sorted(os.listdir(here))
        if names != sorted(os.listdir(there)):
            return False
        return all(filecmp.cmp(os.path.join(here, name), os.path.join(there, name), shallow=False) for name in names)

    def local(self, signals, name, more=()):
        out = self.path(f"{name}-local")
        code, error = self.acquaint(["run", "--signals", signals, "--out", out, *more])
        assert code in (0, 1), error
        return out, code

    def spark(self, what, signals, local, more, meanwhile=None):
        self.n_runs += 1
        out, log = self.path(f"spark-{self.n_runs}"), self.path(f"spark-{self.n_runs}.log")
        begun = time.monotonic()
        arguments = ["run", "--signals", signals, "--out", out, *self.on_spark, "--spark-log", log]
        code, error = self.acquaint([*arguments, *more], meanwhile)
        took = time.monotonic() - begun
        is_right = code == local[1] and self.same(local[0], out)
        told = [line for line in error.splitlines() if "frames in" in line]
        lost = open(log, encoding="utf-8", errors="replace").read().count("Lost executor") if os.path.exists(log) else 0
        more = f"{took:.0f} s, {lost} executors lost; {told[0] if told else error[-2000:]}"
        self.note(what, is_right, more)
        return lost


def descendants(pid):
    """Processes that a process started, however far down, with their command lines."""
    table = subprocess.run(["ps", "-e", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in table.splitlines()]
    rows = [(int(row[0]), int(row[1]), row[2] if len(row) > 2 else "") for row in rows]
    found, of = [], {pid}
    while of:
        below = [(child, args) for child, parent, args in rows if parent in of]
        found += below
        of = {child for child, _ in below}
    return found


class Killer:
    """Kills one process of a kind, some time after the first of them began."""

    def __init__(self, kind, delay):
        self.kind, self.delay = kind, delay
        self.killed = 0

    def __call__(self, process):
        while process.poll() is None:
            if any(self.kind in args for _, args in descendants(process.pid)):
                break
            time.sleep(0.2)
        time.sleep(self.delay)
        if process.poll() is not None:
            return
        found = [pid for pid, args in descendants(process.pid) if self.kind in args]
        if found:
            try:
                os.kill(random.choice(found), 9)
                self.killed += 1
            except ProcessLookupError:
                pass


def compare(check, signals, n_users):
    quickstart = check.local("data/quickstart", "quickstart")
    check.spark("quickstart, 2 executors", "data/quickstart", quickstart, ["--master", "local-cluster[2,1,1024]"])
    world = check.local(signals, "world")
    check.spark(f"{n_users} people, 2 executors, 8 partitions", signals, world, ["--master", "local-cluster[2,1,1024]", "--partitions", "8"])
    check.spark(
        f"{n_users} people, 3 executors, a partition a frame, files carried by Spark",
        signals,
        world,
        ["--master", "local-cluster[3,1,1024]", "--ship", "files", "--work", check.path("results")],
    )
    left = os.listdir(check.path("results")) if os.path.exists(check.path("results")) else []
    check.note("nothing is left where workers wrote", not left, " ".join(left))
    return world


def kill(check, signals, world, n_kills):
    n_killed = n_lost = 0
    for turn in range(n_kills):
        kind = (EXECUTOR, PYTHON_WORKER)[turn % 2]
        executors, partitions = random.choice((2, 3)), random.choice((8, 20, 100, 200))
        killer = Killer(kind, random.uniform(0.0, 12.0))
        more = ["--master", f"local-cluster[{executors},1,1024]", "--partitions", str(partitions)]
        lost = check.spark(f"kill {turn + 1}: {kind} after {killer.delay:.1f} s, {executors} executors, {partitions} partitions", signals, world, more, killer)
        n_killed += killer.killed
        n_lost += lost
    print(f"{n_kills} runs, {n_killed} processes killed, {n_lost} executors lost", flush=True)


def refuse(check):
    """A setting that only the session knows is found before anything is sent."""
    arguments = ["run", "--signals", "data/quickstart", "--out", check.path("never"), *check.on_spark]
    for setting, wanted in (
        ("spark.shuffle.manager=org.example.Columnar", "nobody knows whether it reports checksums"),
        ("spark.plugins=org.apache.gluten.GlutenPlugin", "accelerator gluten"),
    ):
        code, error = check.acquaint([*arguments, "--conf", setting])
        check.note(f"refuses {setting}", code == 2 and wanted in error and not os.path.exists(check.path("never")), error.strip()[-200:])


def main():
    given = argparse.ArgumentParser()
    given.add_argument("program")
    given.add_argument("kernel")
    given.add_argument("--kills", type=int, default=2)
    given.add_argument("--users", type=int, default=20_000)
    given.add_argument("--signals", help="a world of one's own in the place of a synthetic one")
    given.add_argument("--seed", type=int, default=1)
    given = given.parse_args()
    random.seed(given.seed)
    with tempfile.TemporaryDirectory(prefix="acquaint-spark-check-") as root:
        check = Check(os.path.abspath(given.program), os.path.abspath(given.kernel), root)
        signals = given.signals or check.path("world")
        if not given.signals:
            world = ["synth", "--users", str(given.users), "--impressions-per-user", "1", "--out", signals]
            code, error = check.acquaint(world)
            assert code == 0, error
        refuse(check)
        world = compare(check, signals, given.users)
        kill(check, signals, world, given.kills)
    print(f"{check.passed} passed, {check.failed} failed")
    sys.exit(check.failed > 0)


if __name__ == "__main__":
    main()

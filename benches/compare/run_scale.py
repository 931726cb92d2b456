"""What a run costs against the number of people: seconds, processor time and memory, of `synth` and of `run`, as a table and a picture.

    python3 benches/compare/run_scale.py --sizes 10000,30000,100000,300000,1000000 --draw scale.svg

Worlds are made in a temporary folder (about 250 bytes a person and table) with the catalogue of ads held at --ads, so that only people
grow. A size that `run --dry-run` says will not fit is left out and said to be. The picture wants matplotlib, which is installed into --venv.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from environment import python_with
from measured import timed

HERE = Path(__file__).resolve().parents[2]
SEED = 5


def asked():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="10000,30000,100000,300000")
    parser.add_argument("--ads", type=int, default=4000)
    parser.add_argument("--acquaint", default=str(HERE / "target/release/acquaint"))
    parser.add_argument("--turns", type=int, default=1, help="runs of each size; the median counts")
    parser.add_argument("--draw", type=Path)
    parser.add_argument("--venv", default=str(HERE / "target/scale"))
    return parser.parse_args()


def fits(acquaint, world, out):
    told = subprocess.run([acquaint, "run", "--dry-run", "--json", "--signals", world, "--out", out], capture_output=True, text=True)
    return told.returncode == 0, json.loads(told.stdout)["estimate"]["peak_bytes"]


def of_size(args, people, folder):
    world, out = folder / "world", folder / "out"
    synth = [args.acquaint, "synth", "--users", str(people), "--seed", str(SEED), "--ads", str(args.ads), "--out", str(world), "--quiet"]
    made = timed(synth)
    is_fitting, told = fits(args.acquaint, str(world), str(out))
    if not is_fitting:
        print(f"{people:,} people: {told} bytes would not fit", file=sys.stderr)
        return None
    runs = []
    for _ in range(args.turns):
        shutil.rmtree(out, ignore_errors=True)
        runs.append(timed([args.acquaint, "run", "--quiet", "--signals", str(world), "--out", str(out)]))
    return people, made, sorted(runs)[len(runs) // 2], told


def table(found):
    print("| people | synth | its memory | run | processor time | memory | memory told | µs a person | bytes a person |")
    print("|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for people, made, (clock, busy, peak), told in found:
        cells = [f"{people:,}", f"{made[0]:.1f} s", f"{made[2] / 1e9:.2f} GB", f"{clock:.1f} s", f"{busy:.1f} s", f"{peak / 1e9:.2f} GB"]
        cells += [f"{told / 1e9:.2f} GB", f"{1e6 * clock / people:.0f}", f"{peak / people:,.0f}"]
        print("| " + " | ".join(cells) + " |")


def draw(found, path, venv):
    python = python_with(venv, ["matplotlib"])
    points = {"people": [one[0] for one in found], "clock": [one[2][0] for one in found], "memory": [one[2][2] / 1e9 for one in found]}
    script = """
import json, sys
import matplotlib; matplotlib.use("svg")
import matplotlib.pyplot as plt
plt.rcParams["svg.hashsalt"] = "acquaint"
points, path = json.loads(sys.argv[1]), sys.argv[2]
figure, axes = plt.subplots(1, 2, figsize=(9, 3.6))
for axis, name, unit in ((axes[0], "clock", "seconds"), (axes[1], "memory", "GB at the peak")):
    axis.plot(points["people"], points[name], "o-", color="#1f6f8b")
    first = points[name][0] / points["people"][0]
    axis.plot(points["people"], [first * n for n in points["people"]], "--", color="#999", label="in proportion")
    axis.set(xscale="log", yscale="log", xlabel="people", ylabel=unit)
    axis.grid(True, which="both", linewidth=.3); axis.legend(frameon=False)
figure.tight_layout(); figure.savefig(path, metadata={"Date": None})
"""
    subprocess.run([python, "-c", script, json.dumps(points), str(path)], check=True)


def main():
    args = asked()
    found = []
    for people in (int(size) for size in args.sizes.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            one = of_size(args, people, Path(folder))
        if one:
            found.append(one)
            table(found[-1:])
    print()
    table(found)
    if args.draw and found:
        draw(found, args.draw, args.venv)


main()

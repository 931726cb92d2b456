"""Every comparison, one after another, in an environment that is thrown away: what was run, what it printed and what it took, as a record.

    python3 benches/compare/all.py [--datasets ../shared/datasets] [--record benches/record/2026-12-01-compare.md] [NAME ...]

Each comparison runs our bench first and the peers right after it, so that their ratio is of the same minutes. One whose data is not there is
skipped, and the record says so; so is one whose packages do not install, with the last line of pip. Without names all of them run: an hour and a half on two
cores, most of it compiling benches. The exit code is 1 if a comparison failed.
"""

import argparse
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCH = ["cargo", "bench", "--bench"]


class Comparison:
    """Our command, the packages of the peers, theirs, and the data both read; `{data}` and `{work}` stand for folders."""

    def __init__(self, name, ours, packages, theirs, data=None):
        self.name, self.ours, self.packages, self.theirs, self.data = name, ours, packages, theirs, data


GRAPHS = "graphs/"
COMPARISONS = [
    Comparison(
        "suggest",
        BENCH + ["suggest", "--", "peers"],
        ["implicit", "sparse_dot_topn", "scipy"],
        ["suggest.py", "{data}"],
        GRAPHS + "fb100_Cornell5.csv.gz",
    ),
    Comparison(
        "suggest_whole",
        BENCH + ["suggest", "--", "everybody"],
        ["scipy", "duckdb", "polars", "networkit", "python-graphblas"],
        ["suggest_whole.py", "{data}"],
        GRAPHS + "ego_facebook.csv.gz",
    ),
    Comparison("suggest_order", None, ["implicit", "scipy"], ["suggest_order.py", "{data}"], GRAPHS + "seal_USAir.csv.gz"),
    Comparison("matching", BENCH + ["matching", "--", "match_book"], ["duckdb", "polars"], ["matching.py", "target/tmp", "10000000"]),
    Comparison("linking", BENCH + ["linking"], ["splink", "duckdb"], ["linking.py", "target/tmp"]),
    Comparison("catalogue", BENCH + ["catalogue"], ["faiss-cpu", "numpy"], ["catalogue.py"]),
    Comparison("metrics", BENCH + ["metrics"], ["numpy", "scikit-learn"], ["metrics.py"]),
    Comparison("ads_training", BENCH + ["ads", "--", "ads/shared"], ["vowpalwabbit"], ["ads_training.py", "target/tmp"]),
    Comparison("trust", BENCH + ["abuse"], ["networkit", "igraph"], ["trust.py", "{data}"], GRAPHS + "fb100_union_dev.adj.gz"),
    Comparison(
        "run_whole",
        ["target/release/acquaint", "synth", "--users", "100000", "--seed", "5", "--out", "{work}/world"],
        ["duckdb", "polars", "pyarrow"],
        ["run_whole.py", "{work}/world", "--venv", "{venv}"],
    ),
]


def asked():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(one.name for one in COMPARISONS))
    parser.add_argument("--datasets", type=Path, default=ROOT.parent / "shared" / "datasets")
    parser.add_argument("--record", type=Path, help="where the record goes; standard output otherwise")
    args = parser.parse_args()
    known = {one.name for one in COMPARISONS}
    unknown = [name for name in args.names if name not in known]
    if unknown:
        parser.error(f"no comparison is called {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    return args


def said(command):
    """What a command prints, whether it ended well, and its seconds."""
    begun = time.perf_counter()
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    text = ended.stdout if ended.returncode == 0 else ended.stdout + ended.stderr[-2000:]
    return text.strip(), ended.returncode == 0, time.perf_counter() - begun


def environment(folder, packages):
    """The python of a new environment with some packages, or the last line of what went wrong."""
    python = folder / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    installed = subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], capture_output=True, text=True)
    if installed.returncode:
        return None, (installed.stderr.strip().splitlines() or ["pip failed"])[-1]
    return str(python), None


def block(title, command, ended):
    text, is_well, seconds = ended
    state = "" if is_well else ", **failed**"
    return f"{title}: `{' '.join(command)}`, {seconds:.0f} s{state}\n\n```\n{text}\n```\n"


def compared(one, args):
    """The record of a comparison, and whether it ended well or was skipped for want of data."""
    head = f"\n## {one.name}\n"
    data = args.datasets / one.data if one.data else None
    if data and not data.exists():
        return head + f"Skipped: {one.data} is not in {args.datasets.name}.\n", True
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        python, wrong = environment(work / "venv", one.packages)
        if wrong:
            return head + f"Skipped: {', '.join(one.packages)} cannot be installed here: {wrong}\n", True
        fill = lambda parts: [part.format(data=data, work=work, venv=work / "venv") for part in parts]  # noqa: E731
        record, is_well = head, True
        if one.ours:
            ours = fill(one.ours)
            ended = said(ours)
            record, is_well = record + block("Ours", one.ours, ended), ended[1]
        theirs = fill(one.theirs)
        ended = said([python, str(Path("benches/compare") / theirs[0]), *theirs[1:]])
        return record + block("Beside", ["python", *one.theirs], ended), is_well and ended[1]


def main():
    args = asked()
    chosen = [one for one in COMPARISONS if not args.names or one.name in args.names]
    record = f"# Comparisons, {time.strftime('%Y-%m-%d')}\n\n{platform.machine()}, {platform.system()}, Python {platform.python_version()}.\n"
    all_well = True
    for one in chosen:
        print(f"{one.name} ...", file=sys.stderr, flush=True)
        told, is_well = compared(one, args)
        record += told
        all_well = all_well and is_well
        # What is done is kept, whatever happens to the next.
        if args.record:
            args.record.write_text(record)
    if not args.record:
        print(record)
    sys.exit(0 if all_well else 1)


main()

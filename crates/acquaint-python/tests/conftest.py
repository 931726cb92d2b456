"""A small world, the program to compare with, and tables as frames."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import acquaint
import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def quickstart() -> Path:
    return ROOT / "data" / "quickstart"


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic world as Parquet."""
    out = tmp_path_factory.mktemp("world") / "signals"
    acquaint.synth(out, users=200, seed=7)
    return out


@pytest.fixture(scope="session")
def program():
    """Runs the command line; it is named by ACQUAINT and built from the same sources."""
    path = os.environ.get("ACQUAINT")
    if not path:
        pytest.skip("ACQUAINT names no program to compare with")

    def call(*args: object, codes: tuple[int, ...] = (0, 1)) -> str:
        command = [path, *map(str, args)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
        assert done.returncode in codes, done.stderr
        return done.stdout

    return call


@pytest.fixture(scope="session")
def tables(world: Path) -> dict:
    """Every table of the world, as polars frames."""
    polars = pytest.importorskip("polars")
    return {file.stem: polars.read_parquet(file) for file in world.glob("*.parquet")}

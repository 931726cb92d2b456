"""Python environments of their own for peers."""

import os
import subprocess
import sys
from pathlib import Path


def python_with(folder, packages):
    """The Python of an environment, which is made with some packages unless it is there."""
    python = Path(folder) / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    return python


def in_environment(folder, packages):
    """Runs this script again in an environment with some packages, unless that is where it runs."""
    if Path(sys.prefix).resolve() != Path(folder).resolve():
        python = python_with(folder, packages)
        os.execv(python, [str(python), *sys.argv])

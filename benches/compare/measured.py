"""What a process takes: the clock, processors and memory."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def timed(command):
    """Seconds of the clock and of processors, and bytes at the peak, of a process that has to end with 0 or 1."""
    begun = time.perf_counter()
    said = tempfile.TemporaryFile()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
    peak = 0
    while True:
        # What the system says at the end counts this process too, from which the other began.
        peak = max(peak, high_water(child.pid))
        ended, status, used = os.wait4(child.pid, os.WNOHANG)
        if ended:
            break
        time.sleep(0.01)
    clock = time.perf_counter() - begun
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        said.seek(0)
        sys.exit(f"{command[0]} failed: {said.read().decode()}")
    return clock, used.ru_utime + used.ru_stime, peak


def high_water(process):
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)

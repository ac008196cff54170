"""Running commands and measuring them: CPU, wall time and peak memory of one process and its children."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Run:
    """One run: user and system seconds, seconds on the clock, peak resident memory in MiB."""

    cpu: float
    wall: float
    rss: float


class Failed(Exception):
    """The command did not end well."""


def run(command, well=(0,)):
    """Runs a command to its end, its output thrown away; `well` are the codes of a good end."""
    with tempfile.TemporaryFile() as errors:
        began = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in well:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip().splitlines()
            raise Failed(f"exit {process.returncode}: {said[-1] if said else 'no message'}")
    # Linux counts the peak in KiB. It is the largest single process, as GNU time has it.
    return Run(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def median(runs):
    """The run in the middle, each figure by itself; memory is the worst."""
    return Run(
        statistics.median(r.cpu for r in runs),
        statistics.median(r.wall for r in runs),
        max(r.rss for r in runs),
    )


def tonmeister():
    """Our command, built for release."""
    given = os.environ.get("TONMEISTER")
    if given:
        return given
    if shutil.which("cargo") is None:
        sys.exit("cargo is not installed; set TONMEISTER to the built command")
    subprocess.run(["cargo", "build", "--release", "--locked", "-p", "tonmeister-cli"], cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return str(target / "release" / "tonmeister")


def bench_folder():
    """The folder with the peers and their inputs, named by $BENCH."""
    folder = os.environ.get("BENCH")
    if not folder:
        sys.exit("set BENCH to a folder prepared with the peers: $BENCH/in has inputs, $BENCH/peers one script per job")
    path = Path(folder)
    for needed in ("in", "peers"):
        if not (path / needed).is_dir():
            sys.exit(f"{path} has no folder `{needed}`: it is not prepared")
    (path / "out").mkdir(exist_ok=True)
    return path


def load():
    """How busy the machine is, for the reader of a table."""
    with open("/proc/loadavg", encoding="ascii") as f:
        return f.read().split()[0]

"""The machine: its cores, its tools, and what the operating system knows of a process."""

from __future__ import annotations

import os
import platform
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import BenchError

_TOOLS = {
    "h2load": "nghttp2-client (Debian: apt-get install nghttp2-client)",
    "taskset": "util-linux (Debian: apt-get install util-linux)",
}
_PSS = re.compile(r"^Pss:\s+(\d+) kB$", re.MULTILINE)

_ESTABLISHED = "01"


@dataclass(frozen=True)
class Cores:
    """Where the server runs, and where the client and this program run."""

    server: int
    client: int


def claim_cores() -> Cores:
    """Take the first two cores that this process may use, and move it to the client's.

    Raises:
        BenchError: There are less than two, or a tool is missing.
    """
    for tool, package in _TOOLS.items():
        if shutil.which(tool) is None:
            raise BenchError(f"{tool} is missing; install {package}")
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise BenchError(
            "the benchmarks need two cores, one for the server and one for the client; this is one"
        )
    os.sched_setaffinity(0, {cores[1]})
    return Cores(cores[0], cores[1])


def process_tree(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            found += map(int, task.read_text().split())
    return found


def cpu_seconds(pids: list[int]) -> float:
    """User and system time of processes so far, from their clocks in the kernel."""
    return sum(time.clock_gettime((~pid << 3) | 2) for pid in pids)


def memory_bytes(pids: list[int]) -> int:
    """Proportional set size of processes."""
    total = 0
    for pid in pids:
        match = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
        total += int(match[1]) * 1024 if match else 0
    return total


def connections(port: int) -> int:
    """Connections that a server on this port has accepted, or is about to."""
    files = ("/proc/net/tcp", "/proc/net/tcp6")
    rows = [line.split() for file in files for line in Path(file).read_text().splitlines()[1:]]
    return sum(row[1].endswith(f":{port:04X}") and row[3] == _ESTABLISHED for row in rows)


def describe() -> dict[str, str]:
    """What a reader needs to know of the machine; never its name."""
    return {
        "cpu": _cpu_model(),
        "kernel": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": platform.python_version(),
    }


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()

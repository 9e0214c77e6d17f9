"""The machine: its cores, its tools, and what the operating system knows of a process."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.errors import BenchError

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOOLS = {
    "h2load": "nghttp2-client (Debian: apt-get install nghttp2-client)",
    "taskset": "util-linux (Debian: apt-get install util-linux)",
}
_VERSIONS = """
import json, sys
from importlib.metadata import version
print(json.dumps({name: version(name) for name in sys.argv[1:]}))
"""
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
    return claim_two_cores()


def claim_two_cores() -> Cores:
    """The same, where h2load and taskset are not needed.

    Raises:
        BenchError: There are less than two.
    """
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


def versions(python: str, packages: Sequence[str]) -> dict[str, str]:
    """Versions of packages that this Python has.

    Raises:
        OSError: It is not there, or one of them is not.
    """
    done = subprocess.run([python, "-c", _VERSIONS, *packages], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(done.stderr)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()

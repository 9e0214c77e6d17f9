"""h2load: what it is told and what it says."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from benchmarks.errors import BenchError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Load", "Outcome", "command", "parse", "run"]

_LIMIT_S: Final = 180.0
_REQUESTS: Final = re.compile(
    r"^requests: (\d+) total, .* (\d+) succeeded, (\d+) failed, (\d+) errored", re.M
)
_CODES: Final = re.compile(r"^status codes: (\d+) 2xx", re.M)
_DATA: Final = re.compile(r"^traffic: .* \((\d+)\) data$", re.M)
_LONGEST: Final = re.compile(r"^time for request: +\S+ +([\d.]+)(us|ms|s|m|h)\b", re.M)
_SECONDS: Final = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Load:
    """One run of h2load.

    Attributes:
        url: What is called.
        body: File with the body of each request.
        calls: How many in all.
        connections: How many connections they are spread over.
        streams: How many run at once on each.
        headers: Headers besides h2load's own.
        http1: HTTP/1.1 instead of HTTP/2.
    """

    url: str
    body: Path
    calls: int
    connections: int = 1
    streams: int = 1
    headers: dict[str, str] = field(default_factory=dict)
    http1: bool = False


@dataclass(frozen=True)
class Outcome:
    """What h2load counted: bytes of DATA (or of HTTP/1.1 bodies), and the longest call in seconds."""

    data_bytes: int
    longest_s: float


def command(load: Load, core: int, *extra: str) -> list[str]:
    """The command line, with windows so wide that no server ever waits for one."""
    numbers = {"-n": load.calls, "-c": load.connections, "-m": load.streams}
    windows = [] if load.http1 else ["-w", "30", "-W", "30"]
    headers = [part for name, value in load.headers.items() for part in ("-H", f"{name}: {value}")]
    counts = [part for option, number in numbers.items() for part in (option, str(number))]
    start = ["taskset", "-c", str(core), "h2load", *counts, *windows, "-d", str(load.body), *headers]
    return [*start, *(["--h1"] if load.http1 else []), *extra, load.url]


def parse(output: str, calls: int) -> Outcome:
    """Read what h2load prints at its end.

    Raises:
        BenchError: A call failed, or this is not its output.
    """
    requests, codes, data, longest = (p.search(output) for p in (_REQUESTS, _CODES, _DATA, _LONGEST))
    if not (requests and codes and data and longest):
        last = output.strip().splitlines()[-1:] or ["nothing"]
        raise BenchError(f"h2load did not finish; it said: {last[0]}")
    if (int(requests[2]), int(codes[1])) != (calls, calls):
        raise BenchError(f"of {calls} calls {requests[2]} succeeded ({requests[0]})")
    return Outcome(int(data[1]), float(longest[1]) * _SECONDS[longest[2]])


def run(load: Load, core: int, *extra: str) -> Outcome:
    """Run h2load to its end."""
    try:
        done = subprocess.run(
            command(load, core, *extra), capture_output=True, text=True, timeout=_LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"{load.calls} calls were not answered within {_LIMIT_S:.0f} s") from error
    return parse(done.stdout + done.stderr, load.calls)

"""The attacker's process: `python -m benchmarks.attacks.attacker CORE`.

Reads a JSON object per line, `{"name", "host", "port", "seconds"}`. Says `{"prepared": true}` once all that
will be sent has been made, waits for another line, attacks, and writes its tally as a line. Loopback
addresses only.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from typing import Any, Final

from benchmarks.errors import BenchError

from .catalog import named
from .driver import Driver, as_dict
from .target import Target

_NICE: Final = 19
"""The victim shares the core: its times are to be the server's, not those of waiting for the attacker."""


def perform(job: dict[str, Any]) -> dict[str, Any]:
    """Do an attack; returns its tally, or `{"error"}`."""
    try:
        driver = Driver(Target(job["host"], job["port"]), job["seconds"], _prepared)
        (attack,) = named([job["name"]])
        attack.play(driver)
    except (BenchError, OSError, ValueError) as error:
        return {"error": f"{type(error).__name__}: {error}"}
    return as_dict(driver.tally)


def _prepared() -> None:
    print(json.dumps({"prepared": True}), flush=True)
    sys.stdin.readline()


def main() -> None:
    """Do what standard input says."""
    core = sys.argv[1]
    if core != "-":
        os.sched_setaffinity(0, {int(core)})
    os.nice(_NICE)
    named([])
    gc.freeze()
    print(json.dumps({"ready": True}), flush=True)
    while line := sys.stdin.readline():
        print(json.dumps(perform(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()

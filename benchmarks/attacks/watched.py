"""Runs a server's module and, asked by a signal, counts what lives in its process.

`python watched.py CENSUS_FILE CORE MODULE [ARGUMENT ...]`. On SIGUSR1 the counts are written as JSON to the
census file: the tasks of the event loop, and the objects of the server's packages by their types. The
collector is run before, so what is counted is held by something.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import runpy
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any

_PACKAGES = (
    "tokenwire",
    "h2",
    "hpack",
    "hyperframe",
    "grpclib",
    "tokenwire_serve",
    "httptools",
    "starlette",
    "asyncio",
    "uvloop",
)
_OTHERS = ("coroutine", "async_generator")


def census() -> dict[str, Any]:
    """What lives in this process."""
    gc.collect()
    objects: Counter[str] = Counter()
    for thing in gc.get_objects():
        kind = type(thing)
        package = str(kind.__module__).partition(".")[0].lstrip("_")
        if package in _PACKAGES or kind.__name__ in _OTHERS:
            objects[f"{kind.__module__}.{kind.__qualname__}"] += 1
    return {"tasks": len(asyncio.all_tasks()), "objects": objects}


def main() -> None:
    """Serve."""
    file, core, module, *arguments = sys.argv[1:]
    if core != "-":
        os.sched_setaffinity(0, {int(core)})

    def answer(*_: object) -> None:
        text = json.dumps(census())
        part = Path(file + ".part")
        part.write_text(text)
        part.replace(file)

    signal.signal(signal.SIGUSR1, answer)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()

"""A server in a process of its own whose engine is the faulty one; takes the flags of `tokenwire serve`.

SIGUSR1 makes it print a line of JSON: what there is of tasks, requests and calls.
"""

from __future__ import annotations

import asyncio
import gc
import json
import signal
from collections import Counter
from typing import Final

from tokenwire_serve.app import main
from tokenwire_serve.engines import ENGINES

from .engine import FaultyEngine

__all__ = ["COUNTED", "CountingEngine"]

COUNTED: Final = (
    "ServerCall",
    "WireStream",
    "PushStream",
    "NullRequest",
    "HttpConnection",
    "ServerConnection",
)
"""Classes whose instances are counted."""


class CountingEngine(FaultyEngine):
    """The faulty engine, which counts on request."""

    async def start(self) -> None:
        """Be up, and count from then on."""
        await super().start()
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self._report)

    def _report(self) -> None:
        gc.unfreeze()  # What was there when the engine was started again counts too.
        gc.collect()
        kinds = Counter(type(thing).__name__ for thing in gc.get_objects())
        gc.freeze()
        counts = {name: kinds[name] for name in COUNTED}
        report = {"tasks": len(asyncio.all_tasks()), "requests": self.requests, **counts}
        print(json.dumps(report), flush=True)


if __name__ == "__main__":
    ENGINES["null"] = (CountingEngine.__module__, CountingEngine.__name__)
    main(prog_name="soak server")

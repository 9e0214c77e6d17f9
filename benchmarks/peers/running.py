"""How the peers that bring no command of their own are started: `python PEER.py --port P --loop L`."""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


def new_loop(name: str) -> asyncio.AbstractEventLoop:
    """An event loop of that kind."""
    if name == "uvloop":
        import uvloop

        return uvloop.new_event_loop()
    return asyncio.new_event_loop()


def arguments() -> argparse.Namespace:
    """`port` and `loop` from the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--loop", choices=("asyncio", "uvloop"), required=True)
    return parser.parse_args()


def run(serve: Callable[[int], Coroutine[Any, Any, None]]) -> None:
    """Run `serve(port)` until the process is told to end."""
    options = arguments()
    with asyncio.Runner(loop_factory=lambda: new_loop(options.loop)) as runner:
        runner.run(serve(options.port))

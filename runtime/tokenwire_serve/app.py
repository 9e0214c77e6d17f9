"""The application behind the generated entry point `python -m tokenwire_gen.sglang.runtime.v1`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenwire_serve.process.cli import serve

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from tokenwire_serve.servicer.service import SglangServicer
    from tokenwire_serve.servicer.settings import ServicerSettings

    from .engine import Engine

__all__ = ["create_servicer", "main"]


def main(argv: Sequence[str] | None = None, *, prog_name: str = "tokenwire serve") -> None:
    """Serve until told to stop, then exit the process; the flags are those of `tokenwire serve`.

    Args:
        argv: Flags; those of the process when None.
        prog_name: What messages call the program.

    Raises:
        SystemExit: Always; 0 after a drain, 1 when the server could not start or its engine died,
            2 for wrong flags.
    """
    serve.main(args=None if argv is None else list(argv), prog_name=prog_name)


def create_servicer(
    engine: Engine,
    settings: ServicerSettings | None = None,
    *,
    loop: asyncio.AbstractEventLoop | None = None,
) -> SglangServicer:
    """A servicer over an engine; `tokenwire.start_server` calls this.

    Args:
        engine: The engine.
        settings: How to present it; the defaults if none are given.
        loop: The loop that the engine lives on, where that is another thread's.
    """
    from tokenwire_serve.servicer.service import create_servicer as create

    from .bridge import BridgedEngine

    return create(engine if loop is None else BridgedEngine(engine, loop), settings)

"""What may become of an engine that was up: it dies, and is perhaps started again."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final, NoReturn

from tokenwire.codes import Code
from tokenwire.errors import RpcError

from tokenwire_serve.engine import ServerStatus

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tokenwire_serve.engine import Engine, EngineState

__all__ = ["keep_up"]

_LOG: Final = logging.getLogger("tokenwire.serve")
_SHORT: Final = 60.0
"""Seconds; an engine that dies sooner after it came up will hardly do better the next time."""
_SHORT_LIVES: Final = 3
"""So many short lives in a row are the last."""


async def keep_up(engine: Engine, restart: Callable[[], Awaitable[None]] | None) -> NoReturn:
    """Watch an engine that is up until it has died for good.

    Args:
        engine: The engine; nobody else closes it meanwhile.
        restart: Starts it again; None leaves it dead.

    Raises:
        RpcError: UNAVAILABLE, the engine is dead; the message says of what.
    """
    short_lives = 0
    while True:
        up = time.monotonic()
        reason = await _death(engine)
        died = f"engine {engine.name} died: {reason}"
        short_lives = short_lives + 1 if time.monotonic() - up < _SHORT else 0
        if restart is None:
            raise RpcError(Code.UNAVAILABLE, died)
        if short_lives == _SHORT_LIVES:
            often = f"{short_lives} times in a row it died within {_SHORT:g} s"
            raise RpcError(Code.UNAVAILABLE, f"{died}; {often}, so it is not started again")
        _LOG.error("%s; starting it again", died)
        dead = time.monotonic()
        try:
            await restart()
        except RpcError as error:
            problem = f"{died}; it could not be started again: {error.message}"
            raise RpcError(Code.UNAVAILABLE, problem) from error
        _LOG.info("engine %s is up again after %.1f s", engine.name, time.monotonic() - dead)


async def _death(engine: Engine) -> str:
    """Wait until an engine has stopped by itself; returns why."""
    reason: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def look(state: EngineState) -> None:
        if state.status is ServerStatus.STOPPED and not reason.done():
            reason.set_result(" ".join(state.reason.split()) or "it gave no reason")

    unwatch = engine.watch(look)
    try:
        look(engine.state)
        return await reason
    finally:
        unwatch()

"""Calls of SGLang's that are answered once, and text that is worked on aside."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tokenwire.codes import Code
from tokenwire.errors import RpcError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["Once", "aside", "drain"]

T = TypeVar("T")

_LONG_TEXT: Final = 8192
"""Characters or tokens from which text is worked on in a thread."""


class Once:
    """A request that is answered once."""

    def __init__(self, rid: str) -> None:
        self._rid = rid
        self._task: asyncio.Task[Any] | None = None
        self._error: RpcError | None = None

    async def run(self, call: Awaitable[T]) -> T:
        """The result of a call, unless it is ended first."""
        task: asyncio.Task[T] = asyncio.ensure_future(_awaited(call))
        self._task = task
        try:
            return await task
        except asyncio.CancelledError:
            if self._error is None:
                raise
            raise self._error from None
        finally:
            task.cancel()

    def abort(self, message: str) -> None:
        """End it as aborted."""
        self.fail(RpcError(Code.CANCELLED, f"request {self._rid!r} was {message}"))

    def fail(self, error: RpcError) -> None:
        """End it with an error."""
        if self._task is not None and not self._task.done():
            self._error = error
            self._task.cancel()


async def _awaited(call: Awaitable[T]) -> T:
    return await call


async def drain(answers: Any) -> None:
    """Take answers until there are no more."""
    async for _ in answers:
        pass


async def aside(size: int, function: Callable[[], T]) -> T:
    """Run a function on text here when the text is short, in a thread when it is long."""
    return function() if size < _LONG_TEXT else await asyncio.to_thread(function)

"""A connection beyond the limit: told so where that is cheap, and closed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["TurnedAway"]

_LINGER: Final = 1.0
"""Seconds in which the client may read the answer."""


class TurnedAway(asyncio.Protocol):
    """Sends an answer, reads nothing of what comes, and ends.

    Args:
        answer: What to send; b"" just closes.
        ended: Called at the end with whether there was an answer.
    """

    def __init__(self, answer: bytes, ended: Callable[[bool], None]) -> None:
        self._answer = answer
        self._ended = ended
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Answer, without having read a request."""
        transport = cast("asyncio.Transport", transport)
        if not self._answer:
            transport.abort()
            return
        transport.write(self._answer)
        transport.write_eof()
        self._timer = asyncio.get_running_loop().call_later(_LINGER, transport.abort)

    def connection_lost(self, error: Exception | None) -> None:
        """It has ended."""
        if self._timer is not None:
            self._timer.cancel()
        self._ended(bool(self._answer))

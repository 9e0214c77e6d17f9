"""Runs a target's input on one event loop, and finds what went wrong there without being raised."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = ["FakeTransport", "Runner", "settle"]


class FakeTransport(asyncio.Transport):
    """The transport of a connection to nobody: it takes everything and keeps nothing but its size.

    What is written after the peer has hung up is dropped, as those of event loops do: the protocol hears of
    it a turn later. What is written after the protocol's own close is a fault.

    Attributes:
        written: Bytes that the peer was sent.
        closed: Whether the protocol has closed it.
        lost: Called once, in the turn after either side has closed it.
    """

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2), "socket": None})
        self.written = 0
        self.closed = False
        self.lost: Callable[[], None] = _nothing
        self._gone = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closed, "written to after the close"
        if not self._gone:
            self.written += len(data)

    def close(self) -> None:
        self.closed = True
        self.hang_up()

    def hang_up(self) -> None:
        """End the connection from the peer's side."""
        if not self._gone:
            self._gone = True
            asyncio.get_running_loop().call_soon(self.lost)
            self.lost = _nothing  # it leads back here, and nobody should have to look for that

    def abort(self) -> None:
        self.close()

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        pass

    def is_closing(self) -> bool:
        return self._gone

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def get_protocol(self) -> asyncio.BaseProtocol:
        raise NotImplementedError

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        pass


def _nothing() -> None:
    """Nobody is to be told."""


class _Tracebacks(logging.Handler):
    """Keeps the errors that were logged with a traceback: the program did not expect them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[BaseException | str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] is not None:
            self.found.append(record.exc_info[1])


class Runner:
    """One loop for all inputs of a target."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._log = _Tracebacks()
        logging.getLogger().addHandler(self._log)
        self._runner.get_loop().set_exception_handler(self._note)

    def _note(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self._log.found.append(context.get("exception") or context["message"])

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run one input.

        Raises:
            Exception: What it raised, or what went wrong beside it.
        """
        self._log.found.clear()
        self._runner.run(work)
        for problem in self._log.found:
            raise problem if isinstance(problem, BaseException) else AssertionError(problem)


async def settle(turns: int = 6) -> None:
    """Let the loop turn."""
    for _ in range(turns):
        await asyncio.sleep(0)

"""A transport that sends what one turn of the event loop wrote in one piece."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from tokenwire.acceptor import hung_up

from .stats import ServerStats

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["CoalescingTransport"]

_HIGH_WATER: Final = 64 * 1024
_NOBODY: Final = asyncio.Protocol()


class CoalescingTransport(asyncio.Transport):
    """Wraps a connected transport; nothing above it knows.

    What waits for the end of the turn counts against the high-water mark like what waits in the
    socket's buffer, so the protocol's `pause_writing` works, and is sent before a close.

    Args:
        transport: The transport of the connection.
        protocol: Its protocol; its `pause_writing` and `resume_writing` may be called more than
            once in a row.
        stats: Where the bytes are counted.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        protocol: asyncio.Protocol,
        stats: ServerStats | None = None,
    ) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._protocol = protocol
        self._stats = stats or ServerStats()
        self._chunks: list[bytes] = []
        self._size = 0
        self._paused = False
        transport.set_write_buffer_limits(_HIGH_WATER)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send at the end of this turn of the loop."""
        self.put(bytes(data))

    def put(self, data: bytes) -> None:
        """The same for bytes, which are kept as they are."""
        chunks = self._chunks
        if not chunks:
            self._loop.call_soon(self.flush)
        chunks.append(data)
        size = self._size = self._size + len(data)
        if size > _HIGH_WATER and not self._paused:
            self._paused = True
            self._protocol.pause_writing()

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        """Send several pieces at the end of this turn of the loop."""
        for data in list_of_data:
            self.write(data)

    def flush(self) -> None:
        """Send now what this turn wrote so far."""
        chunks, self._chunks = self._chunks, []
        self._stats.bytes_sent += self._size
        self._size = 0
        if chunks and not self._transport.is_closing():
            self._transport.write(chunks[0] if len(chunks) == 1 else b"".join(chunks))
        if self._paused:
            self._paused = False
            if self._transport.get_write_buffer_size() <= _HIGH_WATER:
                self._protocol.resume_writing()

    def get_write_buffer_size(self) -> int:
        """Bytes that wait, here and in the transport below."""
        return self._size + self._transport.get_write_buffer_size()

    def close(self) -> None:
        """Send what was written, then close."""
        self.flush()
        self._transport.close()

    def abort(self) -> None:
        """Close at once; what was not sent is lost."""
        self._chunks.clear()
        self._size = 0
        self._transport.abort()

    def leave(self) -> None:
        """The connection is gone: let go of its protocol, so that nobody has to look for a cycle."""
        self._protocol = _NOBODY

    def is_closing(self) -> bool:
        """Whether it is closed or about to be."""
        return self._transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What the transport below knows under that name."""
        return self._transport.get_extra_info(name, default)

    def hung_up(self) -> bool:
        """Whether the peer has closed the connection, though what it sent before was not read yet."""
        sock = self._transport.get_extra_info("socket")
        return sock is not None and hung_up(sock.fileno())

    def pause_reading(self) -> None:
        """Stop receiving."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Go on receiving."""
        self._transport.resume_reading()

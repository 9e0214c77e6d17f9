"""Servicers behind typed clients in one process, without sockets."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from .client import Client
from .grpc.channel import WireChannel
from .grpc.server import Server
from .grpc.target import Target

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .grpc.protocol import WireProtocol
    from .grpc.server import Servicer

__all__ = ["MemoryTransport", "connected", "memory_pair"]

ClientT = TypeVar("ClientT", bound=Client)


class MemoryTransport(asyncio.Transport):
    """One end of a connection within the process; use `memory_pair`."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._protocol = protocol
        self._peer: MemoryTransport | None = None
        self._incoming: deque[bytes] = deque()
        self._reading = True
        self._closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Deliver in a later turn of the loop."""
        if self._peer is not None and data and not self._closed:
            self._peer._incoming.append(bytes(data))
            self._loop.call_soon(self._peer._deliver)

    def _deliver(self) -> None:
        while self._incoming and self._reading and not self._closed:
            self._protocol.data_received(self._incoming.popleft())

    def close(self) -> None:
        """Close both ends, after what was written."""
        if not self._closed:
            self._closed = True
            self._loop.call_soon(self._protocol.connection_lost, None)
            if self._peer is not None:
                self._loop.call_soon(self._peer._lost)

    def _lost(self) -> None:
        self._reading = True
        self._deliver()
        self.close()

    def abort(self) -> None:
        """Close both ends."""
        self.close()

    def is_closing(self) -> bool:
        """Whether it is closed."""
        return self._closed

    def pause_reading(self) -> None:
        """Keep what comes."""
        self._reading = False

    def resume_reading(self) -> None:
        """Deliver what came and comes."""
        self._reading = True
        self._loop.call_soon(self._deliver)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Accepted; nothing is buffered here."""

    def get_write_buffer_size(self) -> int:
        """Always 0."""
        return 0


def memory_pair(first: asyncio.Protocol, second: asyncio.Protocol) -> tuple[MemoryTransport, MemoryTransport]:
    """Connect two protocols; what one writes the other receives."""
    one, two = MemoryTransport(first), MemoryTransport(second)
    one._peer, two._peer = two, one
    second.connection_made(two)
    first.connection_made(one)
    return one, two


class _MemoryChannel(WireChannel):
    """A channel whose connections end in a server of this process."""

    def __init__(self, server: Server) -> None:
        super().__init__(Target("memory", 1))
        self._server = server

    async def _create_connection(self) -> WireProtocol:
        protocol = self._make_protocol()
        memory_pair(protocol, self._server.protocol())
        return protocol


@asynccontextmanager
async def connected(kind: type[ClientT], *servicers: Servicer, **options: Any) -> AsyncIterator[ClientT]:
    """A client of class `kind` whose calls reach the servicers over HTTP/2 in memory.

    Args:
        kind: A generated client class.
        servicers: Instances of generated service bases.
        options: Options of the `Server`.
    """
    server = Server(servicers, **options)
    client = kind("memory:1")
    client._shared.use(_MemoryChannel(server))
    try:
        async with client:
            yield client
    finally:
        await server.close()

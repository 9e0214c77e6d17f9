"""A client's connection: made at the first call, and again when it is lost."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from typing import TYPE_CHECKING, Final

from grpclib.config import Configuration

from tokenwire.codes import Code
from tokenwire.errors import RpcError

from .protocol import WireHandler, WireProtocol

if TYPE_CHECKING:
    from .target import Target

__all__ = ["WireChannel"]

_CONFIGURATION: Final = Configuration(_keepalive_time=330.0, _http2_max_pings_without_data=0).__for_client__()
"""Servers may close a connection that is pinged more often than every 300 seconds."""

_CONNECT_SECONDS: Final = 20.0


class _ClientHandler(WireHandler):
    """A client's end of a connection, which is called by nobody; it keeps the list of those that are open."""

    def __init__(self, protocols: list[WireProtocol]) -> None:
        self._protocols = protocols
        self._protocol: WireProtocol | None = None

    def opened(self, protocol: WireProtocol) -> None:
        """The connection is up."""
        self._protocol = protocol
        self._protocols.append(protocol)

    def close(self) -> None:
        """The connection is gone."""
        if self._protocol is not None:
            self._protocols.remove(self._protocol)
            self._protocol = None


class WireChannel:
    """The connection of one event loop to a target, and those before it that still have calls.

    Args:
        target: Where to connect to.
        tls: True for TLS with the system's trust, or a context of one's own. HTTP/2 is set as the
            context's protocol to negotiate.

    Attributes:
        loop: The event loop that it belongs to.
        target: Where it connects to, for messages.
        scheme: The value of `:scheme`.
        authority: The value of `:authority`.
    """

    def __init__(self, target: Target, tls: ssl.SSLContext | bool = False) -> None:
        self.loop = asyncio.get_running_loop()
        self.target = self.authority = str(target)
        self.scheme = "https" if tls else "http"
        self._address = target
        self._tls = ssl.create_default_context() if tls is True else tls or None
        self._protocols: list[WireProtocol] = []
        self._attempt: asyncio.Task[WireProtocol] | None = None
        self._closed = False

    @property
    def ready(self) -> WireProtocol | None:
        """The newest connection, if it takes calls now."""
        newest = self._protocols[-1] if self._protocols else None
        if newest is None or newest.connection.leaving or newest.connection.is_closing():
            return None
        return newest

    async def connect(self) -> WireProtocol:
        """A connection that takes calls; callers that wait at the same time get the same one.

        Raises:
            RpcError: UNAVAILABLE, there is none to be had.
        """
        if self._attempt is None and not self._closed:
            self._attempt = self.loop.create_task(self._connect())
            self._attempt.add_done_callback(self._attempted)
        try:
            if self._attempt is not None:
                return await asyncio.shield(self._attempt)
        except asyncio.CancelledError:
            if not self._closed:
                raise
        raise RpcError(Code.UNAVAILABLE, "the client was closed")

    async def _connect(self) -> WireProtocol:
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                return await self._create_connection()
        except TimeoutError:
            raise self._unreachable(f"no answer within {_CONNECT_SECONDS:g} s") from None
        except (OSError, UnicodeError) as error:
            raise self._unreachable(getattr(error, "strerror", None) or str(error)) from error

    def _unreachable(self, problem: str) -> RpcError:
        return RpcError(Code.UNAVAILABLE, f"cannot connect to {self.target}: {problem}")

    def _attempted(self, attempt: asyncio.Task[WireProtocol]) -> None:
        self._attempt = None
        if not attempt.cancelled():
            attempt.exception()  # seen, also where nobody waits any more

    async def _create_connection(self) -> WireProtocol:
        host, port = self._address
        if self._tls is not None:  # Each time: an HTTP client that shares the context sets its own.
            self._tls.set_alpn_protocols(["h2"])
        _, protocol = await self.loop.create_connection(self._make_protocol, host, port, ssl=self._tls)
        return protocol

    def _make_protocol(self) -> WireProtocol:
        return WireProtocol(_ClientHandler(self._protocols), _CONFIGURATION, client_side=True)

    def close(self) -> None:
        """Close every connection; running calls end with UNAVAILABLE."""
        self._closed = True
        if self._attempt is not None:
            self._attempt.cancel()
        for protocol in list(self._protocols):
            protocol.processor.close("the client was closed")

    def __del__(self) -> None:
        protocols = getattr(self, "_protocols", ())
        if protocols and not self.loop.is_closed():
            warnings.warn(f"the client of {self.target} was not closed", ResourceWarning, stacklevel=2)
            for protocol in protocols:
                self.loop.call_soon_threadsafe(protocol.processor.close, "the client was not closed")

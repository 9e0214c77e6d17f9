"""A client's connection: made at the first call, and again when it is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from grpclib.client import Channel
from grpclib.config import Configuration
from grpclib.encoding.base import CodecBase

from tokenwire.codes import Code
from tokenwire.errors import RpcError

from .protocol import WireHandler, WireProtocol

if TYPE_CHECKING:
    import asyncio
    import ssl as ssl_module

    from .target import Target

__all__ = ["WireChannel"]

_CONFIGURATION: Final = Configuration(_keepalive_time=330.0, _http2_max_pings_without_data=0)
"""Servers may close a connection that is pinged more often than every 300 seconds."""


class _NoCodec(CodecBase):
    """Messages encode and decode themselves here; grpclib's channel wants a codec to name."""

    @property
    def __content_subtype__(self) -> str:
        return "proto"

    def encode(self, message: Any, message_type: Any) -> bytes:
        return bytes(message)

    def decode(self, data: bytes, message_type: Any) -> Any:
        return message_type.parse(data)


class ClientHandler(WireHandler):
    """A client's end of a connection, which is called by nobody."""

    connection_lost = False

    def accept(self, stream: Any, headers: Any, release_stream: Any) -> None:
        """Unused: a server opens no streams."""

    def close(self) -> None:
        """The connection is gone."""
        self.connection_lost = True


class WireChannel(Channel):
    """grpclib's channel with this package's protocol.

    Args:
        target: Where to connect to.
        ssl: True for TLS with the system's trust, a context of one's own, or None for none. HTTP/2
            is set as the context's protocol to negotiate.
    """

    def __init__(self, target: Target, ssl: ssl_module.SSLContext | bool | None = None) -> None:
        if ssl is not None and not isinstance(ssl, bool):
            ssl.set_alpn_protocols(["h2"])
        super().__init__(target.host, target.port, ssl=ssl or None, codec=_NoCodec(), config=_CONFIGURATION)
        self._target = str(target)
        self._leaving: set[WireProtocol] = set()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop that it belongs to."""
        return self._loop

    @property
    def scheme(self) -> str:
        """The value of `:scheme`."""
        return self._scheme

    @property
    def authority(self) -> str:
        """The value of `:authority`."""
        return self._authority

    @property
    def target(self) -> str:
        """Where it connects to, for messages."""
        return self._target

    @property
    def _connected(self) -> bool:
        protocol = cast("WireProtocol | None", self._protocol)
        if protocol is None:
            return False
        if protocol.connection.leaving and protocol not in self._leaving:
            self._leaving = {p for p in self._leaving if not p.connection.is_closing()} | {protocol}
        return not (protocol.connection.leaving or protocol.connection.is_closing())

    def _protocol_factory(self) -> WireProtocol:
        return WireProtocol(ClientHandler(), self._config, client_side=True)

    @property
    def ready(self) -> WireProtocol | None:
        """The connection, if it takes calls now."""
        return cast("WireProtocol", self._protocol) if self._connected else None

    async def connect(self) -> WireProtocol:
        """A connection that takes calls.

        Raises:
            RpcError: UNAVAILABLE, there is none to be had.
        """
        try:
            return cast("WireProtocol", await self.__connect__())
        except OSError as error:
            raise RpcError(
                Code.UNAVAILABLE, f"cannot connect to {self._target}: {error.strerror or error}"
            ) from error

    def close(self) -> None:
        """Close every connection; running calls end with UNAVAILABLE."""
        for protocol in self._leaving:
            protocol.processor.close("the client was closed")
        self._leaving.clear()
        super().close()

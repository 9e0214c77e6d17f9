"""RPCs of a server elsewhere, for the HTTP core."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from tokenwire.client import Client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tokenwire.context import Context
    from tokenwire.method import Method

__all__ = ["RemoteInvoker"]

_OF_HTTP: Final = frozenset(
    {"accept", "accept-encoding", "connection", "content-length", "content-type", "expect", "host"}
    | {"keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade", "user-agent"}
)
"""Headers about the HTTP message itself, which mean nothing to a call."""

_NAME: Final = re.compile(r"(?!grpc-)[0-9a-z_.\-]+(?<!-bin)")
_VALUE: Final = re.compile(r"[ -~]*")


class RemoteInvoker(Client):
    """An `Invoker` over one connection; the headers of a request travel as metadata."""

    async def connect(self) -> None:
        """Connect now rather than at the first call.

        Raises:
            RpcError: UNAVAILABLE, the server cannot be reached.
        """
        channel = self._shared.channel()
        if channel.ready is None:
            await channel.connect()

    async def unary(self, method: Method[Any, Any], request: Any, context: Context) -> Any:
        """See `Invoker.unary`."""
        return await self._unary(method, request, None, _metadata(context.metadata))

    def stream(self, method: Method[Any, Any], request: Any, context: Context) -> AsyncIterator[Any]:
        """See `Invoker.stream`."""
        return self._stream(method, request, None, _metadata(context.metadata))


def _metadata(headers: Mapping[str, str | bytes]) -> dict[str, str | bytes]:
    """The headers that gRPC can carry."""
    return {
        name: value
        for name, value in headers.items()
        if name not in _OF_HTTP
        and _NAME.fullmatch(name)
        and isinstance(value, str)
        and _VALUE.fullmatch(value)
    }

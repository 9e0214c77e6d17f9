"""How the HTTP core reaches an RPC: in process, or over a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from tokenwire.codes import Code
from tokenwire.errors import RpcError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from tokenwire.context import Context
    from tokenwire.message import Message
    from tokenwire.method import Handler, Method

    RequestT = TypeVar("RequestT", bound=Message)
    ResponseT = TypeVar("ResponseT", bound=Message)

__all__ = ["Invoker", "LocalInvoker", "Servicer"]


class Servicer(Protocol):
    """What generated `...Base` classes are."""

    def __handlers__(self) -> tuple[Handler, ...]:
        """The methods it answers."""


class Invoker(Protocol):
    """Calls RPCs; whoever calls ends a stream with `aclose`, early or not."""

    async def unary(
        self, method: Method[RequestT, ResponseT], request: RequestT, context: Context
    ) -> ResponseT:
        """Call a method that answers with one message."""

    def stream(
        self, method: Method[RequestT, ResponseT], request: RequestT, context: Context
    ) -> AsyncIterator[ResponseT]:
        """Call a method that answers with a stream, a `PushStream` where there is one."""


class LocalInvoker:
    """Calls the methods of servicers in this process."""

    def __init__(self, servicers: Iterable[Servicer]) -> None:
        self._handlers = {
            handler.method.path: handler for servicer in servicers for handler in servicer.__handlers__()
        }

    async def unary(
        self, method: Method[RequestT, ResponseT], request: RequestT, context: Context
    ) -> ResponseT:
        """See `Invoker.unary`."""
        response: ResponseT = await self._handler(method).call(request, context)
        return response

    def stream(
        self, method: Method[RequestT, ResponseT], request: RequestT, context: Context
    ) -> AsyncIterator[ResponseT]:
        """See `Invoker.stream`."""
        responses: AsyncIterator[ResponseT] = self._handler(method).call(request, context)
        return responses

    def _handler(self, method: Method[Any, Any]) -> Handler:
        handler = self._handlers.get(method.path)
        if handler is None:
            raise RpcError(Code.UNIMPLEMENTED, f"this server has no method {method.path}")
        return handler

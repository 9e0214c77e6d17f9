"""Requests and replies of HTTP as plain values, free of any framework."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar

from tokenwire.codes import Code
from tokenwire.context import Context
from tokenwire.errors import RpcError

from .json_body import parse_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from tokenwire.message import Message
    from tokenwire.method import Method
    from tokenwire.record import CallRecord

    from .invoke import Invoker

    RequestT = TypeVar("RequestT", bound=Message)
    ResponseT = TypeVar("ResponseT", bound=Message)

__all__ = [
    "DONE",
    "EventStream",
    "HttpCall",
    "HttpHandler",
    "HttpReply",
    "dump_json",
    "event",
    "leave",
    "take_first",
]

T = TypeVar("T")

_LF: Final = 10
_CR: Final = 13
DONE: Final = b"data: [DONE]\n\n"
"""What ends a stream of events in the OpenAI API."""


@dataclass(slots=True)
class HttpCall:
    """One HTTP request whose body was read, and the way to the RPCs.

    Attributes:
        method: HTTP method in capitals.
        path: Percent-encoded path.
        headers: Names in lower case; of repeated names the values joined with ", ".
        body: All of it.
        query: Names and values, decoded, in order.
        path_params: Variables of the path template, decoded.
        peer: The caller's address, "127.0.0.1:50312" for instance.
        deadline: When the caller stops waiting (time.monotonic), None where it has not said: the header
            `grpc-timeout`, as for gRPC.
        record: What is noted of the call for those who observe the server; None where nobody does.
        admin_refusal: Tells why its caller may not make calls of scope admin; see `Context.require_admin`.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    invoker: Invoker
    query: Sequence[tuple[str, str]] = ()
    path_params: Mapping[str, str] = field(default_factory=dict)
    peer: str = ""
    deadline: float | None = None
    record: CallRecord | None = None
    admin_refusal: Callable[[], RpcError | None] | None = field(default=None, repr=False)

    def time_remaining(self) -> float | None:
        """Seconds until the deadline, at least 0; None when there is none."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())

    def context(self, rpc: Method[Any, Any]) -> Context:
        """A context to call an RPC with on behalf of this request."""
        if self.record is not None:
            self.record.method = rpc.path
        return Context(
            rpc,
            metadata=self.headers,
            peer=self.peer,
            transport="http",
            timeout=self.time_remaining(),
            record=self.record,
            admin_refusal=self.admin_refusal,
        )

    async def unary(self, rpc: Method[RequestT, ResponseT], request: RequestT) -> ResponseT:
        """Call an RPC that answers with one message."""
        return await self.invoker.unary(rpc, request, self.context(rpc))

    def stream(self, rpc: Method[RequestT, ResponseT], request: RequestT) -> AsyncIterator[ResponseT]:
        """Call an RPC that answers with a stream; end it with `aclose`, early or not."""
        return self.invoker.stream(rpc, request, self.context(rpc))

    def json(self) -> Any:
        """The body as JSON; None where it is empty.

        Raises:
            RpcError: INVALID_ARGUMENT, it is not JSON.
        """
        if not self.body.strip():
            return None
        return parse_json(self.body)

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object; an empty one where the body is empty.

        Raises:
            RpcError: INVALID_ARGUMENT, it is not a JSON object.
        """
        value = self.json()
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise RpcError(Code.INVALID_ARGUMENT, "the body must be a JSON object")
        return value


@dataclass(slots=True)
class EventStream(Generic[T]):
    """A body of server-sent events that are made while it is sent.

    Attributes:
        source: The messages still to come; a `PushStream` is subscribed to, anything else iterated.
        frame: The bytes of one message, b"" for none.
        failure: The bytes that tell of an error; `source` ended with it after the first byte.
        head: Bytes that are ready: the events of messages taken from `source` before.
        tail: Sent last, after an error too.
        deadline: When it ends with an error if it has not ended by itself (time.monotonic).
    """

    source: AsyncIterator[T]
    frame: Callable[[T], bytes]
    failure: Callable[[Exception], bytes]
    head: bytes = b""
    tail: bytes = DONE
    deadline: float | None = None

    def time_remaining(self) -> float | None:
        """Seconds until the deadline, at least 0; None when there is none."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())


@dataclass(slots=True)
class HttpReply:
    """What to answer. A body of events has the content type text/event-stream."""

    status: int = 200
    body: bytes | EventStream[Any] = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, value: Any, status: int = 200) -> HttpReply:
        """Answer with a value as JSON."""
        return cls(status, dump_json(value), {"content-type": "application/json"})

    @classmethod
    def raw_json(cls, body: bytes, status: int = 200) -> HttpReply:
        """Answer with JSON that is ready."""
        return cls(status, body, {"content-type": "application/json"})


HttpHandler: TypeAlias = Callable[[HttpCall], Awaitable[HttpReply]]
"""Answers a request; raises `RpcError` where it cannot."""


def dump_json(value: Any) -> bytes:
    """A value as compact JSON in UTF-8.

    Raises:
        ValueError: It holds NaN or an infinity, which JSON has no notation for.
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode(
        errors="replace"
    )


def event(data: bytes) -> bytes:
    """One server-sent event."""
    if _LF in data or _CR in data:
        data = b"\ndata: ".join(data.splitlines())
    return b"data: %b\n\n" % data


async def take_first(stream: AsyncIterator[T]) -> T | None:
    """The first message of a stream, None if it has none; leaves the stream where that fails."""
    try:
        return await anext(stream, None)
    except BaseException:
        await leave(stream)
        raise


async def leave(stream: AsyncIterator[Any]) -> None:
    """End a stream as its consumer; harmless on one that has ended."""
    aclose = getattr(stream, "aclose", None)
    if aclose is not None:
        await aclose()

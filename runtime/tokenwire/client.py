"""The typed client's base: what generated clients call, with timeouts, metadata and cancellation."""

from __future__ import annotations

import asyncio
import copy
import functools
from collections.abc import AsyncIterable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import EllipsisType
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from .auth import SECRET_HEADERS, key_problem
from .deltas import STREAM_MODE, DeltaMaker
from .grpc.channel import WireChannel
from .grpc.client_call import ClientCall
from .grpc.headers import encode_metadata
from .grpc.target import Target

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator
    from types import TracebackType
    from typing import Self

    from .message import Message
    from .method import Deltas, Method

__all__ = ["CallOptions", "Client", "Metadata", "ResponseStream"]

Metadata = Mapping[str, str | bytes]
"""By lower-case name; names that end in "-bin" have bytes, all others printable ASCII."""

RequestT = TypeVar("RequestT", bound="Message")
ResponseT = TypeVar("ResponseT", bound="Message")


@dataclass(frozen=True, slots=True)
class CallOptions:
    """What a client's calls use unless they say otherwise.

    Attributes:
        timeout: Seconds until a call ends with DEADLINE_EXCEEDED; None is never.
        metadata: Sent with each call; a call's own metadata of the same name wins.
        compression: With "gzip" requests of 1 KiB or more are compressed; compressed responses are
            read in any case.
    """

    timeout: float | None = None
    metadata: Metadata = field(default_factory=dict)
    compression: Literal["gzip"] | None = None

    def __post_init__(self) -> None:
        if self.compression not in (None, "gzip"):
            raise ValueError(f'compression must be "gzip" or None, not {self.compression!r}')

    def __repr__(self) -> str:
        shown = {name: "..." if name in SECRET_HEADERS else value for name, value in self.metadata.items()}
        return f"CallOptions(timeout={self.timeout!r}, metadata={shown!r}, compression={self.compression!r})"


class ResponseStream(Generic[ResponseT]):
    """The responses of a call that streams them.

    The call begins when the stream is made. Leaving the loop over it early, leaving it as a context
    manager, cancelling the task that waits for it and dropping it all cancel the call on the server.

    Iterating raises `RpcError` when the call fails.
    """

    __slots__ = ("_call",)

    def __init__(self, call: ClientCall[ResponseT]) -> None:
        self._call = call

    @property
    def initial_metadata(self) -> Metadata:
        """What the server sent first; empty until the first message or `wait_for_headers`."""
        return self._call.initial_metadata

    @property
    def trailing_metadata(self) -> Metadata:
        """What the server sent last; empty until the stream has ended."""
        return self._call.trailing_metadata

    async def wait_for_headers(self) -> None:
        """Wait until the response has begun, or the call has ended."""
        await self._call.wait_for_headers()

    def cancel(self) -> None:
        """End the call on both sides; nothing happens when it has ended."""
        self._call.cancel()

    async def aclose(self) -> None:
        """The async iterator's name for `cancel`."""
        self._call.cancel()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ResponseT:
        try:
            return await self._call.responses.__anext__()
        except (StopAsyncIteration, Exception):
            raise
        except BaseException:
            self._call.cancel()
            raise

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._call.cancel()

    def __del__(self) -> None:
        call = getattr(self, "_call", None)
        if call is not None and not call.ended:
            call.cancel_soon()


class Client:
    """A connection to a server and the options of calls over it; base of generated clients.

    It connects at the first call, and again after the connection was lost. Use it as an async
    context manager, or `close` it.

    Args:
        target: "HOST:PORT", "[IPv6]:PORT" or "dns:///HOST:PORT"; "https://HOST:PORT" for TLS.
        tls: True for TLS that trusts the usual authorities, or a context of one's own, which may hold
            a certificate to show and the authorities to trust.
        api_key: Sent with each call as `authorization: Bearer KEY`.
        timeout: See `CallOptions`.
        metadata: See `CallOptions`.
        compression: See `CallOptions`; the server has to take it.
        max_message_size: Largest response in bytes, expanded where it is compressed; a larger one
            ends its call with RESOURCE_EXHAUSTED.

    Raises:
        ValueError: The target is none of these, the key or metadata cannot be sent, or there is no such
            compression.
    """

    def __init__(
        self,
        target: str,
        *,
        tls: ssl.SSLContext | bool = False,
        api_key: str | None = None,
        timeout: float | None = None,
        metadata: Metadata | None = None,
        compression: Literal["gzip"] | None = None,
        max_message_size: int = 64 << 20,
    ) -> None:
        if target.startswith("https://"):
            target, tls = target.removeprefix("https://").rstrip("/"), tls or True
        self._shared = _Shared(Target.parse(target), tls)
        self._options = CallOptions(timeout, {**(metadata or {}), **_authorization(api_key)}, compression)
        self._max_message_size = max_message_size
        encode_metadata(self._options.metadata)

    @property
    def options(self) -> CallOptions:
        """The options of its calls."""
        return self._options

    def with_options(
        self,
        *,
        timeout: float | EllipsisType | None = ...,
        api_key: str | None = None,
        metadata: Metadata | None = None,
        compression: Literal["gzip"] | EllipsisType | None = ...,
    ) -> Self:
        """A client with other options over the same connection; what is not given stays.

        Args:
            timeout: As in `CallOptions`; None takes an earlier one away.
            api_key: In place of an earlier one.
            metadata: Sent beside what is sent already.
            compression: As in `CallOptions`; None takes an earlier one away.

        Raises:
            ValueError: The key or metadata cannot be sent, or there is no such compression.
        """
        options = self._options
        if not isinstance(timeout, EllipsisType):
            options = replace(options, timeout=timeout)
        if not isinstance(compression, EllipsisType):
            options = replace(options, compression=compression)
        if metadata is not None or api_key is not None:
            more = {**(metadata or {}), **_authorization(api_key)}
            encode_metadata(more)
            options = replace(options, metadata={**options.metadata, **more})
        other = copy.copy(self)
        other._options = options
        return other

    async def close(self) -> None:
        """Close the connection; running calls end with UNAVAILABLE."""
        self._shared.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def _unary(
        self,
        method: Method[RequestT, ResponseT],
        request: RequestT,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> ResponseT:
        """Send one request and wait for the one response."""
        return await _single(self._begin(method, bytes(request), timeout, metadata))

    def _stream(
        self,
        method: Method[RequestT, ResponseT],
        request: RequestT,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> ResponseStream[ResponseT]:
        """Send one request; the responses come as a stream."""
        return ResponseStream(self._begin(method, bytes(request), timeout, metadata))

    async def _client_stream(
        self,
        method: Method[RequestT, ResponseT],
        requests: AsyncIterable[RequestT] | Iterable[RequestT],
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> ResponseT:
        """Send a stream of requests and wait for the one response."""
        return await _single(self._begin(method, _encoded(requests), timeout, metadata))

    def _bidi(
        self,
        method: Method[RequestT, ResponseT],
        requests: AsyncIterable[RequestT] | Iterable[RequestT],
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> ResponseStream[ResponseT]:
        """Send a stream of requests while the responses come as a stream."""
        return ResponseStream(self._begin(method, _encoded(requests), timeout, metadata))

    def _begin(
        self,
        method: Method[Any, ResponseT],
        requests: bytes | AsyncGenerator[bytes],
        timeout: float | None,
        metadata: Metadata | None,
    ) -> ClientCall[ResponseT]:
        sent = {**self._options.metadata, **(metadata or {})}
        adapter = None
        if method.deltas is not None and sent.setdefault(STREAM_MODE, "delta") == "delta":
            adapter = functools.partial(_delta_maker, method.deltas)
        return ClientCall(
            self._shared.channel(),
            method,
            requests,
            timeout=self._options.timeout if timeout is None else timeout,
            metadata=encode_metadata(sent),
            limit=self._max_message_size,
            compress=self._options.compression == "gzip",
            adapter=adapter,
        )


class _Shared:
    """The channel of a client and of all that were made `with_options` from it."""

    def __init__(self, target: Target, tls: ssl.SSLContext | bool) -> None:
        self._target = target
        self._tls = tls
        self._channel: WireChannel | None = None

    def channel(self) -> WireChannel:
        """The channel of the running loop."""
        if self._channel is None or self._channel.loop is not asyncio.get_running_loop():
            self._channel = WireChannel(self._target, self._tls)
        return self._channel

    def use(self, channel: WireChannel) -> None:
        """Have calls go over a channel of one's own."""
        self._channel = channel

    def close(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None


def _authorization(api_key: str | None) -> dict[str, str]:
    """The metadata that a key is sent as.

    Raises:
        ValueError: It cannot be a key; the message does not show it.
    """
    if api_key is None:
        return {}
    problem = key_problem(api_key)
    if problem:
        raise ValueError(f"api_key {problem}")
    return {"authorization": f"Bearer {api_key}"}


def _delta_maker(deltas: Deltas, initial: Metadata) -> DeltaMaker | None:
    """What makes deltas of the messages, unless the server has announced that they are."""
    return None if initial.get(STREAM_MODE) == "delta" else DeltaMaker(deltas)


async def _single(call: ClientCall[ResponseT]) -> ResponseT:
    try:
        return await call.response()
    finally:
        call.cancel()


async def _encoded(requests: AsyncIterable[Any] | Iterable[Any]) -> AsyncGenerator[bytes]:
    if isinstance(requests, AsyncIterable):
        async for request in requests:
            yield bytes(request)
    else:
        for request in requests:
            yield bytes(request)

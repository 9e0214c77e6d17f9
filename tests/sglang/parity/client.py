"""One client for both servers: grpcio, plain HTTP and the official openai SDK; all answers as JSON."""

from __future__ import annotations

import contextlib
import json
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import grpc
import httpx
import openai
from tokenwire.details import unpack_details

from .values import Json, folded, plain, read_json, steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tokenwire import Message, Method

    from .servers import Address

TIMEOUT_S: Final = 60
NO_KEEPALIVE: Final = httpx.Limits(max_keepalive_connections=0)
"""A connection per request: none is closed by the server while a request is on its way."""

STANDARD_TRAILERS: Final = {"date", "content-type", "user-agent", "server"}


class Server:
    """A server as its clients see it.

    Attributes:
        called: Names of the RPCs and paths of the routes that were called.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self.called: set[str] = set()

    @cached_property
    def channel(self) -> grpc.Channel:
        return grpc.insecure_channel(self.address.grpc)

    @cached_property
    def client(self) -> httpx.Client:
        return httpx.Client(base_url=f"http://{self.address.http}", timeout=TIMEOUT_S, limits=NO_KEEPALIVE)

    @cached_property
    def sdk(self) -> openai.OpenAI:
        return openai.OpenAI(
            base_url=f"http://{self.address.http}/v1",
            api_key="none",
            max_retries=0,
            http_client=httpx.Client(timeout=TIMEOUT_S, limits=NO_KEEPALIVE),
        )

    def close(self) -> None:
        self.channel.close()
        self.client.close()
        self.sdk.close()

    def start(
        self, method: Method[Any, Any], request: Message, metadata: Sequence[tuple[str, str]] = ()
    ) -> Any:
        """Begin a call of a method that streams; the result is grpcio's iterator."""
        self.called.add(method.name)
        stub = self.channel.unary_stream(
            method.path, request_serializer=bytes, response_deserializer=method.response.parse
        )
        return stub(request, timeout=TIMEOUT_S, metadata=metadata)

    def grpc(
        self, method: Method[Any, Any], request: Message, metadata: Sequence[tuple[str, str]] = ()
    ) -> Json:
        """Call a method; the messages, the status and the metadata of its answer."""
        self.called.add(method.name)
        if method.server_streaming:
            call = self.start(method, request, metadata)
            return answer(call, messages_of(call), stream=_asks_for_stream(request))
        stub = self.channel.unary_unary(
            method.path, request_serializer=bytes, response_deserializer=method.response.parse
        )
        call = stub.future(request, timeout=TIMEOUT_S, metadata=metadata)
        with contextlib.suppress(grpc.RpcError):
            return answer(call, [plain(call.result())])
        return answer(call, [])

    def http(self, verb: str, path: str, **options: Any) -> Json:
        """Send a request; status, media type and body of its answer, or its events."""
        self.called.add(path)
        with self.client.stream(verb, path, **options) as response:
            media_type = response.headers.get("content-type", "").partition(";")[0]
            body = _events(path, response.iter_lines()) if "event-stream" in media_type else None
            if body is None:
                body = read_json(response.read())
            return {"status": response.status_code, "media_type": media_type, "body": body}

    def openai(self, call: Callable[[openai.OpenAI], Any]) -> Json:
        """Call through the SDK; what it made of the answer, or the exception that it raised."""
        try:
            result = call(self.sdk)
            if isinstance(result, openai.Stream):
                return folded([chunk.model_dump() for chunk in result])
            return result.model_dump()
        except openai.APIStatusError as error:
            return {"raised": type(error).__name__, "status": error.status_code, "body": error.body}
        except openai.APIError as error:
            return {"raised": type(error).__name__, "body": error.body}


def messages_of(call: Iterable[Message]) -> list[Json]:
    """All messages of a stream until it ends, however it ends."""
    messages: list[Json] = []
    with contextlib.suppress(grpc.RpcError):
        messages.extend(map(plain, call))
    return messages


def answer(call: Any, messages: list[Json], *, stream: bool = False) -> Json:
    """An answer over gRPC: `messages`, or `stream` with what is a matter of timing taken out."""
    names = {name for name, _ in (*call.initial_metadata(), *call.trailing_metadata())}
    trailers = dict(call.trailing_metadata())
    return {
        "code": call.code().name,
        "details": call.details(),
        "typed_details": _typed(trailers.get("grpc-status-details-bin")),
        "metadata": sorted(names - STANDARD_TRAILERS - {"grpc-status-details-bin"}),
        **(_stream(messages) if stream else {"messages": messages}),
    }


def _typed(status: bytes | None) -> Json:
    if status is None:
        return None
    return {type(detail).__name__: plain(detail) for detail in unpack_details(status)}


def _asks_for_stream(request: Message) -> bool:
    body = getattr(request, "json_body", None)
    if body is None:
        return bool(getattr(request, "stream", False))
    asked = read_json(body)
    return isinstance(asked, dict) and bool(asked.get("stream"))


def _stream(messages: list[Json]) -> Json:
    """A stream: `finished` is on which messages, counted from the end; and all else by choice."""
    finished = [place - len(messages) for place, message in enumerate(messages) if message["finished"]]
    last = {"finished": finished}
    if not any("json_chunk" in message for message in messages):
        for message in messages:
            del message["finished"]
        return {**last, "stream": steps(messages)}
    return {**last, "stream": folded([message["json_chunk"] for message in messages])}


def _events(path: str, lines: Iterable[str]) -> Json:
    """Server-sent events; the frames must be `data:` lines with an empty line after each."""
    text = list(lines)
    data = [line.removeprefix("data: ") for line in text[0::2]]
    framed = all(line.startswith("data: ") for line in text[0::2]) and not any(text[1::2])
    done = bool(data) and data[-1] == "[DONE]"
    events = [json.loads(line) for line in data if line != "[DONE]"] if framed else text
    return {"framed": framed, "done": done, "events": (steps if path == "/generate" else folded)(events)}

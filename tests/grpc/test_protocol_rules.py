"""The rules of gRPC over HTTP/2 (grpc/doc/PROTOCOL-HTTP2.md), seen from the other end of the wire.

What `test_server_requests` and `test_units` say already is not said again here.
"""

from __future__ import annotations

import asyncio
import re
import struct
from typing import TYPE_CHECKING, Any

import pytest
from h2.errors import ErrorCodes
from tokenwire.client import Client
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.limits import Limits

from .raw_client import HEADERS, RawClient, RawStream, message, raw_client
from .raw_server import HEAD, OK, RawAnswer, raw_server
from .wire_service import BIDI, CLIENT, SERVER, UNARY, Raw, WireServicer, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from tokenwire.context import Context


# Our server: requests


@pytest.mark.parametrize(
    ("content_type", "http", "status"),
    [
        ("application/grpc", "200", "0"),
        ("application/grpc+proto", "200", "0"),
        ("application/grpc; charset=utf-8", "200", "0"),
        ("application/grpc+json", "200", "12"),
        ("application/grpc-web", "200", "12"),
        ("application/grpcjunk", "200", "12"),
        ("application/grp", "415", None),
        ("text/html", "415", None),
        ("", "415", None),
    ],
)
async def test_content_types(content_type: str, http: str, status: str | None) -> None:
    async with running() as (_, _, target), raw_client(target) as client:
        stream = await client.finished(client.open(b"hello", content_type=content_type))
        assert (stream.headers[":status"], stream.status) == (http, status)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("1H", 3600), ("90M", 5400), ("99999999S", 99999999), ("5000m", 5), ("7000000u", 7), ("99999999n", 0.1)],
)
async def test_timeouts_in_all_units(value: str, seconds: float) -> None:
    remaining: list[float] = []

    class Asks(WireServicer):
        async def unary(self, request: Raw, context: Context) -> Raw:
            remaining.append(context.time_remaining() or 0.0)
            return request

    async with running(Asks()) as (_, _, target), raw_client(target) as client:
        stream = await client.finished(client.open(b"hello", grpc_timeout=value))
        assert stream.status in (("0", "4") if seconds < 1 else ("0",))
        if remaining:
            assert seconds - 5 < remaining[0] <= seconds


@pytest.mark.parametrize("value", ["", "S", "1", "1s", "-1S", "1.5S", "1SS", "100000000S", "\u0661S"])
async def test_timeouts_that_are_none(value: str) -> None:
    async with running() as (_, _, target), raw_client(target) as client:
        stream = await client.finished(client.open(b"hello", grpc_timeout=value))
        assert stream.status == "3"
        assert "grpc-timeout" in stream.headers["grpc-message"]


async def test_metadata_of_the_request() -> None:
    async with running() as (servicer, _, target), raw_client(target) as client:
        stream_id = client.h2.get_next_available_stream_id()
        fields = [
            *HEADERS.items(),
            ("user-agent", "test/1"),
            ("grpc-reserved", "x"),
            ("grpc-previous-rpc-attempts", "1"),
            ("x-text", "first"),
            ("x-text", "second"),
            ("x-empty", ""),
            ("x-padded-bin", "AP8="),
            ("x-open-bin", "AP8"),
            ("x-joined-bin", "AA==,/w=="),
            ("x-twice-bin", "AA"),
            ("x-twice-bin", "/w"),
            ("x-empty-bin", ""),
        ]
        client.streams[stream_id] = RawStream()
        client.h2.send_headers(stream_id, fields)
        client.h2.send_data(stream_id, message(b"hello"), end_stream=True)
        client.flush()
        assert (await client.finished(stream_id)).status == "0"
        assert dict(servicer.contexts[0].metadata) == {
            "user-agent": "test/1",
            "x-text": "second",
            "x-empty": "",
            "x-padded-bin": b"\x00\xff",
            "x-open-bin": b"\x00\xff",
            "x-joined-bin": b"\xff",
            "x-twice-bin": b"\xff",
            "x-empty-bin": b"",
        }


# Our server: frames


async def sent(client: RawClient, path: str, pieces: Sequence[bytes], *, end: bool = True) -> RawStream:
    """Send pieces in frames of their own; END_STREAM comes with an empty one."""
    stream_id = client.open(None, end=False, **{":path": f"/test.Wire/{path}"})
    for piece in pieces:
        client.h2.send_data(stream_id, piece)
    if end:
        client.h2.send_data(stream_id, b"", end_stream=True)
    client.flush()
    return await client.finished(stream_id)


async def test_several_messages_in_one_frame_and_one_in_several() -> None:
    async with running() as (_, _, target), raw_client(target) as client:
        wire = message(b"one") + message(b"") + message(b"three")
        for cut in range(len(wire)):
            stream = await sent(client, "Client", [wire[:cut], wire[cut:]])
            assert (stream.status, stream.data) == ("0", message(b"one++three"))


async def test_messages_of_no_bytes() -> None:
    async with running() as (_, _, target), raw_client(target) as client:
        assert (await sent(client, "Unary", [message(b"")])).data == message(b"")
        assert (await sent(client, "Bidi", [message(b"")] * 3)).data == message(b"echo ") * 3
        assert (await sent(client, "Bidi", [])).status == "0"
        assert (await sent(client, "Client", [])).data == message(b"")


@pytest.mark.parametrize("path", ["Unary", "Client", "Bidi", "Server", "Push"])
@pytest.mark.parametrize("data", [b"\0", b"\0\0\0\0", message(b"hello")[:-1], struct.pack(">BI", 0, 1)])
async def test_a_request_that_ends_within_a_message(path: str, data: bytes) -> None:
    async with running() as (_, server, target), raw_client(target) as client:
        stream = await sent(client, path, [data])
        assert (stream.status, stream.data) == ("3", b"")
        assert "ends within a message" in stream.headers["grpc-message"]
        assert not any(connection.busy for connection in server._connections)


@pytest.mark.parametrize("flag", [2, 3, 0x80, 0x81, 255])
@pytest.mark.parametrize("path", ["Unary", "Bidi"])
@pytest.mark.parametrize("encoding", [None, "gzip"])
async def test_flags_that_are_reserved(flag: int, path: str, encoding: str | None) -> None:
    async with running() as (_, _, target), raw_client(target) as client:
        stream_id = client.open(None, end=False, grpc_encoding=encoding, **{":path": f"/test.Wire/{path}"})
        client.h2.send_data(stream_id, message(b"hello", flag)[:5])
        client.flush()
        stream = await client.finished(stream_id)
        assert stream.status == "13"
        assert f"flag {flag}" in stream.headers["grpc-message"]


@pytest.mark.parametrize("length", [101, 2**31 - 1, 2**31, 2**32 - 1])
@pytest.mark.parametrize("path", ["Unary", "Bidi"])
async def test_lengths_over_the_limit_are_refused_at_the_prefix(length: int, path: str) -> None:
    limits = Limits(max_message_size=100)
    async with running(limits=limits) as (_, _, target), raw_client(target) as client:
        stream = await sent(client, path, [struct.pack(">BI", 0, length)], end=False)
        assert stream.status == "8"
        assert str(length) in stream.headers["grpc-message"]
        assert "(--grpc-max-message-size)" in stream.headers["grpc-message"]


async def test_a_client_that_resets_before_its_request_is_complete() -> None:
    async with running() as (servicer, server, target), raw_client(target) as client:
        for path in ("Unary", "Client"):
            stream_id = client.open(b"half", end=False, **{":path": f"/test.Wire/{path}"})
            client.h2.reset_stream(stream_id, ErrorCodes.CANCEL)
        client.flush()
        assert (await client.finished(client.open(b"after"))).status == "0"
        assert [context.method.path for context in servicer.contexts] == ["/test.Wire/Unary"]
        assert not any(connection.busy for connection in server._connections)


async def test_data_after_the_end_resets_that_stream_only() -> None:
    async with running() as (servicer, _, target), raw_client(target) as client:
        stream_id = client.open(b"sleep")
        await servicer.started.wait()
        other = client.open(b"", **{":path": "/test.Wire/Push"})
        body = message(b"more")
        client.raw(struct.pack(">HBBBI", 0, len(body), 0, 0, stream_id) + body)
        stream = await client.finished(stream_id)
        assert stream.reset == ErrorCodes.STREAM_CLOSED
        await servicer.ended.wait()
        assert not client.streams[other].done
        assert (await client.finished(client.open(b"after"))).status == "0"


# Our server: answers


async def test_an_error_before_any_message_is_trailers_only() -> None:
    async with running() as (_, _, target), raw_client(target) as client:
        stream = await client.finished(client.open(b"x", **{":path": "/test.Wire/Nope"}))
        assert stream.trailers == {}
        assert stream.frames == []
        assert next(iter(stream.headers)) == ":status"
        assert stream.headers[":status"] == "200"
        assert stream.headers["content-type"] == "application/grpc+proto"
        assert stream.headers["grpc-status"] == "12"


async def test_an_answer_is_headers_messages_and_trailers() -> None:
    async with running() as (_, _, target), raw_client(target) as client:
        stream = await client.finished(client.open(b"hello"))
        assert stream.headers == {
            ":status": "200",
            "content-type": "application/grpc+proto",
            "grpc-accept-encoding": "identity,gzip",
        }
        assert stream.trailers == {"grpc-status": "0"}


async def test_spaces_at_the_ends_of_metadata_are_left_out() -> None:
    class Spaced(WireServicer):
        async def unary(self, request: Raw, context: Context) -> Raw:
            context.initial_metadata["x-a"] = f" {context.text('x-b')} "
            context.trailing_metadata["x-c"] = "  "
            return request

    async with running(Spaced()) as (_, _, target), raw_client(target) as client, Client(target) as ours:
        stream = await client.finished(client.open(b"hello", x_b="b"))
        assert (stream.headers["x-a"], stream.trailers["x-c"], stream.data) == ("b", "", message(b"hello"))
        assert (await ours._unary(UNARY, Raw(b"hello"), None, {"x-b": " in  between "})).data == b"hello"


TEXTS = {
    "plain text, as it is": "plain text, as it is",
    "100% \t\r\n~": "100%25 %09%0D%0A~",
    "ünï ☺": "%C3%BCn%C3%AF %E2%98%BA",
    "half of a pair \ud83d": "half of a pair ?",
    "\x00\x7f": "%00%7F",
    "  spaces stay  ": "%20%20spaces stay%20%20",
    " ": "%20",
}


@pytest.mark.parametrize(("text", "encoded"), TEXTS.items(), ids=range(len(TEXTS)))
async def test_messages_are_percent_encoded(text: str, encoded: str) -> None:
    class Fails(WireServicer):
        async def unary(self, request: Raw, context: Context) -> Raw:
            raise RpcError(Code.ABORTED, text)

    async with running(Fails()) as (_, _, target), raw_client(target) as client, Client(target) as ours:
        stream = await client.finished(client.open(b"x"))
        assert (stream.status, stream.headers["grpc-message"]) == ("10", encoded)
        with pytest.raises(RpcError) as caught:
            await ours._unary(UNARY, Raw(b"x"))
        assert caught.value.message == text.encode(errors="replace").decode()


# Our client: requests


async def test_the_request_of_our_client() -> None:
    def answer(request: RawAnswer) -> None:
        request.head()
        request.send(message(b"fine"))
        request.end()

    async with raw_server(answer) as server, Client(server.target) as client:
        await client._unary(UNARY, Raw(b"hello"), 90.0, {"x-a": "b", "x-raw-bin": b"\x00\xff\x00"})
        (request,) = server.requests
        names = list(request.headers)
        assert names[:5] == [":method", ":scheme", ":path", ":authority", "te"]
        assert not any(name.startswith(":") for name in names[4:])
        assert names[-2:] == ["x-a", "x-raw-bin"]
        fields = dict(request.headers)
        assert re.fullmatch("[0-9]{1,8}[HMSmun]", fields.pop("grpc-timeout"))
        assert re.fullmatch(r"tokenwire/\S+ python/3\.\d+", fields.pop("user-agent"))
        assert fields == {
            ":method": "POST",
            ":scheme": "http",
            ":path": "/test.Wire/Unary",
            ":authority": server.target,
            "te": "trailers",
            "content-type": "application/grpc+proto",
            "grpc-accept-encoding": "identity,gzip",
            "x-a": "b",
            "x-raw-bin": "AP8A",
        }
        assert request.data == message(b"hello")


# Our client: answers


async def outcome(answer: Any, *, limit: int = 1 << 20, stream: bool = False) -> RpcError | list[bytes]:
    """What a call makes of an answer: its messages, or its error."""
    async with raw_server(answer) as server, Client(server.target, max_message_size=limit) as client:
        async with asyncio.timeout(10):
            try:
                if stream:
                    return [response.data async for response in client._stream(SERVER, Raw())]
                return [(await client._unary(UNARY, Raw())).data]
            except RpcError as error:
                return error


async def code_of(answer: Any, **options: Any) -> Code:
    error = await outcome(answer, **options)
    assert isinstance(error, RpcError)
    return error.code


RESETS = {
    ErrorCodes.NO_ERROR: Code.INTERNAL,
    ErrorCodes.PROTOCOL_ERROR: Code.INTERNAL,
    ErrorCodes.INTERNAL_ERROR: Code.INTERNAL,
    ErrorCodes.FLOW_CONTROL_ERROR: Code.INTERNAL,
    ErrorCodes.SETTINGS_TIMEOUT: Code.INTERNAL,
    ErrorCodes.FRAME_SIZE_ERROR: Code.INTERNAL,
    ErrorCodes.REFUSED_STREAM: Code.UNAVAILABLE,
    ErrorCodes.CANCEL: Code.CANCELLED,
    ErrorCodes.COMPRESSION_ERROR: Code.INTERNAL,
    ErrorCodes.CONNECT_ERROR: Code.INTERNAL,
    ErrorCodes.ENHANCE_YOUR_CALM: Code.RESOURCE_EXHAUSTED,
    ErrorCodes.INADEQUATE_SECURITY: Code.PERMISSION_DENIED,
    ErrorCodes.HTTP_1_1_REQUIRED: Code.INTERNAL,
    0xBEEF: Code.INTERNAL,
}


@pytest.mark.parametrize(("reset", "code"), RESETS.items())
@pytest.mark.parametrize("begun", [False, True])
async def test_resets(reset: int, code: Code, begun: bool) -> None:
    def answer(request: RawAnswer) -> None:
        if begun:
            request.head()
            request.send(message(b"first"))
        request.kill(reset)

    assert await code_of(answer, stream=begun) is code


STATUSES = {
    "400": Code.INTERNAL,
    "401": Code.UNAUTHENTICATED,
    "403": Code.PERMISSION_DENIED,
    "404": Code.UNIMPLEMENTED,
    "429": Code.UNAVAILABLE,
    "502": Code.UNAVAILABLE,
    "503": Code.UNAVAILABLE,
    "504": Code.UNAVAILABLE,
    "204": Code.UNKNOWN,
    "301": Code.UNKNOWN,
    "418": Code.UNKNOWN,
    "500": Code.UNKNOWN,
}


@pytest.mark.parametrize(("status", "code"), STATUSES.items())
@pytest.mark.parametrize("with_body", [False, True])
async def test_http_statuses(status: str, code: Code, with_body: bool) -> None:
    def answer(request: RawAnswer) -> None:
        request.head([(":status", status), ("content-type", "text/html")], end=not with_body)
        if with_body:
            request.send(b"<html>no</html>", end=True)

    error = await outcome(answer)
    assert isinstance(error, RpcError)
    assert error.code is code
    assert status in error.message


async def test_grpc_status_is_worth_more_than_the_http_status() -> None:
    def answer(request: RawAnswer) -> None:
        request.head([(":status", "503"), ("grpc-status", "5"), ("grpc-message", "gone")], end=True)

    error = await outcome(answer)
    assert isinstance(error, RpcError)
    assert (error.code, error.message) == (Code.NOT_FOUND, "gone")


async def test_an_answer_that_is_not_grpc() -> None:
    def answer(request: RawAnswer) -> None:
        request.head([(":status", "200"), ("content-type", "text/html")])
        request.send(b"<html>sign in first</html>", end=True)

    error = await outcome(answer)
    assert isinstance(error, RpcError)
    assert error.code is Code.UNKNOWN
    assert "content-type text/html" in error.message


async def test_early_hints_are_passed_over() -> None:
    def answer(request: RawAnswer) -> None:
        request.head([(":status", "103"), ("link", "x")])
        request.head()
        request.send(message(b"fine"))
        request.end()

    assert await outcome(answer) == [b"fine"]


ENDS: dict[str, tuple[list[tuple[str, str]] | None, Code]] = {
    "no trailers": (None, Code.INTERNAL),
    "trailers without a status": ([("x-a", "b")], Code.UNKNOWN),
    "a status that is none": ([("grpc-status", "many")], Code.UNKNOWN),
    "a status out of range": ([("grpc-status", "17")], Code.UNKNOWN),
    "an error": ([("grpc-status", "9"), ("grpc-message", "not now")], Code.FAILED_PRECONDITION),
}


@pytest.mark.parametrize(("trailers", "code"), ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("stream", [False, True])
async def test_ends(trailers: list[tuple[str, str]] | None, code: Code, stream: bool) -> None:
    def answer(request: RawAnswer) -> None:
        request.head()
        request.send(message(b"first"), end=trailers is None)
        if trailers is not None:
            request.end(trailers)

    assert await code_of(answer, stream=stream) is code


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("%E2%98%BA%21", "☺!"),
        ("%e2%98%ba", "☺"),
        ("%C3 alone", "\ufffd alone"),
        ("100% %zz %", "100% %zz %"),
        ("", ""),
    ],
)
async def test_messages_are_decoded_leniently(value: str, text: str) -> None:
    def answer(request: RawAnswer) -> None:
        request.head([*HEAD, ("grpc-status", "2"), ("grpc-message", value)], end=True)

    error = await outcome(answer)
    assert isinstance(error, RpcError)
    assert (error.code, error.message) == (Code.UNKNOWN, text)


BODIES = {
    "cut off in the prefix": (b"\0\0\0", Code.INTERNAL),
    "cut off in the message": (message(b"hello")[:-1], Code.INTERNAL),
    "a reserved flag": (message(b"hello", 2), Code.INTERNAL),
    "over the limit": (message(b"x" * 101), Code.RESOURCE_EXHAUSTED),
    "four gigabytes": (b"\0\xff\xff\xff\xff", Code.RESOURCE_EXHAUSTED),
    "undecodable": (message(b"\xff"), Code.INTERNAL),
}


@pytest.mark.parametrize(("data", "code"), BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("stream", [False, True])
async def test_bodies_that_are_wrong(data: bytes, code: Code, stream: bool) -> None:
    def answer(request: RawAnswer) -> None:
        request.head()
        request.send(data)
        request.end()

    assert await code_of(answer, limit=100, stream=stream) is code


@pytest.mark.parametrize("count", [0, 2])
async def test_a_unary_call_has_one_answer(count: int) -> None:
    def answer(request: RawAnswer) -> None:
        request.head()
        if count:
            request.send(message(b"x") * count)
        request.end()

    assert await code_of(answer) is Code.INTERNAL


async def test_answers_in_any_frames() -> None:
    wire = message(b"one") + message(b"") + message(b"three")
    for size in (1, 2, 7, len(wire)):

        def answer(request: RawAnswer, size: int = size) -> None:
            request.head()
            for start in range(0, len(wire), size):
                request.send(wire[start : start + size])
            request.send(b"")
            request.end(OK)

        assert await outcome(answer, stream=True) == [b"one", b"", b"three"]


async def test_metadata_of_the_answer() -> None:
    def answer(request: RawAnswer) -> None:
        request.head([*HEAD, ("x-a", "1"), ("x-a", "2"), ("x-raw-bin", "AP8="), ("grpc-hidden", "x")])
        request.send(message(b"fine"))
        request.end([*OK, ("y-raw-bin", "AA,/w"), ("y-a", "")])

    async with raw_server(answer) as server, Client(server.target) as client:
        stream = client._stream(SERVER, Raw())
        assert [response.data async for response in stream] == [b"fine"]
        initial = dict(stream.initial_metadata)
        assert initial.pop(":status", None) is None
        assert initial == {"x-a": "2", "x-raw-bin": b"\x00\xff"}
        assert dict(stream.trailing_metadata) == {"y-raw-bin": b"\xff", "y-a": ""}


async def test_metadata_of_the_answer_that_is_not_base64() -> None:
    def answer(request: RawAnswer) -> None:
        request.head([*HEAD, ("x-raw-bin", "%%%")])
        request.send(message(b"fine"))
        request.end()

    assert await code_of(answer) is Code.INTERNAL


async def test_our_client_ends_its_half_with_or_after_its_last_message() -> None:
    def answer(request: RawAnswer) -> None:
        request.head()
        request.send(message(request.data))
        request.end()

    async def slowly() -> AsyncIterator[Raw]:
        yield Raw(b"a")
        await asyncio.sleep(0)
        yield Raw(b"")

    async with raw_server(answer) as server, Client(server.target) as client:
        expected = message(b"a") + message(b"")
        assert (await client._client_stream(CLIENT, slowly())).data == expected
        assert [m.data async for m in client._bidi(BIDI, [Raw(b"a"), Raw(b"")])] == [expected]
        assert [m.data async for m in client._bidi(BIDI, [])] == [b""]
        assert all(request.ended for request in server.requests)

"""RFC 9113, section 8: requests that are malformed, and those that are not."""

from __future__ import annotations

from typing import Any

import pytest
from hyperframe.frame import RstStreamFrame
from tokenwire.grpc.hpack_cache import literal_block

from .peer import (
    ACCEPTED,
    ANSWERED,
    CONTINUATION,
    DATA,
    END,
    END_HEADERS,
    END_STREAM,
    HEADERS_FRAME,
    MALFORMED,
    PROTOCOL,
    STREAM_CLOSED,
    WHOLE,
    Answered,
    Case,
    Expected,
    answered,
    block,
    conforms,
    data,
    head,
    peer,
    pong,
    raw,
    table,
)

METHOD, SCHEME, PATH = (":method", "POST"), (":scheme", "http"), (":path", "/test.Wire/Client")
AUTHORITY, KIND = (":authority", "test"), ("content-type", "application/grpc")


def fields(*pairs: tuple[str, str]) -> list[bytes]:
    """A request with these fields, and its body."""
    return [raw(HEADERS_FRAME, END_HEADERS, 1, literal_block(list(pairs))), END]


def plus(*pairs: tuple[str, str]) -> list[bytes]:
    """A good request with these fields beside."""
    return [raw(HEADERS_FRAME, END_HEADERS, 1, block() + literal_block(list(pairs))), END]


def trailers(*pairs: tuple[str, str], flags: int = WHOLE) -> bytes:
    return raw(HEADERS_FRAME, flags, 1, literal_block(list(pairs)))


@table(
    ("trailers", [head(), data(), trailers(("x-last", "1"))], ANSWERED),
    ("trailers without fields", [head(), data(), trailers()], ANSWERED),
    (
        "trailers in two frames",
        [
            head(),
            data(),
            trailers(flags=END_STREAM),
            raw(CONTINUATION, END_HEADERS, 1, literal_block([("a", "b")])),
        ],
        ANSWERED,
    ),
    ("trailers that do not end it", [head(), data(), trailers(("a", "b"), flags=END_HEADERS)], MALFORMED),
    ("a second request on the stream", [head(), head()], MALFORMED),
    ("trailers with a pseudo-header", [head(), data(), trailers((":path", "/"))], MALFORMED),
    ("trailers with :status", [head(), data(), trailers((":status", "200"))], MALFORMED),
    ("trailers in upper case", [head(), data(), trailers(("X-Last", "1"))], MALFORMED),
    ("trailers with CR LF", [head(), data(), trailers(("x-last", "1\r\nb: c"))], MALFORMED),
    ("trailers with connection", [head(), data(), trailers(("connection", "close"))], MALFORMED),
    (
        "trailers, then DATA",
        [head(), data(), trailers(("a", "b")), answered, raw(DATA, 0, 1, b"a")],
        STREAM_CLOSED,
    ),
    ("trailers, then trailers", [head(), data(), trailers(), answered, trailers()], STREAM_CLOSED),
)
async def test_8_1_message_framing(case: Case) -> None:
    await conforms(case)


@table(
    ("upper case", plus(("X-Test", "1")), MALFORMED),
    ("one letter in upper case", plus(("x-tesT", "1")), MALFORMED),
    ("no name", plus(("", "1")), MALFORMED),
    ("a space", plus(("x test", "1")), MALFORMED),
    ("a colon", plus(("x:test", "1")), MALFORMED),
    ("a colon at the end", plus(("x-test:", "1")), MALFORMED),
    *((f"a name with {char!r}", plus((f"x{char}", "1")), MALFORMED) for char in "\0\t\n\r\x1f\x7f\x80\xff"),
    *((f"a value with {char!r}", plus(("x-test", f"a{char}b")), MALFORMED) for char in "\0\n\r"),
    ("a value with CR LF and a field", plus(("x-test", "a\r\nauthorization: b")), MALFORMED),
    ("a value that ends with LF", plus(("x-test", "a\n")), MALFORMED),
    *((f"a value that begins with {char!r}", plus(("x-test", f"{char}a")), MALFORMED) for char in " \t"),
    *((f"a value that ends with {char!r}", plus(("x-test", f"a{char}")), MALFORMED) for char in " \t"),
    ("a value that is a space", plus(("x-test", " ")), MALFORMED),
    ("NUL in :path", [head(_path="/test.Wire/Client\0"), END], MALFORMED),
    ("LF in :authority", [head(_authority="a\nb"), END], MALFORMED),
    ("a space at the end of :path", [head(_path="/test.Wire/Client "), END], MALFORMED),
    ("an empty value", plus(("x-test", "")), ANSWERED),
    ("spaces and tabs within a value", plus(("x-test", "a b\tc")), ANSWERED),
    ("bytes above ASCII in a value", plus(("x-test", "\x80\xff")), ANSWERED),
    ("all kinds of names", plus(("x!#$%&'*+-.^_`|~09", "1")), ANSWERED),
    ("cookies in pieces", plus(("cookie", "a=b"), ("cookie", "c=d")), ANSWERED),
)
async def test_8_2_1_field_validity(case: Case) -> None:
    await conforms(case)


@table(
    *(
        (name, plus((name, value)), MALFORMED)
        for name, value in [
            ("connection", "close"),
            ("connection", "te"),
            ("keep-alive", "1"),
            ("proxy-connection", "keep-alive"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
        ]
    ),
    ("te gzip", [head(te="gzip"), END], MALFORMED),
    ("te trailers and gzip", [head(te="trailers, gzip"), END], MALFORMED),
    ("te empty", [head(te=""), END], MALFORMED),
    ("te twice, once wrong", plus(("te", "gzip")), MALFORMED),
    ("te trailers", [head(te="trailers"), END], ANSWERED),
    ("te twice", plus(("te", "trailers")), ANSWERED),
    ("no te", [head(te=None), END], ANSWERED),
)
async def test_8_2_2_connection_specific_fields(case: Case) -> None:
    await conforms(case)


@table(
    ("no :method", [head(_method=None), END], MALFORMED),
    ("no :scheme", [head(_scheme=None), END], MALFORMED),
    ("no :path", [head(_path=None), END], MALFORMED),
    ("no :path and no body", [head(flags=WHOLE, _path=None)], MALFORMED),
    ("no pseudo-headers", fields(KIND), MALFORMED),
    ("empty :method", [head(_method=""), END], MALFORMED),
    ("empty :scheme", [head(_scheme=""), END], MALFORMED),
    ("empty :path", [head(_path=""), END], MALFORMED),
    ("two :method", fields(METHOD, METHOD, SCHEME, PATH, AUTHORITY, KIND), MALFORMED),
    ("two :scheme", fields(METHOD, SCHEME, SCHEME, PATH, AUTHORITY, KIND), MALFORMED),
    ("two :path", fields(METHOD, SCHEME, PATH, PATH, AUTHORITY, KIND), MALFORMED),
    ("two :authority", fields(METHOD, SCHEME, PATH, AUTHORITY, AUTHORITY, KIND), MALFORMED),
    ("two :path that differ", fields(METHOD, SCHEME, PATH, (":path", "/admin"), KIND), MALFORMED),
    ("a pseudo-header at the end", fields(METHOD, SCHEME, PATH, KIND, AUTHORITY), MALFORMED),
    ("a pseudo-header in the middle", fields(METHOD, KIND, SCHEME, PATH, AUTHORITY), MALFORMED),
    ("an unknown pseudo-header", fields(METHOD, SCHEME, PATH, (":test", "1"), KIND), MALFORMED),
    ("a pseudo-header without a name", fields(METHOD, SCHEME, PATH, (":", "1"), KIND), MALFORMED),
    (":status in a request", fields(METHOD, SCHEME, PATH, (":status", "200"), KIND), MALFORMED),
    (
        ":protocol without the setting",
        fields(METHOD, SCHEME, PATH, (":protocol", "websocket"), KIND),
        MALFORMED,
    ),
    (":Path in upper case", fields(METHOD, SCHEME, (":Path", "/"), KIND), MALFORMED),
    ("any order of pseudo-headers", fields(PATH, AUTHORITY, SCHEME, METHOD, KIND), ANSWERED),
    ("no :authority", fields(METHOD, SCHEME, PATH, KIND), ANSWERED),
    ("host in place of :authority", fields(METHOD, SCHEME, PATH, KIND, ("host", "test")), ANSWERED),
    ("host like :authority", plus(("host", "test")), ANSWERED),
    ("host like :authority in upper case", plus(("host", "TEST")), ANSWERED),
    ("host with the port that goes without saying", plus(("host", "test:80")), ANSWERED),
    ("host unlike :authority", plus(("host", "evil")), MALFORMED),
    ("host with another port", plus(("host", "test:81")), MALFORMED),
    ("two hosts", fields(METHOD, SCHEME, PATH, KIND, ("host", "a"), ("host", "b")), MALFORMED),
    (
        "two hosts that are the same",
        fields(METHOD, SCHEME, PATH, KIND, ("host", "a"), ("host", "a")),
        MALFORMED,
    ),
    ("a scheme of another kind", [head(_scheme="test"), END], ANSWERED),
    ("a path of no method", [head(_path="*"), END], Answered("12")),
    ("another method", [head(1, flags=WHOLE, _method="GET")], Answered("", "405")),
)
async def test_8_3_1_pseudo_headers(case: Case) -> None:
    await conforms(case)


CONNECT = (":method", "CONNECT")


@table(
    ("a good one", [trailers(CONNECT, AUTHORITY)], Answered("", "405")),
    ("with :path", [trailers(CONNECT, AUTHORITY, PATH)], MALFORMED),
    ("with :scheme", [trailers(CONNECT, AUTHORITY, SCHEME)], MALFORMED),
    ("without :authority", [trailers(CONNECT)], MALFORMED),
    ("with a :protocol", [trailers(CONNECT, AUTHORITY, SCHEME, PATH, (":protocol", "a"))], MALFORMED),
)
async def test_8_5_connect(case: Case) -> None:
    await conforms(case)


def sized(length: str, *bodies: bytes, more: tuple[tuple[str, str], ...] = ()) -> list[Any]:
    """A request that announces a length, and its DATA, the last with END_STREAM."""
    start = block() + literal_block([("content-length", length), *more])
    flags = [0] * (len(bodies) - 1) + [END_STREAM]
    frames = [raw(DATA, flag, 1, body) for flag, body in zip(flags, bodies, strict=True)]
    return [raw(HEADERS_FRAME, END_HEADERS, 1, start), *frames]


BODY = b"\0\0\0\0\1a"


@table(
    ("right", sized("6", BODY), ANSWERED),
    ("right in two", sized("6", BODY[:2], BODY[2:]), ANSWERED),
    ("right with an empty end", sized("6", BODY, b""), ANSWERED),
    ("right twice", sized("6", BODY, more=(("content-length", "6"),)), ANSWERED),
    ("right with zeros", sized("006", BODY), ANSWERED),
    ("right with trailers", [*sized("6", BODY, b"")[:2], trailers(("a", "b"))], ANSWERED),
    ("too little", sized("7", BODY), MALFORMED),
    ("too little in two", sized("12", BODY, BODY[:5]), MALFORMED),
    ("too little before trailers", [*sized("7", BODY, b"")[:2], trailers(("a", "b"))], MALFORMED),
    ("too much", sized("5", BODY), MALFORMED),
    ("too much before the end", [*sized("5", BODY, b"")[:2]], MALFORMED),
    ("too much in two", sized("6", BODY, b"x"), MALFORMED),
    ("none of what was announced", [head(flags=WHOLE, content_length="6")], MALFORMED),
    ("some where none was announced", sized("0", BODY), MALFORMED),
    ("two that differ", sized("6", BODY, more=(("content-length", "7"),)), MALFORMED),
    ("a list", sized("6, 6", BODY), MALFORMED),
    ("a sign", sized("+6", BODY), MALFORMED),
    ("less than nothing", sized("-1", BODY), MALFORMED),
    ("no number", sized("six", BODY), MALFORMED),
    ("digits that are not ASCII", sized("\xb2", BODY), MALFORMED),
    ("thousands of digits", sized("6" * 5000, BODY), MALFORMED),
    ("empty", sized("", BODY), MALFORMED),
)
async def test_8_1_1_content_length(case: Case) -> None:
    await conforms(case)


async def test_8_1_1_what_follows_a_malformed_request_is_ignored() -> None:
    async with peer() as client:
        client.send(head(_path=None), data(), data(1, b"b"), trailers(("a", "b")), head(3, _path=None), END)
        await pong(client)
        assert not client.servicer.started.is_set()
        await client.call()
        assert [frame.stream_id for frame in client.of(RstStreamFrame)] == [1, 3]
        (connection,) = client.server._connections
        assert connection._protocol is not None
        assert not connection._protocol.connection.session.streams


@pytest.mark.parametrize(
    ("name", "expected"),
    [("authorization", ANSWERED), ("grpc-timeout", ANSWERED), ("transfer-encoding", MALFORMED)],
)
async def test_8_2_a_request_is_judged_alike_when_its_block_is_known(name: str, expected: Expected) -> None:
    """Blocks that came before are not read again; what was found wrong with them still is."""
    value = "1S" if name == "grpc-timeout" else "a"
    start = block() + literal_block([(name, value)])
    async with peer() as client:
        for stream_id in (3, 5, 7):
            client.send(raw(HEADERS_FRAME, END_HEADERS, stream_id, start), data(stream_id, b"a", END_STREAM))
        await client.call()
        await ACCEPTED.check(client) if expected is ANSWERED else None
        resets = [frame.stream_id for frame in client.of(RstStreamFrame)]
        assert resets == ([] if expected is ANSWERED else [3, 5, 7])


@table(
    ("even", [head(2)], PROTOCOL),
    ("a push", [head(), raw(0x5, END_HEADERS, 1, b"\0\0\0\2" + block())], PROTOCOL),
)
async def test_8_4_a_client_cannot_push(case: Case) -> None:
    await conforms(case)

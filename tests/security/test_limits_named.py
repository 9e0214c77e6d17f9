"""Whatever limit a client comes up against, somebody reads the name of its flag.

That is the client, or the log where the protocol has no room for words: a stream or a connection that is
reset, a client that is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gzip
import json
import logging
import ssl
from asyncio.subprocess import PIPE
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import httpx
import pytest
from h2.errors import ErrorCodes
from hpack import Encoder
from hyperframe.frame import PingFrame, RstStreamFrame
from tokenwire.auth import Access, KeyRing
from tokenwire.budget import MemoryBudget
from tokenwire.grpc import room
from tokenwire.http.asgi import build_app
from tokenwire.http.values import HttpReply
from tokenwire.limits import MOST_PUBLIC, Limits, flag_of
from tokenwire.notices import Notices

from tests.grpc.flood import GREETING, attacker, call, head
from tests.grpc.raw_client import message, raw_client
from tests.grpc.wire_service import PUSH, Raw, running, until
from tests.http import raw_http
from tests.http.raw_http import ask, connected, ends, post, read_answer, serving

from .certificates import Authority
from .test_costs import Public, send

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tokenwire.http.values import HttpCall

    from tests.grpc.flood import Attacker
    from tests.grpc.raw_client import RawStream

# What gRPC clients are told.


def status(stream: RawStream) -> str:
    return (stream.trailers or stream.headers).get("grpc-message", "")


def farewells(one: Attacker) -> list[str]:
    """What is said in each GOAWAY, where it is an orderly one."""
    assert {frame.error_code for frame in one.goaways} == {ErrorCodes.NO_ERROR}
    return [frame.additional_data.decode() for frame in one.goaways]


async def grpc_max_message_size() -> list[str]:
    async with running(limits=Limits(max_message_size=100)) as (_, _, target), raw_client(target) as client:
        return [status(await client.finished(client.open(body))) for body in (b"x" * 101, b"size:101")]


async def grpc_max_header_size() -> list[str]:
    async with running(limits=Limits(max_header_size=2000)) as (_, _, target), raw_client(target) as client:
        client.h2.encoder = Encoder()
        return [status(await client.finished(client.open(b"", x="y" * 2000)))]


async def grpc_max_request_memory() -> list[str]:
    async with running(budget=MemoryBudget(50_000)) as (_, _, target), raw_client(target) as client:
        stream_id = client.open(None, end=False)
        for _ in range(4):
            client.h2.send_data(stream_id, message(b"x" * 60_000)[:15_000])
        client.flush()
        return [status(await client.finished(stream_id))]


async def grpc_max_streams() -> list[str]:
    """The reset says only that another try makes sense."""
    async with running(limits=Limits(max_streams=1)) as (_, _, target), attacker(target) as one:
        await one.write(call(1, "Push") + call(3, "Push"))
        await until(lambda: any(frame.type == RstStreamFrame.type for frame in one.frames))
        (reset,) = [frame for frame in one.frames if isinstance(frame, RstStreamFrame)]
        assert (reset.stream_id, reset.error_code) == (3, ErrorCodes.REFUSED_STREAM)
    return []


async def grpc_max_connections() -> list[str]:
    """Closed before anything is said."""
    async with running(limits=Limits(max_connections=1)) as (_, _, target), raw_client(target) as client:
        assert (await client.finished(client.open(b"hello"))).status == "0"
        async with attacker(target) as one:
            await until(lambda: one.closed)
            assert not one.frames
    return []


async def grpc_handshake_timeout() -> list[str]:
    async with running(limits=Limits(handshake_timeout=0.2)) as (_, _, target), attacker(target) as one:
        await one.write(call(1, "Unary") + head(3)[:10])
        await until(lambda: one.closed)
        return [frame.additional_data.decode() for frame in one.goaways]


async def grpc_request_timeout() -> list[str]:
    async with running(limits=Limits(request_timeout=0.1)) as (_, _, target), raw_client(target) as client:
        return [status(await client.finished(client.open(None, end=False)))]


async def grpc_stall_timeout() -> list[str]:
    """Its stream is reset: the answer has begun, and nothing more may be sent of it."""
    limits = Limits(stall_timeout=0.1)
    async with running(limits=limits) as (_, _, target), raw_client(target, window=10) as client:
        client.acknowledge = False
        stream = await client.finished(client.open(b"size:50000"))
        assert stream.reset == ErrorCodes.CANCEL
    return []


async def grpc_idle_timeout() -> list[str]:
    async with running(limits=Limits(idle_timeout=0.1)) as (_, _, target), attacker(target) as one:
        await until(lambda: one.closed)
        assert len(one.goaways) == 2
        return farewells(one)


async def grpc_max_connection_age() -> list[str]:
    async with running(limits=Limits(max_connection_age=0.1)) as (_, _, target), attacker(target) as one:
        await until(lambda: one.closed)
        assert len(one.goaways) == 2
        return farewells(one)


async def grpc_max_connection_age_grace() -> list[str]:
    limits = Limits(max_connection_age=0.1, max_connection_age_grace=0.1)
    async with running(limits=limits) as (_, _, target), grpc.aio.insecure_channel(target) as channel:
        stream = channel.unary_stream(PUSH.path)(b"")
        assert await stream.code() is grpc.StatusCode.UNAVAILABLE
        return [await stream.details()]


async def grpc_keepalive() -> list[str]:
    """Who does not answer cannot be told."""
    limits = Limits(keepalive_time=0.1, keepalive_timeout=0.1)
    async with running(limits=limits) as (_, _, target), attacker(target) as one:
        await one.write(call(1, "Push"))
        await until(lambda: one.closed)
        assert not one.goaways
    return []


async def grpc_min_ping_interval() -> list[str]:
    """Clients know the reason by its letters: two words more, and they would not ping less often."""
    async with running() as (_, _, target), attacker(target) as one:
        await one.write(PingFrame(0, b"12345678").serialize() * 4)
        await until(lambda: one.closed)
        (goaway,) = one.goaways
        assert goaway.error_code == ErrorCodes.ENHANCE_YOUR_CALM
        assert goaway.additional_data == b"too_many_pings"
    return []


# What HTTP clients are told.


async def http_max_message_size() -> list[str]:
    async with serving(max_message_size=1000) as served:
        told = (await ask(served.port, post(b"x" * 1001))).message
        async with connected(served.port) as (reader, writer):
            served.servicer.answer = b"1" * 1001
            writer.write(post(b"answer"))
            return [told, (await read_answer(reader)).message]


async def http_max_header_size() -> list[str]:
    async with serving(max_header_size=2000) as served:
        told = (await ask(served.port, raw_http.head("a: " + "b" * 2000))).message
        async with connected(served.port) as (reader, writer):
            received = served.web.stats.bytes_in
            writer.write(raw_http.head("transfer-encoding: chunked") + b"1\r\n1\r\n")
            await until(lambda: served.web.stats.bytes_in > received)
            writer.write(b"0\r\n" + b"a: b\r\n" * 400)
            return [told, (await read_answer(reader)).message]


async def http_max_request_memory() -> list[str]:
    async with serving(max_request_memory=50_000) as served:
        data = raw_http.head("content-length: 90000") + b"x" * 60_000
        return [(await ask(served.port, data)).message]


async def http_max_connections() -> list[str]:
    async with serving(max_connections=1) as served, connected(served.port) as (reader, writer):
        writer.write(post(b"x"))
        assert (await read_answer(reader)).status == 200
        return [(await ask(served.port, post(b"y"))).message]


async def http_handshake_timeout() -> list[str]:
    async with serving(handshake_timeout=0.1) as served:
        return [(await ask(served.port, b"POST /v1/unary HTTP/1.1\r\n")).message]


async def http_request_timeout() -> list[str]:
    async with serving(request_timeout=0.1) as served:
        return [(await ask(served.port, raw_http.head("content-length: 10"))).message]


async def http_stall_timeout() -> list[str]:
    """Cut off: what it does not read is the middle of an answer."""
    async with serving(stall_timeout=0.1, send_buffer=8192) as served, connected(served.port) as (_, writer):
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # StreamWriter's type says less.
        served.servicer.answer = b"1" * 20_000_000
        writer.write(post(b"answer"))
        await until(lambda: served.web.stats.refused == {"stalled": 1})
    return []


async def http_idle_timeout() -> list[str]:
    """Closed: an answer that nobody has asked for would be taken for that to the next request."""
    async with serving(idle_timeout=0.1) as served, connected(served.port) as (reader, writer):
        writer.write(post(b"x"))
        assert (await read_answer(reader)).status == 200
        assert await ends(reader) == b""
    return []


async def http_keepalive() -> list[str]:
    """The system says that a client is gone; here it is made to, for both ends of a loopback are alive."""
    async with serving() as served, connected(served.port) as (reader, writer):
        writer.write(post(b"x"))
        assert (await read_answer(reader)).status == 200
        (connection,) = served.web._listener._connections  # type: ignore[union-attr]
        gone = TimeoutError(errno.ETIMEDOUT, "Connection timed out")
        connection._transport._force_close(gone)  # type: ignore[union-attr]
        await until(lambda: served.web.stats.connections == 0)
    return []


@dataclass
class Case:
    """Comes up against one limit.

    Attributes:
        provoke: Does so, and returns all that the client is told, which is nothing where `silent`.
        silent: The flag is in the log.
    """

    provoke: Callable[[], Awaitable[list[str]]]
    silent: bool = False


GRPC: dict[str, Case] = {
    "max_message_size": Case(grpc_max_message_size),
    "max_header_size": Case(grpc_max_header_size),
    "max_request_memory": Case(grpc_max_request_memory),
    "max_streams": Case(grpc_max_streams, silent=True),
    "max_connections": Case(grpc_max_connections, silent=True),
    "handshake_timeout": Case(grpc_handshake_timeout),
    "request_timeout": Case(grpc_request_timeout),
    "stall_timeout": Case(grpc_stall_timeout, silent=True),
    "idle_timeout": Case(grpc_idle_timeout),
    "max_connection_age": Case(grpc_max_connection_age),
    "max_connection_age_grace": Case(grpc_max_connection_age_grace),
    "keepalive_time": Case(grpc_keepalive, silent=True),
    "keepalive_timeout": Case(grpc_keepalive, silent=True),
    "min_ping_interval": Case(grpc_min_ping_interval, silent=True),
}
HTTP: dict[str, Case | None] = {
    "max_message_size": Case(http_max_message_size),
    "max_header_size": Case(http_max_header_size),
    "max_request_memory": Case(http_max_request_memory),
    "max_streams": None,
    "max_connections": Case(http_max_connections),
    "handshake_timeout": Case(http_handshake_timeout),
    "request_timeout": Case(http_request_timeout),
    "stall_timeout": Case(http_stall_timeout, silent=True),
    "idle_timeout": Case(http_idle_timeout, silent=True),
    "max_connection_age": None,
    "max_connection_age_grace": None,
    "keepalive_time": Case(http_keepalive, silent=True),
    "keepalive_timeout": Case(http_keepalive, silent=True),
    "min_ping_interval": None,
}
"""None is a limit that HTTP does not have."""


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "tokenwire")


def lines(caplog: pytest.LogCaptureFixture, flag: str) -> list[str]:
    return [line for line in caplog.messages if flag in line]


@pytest.mark.parametrize("rows", [GRPC, HTTP], ids=["grpc", "http"])
def test_every_limit_has_a_row(rows: dict[str, Any]) -> None:
    assert list(rows) == [item.name for item in fields(Limits)]


@pytest.mark.parametrize(
    ("name", "case"),
    [
        pytest.param(name, case, id=f"{transport}-{name}")
        for transport, rows in (("grpc", GRPC), ("http", HTTP))
        for name, case in rows.items()
        if case is not None
    ],
)
async def test_a_limit_names_its_flag(name: str, case: Case, caplog: pytest.LogCaptureFixture) -> None:
    told = await case.provoke()
    if case.silent:
        assert not told
        assert len(lines(caplog, flag_of(name))) == 1
    else:
        assert told
        assert [text for text in told if flag_of(name) not in text] == []


# Other ways to come up against them.


async def test_a_message_of_calls_that_need_no_key_has_a_limit_without_a_flag() -> None:
    access = Access(KeyRing(user=["u"]))
    for most, named in ((MOST_PUBLIC + 1, False), (MOST_PUBLIC, True)):
        limits = Limits(max_message_size=most)
        async with (
            running(Public(), access=access, limits=limits) as (_, _, target),
            raw_client(target) as client,
        ):
            plain = client.open(None, end=False)
            await send(client, plain, message(b"x" * (MOST_PUBLIC + 1))[:100], end=False)
            text = status(await client.finished(plain))
            assert f"{MOST_PUBLIC} bytes" in text
            assert ("(--grpc-max-message-size)" in text) is named
            assert ("need no key" in text) is not named


async def test_a_compressed_message_of_calls_that_need_no_key_has_the_same() -> None:
    access = Access(KeyRing(user=["u"]))
    packed = message(gzip.compress(b"x" * (MOST_PUBLIC + 1)), flag=1)
    async with running(Public(), access=access) as (_, _, target), raw_client(target) as client:
        stream_id = client.open(None, end=False, grpc_encoding="gzip")
        await send(client, stream_id, packed)
        text = status(await client.finished(stream_id))
        assert "need no key" in text and "--" not in text
    limits = Limits(max_message_size=MOST_PUBLIC)
    async with running(Public(), limits=limits) as (_, _, target), raw_client(target) as client:
        stream_id = client.open(None, end=False, grpc_encoding="gzip")
        await send(client, stream_id, packed)
        assert "--grpc-max-message-size" in status(await client.finished(stream_id))


@pytest.mark.parametrize(
    ("most", "size", "named"),
    [
        (MOST_PUBLIC + 1, MOST_PUBLIC, "the limit of GET and HEAD, most of which need no key"),
        (MOST_PUBLIC, MOST_PUBLIC, "--grpc-max-message-size"),
        (1000, 1000, "--grpc-max-message-size"),
    ],
)
async def test_the_body_of_a_get_has_a_limit_without_a_flag(most: int, size: int, named: str) -> None:
    async def page(call: HttpCall) -> HttpReply:
        return HttpReply()

    app = build_app(pages={"/page": page}, limits=Limits(max_message_size=most))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        answer = await client.request("GET", "/page", content=b"x" * (size + 1))
    assert answer.status_code == 413
    assert answer.json()["error"]["message"] == f"the body is larger than {size} bytes ({named})"


@pytest.mark.parametrize("data", [b"", GREETING[:5]])
async def test_the_log_tells_of_grpc_clients_that_do_not_begin(
    data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    limits = Limits(handshake_timeout=0.1)
    async with running(limits=limits) as (_, _, target), attacker(target, data) as one:
        await until(lambda: one.closed)
    assert len(lines(caplog, "--handshake-timeout")) == 1


async def test_the_log_tells_of_http_clients_that_do_not_begin(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(handshake_timeout=0.1) as served, connected(served.port) as (reader, _):
        assert await ends(reader) == b""
    assert len(lines(caplog, "--handshake-timeout")) == 1


async def test_the_log_tells_of_tls_that_does_not_begin(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*Authority(tmp_path).server())
    async with serving(tls=context, handshake_timeout=0.1) as served, connected(served.port) as (reader, _):
        assert await ends(reader) == b""
    assert len(lines(caplog, "--handshake-timeout")) == 1
    caplog.clear()
    limits = Limits(handshake_timeout=0.1)
    async with running(limits=limits, ssl=context) as (_, _, target), attacker(target, b"\x16") as one:
        await until(lambda: one.closed)
    assert len(lines(caplog, "--handshake-timeout")) == 1


async def test_a_client_without_calls_is_told_why_another_has_its_place(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(room, "_MAY_MAKE_NO_CALL", 0.0)
    async with running(limits=Limits(max_connections=1)) as (_, server, target), attacker(target) as idle:
        await until(lambda: any(one.greeted for one in server._connections))
        async with raw_client(target) as client:
            assert (await client.finished(client.open(b"hello"))).status == "0"
        await until(lambda: idle.closed)
        assert farewells(idle) == ["another connection has its place (--max-connections)"]
    assert len(lines(caplog, "--max-connections")) == 1


async def test_the_log_tells_of_http_connections_that_make_room_or_find_none(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with serving(max_connections=1) as served, connected(served.port) as (silent, _):
        await until(lambda: served.web.stats.connections == 1)
        await asyncio.sleep(0.1)
        async with connected(served.port) as (reader, writer):
            writer.write(post(b"x"))
            assert (await read_answer(reader)).status == 200
            assert await ends(silent) == b""
            assert [line for line in lines(caplog, "--max-connections") if "make room" in line]
            caplog.clear()
            assert (await ask(served.port, post(b"y"))).status == 503
    assert [line for line in lines(caplog, "--max-connections") if "refused" in line]


async def test_trailers_over_the_limit_are_told_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with running(limits=Limits(max_header_size=2000)) as (_, _, target), raw_client(target) as client:
        client.h2.encoder = Encoder()
        stream_id = client.open(b"hello", end=False)
        client.h2.send_headers(stream_id, [("x", "y" * 2000)], end_stream=True)
        client.flush()
        assert (await client.finished(stream_id)).reset == ErrorCodes.PROTOCOL_ERROR
    assert len(lines(caplog, "--max-header-size")) == 1


# The log says it now and then.


async def test_a_kind_has_one_line_however_many_clients_there_are(caplog: pytest.LogCaptureFixture) -> None:
    limits = Limits(idle_timeout=0.1)
    async with running(limits=limits) as (_, server, target), contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(attacker(target)) for _ in range(5)]
        await until(lambda: all(one.closed for one in clients))
        assert server.stats.connections_ended == {"idle_timeout": 5}
    assert len(lines(caplog, "--idle-timeout")) == 1


def test_a_line_comes_again_after_a_minute_and_kinds_do_not_share(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = 1.0
    monkeypatch.setattr("tokenwire.notices.monotonic", lambda: now)
    notices = Notices(logging.getLogger("tokenwire.test"))
    for now in (1.0, 2.0, 60.9, 61.0, 62.0):
        notices.tell("a", "a at %g", now)
        notices.tell("b", "b at %g", now)
    assert caplog.messages == ["a at 1", "b at 1", "a at 61", "b at 61"]
    assert {record.levelname for record in caplog.records} == {"INFO"}


async def test_grpcio_goes_on_after_an_idle_connection_was_told_why() -> None:
    async with (
        running(limits=Limits(idle_timeout=0.2)) as (_, server, target),
        grpc.aio.insecure_channel(target) as channel,
    ):
        unary = channel.unary_unary("/test.Wire/Unary")
        assert await unary(b"one") == b"one"
        await until(lambda: server.stats.connections_ended == {"idle_timeout": 1} and not server._connections)
        assert await unary(b"two") == b"two"
        assert server.stats.connections == 2


async def test_grpc_js_goes_on_while_its_connections_are_told_why_they_end() -> None:
    script = Path(__file__).parents[1] / "clients" / "node" / "goaway.mjs"
    async with running(limits=Limits(max_connection_age=0.2)) as (servicer, server, target):
        node = await asyncio.create_subprocess_exec("node", script, target, stdout=PIPE, stderr=PIPE)
        async with asyncio.timeout(60):
            await servicer.started.wait()
        await until(lambda: server.stats.connections_ended["max_connection_age"] >= 3)
        servicer.pushes[0].push(Raw(b"still here"))
        servicer.pushes[0].close()
        async with asyncio.timeout(60):
            text, errors = await node.communicate()
    assert node.returncode == 0, errors.decode()
    out = json.loads(text)
    assert (out["messages"], out["status"], out["others"]) == (["still here"], "OK", [])
    assert out["answers"] > 3

"""Each limit of a listener: what is over it is refused by name, and everything else goes on."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from typing import TYPE_CHECKING, Any

import grpc
import pytest
import trustme
from h2.errors import ErrorCodes
from hpack import Encoder
from hyperframe.frame import ContinuationFrame, DataFrame, HeadersFrame, PingFrame
from tokenwire.budget import MemoryBudget
from tokenwire.codes import Code
from tokenwire.details import RetryInfo, unpack_details
from tokenwire.grpc import room
from tokenwire.grpc.headers import decode_binary
from tokenwire.limits import Limits

from .flood import GREETING, attacker, call, head, remains
from .raw_client import HEADERS, RawStream, message, raw_client
from .wire_service import PUSH, Raw, WireServicer, running, until

if TYPE_CHECKING:
    from .raw_client import RawClient

LAST_ID = 2**31 - 1


def refusal(stream: RawStream) -> tuple[str | None, str]:
    return stream.status, (stream.trailers or stream.headers).get("grpc-message", "")


async def open_call(client: RawClient, servicer: WireServicer, path: str = "Push") -> RawStream:
    """A call that has begun to answer."""
    servicer.started.clear()
    stream = client.streams[client.open(b"", **{":path": f"/test.Wire/{path}"})]
    await servicer.started.wait()
    return stream


class TestHeaders:
    """--max-header-size."""

    async def test_it_is_advertised(self) -> None:
        async with (
            running(limits=Limits(max_header_size=5000)) as (_, _, target),
            raw_client(target) as client,
        ):
            assert client.settings[6] == 5000

    @pytest.mark.parametrize("indexed", [True, False])
    async def test_over_it_a_request_is_refused_and_the_connection_kept(self, indexed: bool) -> None:
        """The table stays in step: the next request refers to what the refused one has entered."""
        limits = Limits(max_header_size=3000)
        async with running(limits=limits) as (servicer, server, target), raw_client(target) as client:
            client.h2.encoder = Encoder()
            many = {f"x-{number}": "y" * 100 for number in range(30)}
            stream = await client.finished(client.open(b"", x_first="kept", **many))
            code, text = refusal(stream)
            assert code == str(int(Code.RESOURCE_EXHAUSTED))
            assert "--max-header-size" in text and "3000" in text
            assert (
                await client.finished(client.open(b"hello", x_first="kept", x_29="y" * 100))
            ).status == "0"
            assert servicer.contexts[-1].metadata["x-29"] == "y" * 100
            assert server.stats.calls_refused == {"max_header_size": 1}

    async def test_what_is_no_call_gets_an_http_status(self) -> None:
        async with (
            running(limits=Limits(max_header_size=1024)) as (_, _, target),
            raw_client(target) as client,
        ):
            stream = await client.finished(client.open(None, content_type="text/html", x="y" * 2000))
            assert stream.headers[":status"] == "431"

    async def test_it_counts_what_the_block_means_and_not_its_bytes(self) -> None:
        """A few bytes that refer a hundred times to a long entry of the table."""
        fields = list(HEADERS.items())
        encoder = Encoder()
        block = encoder.encode([*fields, ("x-long", "y" * 3000)]) + b"\xbe" * 100
        async with running() as (_, server, target), attacker(target) as one:
            await one.write(HeadersFrame(1, block, flags=["END_HEADERS", "END_STREAM"]).serialize())
            await until(lambda: server.stats.calls_refused == {"max_header_size": 1})
            block = encoder.encode([*fields, ("x-long", "y" * 3000)])
            await one.write(HeadersFrame(3, block, flags=["END_HEADERS"]).serialize())
            await one.write(DataFrame(3, message(b"hello"), flags=["END_STREAM"]).serialize())
            await until(lambda: server.stats.calls == 1)
            assert not one.goaways

    async def test_trailers_over_it_end_their_stream(self) -> None:
        limits = Limits(max_header_size=3000)
        async with running(limits=limits) as (_, server, target), raw_client(target) as client:
            client.h2.encoder = Encoder()
            stream_id = client.open(b"hello", end=False)
            client.h2.send_headers(stream_id, [(f"x-{n}", "y" * 100) for n in range(30)], end_stream=True)
            client.flush()
            stream = client.streams[stream_id]
            await client.until(lambda: stream.done)
            assert stream.reset == ErrorCodes.PROTOCOL_ERROR
            assert (await client.finished(client.open(b"hello", x_29="y" * 100))).status == "0"
            assert server.stats.streams_open == 0

    async def test_far_over_it_the_connection_ends_before_all_is_kept(self) -> None:
        async with running() as (_, _, target), attacker(target) as one:
            await one.write(HeadersFrame(1, b"\x00" * 100).serialize())
            await one.write(ContinuationFrame(1, b"\x00" * 16_000).serialize() * 5)
            await until(lambda: one.closed)
            assert one.goaways[-1].error_code == ErrorCodes.ENHANCE_YOUR_CALM
            assert b"--max-header-size" in one.goaways[-1].additional_data

    async def test_a_call_by_grpcio_keeps_its_channel(self) -> None:
        """Its own limit is larger, so it sends what the server refuses."""
        async with (
            running(limits=Limits(max_header_size=4000)) as (_, _, target),
            grpc.aio.insecure_channel(target) as channel,
        ):
            unary = channel.unary_unary("/test.Wire/Unary")
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await unary(b"", metadata=[("x-long", "y" * 5000)])
            assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            assert await unary(b"hello") == b"hello"


class TestStreams:
    """--max-streams."""

    async def test_over_it_a_stream_is_refused_and_the_connection_kept(self) -> None:
        async with (
            running(limits=Limits(max_streams=2)) as (servicer, server, target),
            attacker(target) as one,
        ):
            await one.write(call(1, "Push") + call(3, "Push") + call(5, "Unary", b"hello"))
            await until(lambda: server.stats.calls_refused == {"max_streams": 1})
            servicer.pushes[0].close()
            await until(lambda: server.stats.streams_open == 1)
            await one.write(call(7, "Unary", b"hello"))
            await until(lambda: server.stats.calls == 3)
            assert not one.goaways
            assert [frame.stream_id for frame in one.frames if frame.type == 3] == [5]


class TestConnections:
    """--max-connections."""

    async def test_over_it_a_connection_is_closed_and_the_others_kept(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        async with running(limits=Limits(max_connections=2)) as (_, server, target):
            async with raw_client(target) as first, raw_client(target) as second:
                for client in (first, second):
                    assert (await client.finished(client.open(b"hello"))).status == "0"
                for _ in range(3):
                    async with attacker(target) as third:
                        await until(lambda third=third: third.closed)
                        assert not third.frames
                assert (await first.finished(first.open(b"hello"))).status == "0"
                assert server.stats.connections_refused == 3
                assert len(server._connections) == 2
                assert len([line for line in caplog.messages if "--max-connections" in line]) == 1
            await until(lambda: not server._connections)
            async with raw_client(target) as again:
                assert (await again.finished(again.open(b"hello"))).status == "0"

    async def test_the_oldest_that_says_nothing_gives_way(self) -> None:
        limits = Limits(max_connections=3)
        async with running(limits=limits) as (_, server, target), contextlib.AsyncExitStack() as stack:
            client = await stack.enter_async_context(raw_client(target))
            assert (await client.finished(client.open(b"hello"))).status == "0"
            silent = [await stack.enter_async_context(attacker(target, b"")) for _ in range(2)]
            await until(lambda: server.stats.connections_open == 3)
            await asyncio.sleep(0.15)
            late = await stack.enter_async_context(raw_client(target))
            assert (await late.finished(late.open(b"hello"))).status == "0"
            await until(lambda: silent[0].closed)
            assert not silent[1].closed
            assert (await client.finished(client.open(b"hello"))).status == "0"
            assert server.stats.connections_ended == {"displaced": 1}
            assert server.stats.connections_refused == 0

    async def test_one_that_says_nothing_has_nothing_made_for_it(self) -> None:
        async with running() as (_, server, target):
            async with attacker(target, b"") as silent:
                await until(lambda: server.stats.connections_open == 1)
                assert not server._connections
                await silent.write(GREETING[:5])
                await until(lambda: len(server._connections) == 1)
                assert server.stats.connections_open == 1
            await until(lambda: server.stats.connections_open == 0)
            async with attacker(target, b"") as silent:
                await until(lambda: server.stats.connections_open == 1)
                await server.close()
                await until(lambda: silent.closed)
            assert server.stats.connections_open == 0

    async def test_one_that_has_never_called_gives_way_if_none_is_silent(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(room, "_MAY_MAKE_NO_CALL", 0.1)
        limits = Limits(max_connections=2)
        async with running(limits=limits) as (_, server, target), contextlib.AsyncExitStack() as stack:
            client = await stack.enter_async_context(raw_client(target))
            assert (await client.finished(client.open(b"hello"))).status == "0"
            idle = await stack.enter_async_context(attacker(target))
            await until(lambda: any(one.greeted and not one.called for one in server._connections))
            await asyncio.sleep(0.15)
            late = await stack.enter_async_context(raw_client(target))
            assert (await late.finished(late.open(b"hello"))).status == "0"
            await until(lambda: idle.closed)
            assert [frame.last_stream_id for frame in idle.goaways] == [0]
            async with attacker(target) as refused:
                await until(lambda: refused.closed)
            assert server.stats.connections_refused == 1


class TestHandshake:
    """--handshake-timeout."""

    @pytest.mark.parametrize(
        "data", [b"", b"PRI * HTTP/2.0\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00"]
    )
    async def test_a_client_that_does_not_greet_is_closed(self, data: bytes) -> None:
        async with running(limits=Limits(handshake_timeout=0.1)) as (_, server, target):
            async with attacker(target, data) as one:
                await until(lambda: one.closed)
            assert server.stats.connections_ended == {"handshake_timeout": 1}
            await until(lambda: not server._connections)

    async def test_a_first_byte_wins_no_time(self) -> None:
        async with running(limits=Limits(handshake_timeout=1.0)) as (_, server, target):
            begin = time.monotonic()
            async with attacker(target, b"") as one:
                await asyncio.sleep(0.7)
                await one.write(b"P")
                await until(lambda: one.closed)
            assert time.monotonic() - begin < 1.6  # It were 1.7 seconds if they began again.
            assert server.stats.connections_ended == {"handshake_timeout": 1}

    @pytest.mark.parametrize("frame", ["CONTINUATION", "HEADERS"])
    async def test_a_header_block_that_trickles_ends_its_connection(self, frame: str) -> None:
        """In frames of a byte, or in one frame by a byte at a time; pings come between no frames of it."""
        block = head(3)[9:]
        pieces = [ContinuationFrame(3, block[at : at + 1]).serialize() for at in range(len(block))]
        start = HeadersFrame(3, b"").serialize() if frame == "CONTINUATION" else head(3)[:10]
        if frame == "HEADERS":
            pieces = [block[at : at + 1] for at in range(1, len(block))]
        limits = Limits(handshake_timeout=0.3)
        async with running(limits=limits) as (_, server, target), attacker(target) as one:
            await one.write(call(1, "Unary", b"hello") + start)
            async with asyncio.timeout(20):
                for piece in pieces:
                    if one.closed:
                        break
                    await one.write(piece)
                    await asyncio.sleep(0.03)
            await until(lambda: one.closed)
            assert [frame.error_code for frame in one.goaways] == [ErrorCodes.ENHANCE_YOUR_CALM]
            assert b"--handshake-timeout" in one.goaways[0].additional_data
            assert server.stats.connections_ended == {"handshake_timeout": 1}
            assert server.stats.calls == 1

    async def test_header_blocks_one_after_the_other_are_no_slow_one(self) -> None:
        limits = Limits(handshake_timeout=1.0)
        async with running(limits=limits) as (_, server, target), attacker(target) as one:
            for number in range(12):
                frames = call(1 + 2 * number, "Unary", b"hello")
                await one.write(frames[:20])
                await asyncio.sleep(0.15)
                await one.write(frames[20:])
            await until(lambda: server.stats.calls == 12)
            assert not one.goaways

    async def test_a_client_that_does_not_begin_tls_is_closed(self) -> None:
        authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        async with running(limits=Limits(handshake_timeout=0.2), ssl=context) as (_, server, target):
            async with attacker(target, b"\x16\x03\x01") as one:
                await until(lambda: len(server._room.newcomers) == 1)
                await until(lambda: one.closed)
            assert not server._connections
            await until(lambda: not server._room.newcomers)

    @pytest.mark.parametrize("end", ["hang up", "close"])
    async def test_a_handshake_takes_a_place_and_gives_way(self, end: str) -> None:
        authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        async with running(limits=Limits(max_connections=2), ssl=context) as (_, server, target):
            async with attacker(target, b"") as first, attacker(target, b"\x16") as second:
                await until(lambda: len(server._room.newcomers) == 2)
                async with attacker(target, b"") as third:
                    await until(lambda: third.closed or first.closed)
                await asyncio.sleep(0.15)
                credentials = grpc.ssl_channel_credentials(authority.cert_pem.bytes())
                host = f"localhost:{target.rpartition(':')[2]}"
                async with grpc.aio.secure_channel(host, credentials) as channel:
                    assert await channel.unary_unary("/test.Wire/Unary")(b"hello") == b"hello"
                await until(lambda: first.closed)
                assert server.stats.connections_ended["displaced"] >= 1
                if end == "close":
                    await server.close()
                    await until(lambda: second.closed)
            await until(lambda: not server._room.newcomers and not server._connections)


class TestIdleness:
    """--idle-timeout."""

    async def test_a_connection_without_calls_is_told_to_go(self) -> None:
        async with running(limits=Limits(idle_timeout=0.3)) as (servicer, server, target):
            async with attacker(target) as one:
                await one.write(call(1, "Push"))
                await asyncio.sleep(0.6)
                assert not one.goaways
                servicer.pushes[0].close()
                await until(lambda: one.closed)
                assert [frame.error_code for frame in one.goaways] == [ErrorCodes.NO_ERROR] * 2
                assert [frame.last_stream_id for frame in one.goaways] == [LAST_ID, 1]
            assert server.stats.connections_ended == {"idle_timeout": 1}

    async def test_one_that_never_called_is_closed_too(self) -> None:
        async with running(limits=Limits(idle_timeout=0.2)) as (_, server, target), attacker(target) as one:
            await until(lambda: one.closed)
            assert [frame.last_stream_id for frame in one.goaways] == [LAST_ID, 0]
            assert server.stats.connections_ended == {"idle_timeout": 1}


class TestAge:
    """--max-connection-age, and the grace after it."""

    async def test_a_client_is_told_twice_and_calls_in_between_are_served(self) -> None:
        async with running(limits=Limits(max_connection_age=0.2)) as (servicer, server, target):
            async with attacker(target) as one:
                await one.write(call(1, "Push"))
                await until(lambda: len(one.goaways) == 1)
                assert one.goaways[0].last_stream_id == LAST_ID
                await one.write(call(3, "Unary", b"hello"))
                await until(lambda: server.stats.calls == 2)
                ping = next(frame for frame in one.frames if frame.type == PingFrame.type)
                await one.write(PingFrame(0, ping.opaque_data, flags=["ACK"]).serialize())
                await until(lambda: len(one.goaways) == 2)
                assert one.goaways[1].last_stream_id == 3
                await one.write(call(5, "Unary", b"hello"))
                await until(lambda: server.stats.calls_refused == {"leaving": 1})
                assert not one.closed
                servicer.pushes[0].push(Raw(b"still here"))
                servicer.pushes[0].close()
                await until(lambda: one.closed)
            assert server.stats.connections_ended == {"max_connection_age": 1}

    async def test_a_client_that_does_not_answer_is_told_all_the_same(self) -> None:
        async with running(limits=Limits(max_connection_age=0.05)) as (_, _, target), attacker(target) as one:
            await until(lambda: len(one.goaways) == 2)
            await until(lambda: one.closed)

    async def test_calls_have_their_grace(self) -> None:
        limits = Limits(max_connection_age=0.1, max_connection_age_grace=0.3)
        async with (
            running(limits=limits) as (servicer, server, target),
            grpc.aio.insecure_channel(target) as channel,
        ):
            begin = time.monotonic()
            stream = channel.unary_stream(PUSH.path)(b"")
            await servicer.started.wait()
            assert await stream.code() is grpc.StatusCode.UNAVAILABLE
            assert "--max-connection-age-grace" in (await stream.details() or "")
            assert time.monotonic() - begin >= 0.35
            assert servicer.cancelled == 1
            await until(lambda: not server._connections)

    async def test_a_client_goes_on_with_a_new_connection(self) -> None:
        """grpcio makes a new one by itself, and no call fails."""
        async with (
            running(limits=Limits(max_connection_age=0.1)) as (_, server, target),
            grpc.aio.insecure_channel(target) as channel,
        ):
            unary = channel.unary_unary("/test.Wire/Unary")
            async with asyncio.timeout(20):
                while server.stats.connections < 4:
                    assert await unary(b"hello") == b"hello"

    async def test_connections_do_not_leave_together(self) -> None:
        """Ages are spread by a tenth either way."""
        async with (
            running(limits=Limits(max_connection_age=1000)) as (_, server, target),
            contextlib.AsyncExitStack() as stack,
        ):
            for _ in range(20):
                await stack.enter_async_context(attacker(target))
            await until(lambda: len(server._connections) == 20)
            now = asyncio.get_running_loop().time()
            lifetimes = [connection._lifetime for connection in server._connections]
            ages = [lifetime._leaves_at - now for lifetime in lifetimes if lifetime is not None]
            assert 890 < min(ages) < max(ages) < 1110
            assert max(ages) - min(ages) > 20

    async def test_a_drain_listens_to_who_was_about_to_speak(self) -> None:
        async with running() as (_, server, target), attacker(target, b"") as silent:
            await until(lambda: server.stats.connections_open == 1)
            draining = asyncio.create_task(server.drain(10))
            await asyncio.sleep(0.05)
            await silent.write(GREETING + call(1, "Unary"))
            await until(lambda: server.stats.calls == 1)
            assert await draining
            assert not server.stats.calls_refused

    async def test_a_drain_serves_calls_that_were_under_way(self) -> None:
        """The client opens a stream before it hears that the server is leaving."""
        async with running() as (servicer, server, target), attacker(target) as one:
            await one.write(call(1, "Push"))
            await servicer.started.wait()
            draining = asyncio.create_task(server.drain(10))
            await until(lambda: len(one.goaways) == 1)
            await one.write(call(3, "Push"))
            await until(lambda: len(servicer.pushes) == 2)
            for push in servicer.pushes:
                push.close()
            assert await draining
            await until(lambda: one.goaways[-1].last_stream_id == 3)


class TestRequests:
    """--request-timeout."""

    @pytest.mark.parametrize("sent", [b"", message(b"x" * 100)[:50], message(b"hello")])
    async def test_a_request_that_does_not_end_is_ended(self, sent: bytes) -> None:
        limits = Limits(request_timeout=0.2)
        async with running(limits=limits) as (_, server, target), raw_client(target) as client:
            stream_id = client.open(None, end=False)
            client.h2.send_data(stream_id, sent)
            client.flush()
            stream = await client.finished(stream_id)
            code, text = refusal(stream)
            assert code == str(int(Code.RESOURCE_EXHAUSTED))
            assert "--request-timeout" in text
            assert server.stats.calls_refused == {"request_timeout": 1}
            assert (await client.finished(client.open(b"hello"))).status == "0"

    async def test_a_request_that_trickles_is_ended(self) -> None:
        limits = Limits(request_timeout=0.3)
        async with running(limits=limits) as (_, _, target), raw_client(target) as client:
            stream_id = client.open(None, end=False)
            stream = client.streams[stream_id]
            for byte in message(b"x" * 10_000):
                if stream.done:
                    break
                client.h2.send_data(stream_id, bytes((byte,)))
                client.flush()
                await asyncio.sleep(0.01)
            assert refusal(stream)[0] == str(int(Code.RESOURCE_EXHAUSTED))

    async def test_an_answer_may_take_longer(self) -> None:
        limits = Limits(request_timeout=0.1)
        async with running(limits=limits) as (servicer, _, target), raw_client(target) as client:
            stream = await open_call(client, servicer)
            await asyncio.sleep(0.4)
            assert not stream.done
            servicer.pushes[0].close()
            await client.until(lambda: stream.done)
            assert stream.status == "0"

    async def test_a_stream_of_requests_may_be_quiet_but_not_within_a_message(self) -> None:
        limits = Limits(request_timeout=0.2)
        async with running(limits=limits) as (_, _, target), raw_client(target) as client:
            stream_id = client.open(b"one", end=False, **{":path": "/test.Wire/Bidi"})
            stream = client.streams[stream_id]
            await asyncio.sleep(0.6)
            assert stream.data == message(b"echo one")
            assert not stream.done
            client.h2.send_data(stream_id, message(b"two")[:6])
            client.flush()
            await client.finished(stream_id)
            assert refusal(stream)[0] == str(int(Code.RESOURCE_EXHAUSTED))


class TestStalls:
    """--stall-timeout."""

    async def test_a_reader_of_one_byte_at_a_time_is_no_reader(self) -> None:
        limits = Limits(stall_timeout=0.3)
        async with running(limits=limits) as (_, server, target), raw_client(target, window=10) as client:
            client.acknowledge = False
            stream_id = client.open(b"size:50000")
            stream = client.streams[stream_id]
            async with asyncio.timeout(10):
                while not stream.done:
                    client.h2.increment_flow_control_window(1, stream_id)
                    client.flush()
                    await asyncio.sleep(0.02)
            assert stream.reset == ErrorCodes.CANCEL
            assert server.stats.calls_refused == {"stall_timeout": 1}

    async def test_a_slow_reader_that_gets_on_is_waited_for(self) -> None:
        limits = Limits(stall_timeout=0.3)
        async with running(limits=limits) as (_, _, target), raw_client(target, window=10) as client:
            client.acknowledge = False
            stream_id = client.open(b"size:20000")
            stream = client.streams[stream_id]
            async with asyncio.timeout(20):
                while not stream.done:
                    client.h2.increment_flow_control_window(700, stream_id)
                    client.flush()
                    await asyncio.sleep(0.03)
            assert stream.status == "0"


class TestKeepalive:
    """--keepalive-time, --keepalive-timeout and --min-ping-interval."""

    async def test_a_client_that_does_not_answer_is_closed(self) -> None:
        limits = Limits(keepalive_time=0.2, keepalive_timeout=0.2)
        async with running(limits=limits) as (servicer, server, target), attacker(target) as one:
            await one.write(call(1, "Push"))
            await servicer.started.wait()
            await until(lambda: one.closed)
            assert len([frame for frame in one.frames if frame.type == PingFrame.type]) == 1
            await until(lambda: not server._connections)
            assert servicer.cancelled == 1
            assert server.stats.connections_ended == {"keepalive_timeout": 1}

    async def test_a_client_that_answers_stays(self) -> None:
        limits = Limits(keepalive_time=0.1, keepalive_timeout=0.1)
        async with running(limits=limits) as (servicer, server, target), raw_client(target) as client:
            stream = await open_call(client, servicer)
            await asyncio.sleep(1)
            servicer.pushes[0].close()
            await client.until(lambda: stream.done)
            assert stream.status == "0"
            assert not server.stats.connections_ended

    async def test_pings_too_often_end_the_connection(self) -> None:
        async with running() as (_, server, target), raw_client(target) as client:
            for _ in range(4):
                client.h2.ping(b"12345678")
            client.flush()
            await client.until(lambda: client.closed)
            assert client.goaway is not None
            assert client.goaway.error_code == ErrorCodes.ENHANCE_YOUR_CALM
            assert client.goaway.additional_data == b"too_many_pings"
            assert server.stats.connections_ended == {"flood": 1}

    async def test_without_the_rule_pings_are_counted_with_all_else(self) -> None:
        limits = Limits(min_ping_interval=0)
        async with running(limits=limits) as (_, _, target), raw_client(target) as client:
            for _ in range(1000):
                client.h2.ping(b"12345678")
            client.flush()
            assert (await client.finished(client.open(b"hello"))).status == "0"

    async def test_grpcio_keeps_a_long_quiet_call_alive(self) -> None:
        """Pinging as often as it can, with and without calls, it is not sent away."""
        options = [
            ("grpc.keepalive_time_ms", 1000),
            ("grpc.keepalive_timeout_ms", 2000),
            ("grpc.keepalive_permit_without_calls", 1),
            ("grpc.http2.max_pings_without_data", 0),
        ]
        async with running() as (servicer, server, target):
            async with grpc.aio.insecure_channel(target, options=options) as channel:
                quiet = channel.unary_stream(PUSH.path)(b"")
                await servicer.started.wait()
                received = server.stats.bytes_received
                await asyncio.sleep(4.5)
                assert server.stats.bytes_received - received >= 3 * 17
                servicer.pushes[0].push(Raw(b"at last"))
                servicer.pushes[0].close()
                assert [answer async for answer in quiet] == [b"at last"]
            assert not server.stats.connections_ended


class TestMemory:
    """--max-request-memory."""

    async def test_over_it_a_request_is_refused_and_may_come_again(self) -> None:
        budget = MemoryBudget(100_000)
        async with running(budget=budget) as (_, server, target), raw_client(target) as client:
            first = client.open(None, end=False)
            client.h2.send_data(first, message(b"x" * 70_000)[:15_000])
            for part in range(15_000, 60_000, 15_000):
                client.h2.send_data(first, message(b"x" * 70_000)[part : part + 15_000])
            client.flush()
            await until(lambda: budget.used == 60_000)
            second = client.open(None, end=False)
            for _ in range(0, 60_000, 15_000):
                client.h2.send_data(second, message(b"x" * 60_000)[:15_000])
            client.flush()
            stream = await client.finished(second)
            code, text = refusal(stream)
            assert code == str(int(Code.RESOURCE_EXHAUSTED))
            assert "--max-request-memory" in text
            details = unpack_details(decode_binary("x", stream.headers["grpc-status-details-bin"]))
            assert any(isinstance(detail, RetryInfo) for detail in details)
            assert server.stats.calls_refused == {"max_request_memory": 1}
            assert budget.used == 60_000
            client.h2.send_data(first, message(b"x" * 70_000)[60_000:], end_stream=True)
            client.flush()
            assert len((await client.finished(first)).data) == 70_005
            assert budget.used == 0

    @pytest.mark.parametrize("end", ["reset", "hang up", "deadline", "too long", "broken"])
    async def test_it_is_given_back_at_every_end(self, end: str) -> None:
        budget = MemoryBudget(1 << 20)
        async with running(budget=budget) as (_, server, target):
            async with raw_client(target) as client:
                timeout = {"grpc_timeout": "200m"} if end == "deadline" else {}
                stream_id = client.open(None, end=False, **timeout)
                client.h2.send_data(stream_id, message(b"x" * 30_000)[:10_000])
                client.flush()
                await until(lambda: budget.used == 10_000)
                if end == "reset":
                    client.h2.reset_stream(stream_id)
                elif end == "too long":
                    client.h2.send_data(stream_id, b"x" * 15_000)
                    client.h2.send_data(stream_id, b"x" * 10_000)
                elif end == "broken":
                    client.h2.end_stream(stream_id)
                client.flush()
                if end in ("deadline", "too long", "broken"):
                    await client.finished(stream_id)
            await until(lambda: remains(server)["connections"] == 0)
            assert budget.used == 0

    async def test_streams_of_requests_count_what_is_not_read(self) -> None:
        class Lazy(WireServicer):
            async def client(self, requests: Any, context: Any) -> Raw:
                await self.ended.wait()
                return Raw(b"%d" % len([request async for request in requests]))

        budget = MemoryBudget(1 << 20)
        async with running(Lazy(), budget=budget) as (servicer, _, target), raw_client(target) as client:
            stream_id = client.open(None, end=False, **{":path": "/test.Wire/Client"})
            for _ in range(10):
                client.h2.send_data(stream_id, message(b"x" * 9_995))
            client.flush()
            await until(lambda: budget.used == 10 * (10_000 + 64))  # A message takes some bytes of its own.
            servicer.ended.set()
            await until(lambda: budget.used == 0)
            client.h2.end_stream(stream_id)
            client.flush()
            assert (await client.finished(stream_id)).data == message(b"10")

    def test_a_budget_gives_no_more_than_it_has(self) -> None:
        budget = MemoryBudget(10)
        assert budget.take(6)
        assert not budget.take(5)
        assert budget.take(4)
        budget.give_back(6)
        assert budget.used == 4


async def test_errors_of_sizes_name_their_flag() -> None:
    async with running(limits=Limits(max_message_size=100)) as (_, _, target), raw_client(target) as client:
        request = await client.finished(client.open(b"x" * 101))
        answer = await client.finished(client.open(b"size:200"))
        for stream in (request, answer):
            assert refusal(stream)[0] == str(int(Code.RESOURCE_EXHAUSTED))
            assert "--grpc-max-message-size" in refusal(stream)[1]


async def test_counts() -> None:
    async with running() as (_, server, target):
        async with raw_client(target) as client:
            await client.finished(client.open(b"hello"))
            await client.finished(client.open(b"hello", **{":path": "/test.Wire/None"}))
            client.h2.reset_stream(client.open(b"sleep:"))
            client.flush()
            await until(lambda: server.stats.resets_received == 1)
            stats = server.stats
            assert (stats.connections, stats.connections_open, stats.streams_open) == (1, 1, 0)
            assert stats.calls == 2
            assert stats.calls_refused == {"no_call": 1}
            assert stats.bytes_received > 200
            assert stats.bytes_sent > 150
        await until(lambda: server.stats.connections_open == 0)

"""Floods end with the connection that they came on; others notice nothing, and nothing is left of them."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import select
from typing import TYPE_CHECKING, Any

import pytest
from h2.errors import ErrorCodes
from hyperframe.frame import DataFrame, RstStreamFrame
from tokenwire.grpc.session import WireSession
from tokenwire.limits import Limits

from .flood import FLOODS, attacker, call, each, head, remains, reset, window
from .raw_client import message, raw_client
from .wire_service import Raw, WireServicer, running, until

if TYPE_CHECKING:
    from tokenwire.grpc.server import Server

NOTHING = {"connections": 0, "open": 0, "streams": 0, "memory": 0, "turns": 0}


def sessions() -> list[WireSession]:
    """Those that still exist."""
    gc.collect()
    return [thing for thing in gc.get_objects() if issubclass(type(thing), WireSession)]


class CountingServicer(WireServicer):
    """Knows how many of its handlers run."""

    def __init__(self) -> None:
        super().__init__()
        self.running = 0

    async def unary(self, request: Raw, context: Any) -> Raw:
        self.running += 1
        try:
            return await super().unary(request, context)
        finally:
            self.running -= 1


@pytest.mark.parametrize("name", FLOODS)
async def test_a_flood_ends_with_its_connection(name: str) -> None:
    data, reason = FLOODS[name]
    servicer = CountingServicer()
    tasks = len(asyncio.all_tasks())
    async with running(servicer) as (_, server, target):
        async with raw_client(target) as other, attacker(target) as one:
            writing = asyncio.create_task(one.write(data))
            for _ in range(3):
                assert (await other.finished(other.open(b"hello"))).status == "0"
            async with asyncio.timeout(60):
                await writing
                await until(lambda: one.closed)
            assert (await other.finished(other.open(b"after"))).status == "0"
            assert [frame.error_code for frame in one.goaways][-1:] == [ErrorCodes.ENHANCE_YOUR_CALM]
            assert reason in one.goaways[-1].additional_data.decode()
        await until(lambda: remains(server) == NOTHING)
        await until(lambda: servicer.running == 0)
        assert all(stream.closed for stream in servicer.pushes)
    await until(lambda: len(asyncio.all_tasks()) == tasks)
    await until(lambda: not sessions())


async def test_what_comes_after_the_budget_is_not_looked_at() -> None:
    data, _ = FLOODS["rapid reset"]
    servicer = WireServicer()
    async with running(servicer) as (_, server, target), attacker(target) as one:
        await one.write(data)
        await until(lambda: one.closed)
        assert server.stats.calls < 1500
        assert server.stats.resets_received < 1500
        assert server.stats.connections_ended["flood"] == 1


async def test_floods_on_many_connections_end_with_them() -> None:
    """None lives on the time in which it waits for the others; what it sent on is left in its socket."""
    data, _ = FLOODS["rapid reset"]
    async with running() as (_, server, target), contextlib.AsyncExitStack() as stack:
        many = [await stack.enter_async_context(attacker(target)) for _ in range(10)]
        await until(lambda: len(server._connections) == 10)
        protocols = [one._protocol for one in server._connections if one._protocol is not None]
        most = 0
        writing = asyncio.gather(*(one.write(data * 4) for one in many))
        async with asyncio.timeout(60):
            while server._connections:
                most = max(most, *(len(protocol._backlog) for protocol in protocols))
                await asyncio.sleep(0)
        await writing
        assert server.stats.connections_ended["flood"] == 10
        assert server.stats.resets_received < 10 * 700
        assert 0 < most < 1 << 20
        assert [len(protocol._backlog) for protocol in protocols] == [0] * 10


@pytest.mark.skipif(not hasattr(select, "POLLRDHUP"), reason="only Linux tells of it")
async def test_frames_of_a_peer_that_hung_up_are_not_looked_at() -> None:
    """It is noticed though nothing is read from the peer while its frames wait for their turns."""
    async with running() as (_, server, target):
        server._turns.scheduled = True
        async with attacker(target) as one:
            await until(lambda: len(server._connections) == 1)
            (protocol,) = [each._protocol for each in server._connections]
            assert protocol is not None
            await one.write(FLOODS["rapid reset"][0][:100_000])
            await until(lambda: len(protocol._backlog) > 1000)
            protocol.hold_off()
            assert not protocol._transport.hung_up()
        await until(protocol._transport.hung_up)
        assert not protocol.work_off()
        server._turns._run()
        await until(lambda: remains(server) == NOTHING)
        assert server.stats.calls < 100


async def test_a_client_may_cancel_all_its_calls_at_once() -> None:
    async with running() as (servicer, server, target), raw_client(target) as client:
        for _ in range(10):
            for stream_id in [client.open(b"hello") for _ in range(90)]:
                await client.finished(stream_id)
        for _ in range(2):
            ids = [client.open(b"", **{":path": "/test.Wire/Push"}) for _ in range(500)]
            await until(lambda: server.stats.streams_open == 500)
            for stream_id in ids:
                client.h2.reset_stream(stream_id, error_code=8)
            client.flush()
            await until(lambda: server.stats.streams_open == 0)
        assert (await client.finished(client.open(b"hello"))).status == "0"
        assert servicer.cancelled == 1000


async def test_a_client_that_gets_answers_may_cancel_as_it_likes() -> None:
    """Each call that ends makes up for one that is cancelled."""
    async with running() as (_, server, target), raw_client(target) as client:
        for _ in range(100):
            done = [client.open(b"hello") for _ in range(20)]
            for stream_id in [client.open(b"sleep:") for _ in range(20)]:
                client.h2.reset_stream(stream_id, error_code=8)
            client.flush()
            for stream_id in done:
                assert (await client.finished(stream_id)).status == "0"
        assert server.stats.resets_received == 2000
        assert client.goaway is None


async def test_a_window_update_for_each_message_is_no_flood() -> None:
    """Many clients open both windows anew for each DATA frame, and some read a hundred at once."""
    async with running() as (servicer, server, target), attacker(target) as one:
        await one.write(call(1, "Push"))
        await servicer.started.wait()
        for _ in range(300):
            for _ in range(100):
                servicer.pushes[0].push(Raw(b"token"))
            await asyncio.sleep(0)
            await one.write((window(1, 10) + window(0, 10)) * 100)
        servicer.pushes[0].close()
        await until(lambda: server.stats.streams_open == 0)
        assert not one.goaways


async def test_pings_after_data_are_no_flood() -> None:
    """So clients measure their bandwidth: a ping after data, the next after the answer and more data."""
    async with running() as (servicer, _, target), raw_client(target) as client:
        stream_id = client.open(b"", **{":path": "/test.Wire/Push"})
        await servicer.started.wait()
        stream = client.streams[stream_id]
        for number in range(300):
            servicer.pushes[0].push(Raw(b"token"))
            await client.until(lambda number=number: len(stream.frames) > number)
            client.h2.ping(b"bandwdth")
            client.flush()
        servicer.pushes[0].close()
        assert (await client.finished(stream_id)).status == "0"
        assert client.goaway is None


async def test_data_in_flight_on_a_refused_stream_is_acknowledged() -> None:
    """A connection whose streams are refused with data under way keeps its window."""
    limits = Limits(max_streams=1)
    data = b"x" * 16_000
    async with running(limits=limits) as (_, server, target), attacker(target) as one:
        await one.write(call(1, "Unary", b"sleep:"))
        await one.write(each(100, lambda i: head(i + 2) + DataFrame(i + 2, data).serialize()))
        await until(lambda: server.stats.resets_sent == 100)
        await until(lambda: unacknowledged(server) == len(message(b"sleep:")))
        assert not one.goaways


def unacknowledged(server: Server) -> int:
    """Bytes that came on the only connection and that the client will not get back."""
    (connection,) = server._connections
    assert connection._protocol is not None
    manager = connection._protocol.connection.session._inbound_flow_control_window_manager
    return manager.max_window_size - manager.current_window_size - manager._bytes_processed


async def test_data_after_an_early_answer_is_acknowledged() -> None:
    limits = Limits(max_message_size=1000)
    async with running(limits=limits) as (_, server, target), attacker(target) as one:
        too_long = message(b"x" * 5000)[:5]
        await one.write(head(1) + DataFrame(1, too_long).serialize())
        await until(lambda: server.stats.calls == 1 and server.stats.streams_open == 0)
        frame = DataFrame(1, b"x" * 16_000).serialize()
        before = server.stats.bytes_received
        await one.write(frame * 60)
        await until(lambda: server.stats.bytes_received - before == len(frame) * 60)
        await until(lambda: unacknowledged(server) == 0)
        assert not one.goaways


async def test_half_a_frame_and_silence_costs_a_socket_only() -> None:
    async with running() as (_, server, target), attacker(target) as one:
        await one.write(head(1)[:20])
        await until(lambda: server.stats.connections_open == 1)
        async with raw_client(target) as other:
            assert (await other.finished(other.open(b"hello"))).status == "0"
        assert server.stats.streams_open == 0


async def test_resets_of_streams_that_never_were_are_counted() -> None:
    async with running() as (_, server, target), attacker(target) as one:
        await one.write(call(1, "Unary") + reset(1))
        await one.write(each(5000, lambda i: RstStreamFrame(1, error_code=8).serialize()))
        await until(lambda: one.closed)
        assert one.goaways[-1].error_code == ErrorCodes.ENHANCE_YOUR_CALM
        assert server.stats.connections_ended == {"flood": 1}

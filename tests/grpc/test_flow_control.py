"""Closed windows, slow readers and turns between streams."""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from tokenwire.limits import Limits

from .raw_client import RawStream, message, raw_client
from .wire_service import Raw, running, until

if TYPE_CHECKING:
    import pytest


def bodies(data: bytes) -> list[bytes]:
    """The messages in the data of a stream."""
    found = []
    while data:
        size = struct.unpack(">I", data[1:5])[0]
        found.append(data[5 : 5 + size])
        data = data[5 + size :]
    return found


async def test_pushed_messages_merge_while_the_window_is_closed() -> None:
    async with running() as (servicer, _, target), raw_client(target, window=100) as client:
        client.acknowledge = False
        stream_id = client.open(**{":path": "/test.Wire/Push"})
        stream = client.streams[stream_id]
        await servicer.started.wait()
        push = servicer.pushes[0]
        parts = [b"%05d," % index for index in range(10000)]
        for part in parts:
            push.push(Raw(part))
        push.close()
        await client.until(lambda: len(stream.data) == 100)
        client.h2.increment_flow_control_window(1 << 20, stream_id)
        client.h2.increment_flow_control_window(1 << 20)
        client.flush()
        await client.finished(stream_id)
        received = bodies(stream.data)
        assert b"".join(received) == b"".join(parts)
        assert len(received) < 20
        assert stream.status == "0"


async def test_what_cannot_be_merged_keeps_its_order() -> None:
    async with running() as (servicer, _, target), raw_client(target, window=0) as client:
        servicer.merge = lambda a, b: None
        stream_id = client.open(**{":path": "/test.Wire/Push"})
        await servicer.started.wait()
        for index in range(50):
            servicer.pushes[0].push(Raw(b"%d" % index))
        servicer.pushes[0].close()
        client.h2.increment_flow_control_window(1000, stream_id)
        client.flush()
        stream = await client.finished(stream_id)
        assert bodies(stream.data) == [b"%d" % index for index in range(50)]


async def test_an_iterator_waits_for_a_slow_reader() -> None:
    async with running() as (servicer, _, target), raw_client(target, window=65535) as client:
        client.acknowledge = False
        stream_id = client.open(b"1000x1000", **{":path": "/test.Wire/Server"})
        stream = client.streams[stream_id]
        await client.until(lambda: len(stream.data) == 65535)
        await asyncio.sleep(0.05)
        assert servicer.sent < 100
        client.acknowledge = True
        client.h2.increment_flow_control_window(1 << 21, stream_id)
        client.h2.increment_flow_control_window(1 << 21)
        client.flush()
        await client.finished(stream_id)
        assert len(bodies(stream.data)) == 1000


async def test_a_stalled_stream_does_not_stall_others() -> None:
    async with running() as (_, _, target), raw_client(target, window=1000) as client:
        client.acknowledge = False
        stalled = client.open(b"size:50000")
        await client.until(lambda: len(client.streams[stalled].data) == 1000)
        for _ in range(20):
            assert (await client.finished(client.open(b"hello"))).data == message(b"hello")
        client.h2.reset_stream(stalled)
        client.flush()
        assert (await client.finished(client.open(b"hello"))).status == "0"


async def test_streams_share_the_connection_window_in_turns() -> None:
    async with running() as (_, _, target), raw_client(target, window=1 << 24) as client:
        client.acknowledge = False
        ids = [client.open(b"size:1000000") for _ in range(4)]
        streams = [client.streams[stream_id] for stream_id in ids]
        await client.until(lambda: sum(len(stream.data) for stream in streams) == 65535)
        client.h2.increment_flow_control_window(400_000)
        client.flush()
        await client.until(lambda: sum(len(stream.data) for stream in streams) == 465_535)
        shares = sorted(len(stream.data) for stream in streams)
        assert shares[0] > 65_000
        client.acknowledge = True
        client.h2.increment_flow_control_window(1 << 24)
        client.flush()
        for stream_id in ids:
            assert len((await client.finished(stream_id)).data) == 1_000_005


async def test_a_deadline_ends_a_stalled_stream() -> None:
    async with running() as (servicer, _, target), raw_client(target, window=10) as client:
        stalled = client.open(b"1000x1000", grpc_timeout="100m", **{":path": "/test.Wire/Server"})
        stream = await client.finished(stalled)
        assert stream.status == "4"
        await servicer.ended.wait()


async def test_a_reader_of_nothing_holds_little_memory() -> None:
    """A client that stops reading its socket is written to until the buffers are full, no further."""
    async with running() as (servicer, _, target):
        servicer.merge = lambda _, newer: newer
        host, _, port = target.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
        h2 = H2Connection(H2Configuration())
        h2.local_settings.initial_window_size = (1 << 31) - 1
        h2.local_settings.acknowledge()
        h2.initiate_connection()
        h2.increment_flow_control_window((1 << 31) - 1 - 65535)
        h2.send_headers(
            1,
            [
                (":method", "POST"),
                (":scheme", "http"),
                (":path", "/test.Wire/Push"),
                (":authority", "a"),
                ("te", "trailers"),
                ("content-type", "application/grpc"),
            ],
        )
        h2.send_data(1, message(b""), end_stream=True)
        writer.write(h2.data_to_send())
        await servicer.started.wait()
        push = servicer.pushes[0]
        for index in range(3000):
            push.push(Raw(b"%08d" % index + b"x" * 10_000))
            if index % 100 == 0:
                await asyncio.sleep(0)
        push.close()
        data = b""
        while b"00002999" not in data[-20_000:]:
            data += await asyncio.wait_for(reader.read(65536), 10)
        assert len(data) < 20_000_000
        writer.close()


async def test_windows_stay_those_of_h2() -> None:
    """After any number of messages past h2, the windows of both ends agree."""
    async with running() as (servicer, server, target), raw_client(target) as client:
        client.acknowledge = False
        stream_id = client.open(**{":path": "/test.Wire/Push"})
        stream: RawStream = client.streams[stream_id]
        await servicer.started.wait()
        for index in range(100):
            servicer.pushes[0].push(Raw(b"x" * index))
        size = sum(index + 5 for index in range(100))
        await client.until(lambda: len(stream.data) == size)
        (connection,) = server._connections
        h2 = connection._protocol.connection._connection
        assert h2.outbound_flow_control_window == client.h2.remote_flow_control_window(stream_id)
        assert h2.streams[stream_id].outbound_flow_control_window == 65535 - size
        assert h2.outbound_flow_control_window == 65535 - size


async def test_a_call_whose_client_never_reads_is_reset_in_the_end() -> None:
    limits = Limits(stall_timeout=0.1)
    async with running(limits=limits) as (servicer, _, target), raw_client(target, window=10) as client:
        client.acknowledge = False
        stalled = client.open(b"1000x1000", **{":path": "/test.Wire/Server"})
        slow = client.open(b"30x10", **{":path": "/test.Wire/Server"})
        while not client.streams[slow].done:
            client.h2.increment_flow_control_window(30, slow)
            client.flush()
            await asyncio.sleep(0.02)
        assert client.streams[slow].status == "0"
        assert (await client.finished(stalled)).reset == ErrorCodes.CANCEL
        await servicer.ended.wait()
        assert (await client.finished(client.open(b""))).status == "0"


async def test_a_rule_broken_while_much_is_written_ends_the_calls(caplog: pytest.LogCaptureFixture) -> None:
    """Windows that open fill the transport; a stream that waits for it sends nothing after the GOAWAY."""
    async with running() as (servicer, server, target), raw_client(target, window=100) as client:
        client.acknowledge = False
        stream_id = client.open(b"2x300000", **{":path": "/test.Wire/Server"})
        stream = client.streams[stream_id]
        await client.until(lambda: len(stream.data) == 100)
        client.h2.increment_flow_control_window(1 << 20, stream_id)
        client.h2.increment_flow_control_window(1 << 20)
        client.raw(client.h2.data_to_send() + b"\0\0\1\6\0\0\0\0\0x")
        await asyncio.wait_for(servicer.ended.wait(), 10)
        await until(lambda: not server._connections)
    assert caplog.messages == []

"""What the server makes of requests, right and wrong, frame by frame."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING, Any

import pytest
from grpclib.config import Configuration
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from tokenwire.client import Client
from tokenwire.grpc import connection as connection_module
from tokenwire.grpc import protocol
from tokenwire.grpc.protocol import WireHandler, WireProtocol
from tokenwire.grpc.server import Server
from tokenwire.limits import Limits
from tokenwire.testing import memory_pair

from .raw_client import message, raw_client
from .wire_service import PUSH, UNARY, Raw, WireServicer, running, until

if TYPE_CHECKING:
    from tokenwire.context import Context
    from tokenwire.streams import PushStream

_NO_KEEPALIVE = Configuration(_keepalive_time=1000.0).__for_client__()


class Deaf(WireHandler):
    """A client's end that is called by nobody."""

    def accept(self, stream: Any, headers: Any, release_stream: Any) -> None:
        """Unused."""

    def close(self) -> None:
        """Unused."""


@pytest.mark.parametrize(
    ("headers", "http", "status"),
    [
        ({":method": "GET"}, "405", None),
        ({"content_type": None}, "415", None),
        ({"content_type": "application/json"}, "415", None),
        ({"content_type": "application/grpc+json"}, "200", "12"),
        ({"content_type": "application/grpc;charset=utf8"}, "200", "0"),
        ({"content_type": "application/grpc+proto"}, "200", "0"),
        ({":path": "/test.Wire/None"}, "200", "12"),
        ({":path": "nonsense"}, "200", "12"),
        ({"te": None}, "200", "0"),
        ({"grpc_timeout": "1x"}, "200", "3"),
        ({"grpc_timeout": "123456789S"}, "200", "3"),
        ({"grpc_timeout": "0n"}, "200", "4"),
        ({"x_bad_bin": "%%%"}, "200", "3"),
        ({"grpc_encoding": "snappy"}, "200", "12"),
        ({"grpc_encoding": "identity"}, "200", "0"),
    ],
)
async def test_request_headers(headers: dict[str, Any], http: str, status: str | None) -> None:
    async with running() as (_, _, target), raw_client(target) as client:
        stream = await client.finished(client.open(b"hello", **headers))
        assert (stream.headers[":status"], stream.status) == (http, status)
        assert stream.reset is None
        after = await client.finished(client.open(b"after"))
        assert after.data == message(b"after")


@pytest.mark.parametrize(
    "headers",
    [
        {"x-bad": "a\r\nb: c"},
        {"X-Upper": "a"},
        {"connection": "close"},
        {"x-nul": "\0"},
        {"": "a"},
        {":path": None},
        {"te": "gzip"},
    ],
)
async def test_malformed_fields_reset_the_stream_only(headers: dict[str, str]) -> None:
    async with running() as (_, _, target), raw_client(target) as client:
        stream = await client.finished(client.open(b"hello", **headers))
        assert stream.reset == ErrorCodes.PROTOCOL_ERROR
        assert (await client.finished(client.open(b"after"))).status == "0"


async def test_non_ascii_field_values_do_no_harm() -> None:
    async with running() as (servicer, _, target), raw_client(target) as client:
        assert (await client.finished(client.open(b"a", x_text="é"))).status == "0"
        assert servicer.contexts[0].metadata["x-text"] == "Ã©"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (message(b"\xff"), "3"),
        (message(b"abc")[:-1], "3"),
        (b"\x00\x00", "3"),
        (b"", "12"),
        (message(b"a") * 2, "12"),
        (message(b"a", flag=1), "13"),
        (message(b"a", flag=7), "13"),
        (message(b"a" * 101), "8"),
        (message(b"a" * 100), "0"),
    ],
)
async def test_request_data(data: bytes, status: str) -> None:
    async with running(limits=Limits(max_message_size=100)) as (_, _, target), raw_client(target) as client:
        stream_id = client.open(None, end=False)
        client.h2.send_data(stream_id, data, end_stream=True)
        client.flush()
        stream = await client.finished(stream_id)
        assert stream.status == status
        assert stream.reset is None
        assert (await client.finished(client.open(b"after"))).status == "0"


async def test_a_message_over_the_limit_is_refused_at_its_prefix() -> None:
    async with running(limits=Limits(max_message_size=1000)) as (_, _, target), raw_client(target) as client:
        stream_id = client.open(None, end=False)
        client.h2.send_data(stream_id, struct.pack(">BI", 0, 1001))
        client.flush()
        stream = await client.finished(stream_id)
        assert stream.status == "8"
        assert "1001" in stream.headers["grpc-message"]
        client.h2.send_data(stream_id, b"x" * 100, end_stream=True)
        client.flush()
        assert (await client.finished(client.open(b"after"))).status == "0"
        assert stream.reset is None


async def test_an_upload_that_goes_on_after_its_status_is_reset() -> None:
    async with running(limits=Limits(max_message_size=10)) as (_, _, target), raw_client(target) as client:
        stream_id = client.open(None, end=False)
        client.h2.send_data(stream_id, message(b"x" * 20))
        client.flush()
        stream = await client.finished(stream_id)
        await client.until(lambda: stream.reset is not None)
        assert stream.reset == ErrorCodes.NO_ERROR


async def test_a_message_in_many_small_frames() -> None:
    async with running() as (_, _, target), raw_client(target) as client:
        stream_id = client.open(None, end=False)
        data = message(b"in pieces")
        for index in range(len(data)):
            client.h2.send_data(stream_id, data[index : index + 1])
            client.flush()
        client.h2.end_stream(stream_id)
        client.flush()
        assert (await client.finished(stream_id)).data == message(b"in pieces")


async def test_streams_over_the_limit_are_refused_without_harm() -> None:
    async with running(limits=Limits(max_streams=3)) as (servicer, _, target), raw_client(target) as client:
        assert client.settings[3] == 3
        client.h2.remote_settings.max_concurrent_streams = 100
        client.h2.remote_settings.acknowledge()
        ids = [client.open(b"sleep") for _ in range(5)]
        refused = [await client.finished(stream_id) for stream_id in ids[3:]]
        assert [stream.reset for stream in refused] == [ErrorCodes.REFUSED_STREAM] * 2
        client.h2.reset_stream(ids[0])
        client.flush()
        await servicer.ended.wait()
        assert (await client.finished(client.open(b"after"))).status == "0"


async def test_unknown_frames_and_priorities_are_ignored() -> None:
    async with running() as (_, _, target), raw_client(target) as client:
        client.raw(b"\x00\x00\x04\xee\x00\x00\x00\x00\x00abcd")
        client.raw(b"\x00\x00\x05\x02\x00\x00\x00\x00\x63\x00\x00\x00\x00\x10")
        client.raw(b"\x00\x00\x04\x10\x00\x00\x00\x00\x00\x00\x00\x00\x01")
        client.h2.ping(b"12345678")
        assert (await client.finished(client.open(b"after"))).status == "0"


async def test_a_protocol_error_closes_the_connection_with_goaway() -> None:
    async with running() as (servicer, _, target), raw_client(target) as client:
        client.open(b"sleep")
        await servicer.started.wait()
        client.raw(b"\x00\x00\x03\x06\x00\x00\x00\x00\x00abc")
        await client.until(lambda: client.closed)
        assert client.goaway is not None
        await servicer.ended.wait()
        assert servicer.cancelled == 1


async def test_garbage_instead_of_a_preface_closes_the_connection() -> None:
    async with running() as (_, _, target):
        host, _, port = target.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n" + b"x" * 100)
        async with asyncio.timeout(10):
            await reader.read()
        writer.close()


async def test_rapid_resets_leave_the_server_well() -> None:
    async with running() as (_, _, target), raw_client(target) as attacker, raw_client(target) as other:
        for _ in range(300):
            attacker.h2.reset_stream(attacker.open(None, end=False))
        attacker.flush()
        assert (await other.finished(other.open(b"after"))).status == "0"
        assert (await attacker.finished(attacker.open(b"after"))).status == "0"


async def test_a_flood_is_worked_off_in_turns() -> None:
    """Reading stops while a flood is worked off, and others are answered meanwhile."""
    async with running() as (_, _, target), raw_client(target) as attacker, raw_client(target) as other:
        pings = b"\x00\x00\x08\x06\x00\x00\x00\x00\x0012345678"
        attacker.raw(pings * 20000)
        assert (await other.finished(other.open(b"after"))).status == "0"
        await attacker.until(lambda: attacker.closed)
        assert attacker.goaway is not None
        assert attacker.goaway.error_code == ErrorCodes.ENHANCE_YOUR_CALM
        assert attacker.goaway.additional_data == b"too_many_pings"


async def test_a_connection_without_a_preface_is_closed() -> None:
    async with running(limits=Limits(handshake_timeout=0.1)) as (_, _, target):
        host, _, port = target.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"PRI * HTTP/2.0\r\n")
        async with asyncio.timeout(10):
            await reader.read()
        writer.close()
        async with raw_client(target) as client:
            await asyncio.sleep(0.2)
            assert (await client.finished(client.open(b"hello"))).status == "0"


async def test_bugs_in_a_codec_end_their_call_only(caplog: pytest.LogCaptureFixture) -> None:
    def broken(data: bytes) -> Raw:
        raise ZeroDivisionError("secret")

    async with running() as (_, _, target), raw_client(target) as client:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Raw, "parse", broken)
            unary = await client.finished(client.open(b"hello"))
            stream = await client.finished(client.open(b"hello", **{":path": "/test.Wire/Bidi"}))
        assert (unary.status, stream.status) == ("13", "13")
        assert "secret" not in str(unary.headers) + str(stream.headers)
        assert "ZeroDivisionError: secret" in caplog.text
        assert (await client.finished(client.open(b"after"))).status == "0"


@pytest.mark.parametrize("where", ["initial_metadata", "trailing_metadata"])
async def test_metadata_that_cannot_be_sent(where: str, caplog: pytest.LogCaptureFixture) -> None:
    servicer = WireServicer()

    def spoil(stream: PushStream[Raw], request: Raw) -> None:
        getattr(servicer.contexts[-1], where)["Bad Name"] = "x"
        stream.close()

    servicer.on_push = spoil
    async with running(servicer) as (_, _, target), raw_client(target) as client:
        stream = await client.finished(client.open(b"", **{":path": "/test.Wire/Push"}))
        assert stream.status == ("13" if where == "initial_metadata" else "0")
        assert "Bad Name" in caplog.text


async def test_a_handler_that_cancels_itself() -> None:
    class Cancels(WireServicer):
        async def unary(self, request: Raw, context: Any) -> Raw:
            raise asyncio.CancelledError

    async with running(Cancels()) as (_, _, target), raw_client(target) as client:
        assert (await client.finished(client.open(b""))).status == "1"


async def test_ipv6() -> None:
    server = Server([WireServicer()], reflection=False)
    try:
        await server.start("::1", 0)
    except OSError:
        pytest.skip("no IPv6 here")
    async with Client(f"[::1]:{server.port}") as client:
        assert (await client._unary(UNARY, Raw(b"hello"))).data == b"hello"
    await server.close()


async def test_more_than_one_request_is_refused_at_once() -> None:
    async with running() as (_, _, target), raw_client(target) as client:
        stream_id = client.open(b"one", end=False)
        client.h2.send_data(stream_id, message(b"two"))
        client.flush()
        stream = await client.finished(stream_id)
        assert stream.status == "12"
        assert stream.headers["grpc-message"] == "the method takes one request message, not more"


async def test_a_handler_that_ignores_its_cancellation_sends_nothing_more() -> None:
    class Stubborn(WireServicer):
        async def unary(self, request: Raw, context: Context) -> Raw:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.ended.set()
            return Raw(b"too late")

    async with running(Stubborn()) as (servicer, server, target), raw_client(target) as client:
        stream_id = client.open(b"", end=False, grpc_timeout="20m")
        client.h2.end_stream(stream_id)
        client.flush()
        stream = await client.finished(stream_id)
        assert (stream.status, stream.data) == ("4", b"")
        await servicer.ended.wait()
        await asyncio.sleep(0)
        (connection,) = server._connections
        assert not connection._protocol.connection._queue


async def test_a_connection_that_opens_during_the_drain_takes_no_calls() -> None:
    async with running() as (servicer, server, target), Client(target) as client:
        busy = client._stream(PUSH, Raw())
        await servicer.started.wait()
        draining = asyncio.create_task(server.drain(10))
        await asyncio.sleep(0)
        late = WireProtocol(Deaf(), _NO_KEEPALIVE, client_side=True)
        memory_pair(late, server.protocol())
        await asyncio.sleep(0.01)
        assert late.connection.leaving
        servicer.pushes[0].close()
        assert [message async for message in busy] == []
        assert await draining


async def test_a_peer_that_floods_and_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "MOST_UNREAD", 1 << 16)
    async with running() as (_, server, target):
        host, _, port = target.rpartition(":")
        with socket.socket() as peer:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            peer.connect((host, int(port)))
            peer.setblocking(False)
            h2 = H2Connection(H2Configuration())
            h2.initiate_connection()
            ping = struct.pack(">HBBBIQ", 0, 8, 6, 0, 0, 1)
            data = h2.data_to_send() + ping * 4000
            loop = asyncio.get_running_loop()
            with pytest.raises(ConnectionError):
                async with asyncio.timeout(20):
                    while True:
                        await loop.sock_sendall(peer, data)
                        data = ping * 4000
            assert not server._connections


async def test_a_peer_that_does_not_read_holds_up_no_close(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "_CLOSE_SECONDS", 0.05)
    async with running() as (servicer, server, target), raw_client(target, window=1 << 30) as client:
        client.h2.increment_flow_control_window(1 << 30)
        client.open(b"", **{":path": "/test.Wire/Push"})
        await servicer.started.wait()
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        servicer.pushes[0].push(Raw(b"x" * 60_000_000))
        (connection,) = server._connections
        transport = connection._protocol._transport._transport
        await until(lambda: transport.get_write_buffer_size() > 0)
        await server.close()
        assert transport.get_write_buffer_size() > 0
        await until(lambda: transport.get_write_buffer_size() == 0)

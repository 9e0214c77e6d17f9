"""The client by itself and with our server: connecting, cancelling, deltas, options."""

from __future__ import annotations

import asyncio
import gc
import ssl
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from tokenwire.client import Client
from tokenwire.codes import Code
from tokenwire.connection_advice import advice
from tokenwire.details import ErrorInfo, error_info
from tokenwire.errors import RpcError
from tokenwire.grpc.client_call import ClientCall
from tokenwire.grpc.server_call import ServerCall
from tokenwire.grpc.stream import WireStream
from tokenwire.grpc.target import Target
from tokenwire.limits import Limits
from tokenwire.method import Deltas, Handler, Method
from tokenwire.testing import connected

from .wire_service import BIDI, CLIENT, PUSH, SERVER, UNARY, Raw, WireServicer, running, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from tokenwire.context import Context
    from tokenwire.streams import PushStream


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("localhost:1", Target("localhost", 1)),
        ("127.0.0.1:65535", Target("127.0.0.1", 65535)),
        ("[::1]:1234", Target("::1", 1234)),
        ("dns:///example.org:443", Target("example.org", 443)),
        ("dns:example.org:443", Target("example.org", 443)),
    ],
)
def test_targets(text: str, target: Target) -> None:
    assert Target.parse(text) == target
    assert Target.parse(str(target)) == target


@pytest.mark.parametrize(
    "text",
    [
        "",
        "localhost",
        ":1",
        "localhost:",
        "localhost:0",
        "localhost:65536",
        "::1:80",
        "http://a:1",
        "dns://8.8.8.8/a:1",
        "a:b",
    ],
)
def test_targets_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="target"):
        Client(text)


@pytest.mark.parametrize(
    "metadata",
    [{"te": "x"}, {"grpc-x": "x"}, {"A": "x"}, {"a b": "x"}, {"a": "x\n"}, {"a": "é"}, {"": "x"}],
)
async def test_metadata_that_cannot_be_sent(metadata: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="metadata"):
        Client("a:1", metadata=metadata)
    async with Client("a:1") as client:
        with pytest.raises(ValueError, match="metadata"):
            await client._unary(UNARY, Raw(), metadata=metadata)


@pytest.mark.parametrize("metadata", [{"a-bin": "text"}, {"a": b"bytes"}])
def test_metadata_of_the_wrong_type(metadata: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="metadata"):
        Client("a:1", metadata=metadata)


async def test_nobody_listens() -> None:
    async with running() as (_, _, target):
        pass
    async with Client(target) as client:
        with pytest.raises(RpcError) as caught:
            await client._unary(UNARY, Raw())
        assert caught.value.code is Code.UNAVAILABLE
        assert target in caught.value.message
        with pytest.raises(RpcError):
            await anext(client._stream(SERVER, Raw()))


async def test_it_connects_again() -> None:
    async with running() as (_, server, target), Client(target) as client:
        assert (await client._unary(UNARY, Raw(b"a"))).data == b"a"
        for connection in list(server._connections):
            connection._protocol.connection.abort()
        await asyncio.sleep(0.01)
        assert (await client._unary(UNARY, Raw(b"b"))).data == b"b"


async def test_a_lost_connection_fails_its_calls() -> None:
    async with running() as (servicer, server, target), Client(target) as client:
        call = asyncio.create_task(client._unary(UNARY, Raw(b"sleep")))
        await servicer.started.wait()
        for connection in list(server._connections):
            connection._protocol.connection.abort()
        with pytest.raises(RpcError) as caught:
            await call
        assert caught.value.code is Code.UNAVAILABLE
        assert target in caught.value.message


@pytest.mark.parametrize("answered", [True, False])
async def test_only_who_was_never_answered_is_told_what_to_do_about_the_connection(answered: bool) -> None:
    async with running() as (servicer, server, target), Client(target) as client:
        if answered:
            await client._unary(UNARY, Raw(b"a"))
            servicer.started.clear()
        call = asyncio.create_task(client._unary(UNARY, Raw(b"sleep")))
        await servicer.started.wait()
        for connection in list(server._connections):
            connection._protocol.connection.abort()
        with pytest.raises(RpcError) as caught:
            await call
        said = caught.value.message
        assert ("after the server had answered on it" in said) is answered
        assert (advice(caught.value, Target.parse(target), secure=True) == "") is answered


async def test_goaway_lets_running_streams_end_and_new_calls_go_to_a_new_connection() -> None:
    async with running() as (servicer, server, target), Client(target) as client:
        stream = client._stream(PUSH, Raw())
        await servicer.started.wait()
        (old,) = server._connections
        old.go_away()
        await asyncio.sleep(0.01)
        assert (await client._unary(UNARY, Raw(b"new"))).data == b"new"
        assert len(server._connections) == 2
        servicer.pushes[0].push(Raw(b"still here"))
        servicer.pushes[0].close()
        assert [message.data async for message in stream] == [b"still here"]
        await asyncio.sleep(0.01)
        assert old not in server._connections


async def test_a_connection_out_of_stream_ids_is_replaced() -> None:
    async with running() as (_, server, target), Client(target) as client:
        assert (await client._unary(UNARY, Raw(b"a"))).data == b"a"
        protocol = client._shared.channel().ready
        assert protocol is not None
        protocol.connection._connection.highest_outbound_stream_id = (1 << 31) - 1
        assert (await client._unary(UNARY, Raw(b"b"))).data == b"b"
        assert len(server._connections) == 2


async def test_a_refused_call_is_tried_once_more() -> None:
    async with running(limits=Limits(max_streams=1)) as (servicer, _, target), Client(target) as one:
        busy = asyncio.create_task(one._unary(UNARY, Raw(b"sleep")))
        await servicer.started.wait()
        waiting = asyncio.create_task(one._unary(UNARY, Raw(b"second")))
        await asyncio.sleep(0.02)
        assert not waiting.done()
        busy.cancel()
        assert (await waiting).data == b"second"


async def test_dropping_a_stream_cancels_it() -> None:
    async with running() as (servicer, _, target), Client(target) as client:
        stream = client._stream(PUSH, Raw())
        await servicer.started.wait()
        del stream
        await asyncio.wait_for(servicer.ended.wait(), 10)
        assert servicer.cancelled == 1


@pytest.mark.parametrize("leave", ["break", "raise", "with", "cancel", "aclose", "task"])
async def test_ways_to_leave_a_stream(leave: str) -> None:
    async with running() as (servicer, _, target), Client(target) as client:
        servicer.on_push = lambda stream, _: stream.push(Raw(b"first"))

        async def read() -> None:
            if leave == "with":
                async with client._stream(PUSH, Raw()) as opened:
                    await anext(opened)
                return
            if leave in ("cancel", "aclose"):
                stream = client._stream(PUSH, Raw())
                await anext(stream)
                if leave == "cancel":
                    stream.cancel()
                else:
                    await stream.aclose()
                with pytest.raises(StopAsyncIteration):
                    await anext(stream)
                return
            async for _ in client._stream(PUSH, Raw()):
                if leave == "break":
                    break
                if leave == "raise":
                    raise LookupError

        task = asyncio.create_task(read())
        if leave == "task":
            await servicer.started.wait()
            await asyncio.sleep(0.01)
            task.cancel()
        await asyncio.wait([task])
        if leave == "raise":
            assert isinstance(task.exception(), LookupError)
        del task
        gc.collect()
        await asyncio.wait_for(servicer.ended.wait(), 10)
        assert servicer.cancelled == 1


async def test_the_call_begins_when_it_is_made() -> None:
    async with running() as (servicer, _, target), Client(target) as client:
        stream = client._stream(PUSH, Raw())
        await asyncio.wait_for(servicer.started.wait(), 10)
        stream.cancel()


async def test_a_failing_request_stream_fails_the_call_with_its_own_error() -> None:
    async def requests() -> AsyncIterator[Raw]:
        yield Raw(b"a")
        await servicer.started.wait()
        raise LookupError("mine")

    async with running() as (servicer, _, target), Client(target) as client:
        with pytest.raises(LookupError, match="mine"):
            await client._client_stream(CLIENT, requests())
        await asyncio.wait_for(servicer.ended.wait(), 10)
        assert servicer.cancelled == 1


async def test_a_server_that_ends_early_stops_the_request_stream() -> None:
    ended = asyncio.Event()

    async def requests() -> AsyncIterator[Raw]:
        try:
            yield Raw(b"\xff")
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with running() as (_, _, target), Client(target) as client:
        with pytest.raises(RpcError) as caught:
            await client._client_stream(CLIENT, requests())
        assert caught.value.code is Code.INVALID_ARGUMENT
        await asyncio.wait_for(ended.wait(), 10)


class Grown:
    """A message of three fields: text, numbers, and a map of JSON."""

    def __init__(
        self, text: str = "", ids: list[int] | None = None, info: dict[str, str] | None = None
    ) -> None:
        self.text, self.ids, self.info = text, ids or [], info or {}

    def __bytes__(self) -> bytes:
        return repr((self.text, self.ids, self.info)).encode()

    @classmethod
    def parse(cls, data: bytes) -> Grown:
        return cls(*eval(data))

    @property
    def all(self) -> tuple[str, list[int], dict[str, str]]:
        return self.text, self.ids, self.info


GROWS = Method(
    path="/test.Grow/Grow",
    request=Raw,  # type: ignore[type-var]
    response=Grown,  # type: ignore[type-var]
    server_streaming=True,
    deltas=Deltas(fields=("text", "ids"), keys={"info": ("log",)}, sequence=("info", "index")),
)


class GrowServicer:
    def __init__(self, announce: str | None, messages: list[Grown]) -> None:
        self.announce, self.messages = announce, messages
        self.asked: Any = None

    def __handlers__(self) -> tuple[Handler, ...]:
        return (Handler(GROWS, self.grow),)

    async def grow(self, request: Raw, context: Context) -> AsyncIterator[Grown]:
        self.asked = context.metadata.get("x-tokenwire-stream")
        if self.announce is not None:
            context.initial_metadata["x-tokenwire-stream"] = self.announce
        for message in self.messages:
            yield message


CUMULATIVE: list[Callable[[], Grown]] = [
    lambda: Grown("Hel", [1], {"index": "0", "log": "[1.5]"}),
    lambda: Grown("Bon", [7], {"index": "1"}),
    lambda: Grown("Hello", [1, 2], {"index": "0", "log": '[1.5, [2, ", "]]'}),
    lambda: Grown("Bonjour", [7, 8], {"index": "1", "log": "[]"}),
    lambda: Grown("Hello", [1, 2], {"index": "0", "log": '[1.5, [2, ", "]]', "end": "1"}),
]
DELTAS = [
    ("Hel", [1], {"index": "0", "log": "[1.5]"}),
    ("Bon", [7], {"index": "1"}),
    ("lo", [2], {"index": "0", "log": '[[2, ", "]]'}),
    ("jour", [8], {"index": "1", "log": "[]"}),
    ("", [], {"index": "0", "log": "[]", "end": "1"}),
]


@pytest.mark.parametrize(
    ("announce", "asks", "changed"),
    [
        (None, None, True),
        ("cumulative", None, True),
        ("delta", None, False),
        (None, "cumulative", False),
        (None, "delta", True),
    ],
)
async def test_deltas_of_a_cumulative_server(announce: str | None, asks: str | None, changed: bool) -> None:
    servicer = GrowServicer(announce, [make() for make in CUMULATIVE])
    async with connected(Client, servicer, reflection=False) as client:
        metadata = {"x-tokenwire-stream": asks} if asks else None
        messages = [message async for message in client._stream(GROWS, Raw(), metadata=metadata)]  # type: ignore[type-var]
        assert servicer.asked == (asks or "delta")
        assert [m.all for m in messages] == (DELTAS if changed else [make().all for make in CUMULATIVE])  # type: ignore[attr-defined]


async def test_messages_that_make_no_deltas_fail_their_call_and_no_other() -> None:
    servicer = GrowServicer(None, [Grown("a"), Grown("ab", info={"index": ["unhashable"]})])  # type: ignore[dict-item]
    async with connected(Client, servicer, WireServicer(), reflection=False) as client:
        other = client._stream(PUSH, Raw())
        with pytest.raises(TypeError):
            [message async for message in client._stream(GROWS, Raw())]  # type: ignore[type-var]
        assert (await client._unary(UNARY, Raw(b"fine"))).data == b"fine"
        assert not other._call.ended


async def test_a_call_that_has_ended_leaves_nothing_to_collect() -> None:
    async with running() as (servicer, _, target), Client(target) as client:
        gc.collect()
        kinds = (ServerCall, ClientCall, WireStream)
        others = [kept for kept in gc.get_objects() if issubclass(type(kept), kinds)]
        gc.disable()
        try:
            for _ in range(3):
                await client._unary(UNARY, Raw(b"a"))
                assert len([message async for message in client._stream(SERVER, Raw(b"3"))]) == 3
                async for _ in client._stream(SERVER, Raw(b"")):
                    break
                await asyncio.wait_for(servicer.ended.wait(), 10)
            await asyncio.sleep(0.05)
            kept = [kept for kept in gc.get_objects() if issubclass(type(kept), kinds)]
            assert [call for call in kept if not any(call is other for other in others)] == []
        finally:
            gc.enable()


async def test_in_memory() -> None:
    servicer = WireServicer()
    async with connected(Client, servicer, reflection=False) as client:
        assert (await client._unary(UNARY, Raw(b"hello"))).data == b"hello"
        assert (await client._unary(UNARY, Raw(b"size:3000000"))).data == b"x" * 3_000_000
        stream = client._bidi(BIDI, [Raw(b"a"), Raw(b"b")])
        assert [message.data async for message in stream] == [b"echo a", b"echo b"]
        with pytest.raises(RpcError) as caught:
            await client._unary(UNARY, Raw(b"fail:gone"))
        assert caught.value.code is Code.NOT_FOUND
        assert servicer.contexts[0].peer == ""


async def test_details_travel() -> None:
    def fail(stream: PushStream[Raw], request: Raw) -> None:
        stream.push(Raw(b"one"))
        stream.close(error_info(Code.RESOURCE_EXHAUSTED, "full", reason="FULL", metadata={"a": "ü"}))

    servicer = WireServicer()
    servicer.on_push = fail
    async with connected(Client, servicer, reflection=False) as client:
        stream = client._stream(PUSH, Raw())
        assert (await anext(stream)).data == b"one"
        with pytest.raises(RpcError) as caught:
            await anext(stream)
        (info,) = caught.value.details
        assert info == ErrorInfo(reason="FULL", domain="tokenwire", metadata={"a": "ü"})


async def test_details_too_large_for_headers_are_left_out() -> None:
    def fail(stream: PushStream[Raw], request: Raw) -> None:
        stream.close(error_info(Code.INTERNAL, "m" * 5000, reason="R", metadata={"a": "x" * 100_000}))

    servicer = WireServicer()
    servicer.on_push = fail
    async with connected(Client, servicer, reflection=False) as client:
        with pytest.raises(RpcError) as caught:
            await anext(client._stream(PUSH, Raw()))
        assert caught.value.code is Code.INTERNAL
        assert caught.value.details == ()


def certificate(folder: Path) -> tuple[Path, Path]:
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )  # fmt: skip
    return key, cert


async def test_tls(tmp_path: Path) -> None:
    key, cert = certificate(tmp_path)
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(cert, key)
    ours = ssl.create_default_context(cafile=str(cert))
    async with running(ssl=theirs) as (_, server, target):
        async with Client(target, tls=ours) as client:
            assert (await client._unary(UNARY, Raw(b"size:500000"))).data == b"x" * 500_000
        async with Client(target, tls=ours) as sharing:
            await sharing._unary(UNARY, Raw(b"a"))
            ours.set_alpn_protocols(["http/1.1"])  # As httpx does with a context that it is given.
            for connection in list(server._connections):
                connection._protocol.connection.abort()
            await asyncio.sleep(0.05)
            async with asyncio.timeout(10):
                assert (await sharing._unary(UNARY, Raw(b"a"))).data == b"a"
        async with Client(target, tls=True) as distrustful:
            with pytest.raises(RpcError) as caught:
                await distrustful._unary(UNARY, Raw(b"a"))
            assert caught.value.code is Code.UNAVAILABLE
            assert "certificate" in caught.value.message.lower()


def test_importing_a_client_is_light() -> None:
    heavy = ("numpy", "starlette", "uvicorn", "google.protobuf", "torch", "grpclib.server", "grpc")
    code = f"import sys, tokenwire; tokenwire.Client; print([m for m in {heavy!r} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


async def test_first_calls_at_the_same_time_share_one_connection() -> None:
    async with running() as (_, server, target), Client(target) as client:
        calls = [client._unary(UNARY, Raw(b"%d" % number)) for number in range(20)]
        assert [answer.data for answer in await asyncio.gather(*calls)] == [b"%d" % n for n in range(20)]
        assert len(server._connections) == 1


async def test_a_first_call_that_is_given_up_does_not_stop_the_others_connecting() -> None:
    async with running() as (_, server, target), Client(target) as client:
        first = asyncio.create_task(client._unary(UNARY, Raw(b"first")))
        second = asyncio.create_task(client._unary(UNARY, Raw(b"second")))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        first.cancel()
        assert (await second).data == b"second"
        assert len(server._connections) == 1


async def test_closing_while_it_connects_fails_the_call_and_leaves_no_connection() -> None:
    async with running() as (_, server, target):
        client = Client(target)
        call = asyncio.create_task(client._unary(UNARY, Raw()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await client.close()
        with pytest.raises(RpcError, match="closed") as caught:
            await asyncio.wait_for(call, 10)
        assert caught.value.code is Code.UNAVAILABLE
        await asyncio.sleep(0.02)
        assert not server._connections


async def test_a_client_that_is_dropped_closes_its_connection() -> None:
    async with running() as (_, server, target):
        client = Client(target)
        await client._unary(UNARY, Raw())
        with pytest.warns(ResourceWarning, match="was not closed"):
            del client
            gc.collect()
        await until(lambda: not server._connections)


async def test_dropping_a_stream_disturbs_nothing_that_runs_just_then() -> None:
    """A finalizer may run in the midst of a write, so it only asks the loop to cancel."""
    async with running() as (servicer, _, target), Client(target) as client:
        stream = client._stream(PUSH, Raw())
        await servicer.started.wait()
        call = stream._call
        stream.__del__()
        assert not call.ended
        await asyncio.wait_for(servicer.ended.wait(), 10)
        assert call.ended


def test_dropping_a_stream_after_its_loop_was_closed() -> None:
    async def begin() -> Any:
        async with running() as (servicer, _, target), Client(target) as client:
            stream = client._stream(PUSH, Raw())
            await servicer.started.wait()
            return stream

    stream = asyncio.run(begin())
    stream._call.cancel_soon()

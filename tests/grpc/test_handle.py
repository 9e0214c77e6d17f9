"""A server in its own thread: `start_server` and its handle."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import grpc.aio
import pytest
from grpc_health.v1 import health_pb2_grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from tokenwire.client import Client
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.grpc.handle import GrpcServerHandle, start_server
from tokenwire_gen.sglang.runtime.v1 import (
    SamplingParams,
    SglangServiceClient,
    TextGenerateRequest,
    TokenizeRequest,
    WatchEngineStateRequest,
)
from tokenwire_serve.engines import EngineOptions, create

from .wire_service import PUSH, UNARY, Raw, WireServicer

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def engine_thread() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop that runs in another thread, as a host process's own server has."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def call(handle: GrpcServerHandle, data: bytes, timeout: float | None = None) -> bytes:
    async def work() -> bytes:
        async with Client(f"127.0.0.1:{handle.port}") as client:
            return (await client._unary(UNARY, Raw(data), timeout)).data

    return asyncio.run(work())


def test_it_serves_from_a_thread_and_shuts_down_once() -> None:
    handle = GrpcServerHandle("127.0.0.1", 0, WireServicer)
    assert handle.is_alive()
    assert call(handle, b"hello") == b"hello"
    handle.shutdown()
    assert not handle.is_alive()
    handle.shutdown()
    with pytest.raises(RpcError) as caught:
        call(handle, b"late")
    assert caught.value.code is Code.UNAVAILABLE


def test_shutdown_right_after_the_start() -> None:
    for _ in range(5):
        handle = GrpcServerHandle("127.0.0.1", 0, WireServicer)
        handle.shutdown()
        assert not handle.is_alive()


def test_shutdown_from_many_threads() -> None:
    handle = GrpcServerHandle("127.0.0.1", 0, WireServicer)
    threads = [threading.Thread(target=handle.shutdown) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    assert not handle.is_alive()


def test_what_goes_wrong_at_the_start_is_raised() -> None:
    def broken() -> WireServicer:
        raise LookupError("no engine")

    with pytest.raises(LookupError, match="no engine"):
        GrpcServerHandle("127.0.0.1", 0, broken)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            GrpcServerHandle("127.0.0.1", taken.getsockname()[1], WireServicer)


def test_shutdown_drains() -> None:
    servicer = WireServicer()
    servicer.on_push = lambda stream, _: stream.push(Raw(b"first"))
    handle = GrpcServerHandle("127.0.0.1", 0, lambda: servicer)

    async def work() -> list[bytes]:
        async with Client(f"127.0.0.1:{handle.port}") as client:
            stream = client._stream(PUSH, Raw())
            assert (await anext(stream)).data == b"first"
            stopping = asyncio.create_task(asyncio.to_thread(handle.shutdown))
            await asyncio.sleep(0.05)
            push = servicer.pushes[0]
            handle._loop.call_soon_threadsafe(push.push, Raw(b"last"))
            handle._loop.call_soon_threadsafe(push.close)
            messages = [message.data async for message in stream]
            await stopping
            return messages

    assert asyncio.run(work()) == [b"last"]
    assert not handle.is_alive()


def test_a_call_that_does_not_end_is_ended_after_the_drain_timeout() -> None:
    servicer = WireServicer()
    servicer.on_push = lambda stream, _: stream.push(Raw(b"first"))
    handle = GrpcServerHandle("127.0.0.1", 0, lambda: servicer, drain_timeout=0.05)

    async def work() -> Code:
        async with Client(f"127.0.0.1:{handle.port}") as client:
            stream = client._stream(PUSH, Raw())
            assert (await anext(stream)).data == b"first"
            await asyncio.to_thread(handle.shutdown)
            with pytest.raises(RpcError) as caught:
                await anext(stream)
            return caught.value.code

    assert asyncio.run(work()) is Code.UNAVAILABLE
    assert servicer.cancelled == 1


def test_start_server_over_an_engine_on_another_loop() -> None:
    engine = create("null", EngineOptions())
    with engine_thread() as loop:
        asyncio.run_coroutine_threadsafe(engine.start(), loop).result(10)
        handle = start_server("127.0.0.1", 0, engine, loop=loop)

        async def work() -> None:
            async with SglangServiceClient(f"127.0.0.1:{handle.port}") as client:
                tokenized = await client.tokenize(TokenizeRequest(text="abc"))
                assert tokenized.count == 3
                params = SamplingParams(max_new_tokens=5)
                request = TextGenerateRequest(text="a", stream=True, sampling_params=params)
                texts = [chunk.text async for chunk in client.text_generate(request)]
                assert "".join(texts) == " token" * 5

        asyncio.run(work())
        handle.shutdown()
        assert not handle.is_alive()
        asyncio.run_coroutine_threadsafe(engine.close(), loop).result(10)


async def test_start_server_takes_the_running_loop_and_shutdown_on_it_does_not_hang() -> None:
    engine = create("null", EngineOptions())
    await engine.start()
    handle = start_server("127.0.0.1", 0, engine)
    async with SglangServiceClient(f"127.0.0.1:{handle.port}") as client:
        assert (await client.tokenize(TokenizeRequest(text="abc"))).count == 3
        params = SamplingParams(max_new_tokens=10**6)
        stream = client.text_generate(TextGenerateRequest(text="a", stream=True, sampling_params=params))
        await anext(stream)
        handle.shutdown()
        assert not handle.is_alive()
        with pytest.raises(RpcError):
            while True:
                await anext(stream)
    await engine.close()


def test_health_and_watchers_learn_of_the_shutdown() -> None:
    engine = create("null", EngineOptions())

    async def work(handle: GrpcServerHandle) -> None:
        target = f"127.0.0.1:{handle.port}"
        async with SglangServiceClient(target) as client, grpc.aio.insecure_channel(target) as channel:
            health = health_pb2_grpc.HealthStub(channel).Watch(HealthCheckRequest())
            states = client.watch_engine_state(WatchEngineStateRequest())
            assert (await anext(states)).healthy
            assert (await health.read()).status == HealthCheckResponse.SERVING
            stopping = asyncio.create_task(asyncio.to_thread(handle.shutdown))
            assert (await health.read()).status == HealthCheckResponse.NOT_SERVING
            assert [state.healthy async for state in states] == [False]
            await stopping

    with engine_thread() as loop:
        asyncio.run_coroutine_threadsafe(engine.start(), loop).result(10)
        handle = start_server("127.0.0.1", 0, engine, loop=loop)
        asyncio.run(work(handle))
        assert not handle.is_alive()
        asyncio.run_coroutine_threadsafe(engine.close(), loop).result(10)


def test_without_a_loop_the_error_says_what_to_give() -> None:
    with pytest.raises(RuntimeError, match="loop="):
        start_server("127.0.0.1", 0, None)


async def test_an_unknown_application() -> None:
    with pytest.raises(LookupError, match=r"no application serves a\.B"):
        start_server("127.0.0.1", 0, None, service="a.B")

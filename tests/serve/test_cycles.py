"""A call leaves nothing to the garbage collector, whose runs would hold up every stream."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from opentelemetry.sdk.trace import TracerProvider
from tokenwire.grpc.server import Server
from tokenwire.testing import MemoryTransport
from tokenwire_gen.sglang.runtime.v1 import sglang_grpc as rpc
from tokenwire_gen.sglang.runtime.v1.sglang_pb import (
    AbortRequest,
    HealthCheckRequest,
    OpenAIRequest,
    SamplingParams,
    TextGenerateRequest,
)
from tokenwire_serve.engines import EngineOptions
from tokenwire_serve.engines.null import NullEngine
from tokenwire_serve.observe.observer import Observer
from tokenwire_serve.observe.series import CallSeries
from tokenwire_serve.observe.tracing import CallTracer
from tokenwire_serve.servicer.service import SglangServicer

from tests.grpc.raw_client import HEADERS, message
from tests.grpc.wire_service import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TEXT = TextGenerateRequest(text="x", stream=True, sampling_params=SamplingParams(max_new_tokens=3))
ENDLESS = TextGenerateRequest(text="x", stream=True, sampling_params=SamplingParams(max_new_tokens=10**6))
CHAT = OpenAIRequest(json_body=b'{"messages":[{"role":"user","content":"x"}],"stream":true,"max_tokens":3}')
CALLS: dict[str, tuple[str, Any, dict[str, str]]] = {
    "delta": (rpc.TEXT_GENERATE.path, TEXT, {"x-tokenwire-stream": "delta"}),
    "cumulative": (rpc.TEXT_GENERATE.path, TEXT, {"x-tokenwire-stream": "cumulative"}),
    "chat": (rpc.CHAT_COMPLETE.path, CHAT, {}),
    "health": (rpc.HEALTH_CHECK.path, HealthCheckRequest(), {}),
    "deadline": (rpc.TEXT_GENERATE.path, ENDLESS, {"grpc-timeout": "1m"}),
    "refused": (
        rpc.TEXT_GENERATE.path,
        TextGenerateRequest(text="x", sampling_params=SamplingParams(top_p=5.0)),
        {},
    ),
    "unknown": ("/nothing", HealthCheckRequest(), {}),
    "not active": (rpc.ABORT.path, AbortRequest(rid="gone"), {}),
}


class Caller:
    """A client without a socket."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.protocol = server.protocol()
        self.transport = MemoryTransport(asyncio.Protocol())
        self.transport._peer = MemoryTransport(asyncio.Protocol())
        self.protocol.connection_made(self.transport)
        self.h2 = H2Connection(H2Configuration(header_encoding=None))
        self.h2.initiate_connection()

    async def call(
        self, path: str, request: Any, metadata: dict[str, str], *, turns: int, reset: bool
    ) -> None:
        stream_id = self.h2.get_next_available_stream_id()
        headers = HEADERS | {":path": path} | metadata
        self.h2.send_headers(stream_id, list(headers.items()))
        self.h2.send_data(stream_id, message(bytes(request)), end_stream=True)
        self.protocol.data_received(self.h2.data_to_send())
        for _ in range(turns):
            await asyncio.sleep(0)
        if reset:
            self.h2.reset_stream(stream_id)
            self.protocol.data_received(self.h2.data_to_send())
            await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def called() -> AsyncIterator[Caller]:
    engine = NullEngine(EngineOptions())
    await engine.start()
    observer = Observer((CallSeries().add,), tracer=CallTracer(TracerProvider(), "1", lambda: "null"))
    server = Server([SglangServicer(engine)], reflection=False, observer=observer)
    try:
        yield Caller(server)
    finally:
        await server.close()
        await engine.close()


@contextlib.contextmanager
def collected() -> Any:
    """What only the collector would have found, by type."""
    found: Counter[str] = Counter()
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield found
        gc.collect()
        found.update(f"{type(item).__module__}.{type(item).__name__}" for item in gc.garbage)
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


@pytest.mark.parametrize("reset", [0, 1, 3, None])
@pytest.mark.parametrize("name", CALLS)
async def test_calls_leave_no_cycles(name: str, reset: int | None) -> None:
    path, request, metadata = CALLS[name]
    turns = 12 if reset is None else reset
    async with called() as caller:
        for round_number in range(2):
            with collected() as found:
                for _ in range(30):
                    await caller.call(path, request, metadata, turns=turns, reset=reset is not None)
                    if name == "deadline":
                        await asyncio.sleep(0.003)
                await asyncio.sleep(0.02)
            assert round_number == 0 or not found, found


ENDS: dict[str, bytes] = {
    "lost": b"",
    "fault": b"\0\0\1\1\5\0\0\0\0x",
    "flood": b"\0\0\1\xfa\0\0\0\0\0?" * 20_000,
    "goaway": b"\0\0\x08\7\0\0\0\0\0\0\0\0\0\0\0\0\0",
}
OURS = {"tokenwire", "tokenwire_serve", "h2", "hpack", "grpclib"}


@pytest.mark.parametrize("name", ["health", "deadline"])
@pytest.mark.parametrize("end", ENDS)
async def test_connections_leave_no_cycles(end: str, name: str) -> None:
    """Whatever ends them, with a call under way or without one."""
    path, request, _ = CALLS[name]
    async with called() as caller:
        server = caller.server
        for round_number in range(2):
            callers = [Caller(server) for _ in range(5)]
            clients = [caller.h2 for caller in callers]  # Made of cycles, and none of our business.
            with collected() as found:
                while callers:
                    one = callers.pop()
                    await one.call(path, request, {}, turns=3, reset=False)
                    one.protocol.data_received(ENDS[end])
                    await until(lambda one=one: not one.protocol._queued)
                    one.protocol.connection_lost(None)
                    one.transport.abort()
                    del one
                await asyncio.sleep(0.02)
            assert len(clients) == 5
            ours = {name: count for name, count in found.items() if name.partition(".")[0] in OURS}
            assert round_number == 0 or not ours, ours

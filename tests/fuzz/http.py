"""An HTTP/1.1 connection: requests good and bad, cut anywhere, and bytes that are none."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from tokenwire.http.asgi import build_endpoint, mark_send
from tokenwire.limits import Limits
from tokenwire_gen.sglang.runtime.v1.sglang_http import ROUTES
from tokenwire_gen.sglang.runtime.v1.sglang_openai import ADAPTERS
from tokenwire_serve.engines import EngineOptions
from tokenwire_serve.engines.null import NullEngine
from tokenwire_serve.process.http_listener import Listener, WebStats
from tokenwire_serve.servicer.service import SglangServicer
from tokenwire_serve.shapes.handlers import http_handlers

from .choices import Choices
from .loop import FakeTransport, settle

if TYPE_CHECKING:
    from collections.abc import Callable

    from .loop import Runner

__all__ = ["http"]

LINES: Final = (
    b"GET /health HTTP/1.1",
    b"GET /v1/models HTTP/1.1",
    b"POST /generate HTTP/1.1",
    b"POST /v1/chat/completions HTTP/1.1",
    b"POST /tokenize HTTP/1.0",
    b"HEAD /livez HTTP/1.1",
    b"OPTIONS * HTTP/1.1",
    b"GET http://x/health HTTP/1.1",
    b"PRI * HTTP/2.0",
)
FIELDS: Final = (
    b"Host: x",
    b"Content-Type: application/json",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: gzip, chunked",
    b"Content-Encoding: gzip",
    b"Connection: close",
    b"Connection: keep-alive, upgrade",
    b"Upgrade: h2c",
    b"Expect: 100-continue",
    b"Accept-Encoding: gzip",
    b"Authorization: Bearer x",
    b"grpc-timeout: 1m",
    b" folded",
)
BODIES: Final = (
    b'{"text":"x","sampling_params":{"max_new_tokens":2}}',
    b'{"text":"x","stream":true,"sampling_params":{"max_new_tokens":3}}',
    b'{"messages":[{"role":"user","content":"x"}],"max_tokens":2,"stream":true}',
    b'{"prompt":"x"}',
    b"{",
    b"",
)
LIMITS: Final = Limits(max_message_size=4096, max_header_size=2048)


def _request(choices: Choices) -> bytes:
    """A request, good or not."""
    body = choices.pick(BODIES) if choices.number(3) else choices.some()
    fields = [FIELDS[0], FIELDS[1]] if choices.number(7) else []
    fields += [choices.pick(FIELDS) for _ in range(choices.number(4))]
    if choices.number(5) == 0:
        fields.append(choices.some(60))
    if b"Transfer-Encoding: chunked" in fields and choices.number(3):
        body = b"%x\r\n%b\r\n" % (len(body), body) + (b"0\r\n\r\n" if choices.number(3) else choices.some(30))
    elif choices.number(7):
        fields.append(b"Content-Length: %d" % (len(body) if choices.number(7) else choices.number(5000)))
    line = choices.pick(LINES) if choices.number(7) else choices.some(40)
    end = b"\r\n" if choices.number(15) else b"\n"
    return end.join([line, *fields, b"", b""]) + body


def http(runner: Runner) -> Callable[[bytes], None]:
    """The target."""
    engine = NullEngine(EngineOptions())
    servicer = SglangServicer(engine)
    endpoint = build_endpoint(
        servicer, routes=ROUTES, adapters=ADAPTERS, handlers=http_handlers(servicer), limits=LIMITS
    )

    async def play(data: bytes) -> None:
        choices = Choices(data)
        if not engine.state.healthy:
            await engine.start()
        listener = Listener(mark_send(endpoint), LIMITS, asyncio.get_running_loop(), WebStats())
        before = asyncio.all_tasks()
        protocol, transport = listener.accept(), FakeTransport()
        transport.lost = lambda: protocol.connection_lost(None)
        protocol.connection_made(transport)
        sent = b""
        while choices.more and len(sent) < 8000:
            sent += _request(choices) if choices.number(15) else choices.some()
        step = max(choices.pick([len(sent), 1, 7, 100]), len(sent) // 50, 1)
        for start in range(0, len(sent), step):
            if transport.is_closing():
                break
            protocol.data_received(sent[start : start + step])
            await settle(choices.number(3))
        await settle(10)
        if not transport.is_closing() and choices.number(1):
            protocol.eof_received()
            await settle()
        transport.hang_up()
        await settle(20)
        listener.abort()
        await listener.ended()
        left = [task for task in asyncio.all_tasks() - before if not task.done()]
        assert not left, left
        assert not engine.loads()[0].num_running_reqs, "a request runs on without its connection"
        assert not servicer.active_requests
        assert not listener.stats.connections

    return lambda data: runner.run(play(data))

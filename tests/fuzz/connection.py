"""A gRPC connection: frames of every kind, in order and out of it, and bytes that are no frames."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Final

from hyperframe.frame import SettingsFrame
from tokenwire.grpc.hpack_cache import literal_block
from tokenwire.grpc.server import Server
from tokenwire_gen.sglang.runtime.v1 import (
    GENERATE,
    HEALTH_CHECK,
    OpenAIRequest,
    SamplingParams,
    TextGenerateRequest,
)
from tokenwire_serve.engines import EngineOptions
from tokenwire_serve.engines.null import NullEngine
from tokenwire_serve.servicer.service import SglangServicer

from tests.grpc.wire_service import Raw, WireServicer

from .choices import Choices
from .loop import FakeTransport, Runner, settle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tokenwire.context import Context

__all__ = ["connection"]

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PATHS: Final = (
    "/test.Wire/Unary",
    "/test.Wire/Server",
    "/test.Wire/Bidi",
    "/test.Wire/Push",
    HEALTH_CHECK.path,
    GENERATE.path,
    "/sglang.runtime.v1.SglangService/TextGenerate",
    "/sglang.runtime.v1.SglangService/ChatComplete",
    "/grpc.health.v1.Health/Watch",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/nothing",
)
FIELDS: Final = (
    (":method", "POST"),
    (":scheme", "http"),
    ("te", "trailers"),
    ("content-type", "application/grpc"),
)
BODIES: Final = (
    bytes(TextGenerateRequest(text="x", stream=True, sampling_params=SamplingParams(max_new_tokens=3))),
    bytes(OpenAIRequest(json_body=b'{"model":"null","messages":[{"role":"user","content":"x"}]}')),
    b"3x10",
    b"size:10",
    b"",
)


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def _headers(choices: Choices) -> bytes:
    fields = [*FIELDS, (":path", choices.pick(PATHS))]
    fields.sort(key=lambda field: not field[0].startswith(":"))
    if choices.number(3) == 0:
        fields.append((choices.some(12).decode("latin-1"), choices.some(40).decode("latin-1")))
    if choices.number(7) == 0:
        del fields[choices.number(len(fields) - 1)]
    return literal_block(fields)


def _message(choices: Choices) -> bytes:
    body = choices.pick(BODIES) if choices.number(3) else choices.some()
    return bytes((0,)) + len(body).to_bytes(4, "big") + body


def _piece(choices: Choices, ids: Callable[[], int]) -> bytes:
    """What a client, good or bad, may send next."""
    match choices.number(9):
        case 0:
            return choices.some()
        case 1:
            return _frame(choices.number(12), choices.number(255), choices.number(9), choices.some(80))
        case 2 | 3:
            return _frame(1, choices.pick([4, 5, 4, 1, 0]), ids(), _headers(choices))
        case 4:
            payload = choices.number(2**31 - 1) if choices.number(1) else choices.number(70000)
            return _frame(8, 0, choices.number(9), payload.to_bytes(4, "big"))
        case 5:
            return _frame(3, 0, choices.number(9), choices.take(4).ljust(4, b"\0"))
        case 6:
            return _frame(9, choices.pick([0, 4]), choices.number(9), choices.some(40))
        case _:
            return _frame(0, choices.pick([0, 1, 1, 8]), choices.number(9), _message(choices))


_ENGINE: Final = NullEngine(EngineOptions())
_COMMAND: Final = re.compile(rb"|size:\d{1,4}|meta|\d{1,2}x\d{1,3}")


class _Tame(WireServicer):
    """The service of the transport's tests, as far as it takes any request without failing."""

    async def unary(self, request: Raw, context: Context) -> Raw:
        return await super().unary(request if _COMMAND.fullmatch(request.data) else Raw(), context)

    def server(self, request: Raw, context: Context) -> AsyncIterator[Raw]:
        return super().server(request if _COMMAND.fullmatch(request.data) else Raw(b"2x9"), context)


def connection(runner: Runner) -> Callable[[bytes], None]:
    """The target."""

    async def play(data: bytes) -> None:
        choices = Choices(data)
        if not _ENGINE.state.healthy:
            await _ENGINE.start()
        wire = _Tame()
        server = Server([wire, SglangServicer(_ENGINE)])
        before = asyncio.all_tasks()
        protocol, transport = server.protocol(), FakeTransport()
        assert isinstance(protocol, asyncio.Protocol)
        transport.lost = lambda: protocol.connection_lost(None)
        protocol.connection_made(transport)
        stream = -1

        def next_id() -> int:
            nonlocal stream
            stream += 2
            return stream if choices.number(7) else choices.number(9)

        pieces = [PREFACE + SettingsFrame(0).serialize()] if choices.number(15) else []
        while choices.more and len(pieces) < 40:
            pieces.append(_piece(choices, next_id))
        sent = b"".join(pieces)
        step = choices.pick([len(sent), 1, 7, 1000]) or 1
        for start in range(0, len(sent), max(step, len(sent) // 50)):
            if transport.is_closing():
                break
            protocol.data_received(sent[start : start + max(step, len(sent) // 50)])
            await settle(1)
        await settle()
        transport.hang_up()
        await settle()
        await server.close()
        await settle(20)
        left = [task for task in asyncio.all_tasks() - before if not task.done()]
        assert not left, left
        assert not _ENGINE.loads()[0].num_running_reqs, "a request runs on without its connection"

    return lambda data: runner.run(play(data))

"""A well-behaved client that calls at a steady rate: `... victim CORE GRPC_PORT HTTP_PORT CA_FILE`.

It speaks TLS where there is a file of an authority, and none where that is empty.

Reads words, one a line. `start` begins to call; `stop` waits for the calls under way, and writes a line of
JSON: how long each call took in milliseconds, by kind, and what failed. Calls begin on a schedule that
waits for nobody: a server that stalls for a second does not get fewer of them, and each is counted from
the moment it was due.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import ssl
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import grpc
from tokenwire_gen.sglang.runtime.v1 import (
    GetModelInfoRequest,
    GetModelInfoResponse,
    HealthCheckRequest,
    HealthCheckResponse,
    SamplingParams,
    TextGenerateRequest,
    TextGenerateResponse,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_EVERY_S: Final = 0.01
_TIMEOUT_S: Final = 10.0
_TOKENS: Final = 16
_FRESH: Final = 8
"""Every so many rounds, a call is made on a new connection."""
_SERVICE: Final = "/sglang.runtime.v1.SglangService/"
_TEXT: Final = " token" * _TOKENS
_GENERATE: Final = {"text": "Once upon a time", "sampling_params": {"max_new_tokens": _TOKENS}}


class WrongAnswerError(Exception):
    """The server answered, and not what it should have."""


def _check(right: bool, answer: object) -> None:
    if not right:
        raise WrongAnswerError(repr(answer)[:200])


class Grpc:
    """Calls by grpcio."""

    def __init__(self, port: int, authority: str) -> None:
        self._target = f"127.0.0.1:{port}"
        self._authority = Path(authority).read_bytes() if authority else b""
        self._channel = self._connect()

    def _connect(self) -> grpc.aio.Channel:
        options = [("grpc.use_local_subchannel_pool", 1)]
        if not self._authority:
            return grpc.aio.insecure_channel(self._target, options=options)
        credentials = grpc.ssl_channel_credentials(self._authority)
        return grpc.aio.secure_channel(self._target, credentials, options=options)

    async def health(self) -> None:
        """HealthCheck."""
        await self._health(self._channel)

    async def fresh(self) -> None:
        """HealthCheck on a connection of its own."""
        async with self._connect() as channel:
            await self._health(channel)

    async def _health(self, channel: grpc.aio.Channel) -> None:
        call = channel.unary_unary(_SERVICE + "HealthCheck", bytes, HealthCheckResponse.parse)
        answer = await call(HealthCheckRequest(), timeout=_TIMEOUT_S)
        _check(answer.healthy, answer)

    async def model(self) -> None:
        """GetModelInfo."""
        call = self._channel.unary_unary(_SERVICE + "GetModelInfo", bytes, GetModelInfoResponse.parse)
        answer = await call(GetModelInfoRequest(), timeout=_TIMEOUT_S)
        _check(answer.model_path == "null", answer)

    async def generate(self) -> None:
        """TextGenerate, streamed."""
        call = self._channel.unary_stream(_SERVICE + "TextGenerate", bytes, TextGenerateResponse.parse)
        sampling = SamplingParams(max_new_tokens=_TOKENS)
        request = TextGenerateRequest(text="Once upon a time", sampling_params=sampling, stream=True)
        messages = [message async for message in call(request, timeout=_TIMEOUT_S)]
        _check(bool(messages) and messages[-1].finished and messages[-1].text == _TEXT, messages)


class Http:
    """Calls by plain sockets: HTTP/1.1, connections kept."""

    def __init__(self, port: int, authority: str) -> None:
        self._port = port
        self._tls = ssl.create_default_context(cafile=authority) if authority else None
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def health(self) -> None:
        """/health."""
        status, _ = await self._ask("GET", "/health")
        _check(status == 200, status)

    async def fresh(self) -> None:
        """/health on a connection of its own."""
        status, _ = await self._ask("GET", "/health", fresh=True)
        _check(status == 200, status)

    async def model(self) -> None:
        """/get_model_info."""
        status, body = await self._ask("GET", "/get_model_info")
        _check(status == 200 and json.loads(body)["model_path"] == "null", (status, body))

    async def generate(self) -> None:
        """/generate, whole."""
        status, body = await self._ask("POST", "/generate", json.dumps(_GENERATE).encode())
        _check(status == 200 and json.loads(body)["text"] == _TEXT, (status, body))

    async def events(self) -> None:
        """/generate, as server-sent events."""
        request = json.dumps({**_GENERATE, "stream": True}).encode()
        status, body = await self._ask("POST", "/generate", request)
        events = body.split(b"\n\n")
        _check(status == 200 and events[-2] == b"data: [DONE]", (status, body))
        _check(json.loads(events[-3][6:])["text"] == _TEXT, body)

    def close(self) -> None:
        """End the connections that are kept: how many there are depends on how slow the server was."""
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()

    async def _ask(
        self, method: str, path: str, body: bytes = b"", *, fresh: bool = False
    ) -> tuple[int, bytes]:
        kept = self._idle.pop() if self._idle and not fresh else None
        async with asyncio.timeout(_TIMEOUT_S):
            head = f"{method} {path} HTTP/1.1\r\nhost: localhost\r\n"
            head += "content-type: application/json\r\n" if body else ""
            data = f"{head}content-length: {len(body)}\r\n\r\n".encode() + body
            if kept is not None:
                with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                    return await self._exchange(*kept, data, keep=True)
                kept[1].close()  # It was ended while it was idle, as a server may.
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port, ssl=self._tls)
            return await self._exchange(reader, writer, data, keep=not fresh)

    async def _exchange(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes, *, keep: bool
    ) -> tuple[int, bytes]:
        done = False
        try:
            writer.write(data)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            length = head.partition("content-length:")[2].partition("\r\n")[0]
            body = await (_chunks(reader) if "chunked" in head else reader.readexactly(int(length or 0)))
            done = "connection: close" not in head
            return int(head.split()[1]), body
        finally:
            if keep and done:
                self._idle.append((reader, writer))
            else:
                writer.close()


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return bytes(body)


class Victim:
    """Calls on a schedule, and keeps how long each took."""

    def __init__(self, grpc_port: int, http_port: int, authority: str) -> None:
        rpc, http = Grpc(grpc_port, authority), Http(http_port, authority)
        self._http = http
        self._plan: list[tuple[str, Callable[[], Awaitable[None]]]] = [
            ("grpc health", rpc.health),
            ("http health", http.health),
            ("grpc model", rpc.model),
            ("http model", http.model),
            ("grpc generate", rpc.generate),
            ("http generate", http.generate),
            ("grpc generate", rpc.generate),
            ("http events", http.events),
        ]
        self._fresh = {"grpc fresh": rpc.fresh, "http fresh": http.fresh}
        self._calls: set[asyncio.Task[None]] = set()
        self._took: dict[str, list[float]] = defaultdict(list)
        self._errors: list[str] = []
        self._ticks: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to call."""
        self._took.clear()
        self._errors.clear()
        self._ticks = asyncio.create_task(self._tick())

    async def stop(self) -> dict[str, Any]:
        """End calling; returns what was found."""
        if self._ticks is not None:
            self._ticks.cancel()
            await asyncio.wait({self._ticks})
        if self._calls:
            await asyncio.wait(self._calls)
        self._http.close()
        return {"took_ms": self._took, "errors": self._errors}

    async def _tick(self) -> None:
        due = time.perf_counter()
        number = 0
        while True:
            kind, call = self._plan[number % len(self._plan)]
            turn, place = divmod(number, len(self._plan))
            if turn % _FRESH == 0 and place < len(self._fresh):
                kind, call = list(self._fresh.items())[place]
            self._begin(kind, call, due)
            number += 1
            due += _EVERY_S
            await asyncio.sleep(max(0.0, due - time.perf_counter()))

    def _begin(self, kind: str, call: Callable[[], Awaitable[None]], due: float) -> None:
        task = asyncio.create_task(self._time(kind, call, due))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)

    async def _time(self, kind: str, call: Callable[[], Awaitable[None]], due: float) -> None:
        try:
            await call()
        except Exception as error:
            detail = getattr(error, "details", lambda: "")() or error
            self._errors.append(f"{kind}: {type(error).__name__}: {detail}"[:300])
        self._took[kind].append((time.perf_counter() - due) * 1000)


async def run(grpc_port: int, http_port: int, authority: str) -> None:
    """Do what standard input says."""
    victim = Victim(grpc_port, http_port, authority)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    print(json.dumps({"ready": True}), flush=True)
    while word := (await reader.readline()).strip():
        if word == b"start":
            victim.start()
        else:
            print(json.dumps(await victim.stop()), flush=True)


def main() -> None:
    """Be a victim."""
    core, grpc_port, http_port, authority = sys.argv[1:]
    if core != "-":
        os.sched_setaffinity(0, {int(core)})
    asyncio.run(run(int(grpc_port), int(http_port), authority))


if __name__ == "__main__":
    main()

"""`server-timing`: the parts of a call's time, in headers and trailers, and that they are all of it."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tokenwire.codes import Code
from tokenwire.record import CallRecord
from tokenwire_gen.sglang.runtime.v1 import sglang_grpc
from tokenwire_gen.sglang.runtime.v1.sglang_pb import (
    OpenAIRequest,
    SamplingParams,
    TextEmbedRequest,
    TextGenerateRequest,
)
from tokenwire_serve.observe.observer import Observer

from tests.grpc.raw_client import RawClient, RawStream, raw_client
from tests.http.fakes import until

from .conftest import SERVICE, observed

if TYPE_CHECKING:
    from pathlib import Path

    from tokenwire import Message, Method

    from .conftest import ObservedServer

TEXT = TextGenerateRequest(text="hello", stream=True, sampling_params=SamplingParams(max_new_tokens=200))
CHAT = OpenAIRequest(json_body=b'{"messages":[{"role":"user","content":"x"}],"stream":true,"max_tokens":9}')

FOREVER = b'{"text":"x","sampling_params":{"max_new_tokens":1000000},"stream":true}'
JSON = {"content-type": "application/json"}


def parts(value: str) -> dict[str, float]:
    """Milliseconds by name."""
    assert re.fullmatch(r"[a-z]+;dur=\d+\.\d+(, [a-z]+;dur=\d+\.\d+)*", value)
    return {name: float(ms) for name, ms in re.findall(r"([a-z]+);dur=([\d.]+)", value)}


async def ask(client: RawClient, method: Method[Any, Any], request: Message) -> RawStream:
    return await client.finished(client.open(bytes(request), end=True, **{":path": method.path}))


@pytest.mark.parametrize(
    ("method", "request_message"), [(sglang_grpc.TEXT_GENERATE, TEXT), (sglang_grpc.CHAT_COMPLETE, CHAT)]
)
async def test_generations_over_grpc_end_with_all_four(
    server: ObservedServer, method: Method[Any, Any], request_message: Message
) -> None:
    began = time.monotonic()
    async with raw_client(server.grpc) as client:
        stream = await ask(client, method, request_message)
    seen = (time.monotonic() - began) * 1000
    found = parts(stream.trailers["server-timing"])
    assert list(found) == ["queue", "prefill", "decode", "network"]
    assert stream.trailers["grpc-status"] == "0"
    (line,) = server.lines()
    assert sum(found.values()) == pytest.approx(line["duration"] * 1000, abs=5)
    assert sum(found.values()) <= seen
    assert found["queue"] == pytest.approx(line["queue"] * 1000, abs=0.01)
    assert found["decode"] > 0


async def test_an_embedding_has_it_in_its_one_piece(server: ObservedServer) -> None:
    async with raw_client(server.grpc) as client:
        stream = await ask(client, sglang_grpc.TEXT_EMBED, TextEmbedRequest(text="x"))
    assert parts(stream.trailers["server-timing"]).keys() == {"queue", "prefill", "decode", "network"}


async def test_calls_that_make_nothing_have_none(server: ObservedServer) -> None:
    async with raw_client(server.grpc) as client:
        stream = await client.finished(client.open(b"", end=True, **{":path": f"/{SERVICE}/HealthCheck"}))
    assert "server-timing" not in stream.trailers


@pytest.mark.parametrize(
    ("method", "request_message"), [(sglang_grpc.TEXT_GENERATE, TEXT), (sglang_grpc.CHAT_COMPLETE, CHAT)]
)
async def test_a_generation_that_is_aborted_before_its_first_token_has_none(
    server: ObservedServer, method: Method[Any, Any], request_message: Message
) -> None:
    await server.servicer.engine.pause("in_place")
    async with raw_client(server.grpc) as client:
        opened = client.open(bytes(request_message), end=True, **{":path": method.path})
        await until(lambda: server.servicer.active_requests == 1)
        server.servicer._core.active.abort_all()
        stream = await client.finished(opened)
    assert stream.trailers["grpc-status"] == str(int(Code.CANCELLED))
    assert "server-timing" not in stream.trailers


async def test_a_whole_answer_over_http_has_all_four(server: ObservedServer) -> None:
    body = {"messages": [{"role": "user", "content": "x"}], "max_tokens": 50}
    async with httpx.AsyncClient() as client:
        reply = await client.post(f"http://{server.http}/v1/chat/completions", json=body)
    found = parts(reply.headers["server-timing"])
    assert list(found) == ["queue", "prefill", "decode", "network"]
    assert sum(found.values()) <= reply.elapsed.total_seconds() * 1000


async def test_events_begin_with_what_is_known_then(server: ObservedServer) -> None:
    body = {"messages": [{"role": "user", "content": "x"}], "max_tokens": 50, "stream": True}
    async with httpx.AsyncClient() as client:
        reply = await client.post(f"http://{server.http}/v1/chat/completions", json=body)
    assert list(parts(reply.headers["server-timing"])) == ["queue", "prefill"]


STREAMS = (
    ("/v1/chat/completions", b'{"messages":[{"role":"user","content":"x"}],"max_tokens":50,"stream":true}'),
    ("/generate", b'{"text":"x","sampling_params":{"max_new_tokens":50},"stream":true}'),
)


async def stream_of(
    address: str, path: str, body: bytes, *headers: str, version: str = "1.1"
) -> tuple[bytes, bytes, bytes]:
    """The head, the last event and what comes after it."""
    host, _, port = address.rpartition(":")
    lines = [f"POST {path} HTTP/{version}", "host: x", "content-type: application/json", *headers]
    lines += [f"content-length: {len(body)}", "connection: close", "", ""]
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write("\r\n".join(lines).encode() + body)
    async with asyncio.timeout(20):
        data = await reader.read(-1)
    writer.close()
    head, _, rest = data.partition(b"\r\n\r\n")
    events, done, end = rest.rpartition(b"data: [DONE]\n\n")
    assert events.startswith(b"data: ") or b"\r\ndata: " in events
    return head, done, end.removeprefix(b"\r\n")


@pytest.mark.parametrize(("path", "body"), STREAMS)
async def test_events_end_with_all_four_for_who_takes_trailers(
    server: ObservedServer, path: str, body: bytes
) -> None:
    head, done, end = await stream_of(server.http, path, body, "te: gzip;q=0.5, Trailers")
    assert done
    assert b"\r\ntrailer: server-timing\r\n" in head
    known = re.search(rb"\r\nserver-timing: (.*)\r\n", head)
    shown = re.fullmatch(rb"0\r\nserver-timing: (.*)\r\n\r\n", end)
    assert known is not None and shown is not None
    found = parts(shown[1].decode())
    assert list(found) == ["queue", "prefill", "decode", "network"]
    assert {name: found[name] for name in ("queue", "prefill")} == parts(known[1].decode())
    assert found["decode"] > 0
    (line,) = server.lines()
    assert found["decode"] < sum(found.values()) <= line["duration"] * 1000 + 0.01


@pytest.mark.parametrize(
    ("headers", "version", "end"),
    [
        ((), "1.1", b"0\r\n\r\n"),
        (("te: gzip", "trailer: server-timing"), "1.1", b"0\r\n\r\n"),
        (("te: trailers",), "1.0", b""),
    ],
)
async def test_events_have_no_trailers_for_others(
    server: ObservedServer, headers: tuple[str, ...], version: str, end: bytes
) -> None:
    head, done, shown = await stream_of(server.http, *STREAMS[0], *headers, version=version)
    assert done
    assert b"trailer:" not in head
    assert shown == end


async def test_trailers_keep_the_connection(server: ObservedServer) -> None:
    async with httpx.AsyncClient(
        headers={"te": "trailers"}, limits=httpx.Limits(max_connections=1)
    ) as client:
        for _ in range(3):
            reply = await client.post(
                f"http://{server.http}{STREAMS[0][0]}", content=STREAMS[0][1], headers=JSON
            )
            assert reply.text.endswith("data: [DONE]\n\n")
    assert len({line["peer"] for line in server.lines()}) == 1


async def test_events_of_a_call_that_fails_end_with_what_is_known(server: ObservedServer) -> None:
    head, _, end = await stream_of(server.http, "/generate", FOREVER, "te: trailers", "grpc-timeout: 500m")
    assert b"\r\ntrailer: server-timing\r\n" in head
    assert re.search(rb"0\r\nserver-timing: queue;dur=[\d.]+, prefill;dur=[\d.]+", end)
    (line,) = server.lines()
    assert line["code"] == "DEADLINE_EXCEEDED"


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
async def test_curl_shows_trailers(server: ObservedServer, tmp_path: Path) -> None:
    path, body = STREAMS[0]
    command = ["curl", "-sSN", "-H", "TE: trailers", "-H", "content-type: application/json", "-D", "headers"]
    process = await asyncio.create_subprocess_exec(
        *command, "-d", body.decode(), f"http://{server.http}{path}", cwd=tmp_path, stdout=subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    assert out.endswith(b"data: [DONE]\n\n")
    shown = (tmp_path / "headers").read_text().splitlines()
    values = [line.partition(": ")[2] for line in shown if line.startswith("server-timing: ")]
    assert [len(parts(value)) for value in values] == [2, 4]


async def test_a_wait_in_the_queue_is_told_as_such(server: ObservedServer) -> None:
    await server.servicer.engine.pause("abort")
    body = {"text": "x", "sampling_params": {"max_new_tokens": 2}}
    async with httpx.AsyncClient() as client:
        call = asyncio.ensure_future(client.post(f"http://{server.http}/generate", json=body))
        await asyncio.sleep(0.2)
        await server.servicer.engine.resume()
        found = parts((await call).headers["server-timing"])
    assert found["queue"] >= 150
    assert found["queue"] > found["prefill"] + found["decode"]


async def test_it_can_be_off(tmp_path: Path) -> None:
    async with observed(tmp_path / "log", server_timing=False) as server:
        async with raw_client(server.grpc) as client:
            stream = await ask(client, sglang_grpc.TEXT_GENERATE, TEXT)
        assert "server-timing" not in stream.trailers
        async with httpx.AsyncClient() as client:
            reply = await client.post(f"http://{server.http}/generate", json={"text": "x"})
        assert "server-timing" not in reply.headers
        head, done, end = await stream_of(server.http, *STREAMS[0], "te: trailers")
        assert done
        assert (b"trailer:" in head, end) == (False, b"0\r\n\r\n")


def test_an_engine_that_does_not_tell_its_queue_has_it_in_prefill() -> None:
    record = CallRecord(Observer(), "grpc", "", {}, "/a/b")
    record.started = 1.0
    record.received, record.first_token, record.last_token, record.ended = 1.1, 1.5, 3.5, 3.6
    record.choices = 1
    assert record.server_timing() == b"prefill;dur=400.000, decode;dur=2000.000, network;dur=200.000"
    assert record.queue_time is None
    record.admitted = 1.2
    assert record.server_timing().startswith(b"queue;dur=100.000, prefill;dur=300.000, ")
    assert record.queue_time == pytest.approx(0.1)


def test_the_time_per_token_is_that_between_tokens_of_a_choice() -> None:
    record = CallRecord(Observer(), "grpc", "", {}, "/a/b")
    record.first_token, record.last_token = 1.0, 2.0
    record.choices, record.completion_tokens = 1, 1
    assert record.time_per_token is None
    record.completion_tokens = 5
    assert record.time_per_token == 0.25
    record.choices, record.completion_tokens = 2, 10
    assert record.time_per_token == 0.25

"""One line per call, however it ends, and nothing in it that a caller could forge."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

import httpx
import pytest
from tokenwire.auth import Access, KeyRing
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.record import CallRecord
from tokenwire_gen.sglang.runtime.v1 import sglang_grpc
from tokenwire_gen.sglang.runtime.v1.sglang_pb import (
    HealthCheckRequest,
    SamplingParams,
    TextEmbedRequest,
    TextGenerateRequest,
)
from tokenwire_serve.observe.log_lines import ACCESS, ConsoleLines, JsonLines
from tokenwire_serve.observe.observer import Observer

from tests.grpc.raw_client import raw_client
from tests.http.fakes import until

from .conftest import SERVICE, observed

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import ObservedServer

TEXT = f"{SERVICE}/TextGenerate"
ENDLESS = TextGenerateRequest(text="hello", stream=True, sampling_params=SamplingParams(max_new_tokens=10**6))
EVIL = 'a\n{"code":"OK"}\r\x1b[2J\x00\u2028\u202e'


async def only(server: ObservedServer) -> dict[str, Any]:
    """The one access line, once it is there."""
    await until(lambda: bool(server.lines()))
    (line,) = server.lines()
    return line


async def test_a_generation_over_grpc(server: ObservedServer) -> None:
    request = TextGenerateRequest(text="hello", rid="r-1", sampling_params=SamplingParams(max_new_tokens=3))
    async with sglang_grpc.SglangServiceClient(server.grpc) as client:
        messages = [m async for m in client.text_generate(request)]
    line = await only(server)
    assert datetime.fromisoformat(line.pop("time")).tzinfo is not None
    assert line.pop("duration") >= line.pop("ttft") >= line.pop("queue") >= 0
    assert re.fullmatch(r"127\.0\.0\.1:\d+", line.pop("peer"))
    assert line.pop("user_agent").startswith("tokenwire")
    assert line.pop("received_bytes") == 5 + len(bytes(request))
    assert line.pop("sent_bytes") == sum(5 + len(bytes(message)) for message in messages)
    assert line == {
        "level": "info",
        "logger": ACCESS,
        "request_id": "r-1",
        "method": TEXT,
        "transport": "grpc",
        "code": "OK",
        "prompt_tokens": 5,
        "cached_tokens": 0,
        "completion_tokens": 3,
    }


@pytest.mark.parametrize("transport", ["http", "grpc"])
@pytest.mark.parametrize(
    ("error", "code"), [(LookupError("a bug"), "INTERNAL"), (RpcError(Code.UNAVAILABLE, "no"), "UNAVAILABLE")]
)
async def test_a_generation_that_the_engine_does_not_take(
    server: ObservedServer, monkeypatch: pytest.MonkeyPatch, transport: str, error: Exception, code: str
) -> None:
    def fail(*_: object) -> NoReturn:
        raise error

    monkeypatch.setattr(server.servicer.engine, "generate", fail)
    if transport == "http":
        async with httpx.AsyncClient() as client:
            await client.post(f"http://{server.http}/generate", json={"text": "hello", "rid": "r-1"})
    else:
        async with sglang_grpc.SglangServiceClient(server.grpc) as client:
            with pytest.raises(RpcError):
                assert [m async for m in client.text_generate(TextGenerateRequest(text="hello", rid="r-1"))]
    line = await only(server)
    assert (line["transport"], line["request_id"], line["code"]) == (transport, "r-1", code)
    assert server.servicer.active_requests == 0


@pytest.mark.parametrize("stream", [False, True])
async def test_a_chat_over_http(server: ObservedServer, stream: bool) -> None:
    body = {"messages": [{"role": "user", "content": "hello"}], "max_tokens": 4, "stream": stream}
    async with httpx.AsyncClient() as client:
        reply = await client.post(f"http://{server.http}/v1/chat/completions?api_key=secret", json=body)
    line = await only(server)
    assert (line["code"], line["http_status"], line["completion_tokens"]) == ("OK", 200, 4)
    assert (line["path"], line["method"]) == ("POST /v1/chat/completions", f"{SERVICE}/ChatComplete")
    assert line["sent_bytes"] == len(reply.content)
    assert line["received_bytes"] == len(reply.request.content)
    assert line["request_id"] == reply.headers["x-request-id"]
    assert line["request_id"] in reply.text
    assert "hello" not in server.log.read_text() and "secret" not in server.log.read_text()


@pytest.mark.parametrize(
    ("request_headers", "body", "code"),
    [
        ({":path": f"/{TEXT}"}, TextGenerateRequest(text="x", rid=" "), "INVALID_ARGUMENT"),
        ({":path": f"/{TEXT}", "grpc-timeout": "20m"}, ENDLESS, "DEADLINE_EXCEEDED"),
        ({":path": "/nothing/There"}, HealthCheckRequest(), "UNIMPLEMENTED"),
        ({":path": f"/{TEXT}", "content-type": "text/plain"}, ENDLESS, "INVALID_ARGUMENT"),
        ({":path": f"/{TEXT}", ":method": "GET"}, ENDLESS, "UNIMPLEMENTED"),
        ({":path": f"/{TEXT}", "grpc-timeout": "soon"}, ENDLESS, "INVALID_ARGUMENT"),
        ({":path": f"/{TEXT}"}, b"\x0a\xff", "INVALID_ARGUMENT"),
    ],
    ids=["refused", "deadline", "unknown", "not gRPC", "GET", "malformed timeout", "malformed message"],
)
async def test_each_ending_over_grpc_has_one_line(
    server: ObservedServer, request_headers: dict[str, str], body: Any, code: str
) -> None:
    async with raw_client(server.grpc) as client:
        await client.finished(client.open(bytes(body), end=True, **request_headers))
    assert (await only(server))["code"] == code


async def test_who_leaves_has_a_line(server: ObservedServer) -> None:
    async with sglang_grpc.SglangServiceClient(server.grpc) as client:
        call = client.text_generate(ENDLESS)
        await anext(call)
        await call.aclose()
        line = await only(server)
    assert line["code"] == "CANCELLED"
    assert line["completion_tokens"] >= 1


async def test_who_hangs_up_over_http_has_a_line(server: ObservedServer) -> None:
    body = {"text": "hello", "sampling_params": {"max_new_tokens": 10**6}, "stream": True}
    async with (
        httpx.AsyncClient() as client,
        client.stream("POST", f"http://{server.http}/generate", json=body) as reply,
    ):
        await anext(reply.aiter_bytes())
    line = await only(server)
    assert (line["code"], line["http_status"], line["method"]) == ("CANCELLED", 200, TEXT)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "x"}], "stream": True}),
        ("/v1/completions", {"prompt": "x", "stream": True}),
        ("/generate", {"text": "x", "stream": True}),
        ("/generate", {"text": "x", "stream": True, "return_logprob": True}),
    ],
)
async def test_without_a_token_there_is_no_first(
    server: ObservedServer, path: str, body: dict[str, Any]
) -> None:
    """The engine is paused, and the client gives up."""
    await server.servicer.engine.pause("in_place")
    async with httpx.AsyncClient(base_url=f"http://{server.http}") as client:
        call = asyncio.create_task(client.post(path, json=body))
        await until(lambda: server.servicer.active_requests == 1)
        call.cancel()
    line = await only(server)
    assert (line["code"], line["completion_tokens"]) == ("CANCELLED", 0)
    assert "ttft" not in line


async def test_an_embedding_has_no_first_token(server: ObservedServer) -> None:
    async with sglang_grpc.SglangServiceClient(server.grpc) as client:
        await client.text_embed(TextEmbedRequest(text="hello"))
    line = await only(server)
    assert (line["prompt_tokens"], line["completion_tokens"]) == (5, 0)
    assert "ttft" not in line and "queue" in line


def test_people_are_shown_the_first_token_only_where_there_is_one() -> None:
    record = CallRecord(Observer(), "http", "", {}, "GET /")
    record.first()
    record.end()
    assert "  first " in ConsoleLines().call(record, 1.0)  # of a stream that failed midway
    record.finished(1, 0, 0)
    assert "tokens 1+0" in ConsoleLines().call(record, 1.0)
    assert "  first " not in ConsoleLines().call(record, 1.0)
    record.finished(0, 0, 1)
    assert "  first " in ConsoleLines().call(record, 1.0)


async def test_an_abort_has_a_line(server: ObservedServer) -> None:
    async with sglang_grpc.SglangServiceClient(server.grpc) as client:
        call = client.text_generate(ENDLESS)
        await anext(call)
        server.servicer._core.active.abort_all()
        with pytest.raises(RpcError):
            assert [m async for m in call]
    assert (await only(server))["code"] == "CANCELLED"


@pytest.mark.parametrize(
    ("request_bytes", "code", "status"),
    [
        (b"GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n", "NOT_FOUND", 404),
        (b"PUT /health HTTP/1.1\r\nhost: x\r\n\r\n", "UNIMPLEMENTED", 405),
        (b"POST /generate HTTP/1.1\r\nhost: x\r\n\r\n", "INVALID_ARGUMENT", 415),
        (b"nonsense\r\n\r\n", "INVALID_ARGUMENT", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "INVALID_ARGUMENT", 505),
        (b"GET / HTTP/1.1\r\nhost: x\r\nexpect: much\r\n\r\n", "INVALID_ARGUMENT", 417),
        (b"GET / HTTP/1.1\r\nhost: x\r\nx: %b\r\n\r\n" % (b"x" * 40_000), "RESOURCE_EXHAUSTED", 431),
        (b"GET /health HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n", "INVALID_ARGUMENT", 400),
    ],
    ids=["404", "405", "415", "malformed", "HTTP/2", "expect", "large", "two hosts"],
)
async def test_each_refusal_over_http_has_one_line(
    server: ObservedServer, request_bytes: bytes, code: str, status: int
) -> None:
    host, _, port = server.http.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request_bytes)
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    assert head.startswith(f"HTTP/1.1 {status}")
    line = await only(server)
    writer.close()
    assert (line["code"], line["http_status"]) == (code, status)
    assert re.findall(r"^x-request-id: (\S+)\r$", head, re.MULTILINE) == [line["request_id"]]


async def test_a_wrong_key_has_a_line_without_it(tmp_path: Path) -> None:
    async with observed(tmp_path / "log", access=Access(KeyRing(user=["right"]))) as server:
        async with httpx.AsyncClient() as client:
            headers = {"authorization": "Bearer wrong-key"}
            assert (await client.get(f"http://{server.http}/v1/models", headers=headers)).status_code == 401
        line = await only(server)
        assert (line["code"], line["http_status"]) == ("UNAUTHENTICATED", 401)
        assert line["method"] == f"{SERVICE}/ListModels"
        assert "wrong-key" not in server.log.read_text()


async def test_nothing_is_written_where_lines_are_off(tmp_path: Path) -> None:
    async with observed(tmp_path / "log", access_log=False) as server, httpx.AsyncClient() as client:
        await client.get(f"http://{server.http}/health")
        assert server.lines() == []


async def test_ids_of_callers_are_repeated_if_they_may_be(server: ObservedServer) -> None:
    async with httpx.AsyncClient(base_url=f"http://{server.http}") as client:
        good = await client.get("/health", headers={"x-request-id": "mine-1"})
        bad = await client.get("/health", headers={"x-request-id": "x" * 200})
        ugly = await client.get("/health", headers={"x-request-id": 'a"b c'})
    assert good.headers["x-request-id"] == "mine-1"
    assert re.fullmatch(r"[0-9a-f]{16}-\d+", bad.headers["x-request-id"])
    assert re.fullmatch(r"[0-9a-f]{16}-\d+", ugly.headers["x-request-id"])
    assert bad.headers["x-request-id"] != ugly.headers["x-request-id"]


async def test_the_id_of_a_grpc_caller_comes_back_in_its_metadata(server: ObservedServer) -> None:
    async with raw_client(server.grpc) as client:
        headers = {":path": f"/{SERVICE}/HealthCheck", "x-request-id": "mine-2"}
        with_id = await client.finished(client.open(b"", end=True, **headers))
        without = await client.finished(client.open(b"", end=True, **{":path": f"/{SERVICE}/HealthCheck"}))
    assert with_id.headers["x-request-id"] == "mine-2"
    assert "x-request-id" not in without.headers


def forged() -> CallRecord:
    record = CallRecord(Observer(), "http", EVIL, {"user-agent": EVIL, "x-request-id": EVIL}, f"GET /{EVIL}")
    record.rid = EVIL
    record.end()
    return record


def test_what_callers_write_stays_within_its_field() -> None:
    text = JsonLines().call(forged(), 1.0)
    line = json.loads(text)
    assert text.isascii() and text.isprintable()
    assert (line["code"], line["user_agent"], line["peer"]) == ("CANCELLED", EVIL, EVIL)


def test_what_callers_write_stays_within_its_line() -> None:
    text = ConsoleLines().call(forged(), 1.0)
    assert text.isprintable()
    assert "CANCELLED" in text


@pytest.mark.parametrize("lines", [JsonLines(), ConsoleLines()])
def test_messages_of_the_log_cannot_forge_lines(lines: JsonLines | ConsoleLines) -> None:
    record = logging.makeLogRecord({"name": "x", "levelname": "INFO", "message": f"{EVIL}\n2026-01-01 fake"})
    written = lines.log(record).split("\n")
    assert all(line.isprintable() for line in written)
    assert all(line.startswith("    ") for line in written[1:])


def test_json_times_are_rfc_3339_and_cut_to_the_millisecond() -> None:
    record = logging.makeLogRecord(
        {"name": "x", "levelname": "INFO", "message": "m", "created": 1e9 + 0.9999}
    )
    assert json.loads(JsonLines().log(record))["time"] == "2001-09-09T01:46:40.999Z"


def test_a_long_path_is_cut() -> None:
    record = CallRecord(Observer(), "http", "", {}, "GET /" + "x" * 10_000)
    record.end()
    assert len(json.loads(JsonLines().call(record, 1.0))["path"]) < 300


def test_the_trace_of_the_caller_is_named() -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    record = CallRecord(Observer(), "http", "", {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}, "GET /")
    record.end()
    assert json.loads(JsonLines().call(record, 1.0))["trace_id"] == trace
    record.metadata = {"traceparent": f'00-{trace[:-1]}"-b7ad6b7169203331-01'}
    assert "trace_id" not in json.loads(JsonLines().call(record, 1.0))

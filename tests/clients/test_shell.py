"""Clients from a shell: curl, buf curl and `tokenwire call`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.server import RunningServer

ASK = {"text": "Return the", "sampling_params": {"max_new_tokens": 6, "temperature": 0, "ignore_eos": True}}


def run(*command: str | Path, status: int = 0) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == status, done.stderr
    return done.stdout if status == 0 else done.stderr


def post(server: RunningServer, path: str, value: object, *flags: str) -> str:
    url = f"http://{server.http}{path}"
    return run("curl", "-sSN", *flags, "-H", "content-type: application/json", "-d", json.dumps(value), url)


def test_curl_streams_server_sent_events(server: RunningServer) -> None:
    chat = {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 5, "stream": True}
    events = post(server, "/v1/chat/completions", chat).strip().split("\n\n")
    assert all(event.startswith("data: ") for event in events)
    assert events[-1] == "data: [DONE]"
    assert json.loads(events[0].removeprefix("data: "))["choices"][0]["delta"]["role"] == "assistant"


def test_curl_native_generate(server: RunningServer) -> None:
    whole = json.loads(post(server, "/generate", ASK))
    assert whole["meta_info"]["completion_tokens"] == 6
    events = post(server, "/generate", ASK | {"stream": True}).strip().split("\n\n")
    assert events.pop() == "data: [DONE]"
    assert json.loads(events[-1].removeprefix("data: "))["text"] == whole["text"]


def test_curl_health(server: RunningServer) -> None:
    for path in ("/health", "/health_generate", "/livez"):
        status = run("curl", "-sS", "-o", "-", "-w", "%{http_code}", f"http://{server.http}{path}")
        assert status.endswith("200")


def test_buf_curl_needs_no_schema(server: RunningServer, buf: Path) -> None:
    url = f"http://{server.grpc}/sglang.runtime.v1.SglangService/TextGenerate"
    out = run(buf, "curl", "--protocol", "grpc", "--http2-prior-knowledge", "-d", json.dumps(ASK), url)
    reply = json.loads(out)
    assert reply["finished"] and reply["text"]


def test_buf_curl_lists_methods(server: RunningServer, buf: Path) -> None:
    url = f"http://{server.grpc}"
    out = run(buf, "curl", "--protocol", "grpc", "--http2-prior-knowledge", "--list-methods", url)
    assert "sglang.runtime.v1.SglangService/WatchEngineState" in out.split()
    assert "grpc.health.v1.Health/Check" in out.split()


def test_tokenwire_call(server: RunningServer) -> None:
    tokenwire = Path(sys.executable).parent / "tokenwire"
    ask = json.dumps(ASK | {"stream": True})
    lines = run(tokenwire, "call", "TextGenerate", ask, "--target", server.grpc).splitlines()
    assert len(lines) > 1
    assert json.loads(lines[-1])["finished"]
    assert "TextGenerate" in run(tokenwire, "call", "--list")
    error = run(tokenwire, "call", "Tokenize", '{"txt": "x"}', "--target", server.grpc, status=2)
    assert "txt" in error and "Traceback" not in error

"""Planted secrets turn up in nothing that the server says: answers, log, errors, traces, crash output."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import grpc
import httpx
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from tokenwire_serve.process.cli import serve

from tests.support.otlp import receiver
from tests.support.server import READY

from .process import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .certificates import Authority

USER_KEY = "uK7vQ2mZ9xRb4TgN"
FILE_KEY = "fY3hW8pLc6SdJ1aE"
ADMIN_KEY = "aD5nB0kXe2UoV7iM"
PASSWORD = "pW9tG4qHz8CrF6yO"
WRONG_KEY = "wR1jM6sIb3KxP5lA"
PLANTED = (USER_KEY, FILE_KEY, ADMIN_KEY, PASSWORD, WRONG_KEY)
SHOWN = 8
"""So many characters of a secret are too many."""

LAST = "the-last-of-all"
"""Id of the last request."""
TRACING = {
    "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS": "process",
    "OTEL_TRACES_SAMPLER": "always_on",
    "OTEL_BSP_SCHEDULE_DELAY": "100",
}

SERVICE = "/sglang.runtime.v1.SglangService"
RPCS = (
    "GetServerInfo",
    "GetModelInfo",
    "ListModels",
    "TextGenerate",
    "ChatComplete",
    "Abort",
    "HealthCheck",
    "None",
)
PATHS = (
    "/server_info",
    "/v1/models",
    "/livez",
    "/health",
    "/metrics",
    "/openapi.json",
    "/nothing",
)
BODIES = ("/generate", "/v1/chat/completions", "/v1/completions", "/flush_cache", "/abort_request")

FAULTY = """
from tokenwire_serve.app import main
from tokenwire_serve.engines import null
generate = null.NullEngine.generate
def broken(self, request, sink):
    if "break" in str(request.prompt):
        raise LookupError(repr(vars(self)) + repr(request))
    return generate(self, request, sink)
null.NullEngine.generate = broken
main()
"""
"""An engine that fails with all that it knows in the text of its error."""


def authorizations() -> Iterator[list[tuple[str, str]]]:
    """What callers send: right, wrong with another secret in it, and no token at all."""
    for key in (USER_KEY, FILE_KEY, ADMIN_KEY, WRONG_KEY, f"x{ADMIN_KEY}x", PASSWORD):
        yield [("authorization", f"Bearer {key}")]
    for value in (ADMIN_KEY, f"Basic {USER_KEY}", f"Bearer {USER_KEY} {ADMIN_KEY}", f"Bearer\t{FILE_KEY}"):
        yield [("authorization", value)]
    yield [("authorization", f"Bearer {USER_KEY}"), ("authorization", f"Bearer {ADMIN_KEY}")]
    yield [("proxy-authorization", f"Bearer {ADMIN_KEY}"), ("cookie", f"key={USER_KEY}")]
    yield [("authorization", f"Bearer {USER_KEY}"), ("cookie", f"key={ADMIN_KEY}")]
    yield []


def ask_over_http(port: int, context: Any) -> Iterator[str]:
    """All that HTTP answers."""
    with httpx.Client(base_url=f"https://localhost:{port}", verify=context, timeout=30) as client:
        for headers in authorizations():
            for path in PATHS:
                reply = client.get(path, headers=headers)
                yield f"{reply.status_code} {reply.headers} {reply.text}"
            for path in BODIES:
                for prompt in ("hello", "break", 7):
                    body = {"text": prompt, "prompt": prompt, "max_tokens": 1, "rid": "r", "bad-field": 1}
                    body["messages"] = [{"role": "user", "content": prompt}]
                    reply = client.post(path, headers=headers, json=body)
                    yield f"{reply.status_code} {reply.headers} {reply.text}"
        bare = {"text": "break", "sampling_params": {"max_new_tokens": 1}}
        headers = [("authorization", f"Bearer {USER_KEY}"), ("x-request-id", LAST)]
        reply = client.post("/generate", headers=headers, json=bare)
        assert reply.status_code == 500
        yield reply.text


def ask_over_grpc(port: int, root: bytes) -> Iterator[str]:
    """All that gRPC answers; the bytes as text."""
    with grpc.secure_channel(f"localhost:{port}", grpc.ssl_channel_credentials(root)) as channel:
        for metadata in authorizations():
            if any("\t" in value for _, value in metadata):
                continue  # grpcio does not send it
            for name in RPCS:
                call = channel.unary_stream(f"{SERVICE}/{name}")
                for body in (b"", b"\x0a\x05break", b"\xff"):
                    replies = call(body, metadata=metadata, timeout=30)
                    try:
                        yield "".join(reply.decode("latin-1") for reply in replies)
                    except grpc.RpcError as error:
                        yield f"{error.code()} {error.details()}"
                    yield f"{replies.initial_metadata()} {replies.trailing_metadata()}"


def settings(authority: Authority) -> dict[str, str]:
    """Flags without their dashes: secrets of every kind, TLS with a key under a password."""
    certificate, key = authority.server()
    private = load_pem_private_key(key.read_bytes(), None)
    key.write_bytes(
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSWORD.encode()))
    )
    keys = authority.directory / "keys"
    keys.write_text(f"{FILE_KEY}\n")
    return {
        "engine": "null", "log-level": "debug",
        "ssl-certfile": str(certificate), "ssl-keyfile": str(key), "ssl-keyfile-password": PASSWORD,
        "api-key": USER_KEY, "admin-api-key": ADMIN_KEY, "api-key-file": str(keys),
    }  # fmt: skip


def as_flags(given: dict[str, str]) -> list[str]:
    return [word for name, value in given.items() for word in (f"--{name}", value)]


def as_file(given: dict[str, str], file: Path) -> list[str]:
    """The flags that have them read from a file."""
    file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in given.items()))
    return ["--config", str(file)]


@contextmanager
def started(flags: list[str], log: Path) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """The faulty server, and its ports of HTTP and gRPC."""
    command = [sys.executable, "-X", "faulthandler", "-c", FAULTY, "--port", "0", *flags]
    with (
        log.open("w") as stderr,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            ready = READY.match(process.stdout.readline())
            assert ready is not None, log.read_text()
            yield process, [int(ready[name].rpartition(":")[2]) for name in ("http", "grpc")]
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("loop", "log_format", "debug", "file"),
    [("asyncio", "console", " DEBUG ", ""), ("uvloop", "json", '"level":"debug"', "config.toml")],
)
def test_nothing_that_the_server_says_has_a_secret(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, loop: str, log_format: str, debug: str, file: str
) -> None:
    """Nor has what a collector gets: spans of all calls, and whatever OpenTelemetry tells of the process."""
    for name, value in TRACING.items():
        monkeypatch.setenv(name, value)
    given = settings(authority) | {"loop": loop, "log-format": log_format}
    flags = as_file(given, authority.directory / file) if file else as_flags(given)
    log = authority.directory / "stderr"
    with (
        receiver() as (collector, exports),
        started(["--otlp-traces-endpoint", collector, *flags], log) as (process, (http, grpc_port)),
    ):
        answers = [
            *ask_over_grpc(grpc_port, authority.file.read_bytes()),
            *ask_over_http(http, authority.trusted()),
        ]
        eventually(lambda: any(LAST in str(export) for _, export in exports), "the last span")
        process.send_signal(signal.SIGABRT)
        out, _ = process.communicate(timeout=30)
    err = log.read_text()
    traces = [str(export) for _, export in exports]
    assert "LookupError" in err
    assert "Fatal Python error: Aborted" in err
    assert debug in err
    assert any('"version"' in answer for answer in answers)
    assert all("process.runtime.name" in trace for trace in traces)
    assert any("TextGenerate" in trace for trace in traces)
    said = "\n".join([out, err, *answers, *traces])
    for secret in PLANTED:
        assert secret[:SHOWN] not in said
        assert secret[-SHOWN:] not in said


def test_a_server_that_cannot_start_shows_none(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text(f"{FILE_KEY} {ADMIN_KEY}\n")
    for flags in (
        ("--api-key", f"{USER_KEY} x"),
        ("--api-key", USER_KEY, "--admin-api-key", USER_KEY),
        ("--api-key-file", str(keys)),
        ("--ssl-keyfile-password", PASSWORD),
        ("--api-key", USER_KEY, "--port", "many"),
        ("--api-key", USER_KEY, ADMIN_KEY),
        (f"--admin-api-key={ADMIN_KEY}", USER_KEY, FILE_KEY),
        ("--api-key-file", USER_KEY),
    ):
        result = CliRunner().invoke(serve, ["--engine", "null", "--port", "0", *flags])
        assert result.exit_code in (1, 2)
        assert "rror: " in result.output
        for secret in PLANTED:
            assert secret[:SHOWN] not in result.output

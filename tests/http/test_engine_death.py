"""An engine that dies, in a real process: the end, or a new start."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "tests.http.mortal", "--engine", "sglang", "--port", "0"]
READY = re.compile(r"ready http=127\.0\.0\.1:(?P<port>\d+) grpc=(?P<grpc>\S+) engine=mortal model=null\n")
PIPES: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": ROOT}


@contextmanager
def serving(*flags: str, life: str = "ok") -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server process that is ready, and its HTTP port; `life` is a word per start of its engine."""
    with started(*flags, life=life) as (process, ready):
        yield process, ready["port"]


@contextmanager
def started(*flags: str, life: str = "ok") -> Iterator[tuple[subprocess.Popen[str], re.Match[str]]]:
    """The same with its ready line."""
    with subprocess.Popen([*COMMAND, *flags, "--", *life.split()], **PIPES) as process:
        try:
            assert process.stdout is not None
            ready = READY.fullmatch(process.stdout.readline())
            assert ready is not None
            yield process, ready
        finally:
            process.kill()


def generate(port: str, text: str, **fields: Any) -> Any:
    body = json.dumps({"text": text, "sampling_params": {"max_new_tokens": 2}} | fields)
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/generate", body.encode(), headers)
    return urllib.request.urlopen(request, timeout=20)


def refusal(port: str, text: str) -> tuple[int, str]:
    with pytest.raises(urllib.error.HTTPError) as caught:
        generate(port, text)
    with caught.value as reply:
        return reply.code, json.load(reply)["error"]["message"]


def health(port: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def until_health(port: str, status: int, text: str = "") -> None:
    deadline = time.monotonic() + 20
    while True:
        code, body = health(port)
        if code == status and text in body:
            return
        assert time.monotonic() < deadline, (code, body)
        time.sleep(0.02)


def errors(err: str) -> list[str]:
    return [line for line in err.splitlines() if line.startswith("error: ")]


def test_a_dead_engine_ends_the_process() -> None:
    with serving() as (process, port):
        stream = generate(port, "x", stream=True, sampling_params={"max_new_tokens": 1_000_000})
        assert stream.readline().startswith(b"data: ")
        assert refusal(port, "die") == (503, "engine null is not up: a scheduler was killed")
        rest = stream.read()
        assert b"the engine died: a scheduler was killed" in rest
        assert rest.endswith(b"data: [DONE]\n\n")
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (1, "")
    assert errors(err) == ["error: engine mortal died: a scheduler was killed"]
    assert "Traceback" not in err


def test_a_dead_engine_is_started_again() -> None:
    with serving("--restart-engine") as (process, port):
        assert refusal(port, "die")[0] == 503
        until_health(port, 503, "the engine is starting: ")
        until_health(port, 200)
        with generate(port, "x") as reply:
            assert reply.status == 200
        process.terminate()
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "")
    assert "engine mortal died: a scheduler was killed; starting it again" in err
    assert re.search(r"engine mortal is up again after \d+\.\d s", err)
    assert re.search(r"starting engine mortal again: capturing CUDA graphs \(\d+\.\d s\)\n", err)
    assert "Traceback" not in err


@pytest.mark.parametrize("service", ["", "sglang.runtime.v1.SglangService"])
def test_a_watch_of_health_tells_of_the_death_and_of_the_new_start(service: str) -> None:
    with (
        started("--restart-engine") as (process, ready),
        grpc.insecure_channel(ready["grpc"]) as channel,
    ):
        port = ready["port"]
        watch = HealthStub(channel).Watch(HealthCheckRequest(service=service), timeout=20)
        assert next(watch).status == HealthCheckResponse.SERVING
        assert refusal(port, "die")[0] == 503
        assert next(watch).status == HealthCheckResponse.NOT_SERVING
        assert next(watch).status == HealthCheckResponse.SERVING
        with generate(port, "x") as reply:
            assert reply.status == 200
        process.terminate()
        assert next(watch).status == HealthCheckResponse.NOT_SERVING
        process.communicate(timeout=20)


@pytest.mark.parametrize(
    ("life", "problem"),
    [
        (
            "short",
            "engine mortal died: a scheduler ended; 3 times in a row it died within 60 s, "
            "so it is not started again",
        ),
        (
            "short fail",
            "engine mortal died: a scheduler ended; it could not be started again: out of memory",
        ),
    ],
)
def test_restarts_come_to_an_end(life: str, problem: str) -> None:
    with serving("--restart-engine", life=life) as (process, _):
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (1, "")
    assert errors(err) == [f"error: {problem}"]
    assert err.count("starting it again") == (2 if life == "short" else 1)
    assert "Traceback" not in err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_a_restart_stops_the_process(number: signal.Signals) -> None:
    with serving("--restart-engine", life="ok hang") as (process, port):
        assert refusal(port, "die")[0] == 503
        until_health(port, 503, "the engine is starting: capturing CUDA graphs")
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "")
    assert "Traceback" not in err


def test_signals_are_taken_back_from_an_engine_that_took_them() -> None:
    with serving() as (process, _):
        process.terminate()
        out, _ = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "")


def test_while_it_starts_health_says_how_far_it_is() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    flags = ["--port", port, "--no-enable-grpc", "--", "hang"]
    with subprocess.Popen([*COMMAND, *flags], **PIPES) as process:
        try:
            assert process.stderr is not None
            lines = [process.stderr.readline() for _ in range(3)]
            assert health(port) == (
                503,
                '{"error":{"message":"the engine is starting: capturing CUDA graphs",'
                '"type":"unavailable","param":null,"code":503}}',
            )
            process.terminate()
            assert process.wait(20) == 0
        finally:
            process.kill()
    what = "loading the model on engine mortal"
    assert lines[0] == f"{what} ...\n"
    assert re.fullmatch(rf"{what}: loading weights \(\d+\.\d s\)\n", lines[1])
    assert re.fullmatch(rf"{what}: capturing CUDA graphs \(\d+\.\d s\)\n", lines[2])


def test_a_flag_of_listeners_after_the_dashes_is_ignored_with_a_warning() -> None:
    with serving(life="--port 1 ok --host=x") as (process, _):
        process.terminate()
        _, err = process.communicate(timeout=20)
    assert process.returncode == 0
    warnings = [line for line in err.splitlines() if "WARNING" in line]
    assert len(warnings) == 1
    assert "--port, --host after -- is ignored: tokenwire's own flags say where to listen" in warnings[0]


@pytest.mark.parametrize("flags", [["--nccl-port", "{}"], ["--", "--nccl-port", "{}"]])
def test_an_nccl_port_in_use_is_an_error_before_anything_is_loaded(flags: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [*COMMAND, *(flag.format(port) for flag in flags)]
        done = subprocess.run(command, **PIPES, timeout=60, check=False)
    problem = f"--nccl-port {port} is in use on 0.0.0.0: stop what listens there, or choose another port"
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: {problem}")
    assert len(done.stderr.splitlines()) == 1

"""The server as a process: its ready line, signals, the drain, exit codes and errors at start."""

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
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_serve.process import supervisor
from tokenwire_serve.process.settings import ServeSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenwire_serve.engines import EngineOptions

READY = re.compile(r"ready http=(\S+):(\d+) grpc=(\S+) engine=(\S+) model=(\S+)\n")


@contextmanager
def serving(*flags: str) -> Iterator[tuple[subprocess.Popen[str], re.Match[str]]]:
    """A server process and its ready line."""
    command = [sys.executable, "-m", "tokenwire_gen.sglang.runtime.v1", "--engine", "null", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            ready = READY.fullmatch(line)
            assert ready is not None, line
            yield process, ready
        finally:
            process.kill()


def fails(*flags: str) -> tuple[int, str]:
    """The exit code and the stderr of a server that does not start."""
    command = [sys.executable, "-m", "tokenwire_gen.sglang.runtime.v1", *flags]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == ""
    return done.returncode, done.stderr


def get(port: str | int, path: str) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as reply:
        status: int = reply.status
        return status


def open_stream(port: str) -> Any:
    """An endless stream whose first event has come."""
    body = json.dumps({"text": "x", "stream": True, "sampling_params": {"max_new_tokens": 1_000_000}})
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/generate",
        data=body.encode(),
        headers={"content-type": "application/json", "x-tokenwire-stream": "delta"},
    )
    reply = urllib.request.urlopen(request, timeout=20)
    assert reply.readline().startswith(b"data: ")
    return reply


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ready_then_a_signal_ends_it_with_0(number: signal.Signals) -> None:
    with serving("--port", "0", "--served-model-name", "m") as (process, ready):
        host, http, grpc, engine, model = ready.groups()
        assert (host, engine, model) == ("127.0.0.1", "null", "m")
        grpc_host, _, grpc_port = grpc.rpartition(":")
        socket.create_connection((grpc_host, int(grpc_port)), timeout=5).close()
        with urllib.request.urlopen(f"http://127.0.0.1:{http}/server_info", timeout=10) as reply:
            info = json.load(reply)
        assert (info["port"], info["grpc_port"]) == (int(http), int(grpc_port))
        assert get(http, "/health") == 200
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out) == (0, "")
        assert "Traceback" not in err


EARLY = """
import importlib.abc, os, signal, sys

class Signals(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.{number})

sys.meta_path.insert(0, Signals())
from tokenwire_serve.process.cli import serve
serve.main(["--engine", "null", "--port", "0", *sys.argv[1:]])
"""


@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT"])
@pytest.mark.parametrize(
    "module", ["tokenwire_serve.process.supervisor", "tokenwire_serve.servicer.service", "uvloop"]
)
def test_a_signal_while_it_is_imported_ends_it_with_a_word(number: str, module: str) -> None:
    command = [sys.executable, "-c", EARLY.format(module=module, number=number), "--log-format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    (line,) = done.stderr.splitlines()
    assert json.loads(line)["message"] == "stopped before it was ready"


def test_http_alone() -> None:
    with serving("--port", "0", "--no-enable-grpc") as (process, ready):
        assert ready[3] == "off"
        assert get(ready[2], "/livez") == 200
        process.terminate()
        assert process.wait(20) == 0


@pytest.mark.parametrize(("flags", "status"), [([], 404), (["--accept-any-model"], 200)])
def test_any_model_is_accepted_if_told_so(flags: list[str], status: int) -> None:
    with serving("--port", "0", *flags) as (process, ready):
        body = json.dumps({"model": "anything", "prompt": "x", "max_tokens": 1}).encode()
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"http://127.0.0.1:{ready[2]}/v1/completions", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                found = reply.status
        except urllib.error.HTTPError as error:
            with error:
                found = error.code
        assert found == status
        process.terminate()
        assert process.wait(20) == 0


def test_the_engine_is_told_what_was_given(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[EngineOptions] = []

    def create(name: str, options: EngineOptions) -> NoReturn:
        seen.append(options)
        raise RpcError(Code.FAILED_PRECONDITION, "that is all")

    monkeypatch.setattr(supervisor, "create", create)
    settings = ServeSettings(
        engine="sglang",
        port=0,
        served_model_names=("m", "alias"),
        dtype="float16",
        engine_args=("--port", "1", "--tp", "2", "--nccl-port", "25678"),
        explicit=frozenset({"served_model_names", "dtype", "port", "drain_timeout"}),
    )
    assert supervisor.run(settings.resolved()) == 1
    assert capsys.readouterr().err.endswith("error: that is all\n")
    (options,) = seen
    assert options.explicit == {"served_model_name", "dtype", "port"}
    assert options.engine_args == ("--tp", "2", "--nccl-port", "25678")
    assert (options.host, options.nccl_port, options.served_model_name) == ("127.0.0.1", 25678, "m")
    assert options.port > 0


def test_ipv6() -> None:
    with serving("--host", "::1", "--port", "0") as (process, ready):
        assert ready[1] == "[::1]"
        socket.create_connection(("::1", int(ready[2])), timeout=5).close()
        process.terminate()
        assert process.wait(20) == 0


def test_a_drain_lets_short_requests_finish_and_ends_long_ones() -> None:
    with serving("--port", "0", "--drain-timeout", "0.5") as (process, ready):
        stream = open_stream(ready[2])
        process.terminate()
        rest = stream.read()
        assert rest.endswith(b"data: [DONE]\n\n")
        error = json.loads(rest.split(b"\n\n")[-3].removeprefix(b"data: "))["error"]
        assert error["type"] == "unavailable"
        _, err = process.communicate(timeout=20)
        assert process.returncode == 0
        assert "Traceback" not in err


def test_a_drain_delay_lets_requests_in_while_health_says_no() -> None:
    with serving("--port", "0", "--drain-delay", "3") as (process, ready):
        base = f"http://127.0.0.1:{ready[2]}"
        process.terminate()
        deadline = time.monotonic() + 2.5
        while (status := get_status(f"{base}/health")) == 200:
            assert time.monotonic() < deadline
        assert status == 503
        assert get_status(f"{base}/v1/models") == 200
        assert process.wait(20) == 0


def get_status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=10) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_while_it_drains_nothing_new_is_taken() -> None:
    with serving("--port", "0", "--drain-timeout", "20") as (process, ready):
        port = int(ready[2])
        with socket.create_connection(("127.0.0.1", port), timeout=10) as idle:
            stream = open_stream(ready[2])
            process.terminate()
            assert idle.recv(1) == b""
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=5)
        assert stream.readline() == b"\n"
        assert stream.readline().startswith(b"data: ")
        stream.close()
        assert process.wait(20) == 0


def test_a_second_signal_ends_it_at_once() -> None:
    with serving("--port", "0", "--drain-timeout", "1000") as (process, ready):
        stream = open_stream(ready[2])
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        for line in process.stderr:
            if "draining" in line:
                break
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 128 + signal.SIGINT
        stream.close()


@pytest.mark.parametrize("flag", ["--port", "--grpc-port"])
def test_a_port_in_use_is_one_error_that_names_the_flag(flag: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, err = fails("--engine", "null", "--port", "0", flag, port)
    assert code == 1
    problem = f"{flag} {port} is in use on 127.0.0.1: stop what listens there, or choose another port"
    assert err.startswith(f"error: {problem}")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("flags", "code", "problem"),
    [
        (("--port", "7", "--grpc-port", "7"), 2, "--port and --grpc-port are both 7"),
        (("--port", "0", "--engine", "warp"), 1, "unknown engine 'warp'"),
        (("--port", "0", "--model-path", "/no/such/model"), 1, "/no/such/model"),
    ],
)
def test_what_cannot_start_says_why_in_one_line(flags: tuple[str, ...], code: int, problem: str) -> None:
    status, err = fails(*flags)
    assert status == code
    assert problem in err
    assert "Traceback" not in err
    assert sum(line.lower().startswith("error: ") for line in err.splitlines()) == 1

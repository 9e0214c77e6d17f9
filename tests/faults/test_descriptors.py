"""A server that runs out of file descriptors."""

from __future__ import annotations

import logging
import resource
import socket
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import pytest
from tokenwire_serve.process import descriptors

from .processes import eventually, goes_on, open_stream, process

FILES = 64
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def health(port: int) -> bool:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as reply:
        return reply.status == 200


def greeted(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
        sock.sendall(PREFACE)
        return sock.recv(4) != b""


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_server_without_descriptors_goes_on_and_accepts_again(loop: str) -> None:
    with process("--loop", loop, files=FILES) as server, ExitStack() as stack:
        folder = Path(f"/proc/{server.popen.pid}/fd")
        stream = stack.enter_context(open_stream(server.http))
        with ExitStack() as crowd:
            for port in (server.http, server.grpc) * FILES:
                crowd.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
            eventually(lambda: len(list(folder.iterdir())) >= FILES - 1)
            assert server.popen.stderr is not None
            for line in server.popen.stderr:
                if "no new connections" in line:
                    break
            before, end = server.cpu(), time.monotonic() + 1.5
            while time.monotonic() < end:
                assert goes_on(stream)
            assert server.cpu() - before < 1.0  # it does not spin
        eventually(lambda: health(server.http))
        eventually(lambda: greeted(server.grpc))
        stream.close()
        assert server.stop() == 0
        rest = server.popen.stderr.read()
    assert f"all {FILES} file descriptors of this process are in use" in line
    assert "--max-connections" in line
    assert rest.count("no new connections") <= 1
    assert "Traceback" not in rest


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The limits of open files, soft and hard, as the code under test sees and sets them."""
    found = [(256, 1024)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: found[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, limit: found.append(limit))
    return found


@pytest.mark.parametrize(("connections", "listeners"), [(400, 2), (500, 2), (900, 1), (0, 2)])
def test_the_soft_limit_is_raised_and_what_does_not_fit_is_said(
    limits: list[tuple[int, int]],
    caplog: pytest.LogCaptureFixture,
    connections: int,
    listeners: int,
) -> None:
    descriptors.raise_limit(connections, listeners)
    assert limits[-1] == (1024, 1024)
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    expected = (
        "--max-connections 500 does not fit into the limit of 1024 open files: it needs 1064, so raise "
        "the limit (ulimit -n, LimitNOFILE=) or set --max-connections 480"
    )
    assert warnings == ([expected] if connections == 500 else [])

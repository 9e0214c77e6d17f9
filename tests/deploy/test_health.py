"""The Dockerfile's HEALTHCHECK, run against servers as they may be set up in a container."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tokenwire_serve.process import health
from tokenwire_serve.process.health import Place, problem_of

from tests.security.certificates import Authority
from tests.security.process import serving
from tests.support.server import READY

from . import dockerfile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SERVE = (sys.executable, "-c", "from tokenwire.cli import main; main()", "serve", "--engine", "null")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def check(*process: str, **environment: str) -> tuple[int, str]:
    """The exit status of the Dockerfile's command, and what it prints."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [*dockerfile.health_check(), *process], stdout=subprocess.PIPE, text=True, timeout=60, check=False,
        env=os.environ | {"PATH": path} | environment,
    )  # fmt: skip
    return done.returncode, done.stdout


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


@pytest.mark.parametrize("tls", ["none", "server", "optional", "required"])
def test_a_server_that_lives_is_healthy_whatever_its_tls(authority: Authority, tls: str) -> None:
    flags: list[str | Path] = []
    if tls != "none":
        certificate, key = authority.server()
        flags += ["--ssl-certfile", certificate, "--ssl-keyfile", key]
    if tls in ("optional", "required"):
        flags += ["--ssl-client-auth", tls, "--ssl-ca-certs", authority.file]
    with serving(authority.directory, *flags) as server:
        assert check(SGLANG_PORT=str(server.http_port)) == (0, "")
        assert check(str(server.process.pid), SGLANG_PORT=str(server.http_port)) == (0, "")


def test_the_command_line_and_its_file_say_where_to_ask(authority: Authority) -> None:
    certificate, key = authority.server()
    port, log = free_port(), authority.directory / "log"
    config = authority.directory / "config.toml"
    config.write_text(
        f'host = "0.0.0.0"\nssl-certfile = "{certificate}"\nssl-keyfile = "{key}"\nenable-grpc = false\n'
    )
    flags = ("--config", config, "--port", str(port), "--log-level", "debug")
    with (
        log.open("w") as stderr,
        subprocess.Popen([*SERVE, *flags], stdout=subprocess.PIPE, stderr=stderr, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            assert READY.match(process.stdout.readline())
            assert health.place_of(process.pid) == Place("127.0.0.1", port, True)
            assert check(str(process.pid)) == (0, "")
            process.terminate()
            assert process.wait(30) == 0
        finally:
            process.kill()
    assert "GET /livez" in log.read_text()
    assert "handshake failed" not in log.read_text()  # it was not asked without TLS first


@pytest.mark.parametrize("process", [(), (str(os.getpid()),), ("999999999",)])
def test_where_nothing_listens_one_line_says_so(process: tuple[str, ...]) -> None:
    port = free_port()
    status, said = check(*process, SGLANG_PORT=str(port))
    assert status == 1
    assert said.startswith(f"127.0.0.1:{port} does not answer without TLS: [Errno 111]")
    assert len(said.splitlines()) == 1


def test_variables_that_no_server_starts_with() -> None:
    status, said = check(SGLANG_PORT="http")
    assert (status, len(said.splitlines())) == (1, 1)
    assert "'http' is not a valid integer" in said


@contextmanager
def listener(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """The port of one that does this to each connection."""
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            try:
                taken, _ = server.accept()
            except TimeoutError:
                continue
            with taken:
                answer(taken)

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            over.set()
            thread.join()


@pytest.mark.parametrize("tls", [False, True])
def test_another_answer_is_no_life(tls: bool) -> None:
    def refuse(taken: socket.socket) -> None:
        taken.recv(4096)
        taken.sendall(b"HTTP/1.1 503 Service Unavailable\r\n\r\n")

    with listener(refuse) as port:
        problem = problem_of(Place("127.0.0.1", port, tls))
    assert problem.startswith(f"127.0.0.1:{port} ")
    assert ("does not answer with TLS" if tls else "answers 'HTTP/1.1 503 Service Unavailable'") in problem


def test_an_alert_that_asks_for_a_certificate_is_life(authority: Authority) -> None:
    """How other loops than asyncio's end such a connection."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.file)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(*authority.server())

    def ask(taken: socket.socket) -> None:
        with pytest.raises(ssl.SSLError, match="PEER_DID_NOT_RETURN_A_CERTIFICATE"):
            context.wrap_socket(taken, server_side=True)

    with listener(ask) as port:
        assert problem_of(Place("127.0.0.1", port, True)) == ""


def test_a_listener_that_only_closes_is_no_life() -> None:
    with listener(lambda _: None) as port:
        assert problem_of(Place("127.0.0.1", port, False))


@pytest.mark.parametrize("shakes_hands", [False, True])
def test_a_server_that_hangs_is_no_life(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, shakes_hands: bool
) -> None:
    monkeypatch.setattr(health, "_PATIENCE", 2.0)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*authority.server())
    asked = threading.Event()

    def hang(taken: socket.socket) -> None:
        if shakes_hands:
            with context.wrap_socket(taken, server_side=True) as secure:
                assert secure.recv(4096).startswith(b"GET /livez ")
                asked.set()
                secure.recv(1)
        else:
            taken.recv(1 << 14)
            asked.set()
            taken.recv(1 << 14)

    with listener(hang) as port:
        problem = problem_of(Place("127.0.0.1", port, shakes_hands))
        assert asked.is_set()
    assert problem == f"127.0.0.1:{port} does not answer within 2 s"

"""`tokenwire doctor` against servers of ours, good and badly set up, and against strangers."""

from __future__ import annotations

import json
import socket
import threading
from concurrent import futures
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import grpc
import httpx
import pytest
from click.testing import CliRunner
from tokenwire.connection_advice import WRONG_PORT
from tokenwire.grpc.target import Target
from tokenwire_serve.doctor import calls, web, wire
from tokenwire_serve.doctor.cli import doctor
from tokenwire_serve.doctor.finding import NEEDS_KEY, Finding, table, verdict
from tokenwire_serve.doctor.web import HttpChecks
from tokenwire_serve.doctor.wire import reach

from tests.security.certificates import Authority
from tests.support.server import RunningServer, running_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

USER, ADMIN = "user-key-0123456789", "admin-key-0123456789"


def examine(*flags: str) -> tuple[int, dict[str, Finding]]:
    """The exit status and the findings by their check."""
    result = CliRunner().invoke(doctor, [*flags, "--json"])
    assert result.exit_code in (0, 1), result.output
    findings = [Finding(**finding) for finding in json.loads(result.output)]
    return result.exit_code, {finding.check: finding for finding in findings}


def states(findings: dict[str, Finding]) -> dict[str, str]:
    return {check: finding.state for check, finding in findings.items()}


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with running_server("--engine", "null", "--log-level", "warning") as running:
        yield running


def test_a_server_on_this_machine(server: RunningServer) -> None:
    code, findings = examine("--target", server.grpc)
    assert states(findings) == dict.fromkeys(
        [
            "reachable", "TLS", "limits", "large header", "health", "keys", "admin", "reflection", "model",
            "tokens", "deadline", "leaving", "HTTP health", "HTTP models", "HTTP chat", "HTTP metrics",
        ],
        "ok",
    )  # fmt: skip
    assert code == 0
    assert "--max-header-size" in findings["large header"].found
    assert findings["model"].found == "null on engine null"
    assert "16 in" in findings["tokens"].found


def test_the_table_is_for_people(server: RunningServer) -> None:
    result = CliRunner().invoke(doctor, ["--target", server.grpc, "--no-http"])
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0].startswith("ok    reachable")
    assert lines[-1] == "it works"
    assert not any("HTTP models" in line for line in lines)


def test_what_to_do_stands_below_what_was_found() -> None:
    findings = [Finding("a", "ok", "fine"), Finding("longer", "fail", "word " * 20, "do this")]
    lines = list(table(findings, width=60))
    assert lines[0] == "ok    a       fine"
    assert lines[1].startswith("FAIL  longer  word")
    assert lines[-1] == "              > do this"
    assert max(map(len, lines)) <= 60


def test_keys_and_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.server()
    mine, mine_key = authority.client()
    flags = (
        "--ssl-certfile",
        str(certificate),
        "--ssl-keyfile",
        str(key),
        "--ssl-ca-certs",
        str(authority.file),
    )
    flags += ("--ssl-client-auth", "required", "--api-key", USER, "--admin-api-key", ADMIN)
    with running_server("--engine", "null", "--log-level", "error", *flags) as server:
        target = ("--target", f"https://{server.grpc}")
        whole = (*target, "--ca", str(authority.file), "--cert", str(mine), "--key", str(mine_key))
        web = ("--http-port", server.http.rpartition(":")[2])
        code, findings = examine(*whole, *web, "--api-key", USER)
        assert code == 0, [f for f in findings.values() if f.state == "fail"]
        assert findings["TLS"].state == "ok" and "the certificate is good for" in findings["TLS"].found
        assert (
            findings["keys"].found
            == "user calls need a key; yours is taken, none and a wrong one are refused"
        )
        assert findings["admin"].found == "admin calls without a key are refused; your key is a user's"
        assert "metrics; they need a key, and yours is taken" in findings["HTTP metrics"].found
        assert states(findings)["HTTP chat"] == "ok"

        code, findings = examine(*whole, "--api-key", ADMIN)
        assert (code, findings["admin"].found) == (
            0, "admin calls without a key are refused; your key is an admin's"
        )  # fmt: skip

        code, findings = examine(*whole, *web)
        assert (code, findings["keys"].state, findings["tokens"].state) == (0, "warn", "skip")
        assert findings["HTTP metrics"].found == "/metrics needs a key"

        code, findings = examine(*whole, *web, "--api-key", "not-the-key-0123456789")
        assert (code, findings["keys"].state) == (1, "fail")
        assert "not-the-key" not in repr(findings)

        code, findings = examine(*target)
        assert (code, findings["TLS"].state) == (1, "fail")
        assert "--ca" in findings["TLS"].fix

        code, findings = examine(*target, "--ca", str(authority.file))
        assert (code, states(findings).get("health")) == (1, None)
        assert "certificate" in " ".join(finding.fix for finding in findings.values())

        code, findings = examine("--target", server.grpc)
        assert (code, findings["TLS"].found) == (1, "the server speaks TLS and we did not")
        assert f"https://{server.grpc}" in findings["TLS"].fix


GUARDED = ("--api-key", USER, "--admin-api-key", ADMIN)


@contextmanager
def paused_server(*flags: str) -> Iterator[RunningServer]:
    """A server whose generation is paused."""
    with running_server("--engine", "null", "--log-level", "error", *flags) as server:
        headers = {"authorization": f"Bearer {ADMIN}"}
        httpx.post(f"http://{server.http}/pause_generation", json={}, headers=headers).raise_for_status()
        yield server


@pytest.mark.parametrize(
    ("flags", "asked"),
    [
        ((), ()),
        ((), ("--no-http",)),
        (GUARDED, ("--no-http", "--api-key", ADMIN)),
        (GUARDED, ("--api-key", USER)),
    ],
    ids=["no keys", "no keys, gRPC only", "admin, gRPC only", "user, by the metrics"],
)
def test_a_pause_is_named_and_no_token_waited_for(flags: tuple[str, ...], asked: tuple[str, ...]) -> None:
    with paused_server(*flags) as server:
        web = () if "--no-http" in asked else ("--http-port", server.http.rpartition(":")[2])
        code, findings = examine("--target", server.grpc, *asked, *web)
    assert code == 1
    assert findings["tokens"] == Finding("tokens", "fail", "generation is paused", findings["tokens"].fix)
    assert "ContinueGeneration" in findings["tokens"].fix
    for check in {"deadline", "leaving", "HTTP chat"} & findings.keys():
        assert findings[check] == Finding(check, "skip", "not looked at: generation is paused")
    assert [check for check, state in states(findings).items() if state == "fail"] == ["tokens"]


def test_a_pause_that_nothing_tells_is_one_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's key, and metrics elsewhere."""
    monkeypatch.setattr(calls, "_PATIENCE_S", 1.0)
    monkeypatch.setattr(web, "_PATIENCE_S", 1.0)
    with paused_server(*GUARDED, "--metrics-http-port", "0") as server:
        host, port = server.http.split(":")
        code, findings = examine("--target", server.grpc, "--api-key", USER, "--http-port", port)
        chat = {f.check: f for f in HttpChecks(host, int(port), None, USER, local=True).run()}
    assert code == 1
    assert findings["tokens"].state == "fail"
    assert "tokenwire_engine_paused" in findings["tokens"].fix
    assert {findings[check].found for check in ("deadline", "leaving", "HTTP chat")} == {
        "not looked at: 0 messages of 16 came within 1 s"
    }
    assert chat["HTTP health"].state == "ok"
    assert (chat["HTTP chat"].state, chat["HTTP chat"].fix) == ("fail", findings["tokens"].fix)
    assert chat["HTTP metrics"].state == "skip"


def test_a_server_without_a_key_of_ours_is_not_said_to_work() -> None:
    with running_server("--engine", "null", "--log-level", "error", *GUARDED) as server:
        flags = ["--target", server.grpc, "--http-port", server.http.rpartition(":")[2]]
        without = CliRunner().invoke(doctor, flags)
        wrong = CliRunner().invoke(doctor, [*flags, "--api-key", "not-the-key-0123456789"])
        right = CliRunner().invoke(doctor, [*flags, "--api-key", USER])
    assert (without.exit_code, without.output.splitlines()[-1]) == (
        0, "what was looked at works; 6 checks need a key; 1 to know"
    )  # fmt: skip
    assert wrong.exit_code == 1
    assert "the server refuses the key" in wrong.output
    assert "admin calls without a key are refused" in wrong.output
    assert "your key is" not in wrong.output
    assert (right.exit_code, right.output.splitlines()[-1]) == (0, "it works")


def test_verdicts() -> None:
    ok, warn = Finding("a", "ok", ""), Finding("b", "warn", "")
    unseen = Finding("c", "skip", NEEDS_KEY)
    assert verdict([ok]) == "it works"
    assert verdict([ok, warn, warn]) == "it works; 2 to know"
    assert verdict([ok, unseen]) == "what was looked at works; 1 check needs a key"
    assert verdict([Finding("d", "fail", ""), warn, unseen]) == "1 to fix, 1 to know"


def test_a_server_that_starts_is_waited_for() -> None:
    class Starting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", "0")))
            body = b'{"error": {"message": "loading the model"}}'
            self.send_response(503)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Starting) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        findings = {
            f.check: f for f in HttpChecks("127.0.0.1", server.server_port, None, "", local=True).run()
        }
        server.shutdown()
    for check in ("HTTP health", "HTTP models", "HTTP chat"):
        assert findings[check].state == "fail"
        assert findings[check].found.endswith("is 503: loading the model")
        assert "if it is starting, wait" in findings[check].fix


def test_the_http_port_with_tls_is_known_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It keeps the connection for some seconds after its answer."""
    monkeypatch.setattr(wire, "_PATIENCE_S", 3.0)
    authority = Authority(tmp_path)
    certificate, key = map(str, authority.server())
    with running_server("--engine", "null", "--ssl-certfile", certificate, "--ssl-keyfile", key) as server:
        code, findings = examine("--target", f"https://{server.http}", "--ca", str(authority.file))
    assert (code, findings["HTTP/2"].state) == (1, "fail")
    assert "HTTP/1.1 505" in findings["HTTP/2"].found
    assert findings["HTTP/2"].fix == WRONG_PORT


def test_the_http_port_is_not_the_grpc_port(server: RunningServer) -> None:
    code, findings = examine("--target", server.http)
    assert code == 1
    assert findings["HTTP/2"].found.startswith("no HTTP/2 here: it answers HTTP/1.1")
    assert "--grpc-port" in findings["HTTP/2"].fix


def test_tls_where_there_is_none(server: RunningServer) -> None:
    code, findings = examine("--target", f"https://{server.grpc}")
    assert (code, findings["TLS"].state) == (1, "fail")
    assert "without https://" in findings["TLS"].fix


def test_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    code, findings = examine("--target", f"127.0.0.1:{port}")
    assert (code, states(findings)) == (1, {"reachable": "fail"})
    assert f"--grpc-port {port}" in findings["reachable"].fix


def test_a_name_that_is_none() -> None:
    code, findings = examine("--target", "no-such-host.invalid:1")
    assert (code, states(findings)) == (1, {"reachable": "fail"})
    assert "no-such-host.invalid" in findings["reachable"].fix


@pytest.mark.parametrize("says", [b"", b"SSH-2.0-OpenSSH_9.2\r\n"])
def test_something_else_listens(says: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(says)
                    connection.settimeout(5)
                    connection.recv(1)

        threading.Thread(target=serve, daemon=True).start()
        found = reach(Target("127.0.0.1", listener.getsockname()[1]), None, local=True)
        listener.shutdown(socket.SHUT_RDWR)
    assert not found.usable
    assert [finding.state for finding in found.findings] == ["ok", "fail"]


class _Nothing(grpc.GenericRpcHandler):
    def service(self, handler_call_details: Any) -> None:
        return None


def test_a_grpc_server_of_something_else() -> None:
    stranger = grpc.server(futures.ThreadPoolExecutor(2), handlers=[_Nothing()])
    port = stranger.add_insecure_port("127.0.0.1:0")
    stranger.start()
    try:
        code, findings = examine("--target", f"127.0.0.1:{port}", "--no-http")
    finally:
        stranger.stop(None).wait(5)
    assert code == 1
    assert findings["health"].state == "fail"
    assert "another API" in findings["health"].fix
    assert findings["reflection"].state == "warn"
    assert findings["tokens"].state == "skip"


def test_a_server_that_drains() -> None:
    with running_server("--engine", "null", "--log-level", "error", "--drain-delay", "20") as server:
        server.process.terminate()
        for _ in range(50):
            code, findings = examine("--target", server.grpc, "--no-http")
            if findings["health"].state == "fail":
                break
        assert (code, findings["health"].found) == (1, "it does not serve now")
        server.process.kill()
        server.process.wait(10)
        server.process.returncode = 0


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (["--target", "nowhere"], "has no port"),
        (["--target", "http://x:1"], "has a scheme"),
        (["--key", __file__], "there is none"),
        (["--api-key", "two words"], "--api-key"),
        (["--api-key", "two", "two words"], "Got 1 unexpected extra argument, not shown"),
        (["--key", "two words"], "the file that it names does not exist"),
        (["--http-port", "0"], "--http-port"),
        (["--ca", __file__], "cannot be used as authorities"),
    ],
)
def test_wrong_flags_are_one_message(flags: list[str], problem: str) -> None:
    result = CliRunner().invoke(doctor, flags)
    assert result.exit_code == 2
    assert problem in result.output
    assert "two words" not in result.output

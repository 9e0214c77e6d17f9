"""The process: what it refuses to start with, what it warns of, and files that change while it serves."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Any, NoReturn

import httpx
import pytest
from click.testing import CliRunner
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_serve.process import supervisor
from tokenwire_serve.process.cli import serve
from tokenwire_serve.process.settings import ServeSettings

from .process import eventually, fails, serving

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

    from .certificates import Authority

USER_KEY = "user-key-0123456789"
NEW_KEY = "fresh-key-0123456789"
ADMIN_KEY = "admin-key-0123456789"


def shown(port: int, context: ssl.SSLContext) -> bytes:
    """The certificate that a listener shows."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as raw,
        context.wrap_socket(raw, server_hostname="localhost") as tls,
    ):
        certificate = tls.getpeercert(binary_form=True)
    assert certificate is not None
    return certificate


def swap(target: Path, content: bytes) -> None:
    """Write a file as careful programs do."""
    new = target.with_suffix(".new")
    new.write_bytes(content)
    new.chmod(0o600)
    new.rename(target)


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_certificates_and_keys_are_read_again_without_a_restart(authority: Authority, loop: str) -> None:
    certificate, key = authority.server()
    other_certificate, other_key = authority.server("other")
    keys = authority.directory / "keys"
    swap(keys, f"# for tests\n\n{USER_KEY}   \n".encode())
    flags: tuple[Any, ...] = (
        "--loop", loop, "--ssl-certfile", certificate, "--ssl-keyfile", key, "--api-key-file", keys,
    )  # fmt: skip
    context = authority.trusted()
    with (
        serving(authority.directory, *flags) as server,
        httpx.Client(base_url=f"https://localhost:{server.http_port}", verify=context) as old,
    ):
        ports = (server.http_port, server.grpc_port)

        def status(bearer: str, client: httpx.Client = old) -> int:
            return client.get("/v1/models", headers={"authorization": f"Bearer {bearer}"}).status_code

        assert (status(USER_KEY), status(NEW_KEY)) == (200, 401)
        before = [shown(port, context) for port in ports]
        swap(certificate, other_certificate.read_bytes())
        swap(key, other_key.read_bytes())
        swap(keys, f"{NEW_KEY}\n".encode())
        eventually(lambda: all(shown(p, context) not in before for p in ports), "the new certificate")
        eventually(lambda: status(NEW_KEY) == 200, "the new key")
        assert status(USER_KEY) == 401  # all of it over the connection with the old certificate

        swap(keys, f"{NEW_KEY}\nnot a key\n".encode())
        swap(certificate, b"broken")
        server.wait_for(f"--api-key-file {keys}, line 2 has a space")
        server.wait_for(f"--ssl-certfile {certificate} has no certificate in PEM form")
        assert status(NEW_KEY) == 200
        assert shown(ports[0], context) == shown(ports[1], context)
    said = server.said()
    assert "Traceback" not in said
    assert USER_KEY not in said
    assert NEW_KEY not in said
    assert "WARNING" not in said


def test_what_cannot_start_says_why_in_one_line(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    swap(keys, b"# nothing\n\n")
    code, said = fails("--api-key-file", keys)
    assert (code, said) == (1, f"error: --api-key-file {keys} has no key: write one per line\n")
    code, said = fails(environment={"TOKENWIRE_API_KEY": "replace-me-with-a-user-key"})
    known = "begins with replace-me, so everybody knows it: make one with openssl rand -hex 24"
    assert (code, said) == (1, f"error: --api-key (or TOKENWIRE_API_KEY) {known}\n")


def test_the_engine_does_not_inherit_secrets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[set[str]] = []

    def create(name: str, options: object) -> NoReturn:
        seen.append(set(os.environ))
        raise RpcError(Code.FAILED_PRECONDITION, "that is all")

    monkeypatch.setattr(supervisor, "create", create)
    names = {"TOKENWIRE_API_KEY", "TOKENWIRE_ADMIN_API_KEY", "TOKENWIRE_SSL_KEYFILE_PASSWORD"}
    for name in names:
        monkeypatch.setenv(name, ADMIN_KEY)
    assert supervisor.run(ServeSettings(engine="null", port=0).resolved()) == 1
    assert capsys.readouterr().err.endswith("error: that is all\n")
    assert len(seen) == 1
    assert not seen[0] & names


def test_help_shows_no_key_of_the_file_of_flags(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'api-key = "{USER_KEY}"\nssl-keyfile-password = "{ADMIN_KEY}"\n')
    result = CliRunner().invoke(serve, ["--config", str(config), "--help"])
    assert result.exit_code == 0
    assert "--api-key" in result.output
    assert USER_KEY not in result.output
    assert ADMIN_KEY not in result.output

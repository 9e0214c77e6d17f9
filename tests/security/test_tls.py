"""TLS of the listeners: what cannot be used, what is agreed on, and files that change while it serves."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import uvloop
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from tokenwire.tls import client_context
from tokenwire_serve.process.groups import SecuritySettings
from tokenwire_serve.process.listeners import listen
from tokenwire_serve.process.reload import WatchedFiles
from tokenwire_serve.process.security import Security
from tokenwire_serve.process.settings import SettingsError
from tokenwire_serve.process.tls import LiveContext, load_context
from tokenwire_serve.process.web import WebServer

from .certificates import Authority

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

PASSWORD = "the-password-of-the-key"


def encrypted(key: Path) -> Path:
    """The key in a file of its own, encrypted."""
    private = load_pem_private_key(key.read_bytes(), None)
    file = key.with_suffix(".encrypted")
    file.write_bytes(
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSWORD.encode()))
    )
    return file


def problem(**settings: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        load_context(SecuritySettings(**settings), "h2")
    return str(caught.value)


def test_what_cannot_be_used_is_one_sentence_with_the_flag_and_the_file(authority: Authority) -> None:
    certificate, key = authority.server()
    _, other = authority.server("other")
    nothing, text = authority.directory / "nothing", authority.directory / "text"
    text.write_text("hello")
    assert problem(ssl_certfile=nothing) == (
        f"--ssl-certfile {nothing} cannot be read: No such file or directory"
    )
    assert problem(ssl_certfile=text) == f"--ssl-certfile {text} has no certificate in PEM form"
    assert problem(ssl_certfile=key) == f"--ssl-certfile {key} has no certificate in PEM form"
    assert problem(ssl_certfile=certificate) == (
        f"--ssl-certfile {certificate} has no private key in PEM form: name the key's file with --ssl-keyfile"
    )
    assert problem(ssl_certfile=certificate, ssl_keyfile=nothing) == (
        f"--ssl-keyfile {nothing} cannot be read: No such file or directory"
    )
    assert problem(ssl_certfile=certificate, ssl_keyfile=authority.directory) == (
        f"--ssl-keyfile {authority.directory} is not a regular file"
    )
    assert problem(ssl_certfile=certificate, ssl_keyfile=text) == (
        f"--ssl-keyfile {text} has no private key in PEM form"
    )
    assert problem(ssl_certfile=certificate, ssl_keyfile=other) == (
        f"--ssl-keyfile {other} does not belong to the certificate"
    )


def test_damaged_files(authority: Authority) -> None:
    certificate, key = authority.server()
    damaged = authority.directory / "damaged"
    damaged.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    assert problem(ssl_certfile=damaged, ssl_keyfile=key) == (
        f"--ssl-certfile {damaged} with --ssl-keyfile {key} cannot be used: "
        "the certificate or the key is damaged"
    )
    files = {"ssl_certfile": certificate, "ssl_keyfile": key}
    assert problem(**files, ssl_ca_certs=key) == f"--ssl-ca-certs {key} has no certificate in PEM form"
    assert problem(**files, ssl_ca_certs=damaged) == (
        f"--ssl-ca-certs {damaged} has a certificate that is damaged"
    )


def test_an_encrypted_key(authority: Authority) -> None:
    certificate, key = authority.server()
    secret = encrypted(key)
    files = {"ssl_certfile": certificate, "ssl_keyfile": secret}
    assert problem(**files) == f"--ssl-keyfile {secret} is encrypted: set --ssl-keyfile-password"
    wrong = problem(**files, ssl_keyfile_password="a-wrong-password")
    assert wrong == f"--ssl-keyfile {secret} cannot be used: --ssl-keyfile-password may be wrong"
    load_context(SecuritySettings(**files, ssl_keyfile_password=PASSWORD), "h2")


def test_one_file_may_hold_the_certificate_and_the_key(authority: Authority) -> None:
    certificate, key = authority.server()
    both = authority.directory / "both"
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    load_context(SecuritySettings(ssl_certfile=both), "h2")


def test_only_what_is_safe_is_agreed_on(authority: Authority) -> None:
    certificate, key = authority.server()
    context = load_context(SecuritySettings(ssl_certfile=certificate, ssl_keyfile=key), "h2")
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    older = [cipher["name"] for cipher in context.get_ciphers() if cipher["protocol"] != "TLSv1.3"]
    assert older
    assert all(name.startswith("ECDHE-") and ("GCM" in name or "CHACHA20" in name) for name in older)


async def serial(port: int, context: ssl.SSLContext, name: str | None = "localhost") -> bytes:
    """The certificate that a server shows; an empty one where it is not asked for a name."""
    checked = name is not None
    if not checked:
        context.check_hostname = False
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context, server_hostname=name if checked else ""
    )
    tls = writer.get_extra_info("ssl_object")
    found: bytes = tls.getpeercert(binary_form=True)
    writer.write(b"x")
    assert await asyncio.wait_for(reader.read(1), 10) == b"x"
    writer.close()
    return found


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(100):
            writer.write(data)
    except OSError:
        pass
    writer.close()


def on_both_loops(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    for factory in (asyncio.new_event_loop, uvloop.new_event_loop):
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(work())


def test_a_context_is_exchanged_under_a_listener_for_every_client(authority: Authority) -> None:
    first = SecuritySettings(**dict(zip(("ssl_certfile", "ssl_keyfile"), authority.server("a"), strict=True)))
    second = SecuritySettings(
        **dict(zip(("ssl_certfile", "ssl_keyfile"), authority.server("b"), strict=True))
    )

    async def work() -> None:
        live = LiveContext(load_context(first, "h2"))
        async with await asyncio.start_server(echo, "127.0.0.1", 0, ssl=live) as server:
            port = server.sockets[0].getsockname()[1]
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=authority.trusted())
            one = await serial(port, authority.trusted())
            live.use(load_context(second, "h2"))
            two = await serial(port, authority.trusted())
            unnamed = await serial(port, authority.trusted(), None)
            assert one != two == unnamed
            writer.write(b"y")
            assert await asyncio.wait_for(reader.read(1), 10) == b"y"
            writer.close()

    on_both_loops(work)


def test_authorities_of_clients_are_exchanged_too(authority: Authority) -> None:
    certificate, key = authority.server()
    other = Authority(authority.directory, "other-ca")
    mine, theirs = authority.client("mine"), other.client("theirs")

    def settings(ca: Path) -> SecuritySettings:
        return SecuritySettings(
            ssl_certfile=certificate, ssl_keyfile=key, ssl_ca_certs=ca, ssl_client_auth="required"
        )

    async def accepted(port: int, shown: tuple[Path, Path] | None) -> bool:
        try:
            await serial(port, client_context(authority.file, *(shown or ())))
        except (OSError, AssertionError):
            return False
        return True

    async def work() -> None:
        live = LiveContext(load_context(settings(authority.file), "h2"))
        async with await asyncio.start_server(echo, "127.0.0.1", 0, ssl=live) as server:
            port = server.sockets[0].getsockname()[1]
            assert [await accepted(port, shown) for shown in (None, mine, theirs)] == [False, True, False]
            live.use(load_context(settings(other.file), "h2"))
            assert [await accepted(port, shown) for shown in (None, mine, theirs)] == [False, False, True]

    on_both_loops(work)


def test_openssl_gets_the_new_certificate_with_and_without_a_name(authority: Authority) -> None:
    certificate, key = authority.server()
    settings = SecuritySettings(ssl_certfile=certificate, ssl_keyfile=key)

    async def shown(port: int, *flags: str) -> bytes:
        command = ("openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-alpn", "h2", *flags)
        process = await asyncio.create_subprocess_exec(
            *command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        out, _ = await process.communicate()
        assert b"ALPN protocol: h2" in out
        return out.partition(b"-----BEGIN CERTIFICATE-----")[2].partition(b"-----END")[0]

    async def work() -> None:
        live = LiveContext(load_context(settings, "h2"))
        async with await asyncio.start_server(echo, "127.0.0.1", 0, ssl=live) as server:
            port = server.sockets[0].getsockname()[1]
            before = {await shown(port, "-noservername"), await shown(port, "-servername", "localhost")}
            shutil.copy(authority.server("new")[0], certificate)
            shutil.copy(authority.directory / "new.key", key)
            live.use(load_context(settings, "h2"))
            after = {await shown(port, "-noservername"), await shown(port, "-servername", "localhost")}
            assert len(before) == len(after) == 1
            assert before != after

    asyncio.run(work())


async def test_files_are_read_when_they_have_settled(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "tokenwire.serve")
    certificate, key = authority.server()
    new_certificate, new_key = authority.server("new")
    settings = SecuritySettings(ssl_certfile=certificate, ssl_keyfile=key)
    security = Security(settings, ["127.0.0.1"])
    (files,) = security._watched
    live = security.grpc
    assert isinstance(live, LiveContext)
    first = live._current
    await files.check()
    assert live._current is first

    new_certificate.rename(certificate)  # the key of another: not to be tried yet
    await files.check()
    assert live._current is first
    new_key.rename(key)
    await files.check()
    assert (live._current, caplog.messages) == (first, [])
    await files.check()
    assert live._current is not first
    assert caplog.messages == ["read the certificates again: new ones are in use"]


async def test_files_that_cannot_be_used_leave_the_old_ones_and_are_told_of_once(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    certificate, key = authority.server()
    security = Security(SecuritySettings(ssl_certfile=certificate, ssl_keyfile=key), ["127.0.0.1"])
    (files,) = security._watched
    live = security.http
    assert isinstance(live, LiveContext)
    first = live._current
    kept = certificate.read_bytes()
    certificate.write_text("broken")
    for _ in range(4):
        await files.check()
    assert live._current is first
    assert caplog.messages == [
        f"--ssl-certfile {certificate} has no certificate in PEM form; the certificates in use before stay"
    ]
    certificate.unlink()
    for _ in range(3):
        await files.check()
    assert live._current is first
    assert len(caplog.messages) == 2
    certificate.write_bytes(kept)
    for _ in range(2):
        await files.check()
    assert live._current is not first


async def test_links_are_followed_as_kubernetes_swaps_them(tmp_path: Path) -> None:
    """A mounted secret is a link into ..data, which is a link that is exchanged."""
    for version in ("one", "two"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "tls.crt").write_text(version)
    data = tmp_path / "..data"
    data.symlink_to("one")
    (tmp_path / "tls.crt").symlink_to("..data/tls.crt")
    read: list[str] = []

    async def load() -> None:
        read.append((tmp_path / "tls.crt").read_text())

    files = WatchedFiles("certificates", [tmp_path / "tls.crt"], load)
    new = tmp_path / "..new"
    new.symlink_to("two")
    new.rename(data)
    for _ in range(3):
        await files.check()
    assert read == ["two"]


async def test_a_bug_while_reading_does_not_end_the_watch(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "file"

    async def load() -> None:
        raise LookupError("a bug")

    files = WatchedFiles("keys", [file], load)
    file.write_text("x")
    for _ in range(3):
        await files.check()
    assert caplog.messages == ["the keys cannot be read again; those in use before stay"]


def test_a_client_is_told_which_file_is_wrong(authority: Authority) -> None:
    certificate, key = authority.client()
    with pytest.raises(ValueError, match="no-such-file cannot be used as authorities: No such file"):
        client_context(authority.directory / "no-such-file")
    with pytest.raises(ValueError, match=r"client\.key cannot be used as authorities: it is not PEM"):
        client_context(key)
    with pytest.raises(ValueError, match=r"client\.key is the key of a certificate, and there is none"):
        client_context(key=key)
    with pytest.raises(
        ValueError, match=r"client\.crt with .*\.encrypted cannot be used .*: the key is encrypted"
    ):
        client_context(authority.file, certificate, encrypted(key))


async def answers(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI application that says hello."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


def ask_again_and_again(port: int, context: ssl.SSLContext, times: int) -> None:
    for _ in range(times):
        with (
            socket.create_connection(("127.0.0.1", port), timeout=10) as raw,
            context.wrap_socket(raw, server_hostname="localhost") as tls,
        ):
            tls.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            said = b""
            while piece := tls.recv(1000):
                said += piece
        assert said.startswith(b"HTTP/1.1 200")
        assert said.endswith(b"hello")


def test_a_handshake_that_comes_at_once_is_not_lost(authority: Authority) -> None:
    certificate, key = authority.server()
    context = load_context(SecuritySettings(ssl_certfile=certificate, ssl_keyfile=key), "http/1.1")

    async def work() -> None:
        with listen("127.0.0.1", 0, "--port") as sock:
            server = WebServer(answers, sock, tls=LiveContext(context))
            await server.start()
            try:
                await asyncio.to_thread(ask_again_and_again, sock.getsockname()[1], authority.trusted(), 60)
            finally:
                await server.close()

    on_both_loops(work)

"""Keys from flags, the environment and files, and the one warning of a server that others can reach."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tokenwire.method import AuthScope
from tokenwire_serve.process import security
from tokenwire_serve.process.groups import SecuritySettings
from tokenwire_serve.process.keys import forget_environment, load_keys
from tokenwire_serve.process.security import Security
from tokenwire_serve.process.settings import SettingsError

from tests.grpc.wire_service import until

if TYPE_CHECKING:
    from .certificates import Authority

USER_KEY = "user-key-0123456789"
ADMIN_KEY = "admin-key-0123456789"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    file = tmp_path / "keys"
    file.touch(0o600)
    return file


def test_keys_of_flags_and_files_count_together(keys: Path) -> None:
    keys.write_text(f"\ufeff# for tests\r\n\r\n  {USER_KEY}-1\t \r\n{USER_KEY}-2", encoding="utf-8")
    ring = load_keys(SecuritySettings(api_keys=(USER_KEY,), api_key_file=keys, admin_api_keys=(ADMIN_KEY,)))
    assert repr(ring) == "KeyRing(3 user, 1 admin)"
    for key in (USER_KEY, f"{USER_KEY}-1", f"{USER_KEY}-2"):
        assert ring.scope_of(key) is AuthScope.USER
    assert ring.scope_of(ADMIN_KEY) is AuthScope.ADMIN


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"api_keys": ("",)}, "--api-key is empty"),
        ({"api_keys": ("two words",)}, "--api-key has a space or a character that is not printable ASCII"),
        ({"api_keys": ("x" * 16, "")}, "--api-key number 2 is empty"),
        (
            {"admin_api_keys": ("schl\xfcssel",)},
            "--admin-api-key has a space or a character that is not printable ASCII",
        ),
        (
            {"api_keys": (USER_KEY,), "admin_api_keys": (USER_KEY,)},
            "the same key is given as a user key and as an admin key: "
            "give --api-key and --admin-api-key different ones",
        ),
    ],
)
def test_what_cannot_be_a_key_names_its_flag(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_keys(SecuritySettings(**settings))
    assert str(caught.value) == problem


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "has no key: write one per line"),
        (b"# nothing\n\n", "has no key: write one per line"),
        (
            b"good-key-0123456789\nnot one\n",
            ", line 2 has a space or a character that is not printable ASCII",
        ),
        (b"\xff\xfe", "is not text"),
    ],
)
def test_what_cannot_be_a_file_of_keys_names_its_line(keys: Path, content: bytes, problem: str) -> None:
    """A file without keys is an error: it would leave the server open."""
    keys.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        load_keys(SecuritySettings(admin_api_key_file=keys))
    assert str(caught.value) in (
        f"--admin-api-key-file {keys} {problem}",
        f"--admin-api-key-file {keys}{problem}",
    )
    keys.unlink()
    with pytest.raises(SettingsError, match=r"--admin-api-key-file .* cannot be read: No such file"):
        load_keys(SecuritySettings(admin_api_key_file=keys))


def test_a_key_in_the_place_of_its_file_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for given in (USER_KEY, f"{USER_KEY}/{USER_KEY}"):
        with pytest.raises(SettingsError) as caught:
            load_keys(SecuritySettings(api_key_file=Path(given)))
        assert str(caught.value).startswith("the file that --api-key-file names cannot be read: ")
        assert USER_KEY not in str(caught.value)
    (tmp_path / "empty").touch(0o600)
    with pytest.raises(SettingsError, match="--api-key-file empty has no key"):
        load_keys(SecuritySettings(api_key_file=Path("empty")))
    with pytest.raises(SettingsError, match=r"--api-key-file \.\./nowhere cannot be read"):
        load_keys(SecuritySettings(api_key_file=Path("../nowhere")))


KNOWN = "begins with replace-me, so everybody knows it: make one with openssl rand -hex 24"


@pytest.mark.parametrize("key", ["replace-me-with-a-user-key", "Replace_Me", "REPLACE-ME-0123456789"])
def test_keys_of_examples_are_refused(keys: Path, key: str) -> None:
    keys.write_text(f"{USER_KEY}\n{key}\n")
    for settings, name in (
        ({"api_keys": (key,)}, "--api-key (or TOKENWIRE_API_KEY)"),
        ({"admin_api_keys": (USER_KEY, key)}, "--admin-api-key number 2 (or TOKENWIRE_ADMIN_API_KEY)"),
        ({"admin_api_key_file": keys}, f"--admin-api-key-file {keys}, line 2"),
    ):
        with pytest.raises(SettingsError) as caught:
            load_keys(SecuritySettings(**settings))
        assert str(caught.value) == f"{name} {KNOWN}"
    load_keys(SecuritySettings(api_keys=("never-replace-me",)))


async def test_keys_stay_when_their_file_gets_that_of_an_example(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = tmp_path / "keys"
    keys.touch(0o600)
    monkeypatch.setattr(security, "_PERIOD", 0.01)
    keys.write_text(USER_KEY)
    guard = Security(SecuritySettings(api_key_file=keys), ["127.0.0.1"])
    keys.write_text("replace-me-with-a-user-key")
    watching = asyncio.create_task(guard.watch())
    await until(lambda: bool(caplog.messages))
    await asyncio.sleep(0.1)
    watching.cancel()
    assert caplog.messages == [f"--api-key-file {keys}, line 1 {KNOWN}; the keys in use before stay"]
    assert guard.access.keys.scope_of(USER_KEY) is AuthScope.USER
    assert guard.access.keys.scope_of("replace-me-with-a-user-key") is AuthScope.PUBLIC


def test_a_pipe_is_no_file_of_keys(tmp_path: Path) -> None:
    """Reading it would wait for whoever may never write."""
    pipe = tmp_path / "keys"
    os.mkfifo(pipe, 0o600)
    with pytest.raises(SettingsError) as caught:
        load_keys(SecuritySettings(api_key_file=pipe))
    assert str(caught.value) == f"--api-key-file {pipe} is not a regular file"


def test_a_huge_file_of_keys_is_not_read(keys: Path) -> None:
    os.truncate(keys, 1 << 40)
    with pytest.raises(SettingsError, match=r"--api-key-file .* is larger than 16777216 bytes"):
        load_keys(SecuritySettings(api_key_file=keys))


async def test_keys_stay_when_their_file_becomes_a_pipe(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "keys"
    file.touch(0o600)
    monkeypatch.setattr(security, "_PERIOD", 0.01)
    file.write_text(USER_KEY)
    guard = Security(SecuritySettings(api_key_file=file), ["127.0.0.1"])
    file.unlink()
    os.mkfifo(file, 0o600)
    watching = asyncio.create_task(guard.watch())
    await until(lambda: bool(caplog.messages))
    watching.cancel()
    assert caplog.messages == [f"--api-key-file {file} is not a regular file; the keys in use before stay"]
    assert guard.access.keys.scope_of(USER_KEY) is AuthScope.USER


def test_what_weakens_keys_is_warned_of(keys: Path, caplog: pytest.LogCaptureFixture) -> None:
    keys.write_text(f"short\n{USER_KEY}\n")
    load_keys(SecuritySettings(api_key_file=keys, api_keys=("brief",)))
    shorts = [
        f"{name} is shorter than 16 characters, which can be guessed"
        for name in ("--api-key", f"--api-key-file {keys}, line 1")
    ]
    assert caplog.messages == shorts
    caplog.clear()
    keys.chmod(0o640)
    keys.write_text(f"{USER_KEY}\n")
    load_keys(SecuritySettings(api_key_file=keys))
    assert caplog.messages == []
    keys.chmod(0o644)
    load_keys(SecuritySettings(api_key_file=keys))
    assert (
        caplog.messages[0]
        == f"--api-key-file {keys} is open to others than its owner and group: chmod 640 it"
    )
    assert not any("brief" in message for message in caplog.messages)


@pytest.mark.parametrize("value", ["", " "])
def test_an_empty_variable_is_an_error(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """Whoever sets it means a key, and click takes it for not given."""
    monkeypatch.setenv("TOKENWIRE_API_KEY", value)
    with pytest.raises(
        SettingsError, match="TOKENWIRE_API_KEY is set and empty: give it a value as for --api-key"
    ):
        forget_environment()


def test_variables_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKENWIRE_ADMIN_API_KEY", ADMIN_KEY)
    forget_environment()
    assert "TOKENWIRE_ADMIN_API_KEY" not in os.environ


def test_settings_show_no_secret() -> None:
    settings = SecuritySettings(
        api_keys=(USER_KEY,), admin_api_keys=(ADMIN_KEY,), ssl_keyfile_password="the-password"
    )
    for secret in (USER_KEY, ADMIN_KEY, "the-password"):
        assert secret not in repr(settings)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"ssl_keyfile": "k"}, "--ssl-keyfile needs --ssl-certfile"),
        ({"ssl_client_auth": "required"}, "--ssl-client-auth required needs --ssl-certfile"),
        (
            {"ssl_certfile": "c", "ssl_client_auth": "optional"},
            "--ssl-client-auth optional needs --ssl-ca-certs",
        ),
        (
            {"ssl_certfile": "c", "ssl_ca_certs": "a"},
            "--ssl-ca-certs does nothing without --ssl-client-auth optional or required",
        ),
        ({"ssl_certfile": "c", "ssl_ca_certs": "a", "ssl_client_auth": "required"}, ""),
        ({}, ""),
    ],
)
def test_flags_of_tls_that_need_each_other(given: dict[str, Any], problem: str) -> None:
    """Authorities without a demand for certificates would only look like mutual TLS."""
    assert SecuritySettings(**given).problem() == problem


WITHOUT = "listening on {}, which others can reach, without {}: set {}"
TLS_FLAGS = "--ssl-certfile and --ssl-keyfile"


@pytest.mark.parametrize(
    ("hosts", "tls", "given", "warning"),
    [
        (["127.0.0.1", "127.0.0.1"], False, {}, None),
        (["::1"], False, {}, None),
        (["0.0.0.0"], False, {}, ("0.0.0.0", "TLS and keys", f"{TLS_FLAGS} and --api-key-file")),
        (
            ["127.0.0.1", "10.0.0.1"],
            False,
            {},
            ("10.0.0.1", "TLS and keys", f"{TLS_FLAGS} and --api-key-file"),
        ),
        (["::"], False, {"api_keys": (USER_KEY,)}, ("::", "TLS", TLS_FLAGS)),
        (["::"], True, {}, ("::", "keys", "--api-key-file")),
        (["::"], True, {"admin_api_keys": (ADMIN_KEY,)}, ("::", "keys", "--api-key-file")),
        (["::"], True, {"api_keys": (USER_KEY,)}, None),
        (["::"], True, {"ssl_client_auth": "required"}, None),
        (["::"], True, {"ssl_client_auth": "optional"}, ("::", "keys", "--api-key-file")),
    ],
)
def test_one_warning_where_others_can_reach_it(
    authority: Authority,
    caplog: pytest.LogCaptureFixture,
    hosts: list[str],
    tls: bool,
    given: dict[str, Any],
    warning: tuple[str, ...] | None,
) -> None:
    if tls:
        certificate, key = authority.server()
        given = {"ssl_certfile": certificate, "ssl_keyfile": key, "ssl_ca_certs": authority.file, **given}
    Security(SecuritySettings(**given), hosts)
    assert caplog.messages == ([] if warning is None else [WITHOUT.format(*warning)])

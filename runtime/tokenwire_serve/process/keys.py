"""The keys of a server: from flags, the environment and files."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Final

from tokenwire.auth import KeyRing, key_problem
from tokenwire.quiet import is_path

from .files import read_file
from .settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .groups import SecuritySettings

__all__ = ["SECRETS_IN_ENVIRONMENT", "forget_environment", "key_files", "load_keys"]

_LOG: Final = logging.getLogger("tokenwire.serve")
_USER: Final = "--api-key"
_ADMIN: Final = "--admin-api-key"
SECRETS_IN_ENVIRONMENT: Final = {
    _USER: "TOKENWIRE_API_KEY",
    _ADMIN: "TOKENWIRE_ADMIN_API_KEY",
    "--ssl-keyfile-password": "TOKENWIRE_SSL_KEYFILE_PASSWORD",
}
"""Variables that hold secrets, by the flags they stand for."""
_SHORT: Final = 16
"""Characters below which a key can be guessed."""
_PLACEHOLDER: Final = "replace-me"
"""How keys of examples begin: everybody knows them."""
_OTHERS: Final = 0o027
"""What a file of keys must not allow; its group may read it, as in a volume of Kubernetes."""


def key_files(security: SecuritySettings) -> tuple[Path, ...]:
    """The files that keys come from."""
    return tuple(path for path in (security.api_key_file, security.admin_api_key_file) if path is not None)


def load_keys(security: SecuritySettings) -> KeyRing:
    """All keys, those of files as the files are now; warns of what makes them weak.

    Raises:
        SettingsError: A key cannot be one or is that of an example, or a file cannot be read or has none;
            the message names the flag, the file and the line, and shows no key.
    """
    user = dict(_named(_USER, security.api_keys, security.api_key_file))
    admin = dict(_named(_ADMIN, security.admin_api_keys, security.admin_api_key_file))
    for name, key in [*user.items(), *admin.items()]:
        if len(key) < _SHORT:
            _LOG.warning("%s is shorter than %d characters, which can be guessed", name, _SHORT)
    try:
        return KeyRing(user.values(), admin.values())
    except ValueError as error:
        raise SettingsError(f"{error}: give {_USER} and {_ADMIN} different ones") from None


def forget_environment() -> None:
    """Take the secrets out of the environment, so that the engine's processes do not inherit them.

    Raises:
        SettingsError: A variable is there and empty: whoever set it meant a secret, and there is none.
    """
    for flag, name in SECRETS_IN_ENVIRONMENT.items():
        value = os.environ.pop(name, None)
        if value is not None and not value.strip():
            raise SettingsError(f"{name} is set and empty: give it a value as for {flag}, or unset it")


def _named(flag: str, given: tuple[str, ...], path: Path | None) -> Iterator[tuple[str, str]]:
    """Each key with what to call it."""
    for place, key in enumerate(given, 1):
        name = flag if len(given) == 1 else f"{flag} number {place}"
        _check(name, key, f"{name} (or {SECRETS_IN_ENVIRONMENT[flag]})")
        yield name, key
    if path is not None:
        yield from _lines(f"{flag}-file", path)


def _lines(flag: str, path: Path) -> Iterator[tuple[str, str]]:
    where = f"{flag} {path}" if is_path(path) else f"the file that {flag} names"
    content, mode = read_file(where, path)
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise SettingsError(f"{where} is not text") from None
    if mode & _OTHERS:
        _LOG.warning("%s is open to others than its owner and group: chmod 640 it", where)
    found = False
    for number, line in enumerate(lines, 1):
        key = line.strip()
        if not key or key.startswith("#"):
            continue
        found = True
        name = f"{where}, line {number}"
        _check(name, key, name)
        yield name, key
    if not found:
        raise SettingsError(f"{where} has no key: write one per line")


def _check(name: str, key: str, origin: str) -> None:
    """See that a key can be one; `origin` says more of where an unfit one comes from than `name` does."""
    problem = key_problem(key)
    if problem:
        raise SettingsError(f"{name} {problem}")
    if key.lower().replace("_", "-").startswith(_PLACEHOLDER):
        raise SettingsError(
            f"{origin} begins with {_PLACEHOLDER}, so everybody knows it: make one with openssl rand -hex 24"
        )

"""`python -m tokenwire_serve.process.health [PID]`: whether the server of a process is alive.

For health checks. The process is number 1 if not given, as in a container. Exits with 0 or 1, and says in
one line what is wrong.
"""

from __future__ import annotations

import socket
import ssl
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

import click

from .cli import serve

__all__ = ["Place", "main", "place_of", "problem_of"]

_PATIENCE: Final = 4.0
"""Seconds in which an answer comes; Docker gives the whole check 5."""
_REQUEST: Final = b"GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
_ANY: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Where to call those who listen on all addresses."""


class Place(NamedTuple):
    """Where a server listens for HTTP, and whether with TLS."""

    host: str
    port: int
    tls: bool


def place_of(pid: int) -> Place:
    """Where the command line of a process, its file of `--config` and our variables have it listen.

    Raises:
        click.ClickException: The variables are none that a server would start with.
    """
    try:
        found = serve.make_context("serve", _flags_of(pid)).params
    except (click.ClickException, click.exceptions.Exit):
        found = serve.make_context("serve", []).params
    host = found["host"].strip("[]")
    return Place(_ANY.get(host, host), found["port"], found["ssl_certfile"] is not None)


def problem_of(place: Place) -> str:
    """Why the server that listens there is not alive; empty when it is.

    What does not speak the way that its flags say is asked the other way: the flags may be those of a shell.
    """
    try:
        problem = _ask(place, tls=place.tls)
        if problem and not _ask(place, tls=not place.tls):
            return ""
    except TimeoutError:
        problem = f"does not answer within {_PATIENCE:g} s"
    return problem and f"{place.host}:{place.port} {problem}"


def _flags_of(pid: int) -> list[str]:
    """What follows `serve` in the command line of a process."""
    words: list[str] = []
    with suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    return words[words.index("serve") + 1 :] if "serve" in words else []


def _ask(place: Place, *, tls: bool) -> str:
    """What is wrong with the answer to `/livez`; empty where nothing is.

    Raises:
        TimeoutError: There is none.
    """
    try:
        with socket.create_connection((place.host, place.port), _PATIENCE) as plain:
            if not tls:
                return _wrong(_line(plain))
            with _trusting().wrap_socket(plain) as secure:
                return _wrong_after_handshake(secure)
    except TimeoutError:
        raise
    except (OSError, UnicodeError) as error:  # A name may have a label that is too long.
        return f"does not answer {'with' if tls else 'without'} TLS: {error}"


def _wrong_after_handshake(sock: ssl.SSLSocket) -> str:
    """Nothing if the server ends the connection: that is how one says that it wants a certificate.

    Raises:
        TimeoutError: It does neither.
    """
    try:
        line = _line(sock)
    except TimeoutError:
        raise
    except OSError:
        line = b""
    return _wrong(line) if line else ""


def _line(sock: socket.socket) -> bytes:
    """The first line of the answer."""
    sock.sendall(_REQUEST)
    with sock.makefile("rb") as answer:
        return answer.readline(128)


def _wrong(line: bytes) -> str:
    if line.startswith(b"HTTP/1.1 200 "):
        return ""
    return f"answers {line.decode('latin-1').strip()!r} to /livez"


def _trusting() -> ssl.SSLContext:
    """A context that takes any certificate: this asks whether the server lives, not who it is."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def main(pid: int = 1) -> int:
    """The exit status."""
    try:
        problem = problem_of(place_of(pid))
    except click.ClickException as error:
        problem = error.format_message()
    if problem:
        print(problem)
    return int(bool(problem))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))

"""Sockets that are bound and listen before anything slow starts, so that a conflict shows at once."""

from __future__ import annotations

import errno
import socket
from pathlib import Path
from typing import Final

from .settings import SettingsError

__all__ = ["address_of", "listen"]

_BACKLOG: Final = 2048
_CLIENT_PORTS: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")


def listen(host: str, port: int, flag: str, host_flag: str = "--host") -> socket.socket:
    """A listening TCP socket; connections wait in its queue until something accepts them.

    Args:
        host: Address or name; of a name's addresses the first of IPv4, else of IPv6.
        port: 0 takes a free one.
        flag: The flag that gave the port, for errors.
        host_flag: The one that gave the host.

    Raises:
        SettingsError: The address cannot be taken; the message names the flag.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise SettingsError(f"{host_flag} {host!r} is neither an address nor a known host name") from None
    family, kind, protocol, _, address = min(found, key=lambda info: info[0] != socket.AF_INET)
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(host != "::"))
        sock.bind(address)
        sock.listen(_BACKLOG)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        raise SettingsError(_problem(error, host, port, flag, host_flag)) from None
    return sock


def address_of(sock: socket.socket) -> str:
    """HOST:PORT of a bound socket, "[HOST]:PORT" where HOST is an IPv6 address."""
    host, port = sock.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _given_to_clients() -> range:
    """The ports that Linux takes for outgoing connections; none where that is not known."""
    try:
        first, last = map(int, _CLIENT_PORTS.read_text("ascii").split())
    except (OSError, ValueError):
        return range(0)
    return range(first, last + 1)


def _problem(error: OSError, host: str, port: int, flag: str, host_flag: str) -> str:
    if error.errno == errno.EADDRINUSE:
        said = f"{flag} {port} is in use on {host}: stop what listens there, or choose another port"
        given = _given_to_clients()
        if port in given:
            said += (
                f"; or an outgoing connection has it, now or a minute ago: "
                f"ports from {given.start} to {given.stop - 1} are given to those"
            )
        return said
    if error.errno == errno.EACCES:
        return f"{flag} {port} may not be opened by this user: choose a port above 1023"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host_flag} {host!r} is not an address of this machine"
    return f"{flag} {port} cannot be opened on {host}: {error.strerror}"

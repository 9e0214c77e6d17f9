"""Where a client connects to."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Target"]

_HELP = 'write HOST:PORT, "[IPv6]:PORT" or dns:///HOST:PORT'


class Target(NamedTuple):
    """A host, IPv6 addresses without brackets, and a port."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Target:
        """Read "HOST:PORT", "[IPv6]:PORT" or "dns:///HOST:PORT".

        Raises:
            ValueError: It is none of these.
        """
        address = text.removeprefix("dns:").removeprefix("///") if text.startswith("dns:") else text
        if "//" in address:
            raise ValueError(f"target {text!r} has a scheme or a name server; {_HELP}")
        host, colon, port = address.rpartition(":")
        if not colon or not host:
            raise ValueError(f"target {text!r} has no port; {_HELP}")
        if not (port.isascii() and port.isdigit()) or not 0 < int(port) < 65536:
            raise ValueError(f"target {text!r}: port {port!r} is not a number from 1 to 65535")
        if host.startswith("[") and host.endswith("]"):
            host = host[1:-1]
        elif ":" in host or "/" in host:
            raise ValueError(f"target {text!r} is not an address; {_HELP}")
        return cls(host, int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

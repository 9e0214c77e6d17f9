"""What a server lets its clients use: sizes, counts and times."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from math import isfinite
from typing import Any, Final

__all__ = ["DEFAULT_LIMITS", "MOST_PUBLIC", "Limits", "flag_of"]

MOST_PUBLIC: Final = 64 << 10
"""Bytes of a message of those who need no key, where others do: it is for questions of some words."""
_LARGEST_SIZE: Final = 2**31 - 1
_OTHER_FLAGS: Final = {"max_message_size": "--grpc-max-message-size"}


def flag_of(name: str) -> str:
    """The flag of a limit, for errors: "--max-streams" of "max_streams"."""
    return _OTHER_FLAGS.get(name) or "--" + name.replace("_", "-")


def _limit(default: int | float, text: str, least: int | float = 0) -> Any:
    return field(default=default, metadata={"help": text, "least": least})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of a server's listeners; `tokenwire serve` has a flag for each, see `flag_of`.

    Sizes are bytes, times are seconds; where 0 is allowed for a time or a count, it means no limit.
    What is over a limit is refused with an error that names the flag; where the protocol has no room for
    words, a line in the log does. The metadata `help` of each field says what it is.

    Raises:
        ValueError: A value is below the least that makes sense; the message names the flag.
    """

    max_message_size: int = _limit(
        64 << 20, "Largest message in bytes, both directions, unpacked where it is compressed.", 1
    )
    max_header_size: int = _limit(32 << 10, "Most bytes of a request's header fields.", 1024)
    max_request_memory: int = _limit(
        1 << 30,
        "Most bytes of requests, of all connections: what comes in, large ones that run, open gRPC calls.",
        1,
    )
    max_streams: int = _limit(1000, "Calls that one gRPC connection may have open at once.", 1)
    max_connections: int = _limit(1000, "Connections that a listener keeps open at once; 0 is no limit.")
    handshake_timeout: float = _limit(20.0, "Seconds for TLS and for the first bytes of a connection.", 0.1)
    request_timeout: float = _limit(
        60.0, "Seconds that a client may take to send one request; 0 is no limit."
    )
    stall_timeout: float = _limit(120.0, "Seconds that a client may read nothing of an answer.", 0.1)
    idle_timeout: float = _limit(900.0, "Seconds that a connection without calls stays; 0 is no limit.")
    max_connection_age: float = _limit(
        0.0, "Seconds after which a connection is asked to go, give or take a tenth; 0 is never."
    )
    max_connection_age_grace: float = _limit(
        0.0, "Seconds that running calls get when their connection is asked to go; 0 is no limit."
    )
    keepalive_time: float = _limit(
        60.0, "Seconds of silence after which a gRPC client is pinged; 0 is never."
    )
    keepalive_timeout: float = _limit(20.0, "Seconds that a client gets to answer a ping.", 0.1)
    min_ping_interval: float = _limit(
        5.0, "Seconds between pings of a gRPC client; one that pings more often is sent away."
    )

    def __post_init__(self) -> None:
        for item in fields(self):
            value, least = getattr(self, item.name), item.metadata["least"]
            if not isfinite(value) or value < least:
                raise ValueError(f"{flag_of(item.name)} must be {least:g} or more, not {value:g}")
        for name in ("max_message_size", "max_header_size"):
            if getattr(self, name) > _LARGEST_SIZE:
                raise ValueError(
                    f"{flag_of(name)} must be {_LARGEST_SIZE} or less, not {getattr(self, name)}"
                )


DEFAULT_LIMITS: Final = Limits()

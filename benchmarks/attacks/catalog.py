"""All attacks, by name."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final, Literal

from benchmarks.errors import BenchError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .driver import Driver

    Play = Callable[[Driver], None]

__all__ = ["Attack", "attack", "catalog", "named"]

Listener = Literal["grpc", "http"]
Pace = Literal["flood", "slow"]

_FAMILIES: Final = (
    "grpc_streams",
    "grpc_headers",
    "grpc_floods",
    "grpc_readers",
    "grpc_bodies",
    "http_slow",
    "http_big",
    "http_floods",
    "smuggling",
    "sockets",
    "handshakes",
)


@dataclass(frozen=True)
class Attack:
    """An attack.

    Attributes:
        name: Its name, "grpc/ping_flood" say.
        listener: Whom it attacks.
        pace: Floods send as fast as they can; slow ones hold what they have got.
        what: What it does, one sentence.
        play: Does it until the driver's time is up.
        tls: The server that it attacks speaks TLS, and the victim too.
    """

    name: str
    listener: Listener
    pace: Pace
    what: str
    play: Play
    tls: bool = False


_FOUND: Final[dict[str, Attack]] = {}


def attack(*listeners: Listener, pace: Pace, tls: bool = False) -> Callable[[Play], Play]:
    """Enter a function under its name for each listener; its docstring says what it does."""

    def enter(play: Play) -> Play:
        for listener in listeners:
            name = f"{listener}/{play.__name__}"
            what = (play.__doc__ or "").partition("\n")[0]
            _FOUND[name] = Attack(name, listener, pace, what, play, tls)
        return play

    return enter


def catalog() -> dict[str, Attack]:
    """All of them, family by family."""
    for family in _FAMILIES:
        import_module(f".{family}", __package__)
    return _FOUND


def named(names: Sequence[str]) -> list[Attack]:
    """Those of these names, with or without the listener before the slash, "grpc" and "http" for all of one.

    Raises:
        BenchError: There is none of such a name.
    """
    everything = catalog()
    if not names:
        return list(everything.values())
    found = []
    for name in names:
        chosen = [a for key, a in everything.items() if name in (key, key.partition("/")[2], a.listener)]
        if not chosen:
            raise BenchError(f"there is no attack {name!r}; there are {', '.join(everything)}")
        found += [a for a in chosen if a not in found]
    return found

"""A server that is attacked, one for all tests as long as it settles after each attack."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from benchmarks.attacks.arena import Arena
from benchmarks.errors import BenchError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.attacks.arena import Latency, Outcome
    from benchmarks.attacks.catalog import Attack

CONTROL_S = 1.0


class Stage:
    """An arena, replaced when an attack has left a server that does not settle, or does not answer."""

    def __init__(self, folder: Path, *flags: str, tls: bool = False) -> None:
        self._folder, self._flags, self._tls = folder, flags, tls
        self._stack = ExitStack()
        self._arena: Arena | None = None
        self._control: Latency | None = None

    @property
    def arena(self) -> Arena:
        if self._arena is None:
            self._arena = self._stack.enter_context(Arena(self._folder, flags=self._flags, tls=self._tls))
        return self._arena

    def control(self, *, again: bool = False) -> Latency:
        """The victim without an attack, as it was the first time or as it is now."""
        if self._control is None or again:
            self._control = self.arena.control(CONTROL_S)
        return self._control

    def attack(self, attack: Attack, seconds: float) -> Outcome:
        control = self.control()
        try:
            outcome = self.arena.attack(attack, seconds, control)
        except (BenchError, OSError):
            self.close()
            raise
        if outcome.settled is None:
            self.close()
        return outcome

    def close(self) -> None:
        self._arena = None
        self._stack.close()


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    stage = Stage(tmp_path_factory.mktemp("attacks"))
    yield stage
    stage.close()


@pytest.fixture(scope="session")
def tls_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    stage = Stage(tmp_path_factory.mktemp("tls"), tls=True)
    yield stage
    stage.close()


@pytest.fixture(scope="session")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A server that has no patience with slow clients."""
    flags = ["--handshake-timeout", "0.4", "--request-timeout", "0.4", "--stall-timeout", "0.4"]
    stage = Stage(tmp_path_factory.mktemp("hasty"), *flags)
    yield stage
    stage.close()

"""Who gives way when all places are taken."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from tokenwire.grpc import room as room_module
from tokenwire.grpc.room import Room
from tokenwire.grpc.stats import ServerStats
from tokenwire.limits import Limits


class Clock:
    """Tells the time that was set."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(room_module, "monotonic", made)
    return made


@dataclass(eq=False)
class One:
    """A connection."""

    gone: list[One] = field(repr=False)
    greeted: bool = False
    called: bool = False

    def give_way(self) -> None:
        self.gone.append(self)


def full() -> Room:
    """Room for one connection, which another has taken."""
    return Room(Limits(max_connections=1), ServerStats([SimpleNamespace(streams=0)]))


def test_the_oldest_silent_one_before_one_without_a_call(clock: Clock) -> None:
    room, gone = full(), list[One]()
    idle, used = One(gone, greeted=True), One(gone, greeted=True, called=True)
    silent = [One(gone), One(gone)]
    for one in (idle, used, *silent):
        room.enter(one)
        clock.now += 0.015
    assert room.admits() and gone == [silent[0]]
    assert not room.admits()
    clock.now += 0.02
    assert room.admits() and gone == silent
    assert not room.admits()
    clock.now += 2
    assert room.admits() and gone == [*silent, idle]
    assert not room.admits()
    clock.now += 1000
    assert not room.admits()


def test_one_that_has_ended_gives_no_way(clock: Clock) -> None:
    room, gone = full(), list[One]()
    one = One(gone)
    room.enter(one)
    room.leave(one)
    room.leave(one)
    clock.now += 10
    assert not room.admits() and not gone

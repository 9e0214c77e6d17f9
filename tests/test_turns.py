"""Connections that have sent much have their turns, and others theirs."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from tokenwire.turns import Turns

if TYPE_CHECKING:
    import pytest


class Slow:
    """Has work of five milliseconds, several times.

    Attributes:
        pieces: How many are left.
        ended: It was told to end.
    """

    ended = False

    def __init__(self, pieces: int = 10) -> None:
        self.pieces = pieces

    def work_off(self) -> bool:
        end = time.perf_counter() + 0.005
        while time.perf_counter() < end:
            pass
        self.pieces -= 1
        return self.pieces > 0

    def hold_off(self) -> None:
        pass

    def abort(self) -> None:
        self.ended = True


class Broken(Slow):
    """Has a bug."""

    def work_off(self) -> bool:
        raise ZeroDivisionError


async def count(turns: Turns) -> int:
    """The loop's turns until all is done."""
    number = 0
    while turns.scheduled:
        await asyncio.sleep(0)
        number += 1
    return number


async def test_what_takes_long_is_made_up_for() -> None:
    """All have a millisecond of each turn of the loop, in the mean."""
    turns, slow = Turns(), Slow()
    turns.add(slow)
    assert await count(turns) > 40
    assert slow.pieces == 0


async def test_a_bug_ends_one_only(caplog: pytest.LogCaptureFixture) -> None:
    turns, others, broken = Turns(), [Slow(2), Slow(2)], Broken()
    for worker in (others[0], broken, others[1]):
        turns.add(worker)
    await count(turns)
    assert [(other.pieces, other.ended) for other in others] == [(0, False), (0, False)]
    assert broken.ended
    (record,) = caplog.records
    assert record.exc_info is not None and record.exc_info[0] is ZeroDivisionError

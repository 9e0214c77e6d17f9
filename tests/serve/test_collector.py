"""Full collections are made in quiet moments, and seldom in others."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

import pytest
from tokenwire_serve.process import collector
from tokenwire_serve.process.collector import IdleCollector

from tests.grpc.wire_service import until

if TYPE_CHECKING:
    from collections.abc import Iterator


class Cycle:
    """Leads to itself."""

    def __init__(self) -> None:
        self.me = self


def aged_cycle() -> weakref.ref[Cycle]:
    """A cycle that only a full collection finds."""
    cycle = Cycle()
    gc.collect(1)
    return weakref.ref(cycle)


@pytest.fixture(autouse=True)
def thresholds(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, int, int]]:
    """Python's, of which the last is two: three collections of younger objects make a full one due."""
    monkeypatch.setattr(collector, "_SECONDS", 0.001)
    usual = gc.get_threshold()
    gc.set_threshold(700, 10, 2)
    yield gc.get_threshold()
    gc.set_threshold(*usual)


def make_due() -> None:
    for _ in range(4):
        gc.collect(1)


async def test_a_quiet_moment_is_used() -> None:
    quiet = IdleCollector(lambda: 0)
    quiet.start()
    cycle = aged_cycle()
    make_due()
    await until(lambda: cycle() is None)
    quiet.stop()


@pytest.mark.parametrize("what", ["somebody waits", "much comes", "nothing is due"])
async def test_any_other_is_not(what: str) -> None:
    looks = 0

    def activity() -> int | None:
        nonlocal looks
        looks += 1
        return {"somebody waits": None, "much comes": looks}.get(what, 0)

    busy = IdleCollector(activity)
    busy.start()
    gc.collect()
    cycle = aged_cycle()
    if what != "nothing is due":
        make_due()
    await until(lambda: looks >= 5)
    assert cycle() is not None
    busy.stop()


async def test_python_has_its_thresholds_back(thresholds: tuple[int, int, int]) -> None:
    it = IdleCollector(lambda: None)
    it.start()
    assert gc.get_threshold() == (*thresholds[:2], 100)
    it.stop()
    assert gc.get_threshold() == thresholds
    it.stop()
    assert gc.get_threshold() == thresholds


async def test_the_last_of_several_gives_them_back(thresholds: tuple[int, int, int]) -> None:
    first, second = IdleCollector(lambda: None), IdleCollector(lambda: None)
    first.start()
    second.start()
    first.stop()
    assert gc.get_threshold() == (*thresholds[:2], 100)
    second.stop()
    assert gc.get_threshold() == thresholds

"""How long a queue is, from measured speed: what refused callers are told, and what deadlines are held to."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest
from tokenwire.codes import Code
from tokenwire.details import RetryInfo
from tokenwire.errors import RpcError
from tokenwire_serve.engines.pace import Pace

from .support import collect, generate, start

if TYPE_CHECKING:
    from tokenwire_serve.engine import Engine

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def seconds_of(error: RpcError) -> float:
    """When to try again."""
    (retry,) = (detail for detail in error.details if isinstance(detail, RetryInfo))
    assert retry.retry_delay is not None
    return retry.retry_delay.total_seconds()


def leave(pace: Pace, clock: Clock, count: int, every: float, waiting: int) -> None:
    for _ in range(count):
        clock.now += every
        pace.left(1, waiting)


async def test_nothing_measured_is_nothing_known() -> None:
    pace = Pace()
    assert pace.wait(1) is None
    assert pace.wait(0) == 0.0
    assert seconds_of(pace.full("full", 50)) == 1.0


async def test_the_wait_follows_the_speed_at_which_places_become_free() -> None:
    clock = Clock()
    pace = Pace(clock)
    leave(pace, clock, 11, 0.5, waiting=40)
    assert pace.wait(1) == pytest.approx(0.5)
    assert pace.wait(20) == pytest.approx(10)
    error = pace.full("the queue is full", 40)
    assert error.code is Code.RESOURCE_EXHAUSTED
    assert error.message == "the queue is full (--max-waiting-requests); try again later"
    assert seconds_of(error) == pytest.approx(2)


async def test_time_without_a_queue_does_not_count() -> None:
    clock = Clock()
    pace = Pace(clock)
    leave(pace, clock, 5, 1.0, waiting=3)
    leave(pace, clock, 1, 1.0, waiting=0)
    leave(pace, clock, 9, 1000.0, waiting=0)
    assert pace.wait(1) == pytest.approx(1.25)
    leave(pace, clock, 11, 0.1, waiting=3)
    assert pace.wait(1) == pytest.approx(0.1)


async def test_when_nothing_leaves_the_wait_grows_and_old_speed_is_forgotten() -> None:
    clock = Clock()
    pace = Pace(clock)
    leave(pace, clock, 11, 1.0, waiting=9)
    clock.now += 10
    assert pace.wait(1) == pytest.approx(2)
    leave(pace, clock, 300, 4.0, waiting=9)
    assert pace.wait(1) == pytest.approx(4, rel=0.1)


async def test_what_callers_are_told_is_within_reason() -> None:
    at_once, for_ever = Clock(), Clock()
    fast, slow = Pace(at_once), Pace(for_ever)
    leave(fast, at_once, 100, 1e-4, waiting=1)
    leave(slow, for_ever, 3, 500.0, waiting=1)
    assert seconds_of(fast.full("full", 1)) == 0.1
    assert seconds_of(slow.full("full", 1)) == 60.0


async def test_an_engine_knows_how_long_its_queue_is(tiny: Engine) -> None:
    assert tiny.expected_wait() in (0.0, None)
    running = [asyncio.ensure_future(generate(tiny, max_new_tokens=40, ignore_eos=True)) for _ in range(40)]
    await asyncio.wait(running[:12])
    full = [start(tiny, max_new_tokens=1) for _ in range(48)]
    refusals = []
    for stream in full:
        try:
            await collect(stream)
        except RpcError as error:
            refusals.append(error)
    expected = tiny.expected_wait()
    assert refusals, "the queue had room for all"
    assert {error.code for error in refusals} == {Code.RESOURCE_EXHAUSTED}
    assert all(0.1 <= seconds_of(error) <= 60 for error in refusals)
    assert expected is not None
    begun = time.monotonic()
    await asyncio.wait(running)
    assert expected < 20 * (time.monotonic() - begun) + 20


async def test_an_expectation_comes_true(tiny: Engine) -> None:
    first = [asyncio.ensure_future(generate(tiny, max_new_tokens=60, ignore_eos=True)) for _ in range(40)]
    await asyncio.wait(first[:16])
    expected = tiny.expected_wait()
    assert expected, "a queue of sixteen and more is no wait"
    begun = time.monotonic()
    await generate(tiny, max_new_tokens=1, ignore_eos=True)
    waited = time.monotonic() - begun
    await asyncio.wait(first)
    assert waited / 4 < expected < waited * 4

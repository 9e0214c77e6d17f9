"""The budget of a connection, on a clock that the test sets."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from h2.errors import ErrorCodes
from tokenwire.grpc import guard as guard_module
from tokenwire.grpc.guard import Guard


class Clock:
    """Tells the time that was set."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(guard_module, "monotonic", made)
    return made


def guarded(max_streams: int = 1000, ping_interval: float = 5.0) -> tuple[Guard, Any]:
    """A guard, and as much of a session as it looks at."""
    guard = Guard(max_streams, ping_interval)
    session = SimpleNamespace(sent=0, highest_inbound_stream_id=0, paused=False)
    guard.session = session  # type: ignore[assignment]  # it looks at nothing else
    if isinstance(guard_module.monotonic, Clock):
        guard_module.monotonic.now += 1000
    return guard, session


def resets(guard: Guard, count: int) -> int:
    """Take so many resets, each in a turn of its own; how many were taken."""
    for number in range(count):
        guard.spent = 0.0
        guard.frame(3, 4)
        if guard.reason:
            return number
    return count


@pytest.mark.parametrize(("max_streams", "taken"), [(1, 600), (1000, 1200), (10_000, 12_000)])
def test_all_calls_may_be_cancelled_at_once(clock: Clock, max_streams: int, taken: int) -> None:
    assert resets(guarded(max_streams)[0], 20_000) == taken


def test_a_new_connection_has_less(clock: Clock) -> None:
    guard, _ = guarded()
    clock.now -= 1000
    assert resets(guard, 20_000) == 600


def test_points_come_back_with_time(clock: Clock) -> None:
    guard, _ = guarded()
    assert resets(guard, 1200) == 1200
    clock.now += 5
    assert resets(guard, 1000) == 500


def test_a_hundred_resets_per_second_may_go_on_for_ever(clock: Clock) -> None:
    guard, _ = guarded()
    for _ in range(600):
        clock.now += 1
        assert resets(guard, 100) == 100


def test_resets_that_answer_late_frames_are_cheap(clock: Clock) -> None:
    """h2 sends one for each frame that was under way when its side reset the stream."""
    guard, _ = guarded()
    for _ in range(2000):
        guard.frame(3, 4, late=True)
    assert not guard.reason
    for _ in range(5000):
        guard.frame(3, 4, late=True)
    assert guard.reason == "too many RST_STREAM frames"


def test_a_long_rest_saves_no_more_than_one_burst(clock: Clock) -> None:
    guard, _ = guarded()
    clock.now += 1_000_000
    assert resets(guard, 20_000) == 1200


def test_answers_earn_points(clock: Clock) -> None:
    guard, session = guarded()
    for _ in range(5000):
        guard.answered()
        assert resets(guard, 1) == 1
    session.sent += 512 * 100
    assert resets(guard, 5000) == 1200


def test_a_fault_costs_more_than_a_cancel(clock: Clock) -> None:
    guard, _ = guarded()
    for _ in range(300):
        guard.spent = 0.0
        guard.reset_sent(ErrorCodes.PROTOCOL_ERROR)
    assert not guard.reason
    guard.reset_sent(ErrorCodes.PROTOCOL_ERROR)
    assert guard.reason == "too many streams that had to be reset or refused"


def test_the_reason_is_what_cost_most(clock: Clock) -> None:
    guard, _ = guarded()
    guard.charge(7000, "SETTINGS frames")
    guard.charge(4900, "RST_STREAM frames")
    guard.charge(200, "PRIORITY frames")
    assert guard.reason == "too many SETTINGS frames"


def test_time_in_which_its_frames_wait_gives_a_peer_nothing(clock: Clock) -> None:
    guard, _ = guarded()
    taken = resets(guard, 100)
    clock.now += 1
    guard.waits()
    while not guard.reason:
        clock.now += 1
        guard.waited()
        taken += resets(guard, 10)
    assert taken == 1300


def test_calls_may_be_reset_at_once_for_each_that_is_answered(clock: Clock) -> None:
    guard, _ = guarded()
    for _ in range(1000):
        guard.answered()
    for _ in range(1300):
        guard.hasty_reset()
    assert not guard.reason
    guard.hasty_reset()
    assert guard.reason == "too many calls that were reset at once"


def test_calls_may_be_reset_at_once_now_and_then(clock: Clock) -> None:
    guard, _ = guarded()
    for _ in range(100):
        clock.now += 6
        guard.spent = 0.0
        guard.charge(1, "RST_STREAM frames")
        for _ in range(300):
            guard.hasty_reset()
    assert not guard.reason


@pytest.mark.parametrize(("octets", "taken"), [(4096, 100_000), (20_000, 61)])
def test_large_header_fields_are_read_and_floods_of_them_are_not(
    clock: Clock, octets: int, taken: int
) -> None:
    """A client that sends 2 KiB of new fields with each call, or twice as much, never has to pay."""
    guard, _ = guarded()
    count = 0
    while not guard.reason and count < 100_000:
        guard.spent = 0.0
        guard.huffman(octets)
        count += 1
    assert count == taken


def test_a_guard_lets_go_of_a_connection_that_is_gone(clock: Clock) -> None:
    guard, session = guarded()
    guard.leave()
    assert guard.session is not session
    assert resets(guard, 2000) == 1200


def test_a_turn_ends_before_the_budget(clock: Clock) -> None:
    guard, session = guarded()
    for _ in range(9):
        guard.frame(3, 4)
    assert not session.paused
    guard.frame(3, 4)
    assert session.paused
    assert not guard.reason


def test_a_peer_that_is_trusted_has_no_budget(clock: Clock) -> None:
    assert resets(guarded(max_streams=0, ping_interval=0)[0], 100_000) == 100_000


@pytest.mark.parametrize(
    ("interval", "seconds", "busy", "kept"),
    [
        (5.0, 10.0, True, True),
        (5.0, 1.0, True, True),
        (5.0, 0.5, True, False),
        (5.0, 10.0, False, True),
        (5.0, 4.6, False, True),
        (5.0, 4.0, False, False),
        (300.0, 10.0, True, True),
        (300.0, 10.0, False, False),
        (0.1, 0.2, True, True),
        (0.0, 0.0, False, True),
    ],
)
def test_how_often_a_client_may_ping(
    clock: Clock, interval: float, seconds: float, busy: bool, kept: bool
) -> None:
    guard, _ = guarded(ping_interval=interval)
    for _ in range(1000):
        clock.now += seconds
        guard.ping(busy=busy)
    assert guard.reason == ("" if kept else "too_many_pings")


@pytest.mark.parametrize("what", ["sent", "highest_inbound_stream_id"])
def test_pings_with_something_in_between_are_free(clock: Clock, what: str) -> None:
    guard, session = guarded()
    for _ in range(1000):
        setattr(session, what, getattr(session, what) + 1)
        guard.ping(busy=True)
    assert not guard.reason


def test_three_pings_at_once_now_and_then(clock: Clock) -> None:
    guard, _ = guarded()
    for _ in range(100):
        clock.now += 5
        for _ in range(3):
            guard.ping(busy=False)
    assert not guard.reason


def test_windows_may_be_opened_for_what_was_sent(clock: Clock) -> None:
    """Two updates for each message of ten bytes, a thousand messages at once."""
    guard, session = guarded()
    for _ in range(100):
        session.sent += 10 * 1000
        guard.spent = 0.0
        for _ in range(2000):
            guard.window_update()
    assert guard._points == 6000

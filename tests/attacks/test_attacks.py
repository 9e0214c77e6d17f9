"""Every attack for a moment: another client's calls, memory, and what is left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.attacks.catalog import catalog, named

if TYPE_CHECKING:
    from benchmarks.attacks.arena import Outcome

    from .conftest import Stage

SECONDS = 0.5
TRIES = 2
"""Other programs on the machine may hold up a call for a moment, and hardly twice in a row."""

ENDED = {
    "grpc/continuation_flood",
    "grpc/empty_continuations",
    "grpc/hpack_bomb",
    "grpc/ping_flood",
    "grpc/ping_flood_unread",
    "grpc/settings_flood",
    "grpc/priority_flood",
    "grpc/unknown_frames",
    "grpc/goaway_flood",
    "grpc/data_after_end",
    "http/huge_headers",
    "http/many_headers",
    "http/huge_target",
    "http/many_trailers",
    "http/big_body",
}
"""Floods whose connection the server must end; the others it may also serve without harm."""

SENT_AWAY = [
    "grpc/half_open",
    "grpc/slow_greeting",
    "grpc/slow_headers",
    "http/half_open",
    "http/slow_headers",
    "http/slow_body",
]


def most_ms(outcome: Outcome) -> float:
    """What the victim's 99th percentile may be on a busy machine; `make bench-attacks` holds it to 100 ms.

    The server's core may have been another program's meanwhile.
    """
    return max(5 * outcome.control.p99, 400.0) + outcome.starved_ms


@pytest.mark.parametrize("name", catalog())
def test_attack(request: pytest.FixtureRequest, name: str) -> None:
    (attack,) = named([name])
    stage: Stage = request.getfixturevalue("tls_stage" if attack.tls else "stage")
    for number in range(TRIES):
        stage.control(again=number > 0)
        outcome = stage.attack(attack, SECONDS)
        faults = outcome.faults(most_ms(outcome))
        if outcome.during.p99 <= most_ms(outcome):
            break
    assert not faults, outcome
    assert outcome.settled is not None
    assert outcome.tally["ended"] > 0 or name not in ENDED
    assert outcome.tally["opened"] > 0 and outcome.tally["refused"] == 0


def test_each_name_is_known() -> None:
    assert catalog().keys() >= ENDED | set(SENT_AWAY)


@pytest.mark.parametrize("name", SENT_AWAY)
def test_slow_clients_are_sent_away(hasty: Stage, name: str) -> None:
    (attack,) = named([name])
    outcome = hasty.attack(attack, 1.5)
    assert not outcome.errors
    opened, ended = outcome.tally["opened"], outcome.tally["ended"]
    assert ended >= opened / 3, "connections that say nothing, or little, stay longer than they may"

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

SENT_AWAY = [
    "grpc/half_open",
    "grpc/slow_greeting",
    "grpc/slow_headers",
    "http/half_open",
    "http/slow_headers",
    "http/slow_body",
]


def most_ms(outcome: Outcome) -> float:
    """What the victim's 99th percentile may be; its core may have been another program's."""
    return max(5 * outcome.control.p99, 250.0) + outcome.starved_ms


@pytest.mark.parametrize("name", catalog())
def test_attack(stage: Stage, name: str) -> None:
    (attack,) = named([name])
    for number in range(TRIES):
        stage.control(again=number > 0)
        outcome = stage.attack(attack, SECONDS)
        faults = outcome.faults(most_ms(outcome))
        if outcome.during.p99 <= most_ms(outcome):
            break
    assert not faults, outcome
    assert outcome.settled is not None
    assert outcome.tally["opened"] > 0 and outcome.tally["refused"] == 0


@pytest.mark.parametrize("name", SENT_AWAY)
def test_slow_clients_are_sent_away(hasty: Stage, name: str) -> None:
    (attack,) = named([name])
    outcome = hasty.attack(attack, 1.5)
    assert not outcome.errors
    opened, ended = outcome.tally["opened"], outcome.tally["ended"]
    assert ended >= opened / 3, "connections that say nothing, or little, stay longer than they may"

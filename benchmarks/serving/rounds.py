"""Measures the cases: all servers of a case run at once, and take their turns in interleaved rounds."""

from __future__ import annotations

import contextlib
import math
import statistics
from dataclasses import dataclass, field, replace
from operator import truediv
from typing import TYPE_CHECKING, Any, Final

from benchmarks.errors import BenchError

from . import load, probe
from .servers import SERVERS, Running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from .cases import Case
    from .machine import Cores
    from .probe import Answer

__all__ = ["Plan", "Turn", "check_bytes", "measure", "start_all", "steps"]

_TEN_SECONDS: Final = 10.0
_CYCLES: Final = 6
"""How often each server has a turn in a round for which the servers are started anew."""
_LONG: Final = 2.0
"""What such a turn is of others: what a server does by the clock, such as tracing some calls a second, is to
be of this turn, and not of the rest before it."""


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes:
        rounds: Turns of each server.
        cpu_s: CPU seconds that a server should spend in one turn.
        folder: Where request bodies go.
        report: Called with what is measured next; once per turn.
    """

    cores: Cores
    loop: str
    rounds: int
    cpu_s: float
    folder: Path
    report: Callable[[str], None]


@dataclass
class Turn:
    """A server in a case: what it is asked in each round, and what that cost."""

    running: Running
    load: load.Load
    answer: Answer
    units: int
    costs: list[float] = field(default_factory=list)

    def take(self, core: int) -> float:
        """Run the load once; returns the CPU seconds per call.

        Raises:
            BenchError: A call failed, or the bytes are not those of the probed call.
        """
        before = self.running.cpu()
        outcome = load.run(self.load, core)
        spent = self.running.cpu() - before
        check_bytes(self.running.server.title, self.load.calls, self.answer.bytes, outcome)
        return spent / self.load.calls


def check_bytes(title: str, calls: int, each: int, outcome: load.Outcome) -> None:
    """Hold the bytes that h2load counted to those of as many calls.

    `e2e_latency` has a digit more from ten seconds on, so calls that took as long may have a byte more.

    Raises:
        BenchError: They differ.
    """
    extra = outcome.data_bytes - calls * each
    allowed = calls if outcome.longest_s >= _TEN_SECONDS else 0
    if not 0 <= extra <= allowed:
        raise BenchError(
            f"{title} sent {outcome.data_bytes} bytes in {calls} calls, not {calls * each} ({each} each): "
            "messages were merged, changed or lost"
        )


def measure(cases: Sequence[Case], plan: Plan, done: Callable[[Case, dict[str, Any]], None]) -> None:
    """Measure cases; `done` gets each with its results.

    Servers are started anew for the cases that share them and the mode of their streams; those with
    many streams come last.
    """
    bodies = dict(zip(cases, probe.encode([case.call for case in cases]), strict=True))
    for case in cases:
        if case.afresh:
            done(case, _measure_afresh(case, bodies[case], plan))
    for (servers, mode), group in _grouped([case for case in cases if not case.afresh]).items():
        with start_all(servers, plan, mode) as running:
            for case in sorted(group, key=lambda case: case.at_once):
                turns = _prepare(case, running, bodies[case], plan)
                for number in range(min(plan.rounds, case.most_rounds)):
                    _round(case, turns, number, plan)
                done(case, _results(case, turns))


def _grouped(cases: Sequence[Case]) -> dict[tuple[tuple[str, ...], str], list[Case]]:
    groups: dict[tuple[tuple[str, ...], str], list[Case]] = {}
    for case in cases:
        groups.setdefault((case.servers, case.call.mode), []).append(case)
    return groups


@contextlib.contextmanager
def start_all(servers: Sequence[str], plan: Plan, mode: str = "delta") -> Iterator[list[Running]]:
    """Servers that take calls, until the context ends."""
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(Running(SERVERS[key], plan.cores, plan.loop, mode)) for key in servers]
        for server in running:
            server.wait_ready()
        yield running


def steps(case: Case, count: int) -> int:
    """How often `Plan.report` is called for a case of so many rounds."""
    turns = min(count, case.most_rounds)
    return len(case.servers) * (turns * (1 + _CYCLES) if case.afresh else 1 + turns)


def _measure_afresh(case: Case, body: bytes, plan: Plan) -> dict[str, Any]:
    """Measure a case with new servers for each round, the first of which is another one each time.

    Servers are compared by turns that lie side by side; the ratios of a round are the medians of its cycles.
    Each turn begins with calls that do not count, as many as run at once: a server that has rested spends on
    them what it saved up meanwhile, such as the traces that it may begin.
    """
    plan = replace(plan, cpu_s=plan.cpu_s * _LONG)
    count, first = min(plan.rounds, case.most_rounds), case.servers[0]
    costs: dict[str, list[float]] = {key: [] for key in case.servers}
    ratios: dict[str, list[float]] = {key: [] for key in case.servers}
    for number in range(count):
        begin = number % len(case.servers)
        with start_all(case.servers[begin:] + case.servers[:begin], plan, case.call.mode) as running:
            turns = {turn.running.server.key: turn for turn in _prepare(case, running, body, plan)}
            for cycle in range(_CYCLES):
                for turn in list(turns.values())[:: 1 if cycle % 2 else -1]:
                    load.run(replace(turn.load, calls=case.at_once), plan.cores.client)
                    _round(case, [turn], number, plan)
        base = turns[first].costs
        for key, turn in turns.items():
            costs[key].append(statistics.median(turn.costs))
            ratios[key].append(statistics.median(map(truediv, turn.costs, base)))
    for key, turn in turns.items():
        turn.costs = costs[key]
    found = _results(case, [turns[key] for key in case.servers])
    for key, row in found["servers"].items():
        row |= {
            "ratio": round(statistics.median(ratios[key]), 4),
            "rounds_ratio": [round(ratio, 4) for ratio in ratios[key]],
        }
    return found


def _round(case: Case, turns: Sequence[Turn], number: int, plan: Plan) -> None:
    for turn in turns:
        plan.report(f"{case.key}, {turn.running.server.title}, round {number + 1}")
        turn.costs.append(turn.take(plan.cores.client) / turn.units * 1e6)


def _results(case: Case, turns: Sequence[Turn]) -> dict[str, Any]:
    return {
        "title": case.title,
        "unit": case.unit,
        "servers": {
            turn.running.server.key: {
                "median_us": round(statistics.median(turn.costs), 3),
                "rounds_us": [round(cost, 3) for cost in turn.costs],
                "calls": turn.load.calls,
                "bytes_per_call": turn.answer.bytes,
                "messages_per_call": len(turn.answer.messages),
            }
            for turn in turns
        },
    }


def _prepare(case: Case, running: Sequence[Running], body: bytes, plan: Plan) -> list[Turn]:
    """Compare what the servers say, warm them up, and choose how many calls make a turn."""
    found = probe.answers(case.call, running)
    titles = [server.server.title for server in running]
    probe.compare(case.key, dict(zip(titles, found, strict=True)))
    file = plan.folder / f"{case.key}.body"
    file.write_bytes(body)
    turns = []
    for server, answer in zip(running, found, strict=True):
        plan.report(f"{case.key}, {server.server.title}, warm-up")
        turns.append(Turn(server, _load(case, server, file), answer, case.tokens or 1))
        _choose_calls(turns[-1], plan)
    return turns


def _load(case: Case, server: Running, body: Path) -> load.Load:
    http = not case.call.rpc
    return load.Load(
        url=f"http://{server.target(http=http)}{case.call.path}",
        body=body,
        calls=case.at_once,
        connections=case.connections,
        streams=case.streams,
        headers=case.call.headers,
        http1=http,
    )


def _choose_calls(turn: Turn, plan: Plan) -> None:
    """As many calls as cost the CPU time that was asked for, in full sets of calls at once.

    The first calls of a server cost more than those after them, so they only say how many come next.
    """
    at_once = turn.load.calls
    cost = turn.take(plan.cores.client)
    if cost * at_once < plan.cpu_s:
        turn.load = replace(turn.load, calls=_full_sets(plan.cpu_s / 2 / cost, at_once))
        cost = turn.take(plan.cores.client)
    turn.load = replace(turn.load, calls=_full_sets(plan.cpu_s / cost, at_once))


def _full_sets(calls: float, at_once: int) -> int:
    return max(1, math.ceil(calls / at_once)) * at_once

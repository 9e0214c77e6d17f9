"""Measures the cells: all processes run at once, and the front ends take turns, round by round."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from benchmarks.errors import BenchError

from . import answers
from .cells import FLOOR, FRONTS, PROMPT, TOKENS, Cell, request
from .client import Grpc, Http, connect
from .engines import Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from benchmarks.serving.machine import Cores

    from .client import Connection, Reply

__all__ = ["Bench", "Plan", "Turn", "measure", "steps", "summary"]

# Calls of each client in a turn: a turn of few clients would else be short.
_CALLS: Final = {1: 3, 8: 2}
_WARM_CLIENTS: Final = 8
# A front end that is behind its engine merges messages, and then a token costs less. The part of them that
# must be there, and how often a turn is tried for it.
_LEAST_MESSAGES: Final = 0.9
_TRIES: Final = 5


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes:
        rounds: Turns of each front end in each cell.
        cells: What is measured.
        fronts: Whose turns are taken.
        report: Called with what is measured next; once per turn.
        short: Whether each client makes one call in a turn.
    """

    cores: Cores
    rounds: int
    cells: Sequence[Cell]
    fronts: Collection[str]
    report: Callable[[str], None]
    short: bool = False

    @property
    def places(self) -> list[tuple[Cell, str]]:
        """Each cell with each front end that is measured in it."""
        return [(cell, front) for cell in self.cells for front in cell.fronts if front in self.fronts]

    def calls(self, cell: Cell) -> int:
        """Calls of each client in a turn."""
        return 1 if self.short else _CALLS.get(cell.clients, 1)


@dataclass
class Turn:
    """What one turn of a front end found.

    Attributes:
        cost_us: CPU of the front end in microseconds per token.
        rate: Requests per second.
        first_s: Seconds to the first token of each call.
        messages: Messages with output, per call.
        bytes: Their bytes, per call.
        calls: How many calls.
        retaken: How often it was taken before, with messages merged.
    """

    cost_us: float
    rate: float
    calls: int
    first_s: list[float] = field(default_factory=list)
    messages: float = 0.0
    bytes: float = 0.0
    retaken: int = 0


class Bench:
    """The processes, a loop for the client, and the text that every call of a job must have."""

    def __init__(self, engines: dict[str, Engine], runner: asyncio.Runner) -> None:
        self._engines = engines
        self._runner = runner
        self._texts: dict[str, str] = {}

    def take(self, cell: Cell, front: str, calls: int) -> Turn:
        """A turn of a front end in a cell; one in which messages were merged is taken again.

        Raises:
            BenchError: A call failed, or did not bring what it should.
        """
        try:
            for tried in range(_TRIES):
                turn = self.call(cell, front, calls)
                turn.retaken = tried
                if front == FLOOR or turn.messages >= TOKENS * _LEAST_MESSAGES:
                    return turn
        except BenchError as error:
            raise BenchError(f"{cell.key}, {FRONTS[front].title}: {error}") from error
        raise BenchError(
            f"{cell.key}, {FRONTS[front].title}: a call has {turn.messages:.0f} messages, not {TOKENS}, "
            f"at the {_TRIES}th try; the machine is too busy to measure what a message costs"
        )

    def call(self, cell: Cell, front: str, calls: int) -> Turn:
        """The calls of a turn, once."""
        engine = self._engines[cell.engine(front)]
        if front == FLOOR:
            return _drain(engine, cell, calls)
        http = FRONTS[front].http
        replies, cpu_s, wall_s = self._runner.run(_drive(engine, cell, calls, http=http))
        found = [answers.read(cell, reply, http=http) for reply in replies]
        text = self._texts.setdefault(cell.job, found[0].text)
        answers.check(found, text)
        return Turn(
            cost_us=cpu_s / (len(found) * TOKENS) * 1e6,
            rate=len(found) / wall_s,
            calls=len(found),
            first_s=[answer.first_s for answer in found],
            messages=statistics.mean(answer.messages for answer in found),
            bytes=statistics.mean(answer.bytes for answer in found),
        )


async def _drive(engine: Engine, cell: Cell, calls: int, *, http: bool) -> tuple[list[Reply], float, float]:
    """All replies, and the CPU and wall seconds from the first request to the last reply's end."""
    kind: type[Connection] = Http if http else Grpc
    asked = request(cell, http=http)
    target = engine.target(http=http)
    connections = [await connect(kind, target) for _ in range(cell.clients)]

    async def client(connection: Connection) -> list[Reply]:
        return [await connection.call(asked.path, asked.headers, asked.body) for _ in range(calls)]

    begin, before = time.perf_counter(), engine.cpu()
    replies = await asyncio.gather(*map(client, connections))
    cpu_s, wall_s = engine.cpu() - before, time.perf_counter() - begin
    for connection in connections:
        connection.close()
    return [reply for each in replies for reply in each], cpu_s, wall_s


def _drain(engine: Engine, cell: Cell, calls: int) -> Turn:
    before = engine.cpu()
    found = engine.ask({"clients": cell.clients, "calls": calls, "text": PROMPT, "tokens": TOKENS})
    cpu_s = engine.cpu() - before
    if set(found["tokens"]) != {TOKENS}:
        raise BenchError(f"calls have {sorted(set(found['tokens']))} tokens, not {TOKENS}")
    count = len(found["tokens"])
    return Turn(cost_us=cpu_s / (count * TOKENS) * 1e6, rate=count / found["seconds"], calls=count)


def steps(plan: Plan) -> int:
    """How often `measure` reports."""
    return len(_engines(plan)) + len(_warm_ups(plan)) + plan.rounds * len(plan.places)


def measure(plan: Plan, done: Callable[[dict[str, Any]], None]) -> None:
    """Measure; `done` gets the results so far after each round."""
    turns: dict[tuple[Cell, str], list[Turn]] = {}
    with _running(plan) as engines, asyncio.Runner() as runner:
        bench = Bench(engines, runner)
        for cell, front in _warm_ups(plan):
            plan.report(f"warm-up, {cell.row}, {FRONTS[front].title}")
            bench.take(cell, front, 1)
        for number in range(plan.rounds):
            for cell, front in plan.places:
                plan.report(f"round {number + 1}, {cell.key}, {FRONTS[front].title}")
                turns.setdefault((cell, front), []).append(bench.take(cell, front, plan.calls(cell)))
            done(summary(turns))


def _engines(plan: Plan) -> list[str]:
    return list(dict.fromkeys(cell.engine(front) for cell, front in plan.places))


def _warm_ups(plan: Plan) -> list[tuple[Cell, str]]:
    """A short turn of each front end in each job, where there is time for it."""
    if plan.short:
        return []
    clients = min(_WARM_CLIENTS, max(cell.clients for cell in plan.cells))
    return [(cell, front) for cell, front in plan.places if cell.clients == clients]


@contextlib.contextmanager
def _running(plan: Plan) -> Iterator[dict[str, Engine]]:
    """All processes, started at once, until the context ends."""
    with contextlib.ExitStack() as stack:
        engines = [stack.enter_context(Engine(key)) for key in _engines(plan)]
        try:
            for engine in engines:
                plan.report(f"starting {engine.title}")
                engine.wait_ready(plan.cores)
            yield {engine.key: engine for engine in engines}
        finally:
            for engine in engines:
                engine.end()


def summary(turns: dict[tuple[Cell, str], list[Turn]]) -> dict[str, Any]:
    """The results of all turns so far, by cell and front end."""
    cases: dict[str, Any] = {}
    for (cell, front), found in turns.items():
        facts = {"title": cell.title, "unit": "token", "clients": cell.clients, "servers": {}}
        cases.setdefault(cell.key, facts)["servers"][front] = _summary(found)
    return cases


def _summary(turns: Sequence[Turn]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "median_us": round(statistics.median(turn.cost_us for turn in turns), 3),
        "rounds_us": [round(turn.cost_us, 3) for turn in turns],
        "requests_per_s": round(statistics.median(turn.rate for turn in turns), 3),
        "calls": turns[0].calls,
    }
    times = [seconds * 1e3 for turn in turns for seconds in turn.first_s]
    if times:
        found["first_median_ms"] = round(statistics.median(times), 3)
        found["first_worst_ms"] = round(max(times), 3)
        found["messages_per_call"] = round(statistics.mean(turn.messages for turn in turns), 2)
        found["retaken"] = sum(turn.retaken for turn in turns)
        found["bytes_per_call"] = round(statistics.mean(turn.bytes for turn in turns))
    return found

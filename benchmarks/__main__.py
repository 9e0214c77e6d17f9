"""Runs the benchmarks and writes what they found: `python -m benchmarks [NAME ...]`."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from . import scripts
from .errors import BenchError
from .report import chart
from .report.targets import GENERAL, PER_LOOP, verdict
from .serving import cases, first_chunk, machine, memory, rounds, startup
from .serving.servers import OURS, SERVERS
from .store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_CASES: Final = ("streams", "growth", "meta", "chat", "sse", "unary", "big", "cumulative", cases.ALL_ON)
_NAMES: Final = (*_CASES, "first-chunk", "memory", "start", *scripts.SCRIPTS)
_LOOPS: Final = ("asyncio", "uvloop")
_ROOT: Final = Path(__file__).parents[1]
_SMOKE_STREAMS: Final = 64


@dataclass(frozen=True)
class Scale:
    """How much is measured: rounds, CPU seconds of a turn, and requests whose first chunk is timed."""

    rounds: int
    cpu_s: float
    requests: int
    smoke: bool = False

    def cases(self, names: Sequence[str]) -> list[cases.Case]:
        """The cases of these names; a smoke test leaves out what is long."""
        found = cases.named(names)
        return [case for case in found if not self.smoke or case.at_once <= _SMOKE_STREAMS]


class Run:
    """One run of some benchmarks."""

    def __init__(self, names: Sequence[str], loops: Sequence[str], scale: Scale, store: Store) -> None:
        self._names = names
        self._loops = loops
        self._scale = scale
        self._store = store
        self._cases = scale.cases(names)
        self._console = Console(highlight=False)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            refresh_per_second=2,
            transient=True,
        )

    def run(self) -> None:
        """Measure, and keep each result as soon as it is there."""
        cores = machine.claim_cores()
        task = self._progress.add_task("starting", total=self._steps())

        def report(text: str) -> None:
            self._progress.update(task, description=f"{text:<58}", advance=1)

        with self._progress, tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for loop in self._loops:
                plan = rounds.Plan(cores, loop, self._scale.rounds, self._scale.cpu_s, folder, report)
                self._run_on_loop(plan)
            plan = rounds.Plan(cores, self._loops[-1], self._scale.rounds, self._scale.cpu_s, folder, report)
            self._run_apart(plan)

    def _run_on_loop(self, plan: rounds.Plan) -> None:
        def done(case: cases.Case, found: dict[str, Any]) -> None:
            self._store.put_case(plan.loop, case.key, found)
            self._say(plan.loop, f"{case.key}, us/{case.unit}", found["servers"], "median_us")

        rounds.measure(self._cases, plan, done)
        if "first-chunk" in self._names:
            found = first_chunk.measure(plan, self._scale.requests)
            self._store.put_loop(plan.loop, "first-chunk", found)
            self._say(plan.loop, "first chunk, busy p99 ms", found["servers"], "busy_p99_ms")
        if "memory" in self._names:
            found = memory.measure(plan)
            self._store.put_loop(plan.loop, "memory", found)
            self._say(plan.loop, "bytes per idle stream", found["servers"], "stream_bytes")

    def _run_apart(self, plan: rounds.Plan) -> None:
        """What does not depend on the event loop."""
        if "start" in self._names:
            self._store.put("start", startup.measure(plan))
        for name in scripts.SCRIPTS:
            if name in self._names:
                plan.report(name)
                self._store.put(name, scripts.run(name, plan.folder, smoke=self._scale.smoke))

    def _say(self, loop: str, what: str, servers: dict[str, Any], field: str) -> None:
        """A line for each result, ours by theirs in brackets."""
        ours = servers.get(OURS, next(iter(servers.values())))[field]
        parts = [
            f"{SERVERS[key].title} {row[field]:,.2f} ({ours / row[field]:.2f})"
            for key, row in servers.items()
        ]
        self._console.print(f"{loop:8}{what:28} {'  '.join(parts)}", soft_wrap=True)

    def _steps(self) -> int:
        counts = [rounds.steps(case, self._scale.rounds) for case in self._cases]
        per_loop = sum(counts)
        for name, count in (("first-chunk", first_chunk.steps), ("memory", memory.steps)):
            per_loop += count(self._scale.rounds) if name in self._names else 0
        apart = startup.steps(self._scale.rounds) if "start" in self._names else 0
        return per_loop * len(self._loops) + apart + len(set(scripts.SCRIPTS) & set(self._names))


def _print_targets(store: Store, say: Callable[[str], None]) -> None:
    for loop, found in store.results.get("loops", {}).items():
        say(f"\ntargets on {loop}")
        for target in PER_LOOP:
            say(f"  {target.what:66} <= {target.limit:.2f}   {verdict(target, found)}")
    say("\ntargets whatever the event loop")
    for target in GENERAL:
        say(f"  {target.what:66} <= {target.limit:.2f}   {verdict(target, store.results)}")


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--loop",
    type=click.Choice([*_LOOPS, "both"]),
    help="Event loop of the servers.  [default: both, one after the other; with --smoke uvloop]",
)
@click.option("--rounds", "count", type=click.IntRange(min=1), default=5, show_default=True)
@click.option("--smoke", is_flag=True, help="One round of little, to see that everything runs.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the results.")
def main(names: tuple[str, ...], loop: str | None, count: int, smoke: bool, out: Path | None) -> None:
    """Measure tokenwire's server beside others; all benchmarks, or those of these names.

    Results of other benchmarks that are in the folder already stay there.
    """
    for name in names:
        if name not in _NAMES:
            raise click.BadParameter(
                f"there is no {name!r}; there are {', '.join(_NAMES)}", param_hint="NAME"
            )
    loop = loop or ("uvloop" if smoke else "both")
    loops = _LOOPS if loop == "both" else (loop,)
    scale = Scale(1, 0.0, 20, smoke=True) if smoke else Scale(count, 0.25, 150)
    folder = out or _ROOT / (Path("build", "bench") if smoke else Path("benchmarks", "results"))
    try:
        chart.require_matplotlib()
        store = Store(folder)
        Run(names or _NAMES, loops, scale, store).run()
        files = store.render()
    except BenchError as error:
        sys.exit(f"benchmarks: {error}")
    _print_targets(store, click.echo)
    click.echo("\nwritten: " + ", ".join(str(path) for path in files))


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")

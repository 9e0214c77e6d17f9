"""Measures the front ends of one SGLang engine and writes what they cost: `python -m benchmarks.sglang`."""

from __future__ import annotations

import json
import os
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.errors import BenchError
from benchmarks.report import chart
from benchmarks.report.targets import verdict
from benchmarks.serving import machine

from . import report, rounds
from .cells import CELLS, FRONTS
from .engines import PYTHON

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROOT: Final = Path(__file__).parents[2]
_SMOKE_CLIENTS: Final = 8
_PACKAGES: Final = ("sglang", "torch", "fastapi", "uvicorn", "httptools", "uvloop", "tokenwire")


def _environment() -> dict[str, Any]:
    try:
        versions = machine.versions(PYTHON, _PACKAGES)
    except OSError as error:
        raise BenchError("the environment of SGLang is missing; `make sglang-env` makes it") from error
    described = machine.describe()
    versions = {"Python": described.pop("python"), **versions}
    return {
        "date": date.today().isoformat(),
        **described,
        "load": f"load average {os.getloadavg()[0]:.1f} before the run",
        "versions": versions,
    }


def _run(count: int, fronts: Sequence[str], folder: Path, *, smoke: bool) -> dict[str, Any]:
    """Measure; results are kept after each round."""
    results: dict[str, Any] = {"environment": _environment(), "cases": {}}
    cells = [
        cell for cell in CELLS if not smoke or (cell.mode == "cumulative" and cell.clients <= _SMOKE_CLIENTS)
    ]
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(highlight=False),
        refresh_per_second=2,
        transient=True,
    )
    task = progress.add_task("starting")

    def say(text: str) -> None:
        progress.update(task, description=f"{text:<58}", advance=1)

    def done(cases: dict[str, Any]) -> None:
        results["cases"] = cases
        (folder / "sglang.json").write_text(json.dumps(results, indent=1) + "\n")

    plan = rounds.Plan(machine.claim_two_cores(), count, cells, fronts, say, short=smoke)
    progress.update(task, total=rounds.steps(plan))
    with progress:
        rounds.measure(plan, done)
    return results


def _write(results: dict[str, Any], folder: Path) -> list[Path]:
    pictures = report.chart(results, folder)
    page = folder / "sglang.md"
    page.write_text(report.markdown(results, [path.name for path in pictures]))
    return [page, folder / "sglang.json", *pictures]


@click.command()
@click.option("--rounds", "count", type=click.IntRange(min=1), default=4, show_default=True)
@click.option(
    "--front",
    "fronts",
    type=click.Choice(list(FRONTS)),
    multiple=True,
    help="Measure these front ends only; may be repeated.  [default: all]",
)
@click.option("--smoke", is_flag=True, help="One round of little, to see that everything runs.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the results.")
def main(count: int, fronts: tuple[str, ...], smoke: bool, out: Path | None) -> None:
    """Measure the front ends of one SGLang engine: its own two, ours over gRPC and HTTP, and none."""
    folder = out or _ROOT / (Path("build", "bench") if smoke else Path("benchmarks", "results"))
    try:
        chart.require_matplotlib()
        folder.mkdir(parents=True, exist_ok=True)
        results = _run(1 if smoke else count, fronts or tuple(FRONTS), folder, smoke=smoke)
        files = _write(results, folder)
    except BenchError as error:
        sys.exit(f"benchmarks: {error}")
    click.echo("targets")
    for target in report.TARGETS.values():
        click.echo(f"  {target.what:98} <= {target.limit:.2f}   {verdict(target, results)}")
    click.echo("\nwritten: " + ", ".join(str(path) for path in files))


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.sglang")

"""Attacks a server of its own and writes how it fared: `python -m benchmarks.attacks [NAME ...]`."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from benchmarks.errors import BenchError
from benchmarks.serving import machine

from . import report
from .arena import Arena, Latency, Outcome
from .catalog import named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .catalog import Attack

_ROOT: Final = Path(__file__).parents[2]
_CONTROL_S: Final = 0.8
_PACKAGES: Final = ("tokenwire", "h2", "hpack", "httptools", "uvloop", "grpcio")


def run(attacks: Sequence[Attack], seconds: float, start: Callable[[Path, bool], Arena]) -> Iterator[Outcome]:
    """Attack in turn; a server that has not settled is replaced, so that none suffers for another."""
    left = list(attacks)
    while left:
        tls = left[0].tls
        with tempfile.TemporaryDirectory() as folder, start(Path(folder), tls) as arena:
            settled: float | None = 0.0
            while left and settled is not None and left[0].tls == tls:
                attack = left.pop(0)
                control = arena.control(_CONTROL_S)
                try:
                    outcome = arena.attack(attack, seconds, control)
                except (BenchError, OSError) as error:
                    outcome = _lost(attack, seconds, control, error)
                settled = outcome.settled
                yield outcome


def _lost(attack: Attack, seconds: float, control: Latency, error: Exception) -> Outcome:
    """The outcome of an attack after which the server could not be asked."""
    nothing = Latency(0, 0.0, 0.0, 0.0)
    tally = {"sent": 0, "units": 0, "opened": 0, "ended": 0, "let_through": []}
    errors = [f"the server could not be asked any more: {error}"]
    return Outcome(attack.name, control, nothing, errors, tally, 0.0, seconds, 0.0, 0, 0, 0, None)


def _environment() -> dict[str, Any]:
    described = machine.describe()
    versions = {"Python": described.pop("python"), **{name: version(name) for name in _PACKAGES}}
    load = f"load average {os.getloadavg()[0]:.1f} before the run"
    return {"date": date.today().isoformat(), **described, "load": load, "versions": versions}


def _load(file: Path) -> dict[str, Any]:
    results: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {"attacks": {}}
    results["environment"] = _environment()
    return results


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--seconds", type=click.FloatRange(min=0.1), default=3.0, show_default=True, help="Of each attack."
)
@click.option("--loop", type=click.Choice(["auto", "asyncio", "uvloop"]), default="auto", show_default=True)
@click.option(
    "--flag", "flags", multiple=True, help="One more argument of `tokenwire serve`; may be repeated."
)
@click.option(
    "--server-path",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Serve the checkout that lies there, to see what another state makes of an attack.",
)
@click.option("--list", "listing", is_flag=True, help="Say what there is, and do nothing.")
@click.option("--smoke", is_flag=True, help="Half a second of each, to see that everything runs.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the results.")
def main(
    names: tuple[str, ...],
    seconds: float,
    loop: str,
    flags: tuple[str, ...],
    server_path: Path | None,
    listing: bool,
    smoke: bool,
    out: Path | None,
) -> None:
    """Attack a server on this machine; all attacks, or those of these names ("grpc", "ping_flood").

    Results of other attacks that are in the folder already stay there. Exits with 1 when an aim was missed.
    """
    try:
        attacks = named(names)
        if listing:
            click.echo("\n".join(f"{attack.name:32} {attack.what}" for attack in attacks))
            return
        folder = out or _ROOT / (
            Path("build", "bench") if smoke or server_path else Path("benchmarks", "results")
        )
        folder.mkdir(parents=True, exist_ok=True)
        found = machine.claim_two_cores()
        cores = (found.server, found.client)

        def start(place: Path, tls: bool) -> Arena:
            return Arena(place, cores=cores, loop=loop, flags=flags, sources=server_path, tls=tls)

        missed = _attack(attacks, 0.5 if smoke else seconds, start, folder)
    except BenchError as error:
        sys.exit(f"benchmarks.attacks: {error}")
    click.echo(f"\n{len(attacks) - missed} of {len(attacks)} attacks met the aims")
    sys.exit(1 if missed else 0)


def _attack(
    attacks: Sequence[Attack], seconds: float, start: Callable[[Path, bool], Arena], folder: Path
) -> int:
    """Attack, show and keep each outcome; returns how many missed an aim."""
    file, page = folder / "attacks.json", folder / "attacks.md"
    results = _load(file)
    missed = 0
    for outcome in run(attacks, seconds, start):
        found = outcome.as_dict() | {"faults": outcome.faults(report.most_ms(outcome.control))}
        missed += bool(found["faults"])
        click.echo(report.line(found))
        results["attacks"][outcome.name] = found
        file.write_text(json.dumps(results, indent=1) + "\n")
        page.write_text(report.markdown(results))
    return missed


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.attacks")

"""Serves mixed traffic with faults for minutes and looks for what is lost or left: `make soak`."""

from __future__ import annotations

import asyncio
import gc
import json
import secrets
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

import click

from benchmarks.errors import BenchError

from . import report
from .beside import BESIDE, Beside
from .calls import CLEAN
from .faults import FAULTS, GROUPS
from .ledger import Kind, Ledger
from .moments import Moments
from .process import ServerProcess, accepts, as_json, until
from .stopped import StoppedClient
from .verdicts import GROWTH, growth, left_over
from .world import World

_ROOT: Final = Path(__file__).parents[2]
_LONG_S: Final = 600.0
_LINE_S: Final = 5.0
_SAMPLE_S: Final = 1.0
_SETTLE_S: Final = 20.0
_CLIENTS_PER_CONNECTION: Final = 10
_STOPPED: Final = 3
_MB: Final = 1 << 20


@dataclass(frozen=True)
class Plan:
    """What is run."""

    seconds: float
    clients: int
    faults: float
    think: float
    loop: str
    seed: int
    folder: Path


class Soak:
    """One run."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._ledger = Ledger()
        self._stop = asyncio.Event()
        self._stopped = 0

    async def run(self) -> dict[str, Any]:
        """Run it all; the results."""
        with TemporaryDirectory() as folder:
            return await self._run(Path(folder))

    async def _run(self, folder: Path) -> dict[str, Any]:
        plan, key, admin = self._plan, secrets.token_hex(), secrets.token_hex()
        common = ("--loop", plan.loop, "--log-level", "warning", "--api-key", key)
        profiles = folder / "profiles"
        profiles.mkdir()
        flags = (*common, "--admin-api-key", admin, "--restart-engine", "--profile-dir", str(profiles))
        beside = Beside(folder, common, key, self._ledger, Random(plan.seed))
        async with ServerProcess(flags, plan.folder / "soak.log") as server:
            await until(partial(accepts, server.http))  # libuv now opens a file that it keeps in reserve.
            await asyncio.sleep(0.5)
            before = await server.count()
            connections = plan.clients // _CLIENTS_PER_CONNECTION or 1
            async with World(server.http, server.grpc, connections, key, admin=admin) as world:
                await world.connect()
                clients = [self._client(world, Random(plan.seed + index)) for index in range(plan.clients)]
                stopped = [self._stop_and_go(world) for _ in range(_STOPPED)]
                random = Random(plan.seed)
                moments = Moments(server, world, beside, self._ledger, profiles, random)
                watching = asyncio.create_task(self._watch(server))
                await asyncio.gather(*clients, *stopped, self._until_the_end(moments))
                watching.cancel()
            gc.collect()  # Calls of grpcio that nobody ended keep its connection.
            after = await self._settled(server, before)
            samples = list(server.samples)
            cpu = server.sample().cpu_s
            status = await server.stop()
            self._judge(before, after, status, server)
        self._ledger.close()
        windows = [*world.windows, *beside.windows]
        memory = growth(samples, plan.seconds)
        if memory["growth"] > GROWTH:
            self._ledger.blame(f"memory grew by {memory['growth'] / _MB:.1f} MB after the warm-up")
        return {
            "seconds": plan.seconds,
            "clients": plan.clients,
            "faults": plan.faults,
            "loop": plan.loop,
            "seed": plan.seed,
            "begun": self._ledger.begun.total(),
            "as_expected": self._ledger.ended.total(),
            "stopped": self._stopped,
            "memory": memory,
            "before": before,
            "after": after,
            "cpu_s": cpu,
            "violations": dict(self._ledger.violations),
            "moments": sorted((w.as_json(server.started) for w in windows), key=lambda row: row["second"]),
            "calls": self._ledger.rows([*CLEAN, *FAULTS, *BESIDE]),
            "samples": as_json(samples),
        }

    async def _until_the_end(self, moments: Moments) -> None:
        try:
            await moments.run(self._plan.seconds)
        finally:
            self._stop.set()

    async def _client(self, world: World, random: Random) -> None:
        """Make one call after the other, with pauses."""
        groups = {group: [kind for kind in FAULTS if kind.group == group] for group in GROUPS}
        await asyncio.sleep(random.uniform(0, self._plan.think))
        while not self._stop.is_set():
            await self._ledger.run(self._pick(groups, random), world, random)
            await asyncio.sleep(random.expovariate(1 / self._plan.think))

    def _pick(self, groups: dict[str, list[Kind]], random: Random) -> Kind:
        place = int(random.random() / self._plan.faults) if self._plan.faults else len(GROUPS)
        return random.choice(CLEAN if place >= len(GROUPS) else groups[GROUPS[place]])

    async def _stop_and_go(self, world: World) -> None:
        try:
            self._stopped += await StoppedClient(world).run(self._stop)
        except (RuntimeError, TimeoutError) as error:
            self._ledger.blame(str(error) or "a client that was stopped and continued does not end")

    async def _watch(self, server: ServerProcess) -> None:
        """Sample the server, and say now and then how it goes."""
        start = said = time.monotonic()
        while True:
            await asyncio.sleep(_SAMPLE_S)
            sample, now = server.sample(), time.monotonic()
            if now - said >= _LINE_S:
                said, ledger = now, self._ledger
                click.echo(
                    f"{now - start:6.0f} s  {ledger.begun.total():8,} calls  "
                    f"{ledger.begun.total() - ledger.ended.total() - ledger.violations.total():4} open  "
                    f"{ledger.violations.total():3} violations  {sample.rss / _MB:7.1f} MB  "
                    f"{sample.files:4} files  {sample.cpu_s:6.0f} s of CPU"
                )

    async def _settled(self, server: ServerProcess, before: dict[str, int]) -> dict[str, int]:
        """What the server has once the clients are gone, as soon as that is no more than before."""
        end = time.monotonic() + _SETTLE_S
        while True:
            after = await server.count()
            if not left_over(before, after) or time.monotonic() > end:
                return after
            await asyncio.sleep(0.5)

    def _judge(
        self, before: dict[str, int], after: dict[str, int], status: int, server: ServerProcess
    ) -> None:
        for sentence in (*left_over(before, after), *server.log_problems()):
            self._ledger.blame(sentence)
        if status:
            self._ledger.blame(f"the server ended with status {status}")


@click.command()
@click.option("--seconds", type=click.FloatRange(min=1), default=_LONG_S, show_default=True)
@click.option("--clients", type=click.IntRange(min=1), default=200, show_default=True)
@click.option(
    "--faults",
    type=click.FloatRange(0, 0.25),
    default=0.05,
    show_default=True,
    help="Share of the calls that each group of faults has.",
)
@click.option("--think", type=float, default=1.0, show_default=True, help="Seconds between a client's calls.")
@click.option("--loop", type=click.Choice(["asyncio", "uvloop"]), default="uvloop", show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder of the results.  [default: benchmarks/results for 600 s, build/soak for less]",
)
def main(out: Path | None, **options: Any) -> None:
    """Soak the server; the exit status is 1 if anything was lost, left over or not as expected."""
    short = options["seconds"] < _LONG_S
    folder = out or _ROOT / (Path("build", "soak") if short else Path("benchmarks", "results"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        results = asyncio.run(Soak(Plan(folder=folder, **options)).run())
    except BenchError as error:
        sys.exit(f"soak: {error}")
    (folder / "soak.json").write_text(json.dumps(results, indent=1) + "\n")
    report.draw(results, folder / "soak.png")
    page = report.markdown(results, "soak.png")
    (folder / "soak.md").write_text(page)
    (folder / "soak.log").unlink() if not results["violations"] else None
    click.echo("\n" + page)
    for sentence, count in results["violations"].items():
        click.echo(f"soak: {sentence} ({count} times)", err=True)
    sys.exit(1 if results["violations"] else 0)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.soak")

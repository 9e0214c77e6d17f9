"""The results on disk; a run of some benchmarks leaves what others found."""

from __future__ import annotations

import json
from datetime import date
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from .errors import BenchError
from .report import chart, table
from .serving import machine
from .serving.servers import PEERS_PYTHON, SERVERS

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Store"]


class Store:
    """`results.json` of a folder, and the table and chart made from it.

    `machines` says for each result on which CPU it was measured: a part may be measured again on another.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "results.json"
        self.results: dict[str, Any] = json.loads(self._file.read_text()) if self._file.exists() else {}
        before = self.results.get("environment", {})
        self.results["environment"] = _environment() | {
            "since": before.get("since", before.get("date", date.today().isoformat()))
        }

    def put(self, name: str, value: Any) -> None:
        """Keep what does not depend on the event loop."""
        self.results[name] = value
        self._save(name)

    def put_loop(self, loop: str, name: str, value: Any) -> None:
        """Keep what was found on an event loop."""
        self.results.setdefault("loops", {}).setdefault(loop, {})[name] = value
        self._save(f"{name} ({loop})")

    def put_case(self, loop: str, key: str, value: Any) -> None:
        """Keep a case."""
        self.results.setdefault("loops", {}).setdefault(loop, {}).setdefault("cases", {})[key] = value
        self._save(f"{key} ({loop})")

    def render(self) -> list[Path]:
        """Write table and chart; returns all files."""
        report = self.folder / "README.md"
        pictures = chart.draw(self.results, self.folder)
        report.write_text(table.markdown(self.results, [path.name for path in pictures]))
        return [report, self._file, *pictures]

    def _save(self, measured: str) -> None:
        self.results.setdefault("machines", {})[measured] = self.results["environment"]["cpu"]
        self._file.write_text(json.dumps(self.results, indent=1) + "\n")


def _environment() -> dict[str, Any]:
    packages = [name for server in SERVERS.values() for name in server.packages]
    try:
        theirs = machine.versions(PEERS_PYTHON, [*packages, "uvloop"])
    except OSError as error:
        raise BenchError("the environment of the peers is missing; `make bench` makes it") from error
    described = machine.describe()
    versions = {"Python": described.pop("python"), "tokenwire": version("tokenwire"), **theirs}
    return {"date": date.today().isoformat(), **described, "versions": versions}

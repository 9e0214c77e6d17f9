"""Writes what operators' features cost, by the last run, into the docs: `python tools/cost_figures.py`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

__all__ = ["DOCUMENTS", "RESULTS", "with_figures"]

_ROOT: Final = Path(__file__).parents[1]
DOCUMENTS: Final = tuple(_ROOT / "docs" / name for name in ("observing.md", "operations.md"))
RESULTS: Final = _ROOT / "benchmarks" / "results" / "results.json"

_CASE: Final = "all-on"
_OFF: Final = "tokenwire-off"
_ON: Final = ("tokenwire-on", "tokenwire-traced")
_ROW: Final = re.compile(r"^\| (asyncio|uvloop)\b.*\|$", re.MULTILINE)
_WORST: Final = re.compile(r"at most \d+\.\d+(\s+)times(\s+)the processor time")


def with_figures(document: str, results: dict[str, Any]) -> str:
    """The document with its table of costs, and the worst of the ratios, as the results have them."""
    found = {loop: found["cases"][_CASE]["servers"] for loop, found in results["loops"].items()}

    def row(match: re.Match[str]) -> str:
        loop = match[1]
        if loop not in found:
            return f"| {loop} | not in the last run |"
        on = [f"{row['median_us']:.2f} ({row['ratio']:.3f})" for row in (found[loop][key] for key in _ON)]
        cells = [loop, results["machines"][f"{_CASE} ({loop})"], f"{found[loop][_OFF]['median_us']:.2f}", *on]
        return f"| {' | '.join(cells)} |"

    worst = max(row["ratio"] for servers in found.values() for row in servers.values())
    return _WORST.sub(rf"at most {worst:.3f}\1times\2the processor time", _ROW.sub(row, document))


if __name__ == "__main__":
    known = json.loads(RESULTS.read_text())
    for path in DOCUMENTS:
        path.write_text(with_figures(path.read_text(), known))

"""Writes the figures of the last run of attacks into docs/security.md: `python tools/attack_figures.py`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

__all__ = ["DOCUMENT", "RESULTS", "with_figures"]

_ROOT: Final = Path(__file__).parents[1]
DOCUMENT: Final = _ROOT / "docs" / "security.md"
RESULTS: Final = _ROOT / "benchmarks" / "results" / "attacks.json"

_ROW: Final = re.compile(r"(\| `((?:grpc|http)/\w+)` \|[^|\n]*\|[^|\n]*\|)[^|\n]*\|[^|\n]*\|")


def with_figures(document: str, results: dict[str, Any]) -> str:
    """The document with the last two columns of its attacks as the results have them."""

    def row(match: re.Match[str]) -> str:
        found = results["attacks"].get(match[2])
        if found is None:
            return f"{match[1]} | not in the last run |"
        aims = "not met" if found["faults"] else "met"
        return f"{match[1]} {found['during']['p99']:.0f} ({found['control']['p99']:.0f}) | {aims} |"

    return _ROW.sub(row, document)


if __name__ == "__main__":
    DOCUMENT.write_text(with_figures(DOCUMENT.read_text(), json.loads(RESULTS.read_text())))

"""What a check found, and how findings are shown."""

from __future__ import annotations

import shutil
import textwrap
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["NOT_SERVING", "Finding", "State", "as_json", "table"]

NOT_SERVING: Final = "if it is starting, wait for its ready line; else it is draining or ill: see its log"
"""What to do about a server that says UNAVAILABLE, or 503."""

State = Literal["ok", "warn", "fail", "skip"]

_MARKS: Final[dict[State, str]] = {"ok": "ok", "warn": "WARN", "fail": "FAIL", "skip": "-"}
_NARROWEST: Final = 40


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table.

    Attributes:
        check: What was looked at.
        state: "fail" is what clients cannot work with, "warn" what an operator should know.
        found: What was found, as a sentence or a figure.
        fix: What to do about it; empty where nothing is to be done.
    """

    check: str
    state: State
    found: str
    fix: str = ""


def as_json(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """The findings for programs."""
    return [asdict(finding) for finding in findings]


def table(findings: Sequence[Finding], width: int | None = None) -> Iterator[str]:
    """The findings for people, line by line; what to do stands below what it is about."""
    columns = width or shutil.get_terminal_size((100, 24)).columns
    names = max(len(finding.check) for finding in findings)
    room = max(columns - names - 8, _NARROWEST)
    for finding in findings:
        lines = textwrap.wrap(finding.found, room) or [""]
        yield f"{_MARKS[finding.state]:<4}  {finding.check:<{names}}  {lines[0]}"
        rest = lines[1:]
        if finding.fix:
            rest += textwrap.wrap(finding.fix, room, initial_indent="> ", subsequent_indent="  ")
        for line in rest:
            yield f"{'':<{names + 8}}{line}"

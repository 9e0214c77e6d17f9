"""What a check found, and how findings are shown."""

from __future__ import annotations

import shutil
import textwrap
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = [
    "CONTINUE",
    "NEEDS_KEY",
    "NOT_SERVING",
    "NO_TOKEN",
    "PAUSED",
    "Finding",
    "State",
    "as_json",
    "not_looked_at",
    "table",
    "verdict",
]

NOT_SERVING: Final = "if it is starting, wait for its ready line; else it is draining or ill: see its log"
"""What to do about a server that says UNAVAILABLE, or 503."""
PAUSED: Final = "generation is paused"
CONTINUE: Final = (
    "call ContinueGeneration (POST /continue_generation), with an admin's key where there are keys"
)
NO_TOKEN: Final = (
    "generation may be paused (tokenwire_engine_paused in /metrics; ContinueGeneration ends that), the "
    "queue long (tokenwire_requests_waiting), or the engine stuck: see the server's log"
)
"""What to do about a server that is healthy, and makes no token in time."""
NEEDS_KEY: Final = "not looked at: it needs a key"

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


def not_looked_at(check: str, reason: str) -> Finding:
    """A check that is left out."""
    return Finding(check, "skip", f"not looked at: {reason}")


def as_json(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """The findings for programs."""
    return [asdict(finding) for finding in findings]


def verdict(findings: Sequence[Finding]) -> str:
    """All of it in a few words."""
    fail, warn = (sum(finding.state == state for finding in findings) for state in ("fail", "warn"))
    if fail:
        return f"{fail} to fix, {warn} to know"
    unseen = sum(finding.found == NEEDS_KEY for finding in findings)
    what = "what was looked at works" if unseen else "it works"
    parts = [what, f"{unseen} check{'s' * (unseen > 1)} need{'s' * (unseen == 1)} a key" if unseen else ""]
    parts.append(f"{warn} to know" if warn else "")
    return "; ".join(filter(None, parts))


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

"""Two answers, side by side: where they differ, and which of that is meant."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from .rules import join
from .values import Json, Steps

if TYPE_CHECKING:
    from collections.abc import Iterator

CLOSE: Final = 1e-4
"""How far two floats may be apart, relative or absolute."""


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()
"""Stands for a value that is not there."""

NOT_ASKED: Final = "<not asked: its scheduler would end>"
"""Stands for SGLang's answer to what its server does not survive."""


@dataclass(frozen=True)
class like:  # noqa: N801 - reads as a word of the table
    """Any value whose text (JSON, unless it is a string) matches a regular expression in whole."""

    pattern: str

    def fits(self, value: Json) -> bool:
        return value is not ABSENT and re.fullmatch(self.pattern, _text(value), re.DOTALL) is not None


@dataclass(frozen=True)
class Difference:
    """A difference that is meant.

    Attributes:
        case: Pattern of the names of the cases in which it occurs.
        path: Pattern of the places in their answers.
        sglang: What SGLang's server has there; a value, `like(...)` or ABSENT.
        ours: What ours has.
        why: The reason, with the section of the contract.
    """

    case: str
    path: str
    sglang: Any
    ours: Any
    why: str

    def explains(self, case: str, found: Found) -> bool:
        return (
            fnmatchcase(case, self.case)
            and fnmatchcase(found.path, self.path)
            and _fits(self.sglang, found.sglang)
            and _fits(self.ours, found.ours)
        )


@dataclass(frozen=True)
class Found:
    """A difference that was found."""

    path: str
    sglang: Json
    ours: Json

    def __str__(self) -> str:
        return f"{self.path}\n    sglang: {_short(self.sglang)}\n    ours:   {_short(self.ours)}"


def differences(sglang: Json, ours: Json, path: str = "") -> Iterator[Found]:
    """Every place where two answers differ."""
    if isinstance(sglang, Steps) and isinstance(ours, Steps):
        yield from _steps(sglang, ours, path)
    elif isinstance(sglang, dict) and isinstance(ours, dict):
        for key in sorted(sglang.keys() | ours.keys()):
            yield from differences(sglang.get(key, ABSENT), ours.get(key, ABSENT), join(path, key))
    elif isinstance(sglang, list) and isinstance(ours, list):
        for place in range(max(len(sglang), len(ours))):
            yield from differences(_at(sglang, place), _at(ours, place), join(path, place))
    elif not _equal(sglang, ours):
        yield Found(path, sglang, ours)


def _steps(sglang: Steps, ours: Steps, path: str) -> Iterator[Found]:
    """What both sent, and the last of each under one name."""
    *_, last = sglang
    *_, our_last = ours
    for step in sorted((sglang.keys() & ours.keys()) - {last, our_last}, key=int):
        yield from differences(sglang[step], ours[step], join(path, step))
    yield from differences(sglang[last], ours[our_last], join(path, "last"))


def _at(values: list[Json], place: int) -> Json:
    return values[place] if place < len(values) else ABSENT


def _equal(one: Json, other: Json) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=CLOSE, abs_tol=CLOSE)
    return type(one) is type(other) and bool(one == other)


def _fits(expected: Any, value: Json) -> bool:
    return expected.fits(value) if isinstance(expected, like) else _equal(expected, value)


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _short(value: Json, limit: int = 500) -> str:
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text)} characters)"

"""Large JSON texts, read in a thread and in small steps.

The standard library's parser is C code that lets no other thread run until it has read the whole text:
seconds, for a text of many small values. Here only small pieces are given to it.
"""

from __future__ import annotations

import json
import re
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["StepwiseParser"]

_DEEPEST: Final = 400
_WINDOW: Final = 2048
"""Characters that an inner value may have to be read in one go."""
_RUN: Final = 64 << 10
"""Characters of numbers that are read in one go."""
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_NUMBERS: Final = re.compile(r"[-+0-9.eE, \t\n\r]*")


class StepwiseParser:
    """Parses one text as `json.loads` does.

    Args:
        refuse_constant: Called for NaN and the infinities; raises.

    Attributes:
        cancelled: Set it, from any thread, and the parsing ends with a `ValueError`.
    """

    def __init__(self, refuse_constant: Callable[[str], Any]) -> None:
        self.cancelled = False
        self._text = ""
        decoder: Any = json.JSONDecoder(parse_constant=refuse_constant)
        self._scan: Callable[[str, int], tuple[Any, int]] = decoder.scan_once

    def parse(self, text: str) -> Any:
        """The value of a text.

        Raises:
            json.JSONDecodeError: It is not JSON.
            RecursionError: It is nested too deeply.
            ValueError: An integer has too many digits.
        """
        self._text = text
        value, end = self._value(self._skip(0), 0)
        if self._skip(end) != len(text):
            raise self._error("Extra data", self._skip(end))
        return value

    def _value(self, at: int, depth: int) -> tuple[Any, int]:
        if depth > _DEEPEST:
            raise RecursionError
        if self.cancelled:
            raise ValueError("cancelled")
        opening = self._text[at : at + 1]
        if opening not in ("{", "["):
            return self._scalar(at)
        if depth:
            try:
                value, size = self._scan(self._text[at : at + _WINDOW], 0)
            except (json.JSONDecodeError, StopIteration):
                pass  # It is longer, or wrong: the place is found below.
            else:
                return value, at + size
        return self._object(at + 1, depth) if opening == "{" else self._array(at + 1, depth)

    def _scalar(self, at: int) -> tuple[Any, int]:
        try:
            value, end = self._scan(self._text, at)
        except StopIteration as stop:
            raise self._error("Expecting value", stop.value) from None
        return value, end

    def _object(self, at: int, depth: int) -> tuple[dict[str, Any], int]:
        result: dict[str, Any] = {}
        text = self._text
        at = self._skip(at)
        if text[at : at + 1] == "}":
            return result, at + 1
        while True:
            if text[at : at + 1] != '"':
                raise self._error("Expecting property name enclosed in double quotes", at)
            key, at = scanstring(text, at + 1, True)
            at = self._skip(at)
            if text[at : at + 1] != ":":
                raise self._error("Expecting ':' delimiter", at)
            result[key], at = self._value(self._skip(at + 1), depth + 1)
            at, more = self._next(at, "}")
            if not more:
                return result, at

    def _array(self, at: int, depth: int) -> tuple[list[Any], int]:
        result: list[Any] = []
        at = self._skip(at)
        if self._text[at : at + 1] == "]":
            return result, at + 1
        while True:
            at = self._numbers(at, result)
            value, at = self._value(at, depth + 1)
            result.append(value)
            at, more = self._next(at, "]")
            if not more:
                return result, at

    def _numbers(self, at: int, result: list[Any]) -> int:
        """Read numbers that stand in a row, all but the last; returns where that begins."""
        while True:
            found = _NUMBERS.match(self._text, at, at + _RUN)
            comma = self._text.rfind(",", at, found.end() if found is not None else at)
            if comma < 0:
                return at
            if self._skip(at) == comma:
                raise self._error("Expecting value", comma)
            try:
                result += json.loads(f"[{self._text[at:comma]}]")
            except json.JSONDecodeError as error:
                raise self._error(error.msg, at + error.pos - 1) from None
            at = self._skip(comma + 1)

    def _next(self, at: int, closing: str) -> tuple[int, bool]:
        """Where the next item begins, or the end, behind the value that ends at `at`."""
        at = self._skip(at)
        separator = self._text[at : at + 1]
        if separator == closing:
            return at + 1, False
        if separator != ",":
            raise self._error("Expecting ',' delimiter", at)
        return self._skip(at + 1), True

    def _skip(self, at: int) -> int:
        space = _SPACE.match(self._text, at)
        return space.end() if space is not None else at

    def _error(self, message: str, at: int) -> json.JSONDecodeError:
        return json.JSONDecodeError(message, self._text, at)

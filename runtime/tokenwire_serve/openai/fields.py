"""Reads a JSON body field by field, strictly, noting all that is wrong with it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final, TypeGuard, TypeVar

from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.http.json_body import parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tokenwire_serve.servicer.ranges import Problems

__all__ = ["Fields", "is_ids", "kind_of", "parse_object"]

T = TypeVar("T")

_KINDS: Final = {
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
    type(None): "null",
}
_INT64: Final = range(-(2**63), 2**63)
_INT32: Final = range(-(2**31), 2**31)


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object that a body is.

    Raises:
        RpcError: INVALID_ARGUMENT, with the place where it stops being one.
    """
    value = parse_json(body)
    if not isinstance(value, dict):
        raise RpcError(Code.INVALID_ARGUMENT, f"the body must be a JSON object, not {kind_of(value)}")
    return value


def kind_of(value: object) -> str:
    """What a JSON value is, for people."""
    return _KINDS.get(type(value), "a value of another kind")


def is_ids(value: object) -> TypeGuard[list[int]]:
    """Whether a JSON value is an array of integers that fit a token id, with at least one."""
    if not isinstance(value, list) or not value or set(map(type, value)) != {int}:
        return False
    return min(value) in _INT32 and max(value) in _INT32


class Fields:
    """The fields of one JSON object; null is the same as absent.

    A field of a wrong type is noted as a problem and read as absent.
    """

    def __init__(self, values: Mapping[str, Any], problems: Problems, prefix: str = "") -> None:
        self.values = values
        self.problems = problems
        self._prefix = prefix

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) is not None

    def wrong(self, name: str, description: str) -> None:
        """Note a problem with a field."""
        self.problems.add(self._prefix + name, description)

    def number(self, name: str) -> float | None:
        """A finite number."""
        value = self.values.get(name)
        if value is None:
            return None
        if type(value) not in (int, float):
            self._mistyped(name, "a number")
            return None
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if math.isfinite(number):
            return number
        self.wrong(name, "is too large for a number")
        return None

    def integer(self, name: str, low: int = _INT64[0], high: int = _INT64[-1]) -> int | None:
        """An integer from `low` to `high`."""
        value = self._typed(name, int, "an integer")
        if value is not None and not low <= value <= high:
            limits = f"from {low} to {high}" if high < _INT64[-1] or value > high else f"at least {low}"
            self.wrong(name, f"must be {limits}, not {value}")
            return None
        return value

    def boolean(self, name: str) -> bool | None:
        """A boolean."""
        return self._typed(name, bool, "a boolean")

    def text(self, name: str) -> str | None:
        """A string."""
        return self._typed(name, str, "a string")

    def mapping(self, name: str) -> dict[str, Any] | None:
        """An object."""
        return self._typed(name, dict, "an object")

    def array(self, name: str) -> list[Any] | None:
        """An array."""
        return self._typed(name, list, "an array")

    def texts(self, name: str) -> tuple[str, ...]:
        """A string, or an array of strings."""
        value = self.values.get(name)
        if isinstance(value, str):
            return (value,)
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        if value is not None:
            self._mistyped(name, "a string or an array of strings")
        return ()

    def ids(self, name: str) -> tuple[int, ...]:
        """An array of token ids."""
        value = self.values.get(name)
        if is_ids(value):
            return tuple(value)
        if value is not None and value != []:
            self._mistyped(name, "an array of token ids")
        return ()

    def choice(self, name: str, allowed: Sequence[str]) -> str | None:
        """One of some strings."""
        value = self.text(name)
        if value is not None and value not in allowed:
            self.wrong(name, f"must be {' or '.join(allowed)}, not {value!r}")
            return None
        return value

    def require(self, name: str) -> bool:
        """Whether a field is there; noted as a problem if not."""
        if name in self:
            return True
        self.wrong(name, "is required")
        return False

    def refuse(self, unsupported: Mapping[str, tuple[Any, ...]], engine: str) -> None:
        """Note fields that change the meaning of a call and that nothing here supports.

        Args:
            unsupported: Per field, the values that mean the same as its absence.
            engine: Name of the engine, for the sentence.
        """
        for name, neutral in unsupported.items():
            value = self.values.get(name)
            if value is not None and not any(value == item and type(value) is type(item) for item in neutral):
                self.wrong(name, f"is not supported by engine {engine}")

    def _typed(self, name: str, kind: type[T], wanted: str) -> T | None:
        value = self.values.get(name)
        if type(value) is kind:
            return value
        if value is not None:
            self._mistyped(name, wanted)
        return None

    def _mistyped(self, name: str, wanted: str) -> None:
        kind = kind_of(self.values[name])
        self.wrong(name, f"must be {wanted}" if wanted.startswith(kind) else f"must be {wanted}, not {kind}")

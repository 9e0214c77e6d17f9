"""Deltas of a stream whose messages are cumulative."""

from __future__ import annotations

import json
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .message import Message
    from .method import Deltas

__all__ = ["STREAM_MODE", "DeltaMaker"]

STREAM_MODE: Final = "x-tokenwire-stream"
"""Metadata that asks for, and announces, "delta" or "cumulative"."""


class DeltaMaker:
    """Cuts from each message what earlier ones of the same sequence have brought.

    Args:
        deltas: Which parts of the messages grow.
    """

    def __init__(self, deltas: Deltas) -> None:
        self._deltas = deltas
        self._seen: dict[tuple[Any, ...], Any] = {}

    def __call__(self, message: Message) -> Message:
        """Turn a cumulative message, in place, into one with only what is new."""
        sequence = self._sequence(message)
        for name in self._deltas.fields:
            value = getattr(message, name)
            if value:
                seen = self._seen.get((sequence, name), value[:0])
                self._seen[sequence, name] = value
                setattr(message, name, _tail(value, seen))
        for name, keys in self._deltas.keys.items():
            entries: dict[str, str] = getattr(message, name)
            for key in keys:
                if key in entries:
                    seen = self._seen.get((sequence, name, key), "[]")
                    self._seen[sequence, name, key] = entries[key]
                    entries[key] = _json_tail(entries[key], seen)
        return message

    def _sequence(self, message: Message) -> Any:
        where = self._deltas.sequence
        if not where:
            return None
        value = getattr(message, where[0])
        return value.get(where[1]) if len(where) > 1 else value


def _tail(value: Any, seen: Any) -> Any:
    """What follows `seen` in `value`; of text that was rewritten, what follows the common start."""
    if isinstance(value, list):
        return value[len(seen) :]
    if value.startswith(seen):
        return value[len(seen) :]
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(value, seen, strict=False)))
    return value[common:]


def _json_tail(value: str, seen: str) -> str:
    """The JSON list of the elements of `value` that follow those of `seen`; what is no list stays."""
    if seen == "[]":
        return value
    if seen.endswith("]") and value.startswith(seen[:-1]):
        rest = value[len(seen) - 1 :]
        if rest[:1] in (",", "]"):
            return "[" + rest.lstrip(", ")
    try:
        elements, before = json.loads(value), json.loads(seen)
    except (ValueError, RecursionError):
        return value
    if not isinstance(elements, list) or not isinstance(before, list):
        return value
    return json.dumps(elements[len(before) :])

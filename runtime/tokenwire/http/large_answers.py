"""JSON of answers with very many values, written in a thread and in small steps.

The standard library's writer is C code that lets no other thread run until it has written everything: half
a second for a million numbers. Here only small pieces are given to it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from tokenwire.heavy import in_thread

from .values import dump_json

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["dump_large_json"]

_MANY: Final = 20_000
"""Values that are written without letting others run."""
_STEP: Final = 2000
_VALUE_BYTES: Final = 12


async def dump_large_json(value: Any) -> bytes:
    """The same as `dump_json`, while others run where there are very many values.

    Nobody may change the value meanwhile.

    Raises:
        ValueError: It holds NaN or an infinity, which JSON has no notation for.
    """
    count = _count(value, _MANY)
    if count <= _MANY:
        return dump_json(value)
    return await in_thread(count * _VALUE_BYTES, _dump, value)


def _dump(value: Any) -> bytes:
    return b"".join([piece.encode(errors="replace") for piece in _pieces(value)])


def _count(value: Any, most: int) -> int:
    """About how many values there are; no further than is needed to know that there are more than `most`.

    A list whose first item is plain is taken for a list of plain values.
    """
    if isinstance(value, dict):
        items: Any = value.values()
    elif isinstance(value, list) and value and isinstance(value[0], dict | list):
        items = value
    else:
        return len(value) if isinstance(value, list) else 1
    count = 0
    for item in items:
        count += _count(item, most - count)
        if count > most:
            return max(count, len(value))
    return count


def _pieces(value: Any) -> Iterator[str]:
    if isinstance(value, dict) and all(type(key) is str for key in value):
        before = "{"
        for key, item in value.items():
            yield f"{before}{_text(key)}:"
            yield from _pieces(item)
            before = ","
        yield "{}" if before == "{" else "}"
    elif isinstance(value, list) and value:
        yield from _items(value)
    else:
        yield _text(value)


def _items(values: list[Any]) -> Iterator[str]:
    nested = isinstance(values[0], dict | list)
    before = "["
    for start in range(0, len(values), 1 if nested else _STEP):
        yield before
        before = ","
        if nested:
            yield from _pieces(values[start])
        else:
            yield _text(values[start : start + _STEP])[1:-1]
    yield "]"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)

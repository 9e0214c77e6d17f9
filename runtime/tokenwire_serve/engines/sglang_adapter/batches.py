"""SGLang's batches of texts as they travel between its detokenizer and this process: what says something.

A batch has some fifty fields, and of a step of plain text most are empty. Reading it whole is what most
of a step costs here, so empty fields are left out on the way.
"""

from __future__ import annotations

from typing import Any, Final

__all__ = ["pack", "pick", "unpack"]

_FINISHED: Final = "finished_reasons"
_AT_THE_END: Final = ("cached_tokens_details", "weight_versions")
"""Fields that only the last answer of a request needs."""


def pack(batch: Any) -> dict[str, Any]:
    """The fields of a batch that hold something, by name."""
    packed: dict[str, Any] = {}
    for name in batch.__struct_fields__:
        value = getattr(batch, name)
        if value is None or (type(value) is list and value and all(item is None for item in value)):
            continue
        packed[name] = value
    packed.pop("time_stats", None)
    if packed.get("output_ids"):
        packed["output_ids"] = [list(ids) for ids in packed["output_ids"]]
    if _FINISHED not in packed:
        for name in _AT_THE_END:
            packed.pop(name, None)
    return packed


def unpack(packed: dict[str, Any], kind: type[Any]) -> Any:
    """The batch again, of SGLang's class for it."""
    values: dict[str, Any] = dict.fromkeys(kind.__struct_fields__)
    values.update(packed)
    if _FINISHED not in packed:
        values[_FINISHED] = [None] * len(packed["rids"])
    return kind(**values)


def pick(packed: dict[str, Any], places: list[int]) -> dict[str, Any]:
    """Some of the requests of a packed batch: each of its lists has an item per request."""
    count = len(packed["rids"])
    return {
        name: [value[place] for place in places] if type(value) is list and len(value) == count else value
        for name, value in packed.items()
    }

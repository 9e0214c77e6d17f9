"""What a body breaks of SGLang's models of the OpenAI API, in sentences that name the field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tokenwire.details import invalid

from .errors import of_status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tokenwire.errors import RpcError

__all__ = ["invalid_body"]

_MOST_PROBLEMS: Final = 5
_TAGS: Final = frozenset({"role", "type"})
"""Fields that tell which of several shapes an object has."""


def invalid_body(error: ValueError) -> RpcError:
    """INVALID_ARGUMENT with what is wrong, field by field."""
    listed = getattr(error, "errors", None)
    if listed is None:
        return of_status(400, str(error))
    found: dict[str, str] = {}
    for problem in _meant(listed(include_url=False, include_context=False, include_input=False)):
        found.setdefault(_path(problem["loc"]) or "body", str(problem["msg"]).removeprefix("Value error, "))
    return invalid(list(found.items())[:_MOST_PROBLEMS])


def _meant(problems: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The problems without those of shapes that an object, going by its tag, was not meant to have.

    SGLang's models try every shape and complain of each.
    """
    listed = list(problems)
    wrong = {
        tuple(p["loc"][:-1]) for p in listed if p["loc"] and p["loc"][-1] in _TAGS and p["type"] != "missing"
    }
    right = {shape[:-1] for shape in _shapes(listed) if shape not in wrong}
    refused = [shape for shape in wrong if shape[:-1] in right]
    return [p for p in listed if not any(tuple(p["loc"][: len(shape)]) == shape for shape in refused)]


def _shapes(problems: Iterable[Mapping[str, Any]]) -> set[tuple[str | int, ...]]:
    """The places of problems that are a shape of an object, not a field or an index."""
    return {
        tuple(p["loc"][: place + 1])
        for p in problems
        for place, part in enumerate(p["loc"])
        if _is_shape(part)
    }


def _is_shape(part: str | int) -> bool:
    return isinstance(part, str) and not (part.isidentifier() and part == part.lower())


def _path(place: tuple[str | int, ...]) -> str:
    """Where a problem is, "messages[0].content"; the types that SGLang tried there are left out."""
    path = ""
    for part in place:
        if isinstance(part, int):
            path += f"[{part}]"
        elif not _is_shape(part) and part not in {"str", "int", "float", "bool"}:
            path += f".{part}" if path else part
    return path

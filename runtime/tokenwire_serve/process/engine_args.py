"""What stands after `--`: flags of the engine's own, as far as they touch ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

__all__ = ["value_of", "without"]


def value_of(arguments: Sequence[str], flag: str) -> str | None:
    """The value of a flag, the last one if it is repeated; None where the flag is not given."""
    found = None
    for index, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name == flag:
            found = value if equals else "".join(arguments[index + 1 : index + 2])
    return found


def without(arguments: Sequence[str], flags: Collection[str]) -> tuple[tuple[str, ...], list[str]]:
    """The arguments without some flags and their values; and those of the flags that were there."""
    kept: list[str] = []
    dropped: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        name, equals, _ = argument.partition("=")
        if name not in flags:
            kept.append(argument)
            continue
        dropped.append(name)
        if not equals:
            next(rest, None)
    return tuple(kept), dropped

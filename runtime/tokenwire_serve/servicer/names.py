"""The names that requests may give as their model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tokenwire.codes import Code
from tokenwire.details import bad_request
from tokenwire.errors import RpcError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["NamedModel", "find_model"]

_ANY: Final = "default"
_LONGEST: Final = 256
"""Characters of a name that is not known: answers repeat it, those that stream in each chunk."""


@dataclass(frozen=True, slots=True)
class NamedModel:
    """A model as a request names it.

    Attributes:
        shown: How the answer names it.
        adapter: The LoRA adapter that is meant, "" for none.
    """

    shown: str
    adapter: str = ""


def find_model(
    asked: str | None,
    names: Sequence[str],
    aliases: Sequence[str],
    adapters: Sequence[str],
    *,
    any_name: bool,
) -> NamedModel:
    """The model of that name: the served one, "default", an adapter, or "MODEL:ADAPTER".

    Args:
        asked: What the request says; None is nothing.
        names: Names of the served model, the one that answers give first.
        aliases: More of them, which are not shown.
        adapters: Names of LoRA adapters.
        any_name: Any other name is the served model too.

    Raises:
        RpcError: NOT_FOUND, no model goes by that name.
    """
    if asked is None or asked == _ANY:
        return NamedModel(names[0])
    if asked in names or asked in aliases:
        return NamedModel(asked)
    if asked in adapters:
        return NamedModel(asked, asked)
    model, _, adapter = asked.rpartition(":")
    if adapter in adapters and (model in names or model in aliases or model == _ANY):
        return NamedModel(asked, adapter)
    if any_name and len(asked) <= _LONGEST:
        return NamedModel(asked)
    known = ", ".join([*names, *adapters])
    shown = asked if len(asked) <= _LONGEST else f"{asked[:_LONGEST]}..."
    sentence = f"{shown!r} is not served here; served: {known}"
    raise RpcError(Code.NOT_FOUND, f"model {sentence}", bad_request("model", sentence).details)

"""The engines, found by name; each is imported only when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.missing import how_to_install

from .model_directory import check_directory
from .options import TINY_MODEL, EngineOptions

if TYPE_CHECKING:
    from tokenwire_serve.engine import Engine

__all__ = ["ENGINES", "TINY_MODEL", "EngineOptions", "create"]

ENGINES: Final[dict[str, tuple[str, str]]] = {
    "null": (".null", "NullEngine"),
    "sglang": (".sglang", "SglangEngine"),
    "transformers": (".transformers", "TransformersEngine"),
}
"""Module and class of each engine, by the name that `--engine` takes."""

_LOCAL: Final = frozenset({"transformers"})
"""Engines that take a model from a directory, and from nowhere else."""
_EXTRAS: Final = {
    "sglang": ("sglang", "torch", "msgspec", "psutil"),
    "transformers": ("torch", "transformers", "safetensors", "llguidance", "numpy"),
}


def create(name: str, options: EngineOptions | None = None) -> Engine:
    """Make an engine; it loads nothing before its `start`.

    Raises:
        RpcError: INVALID_ARGUMENT, there is no engine of that name; FAILED_PRECONDITION, a
            package that it needs is not installed, or there is no model where it should be. The message
            says what to do.
    """
    options = options or EngineOptions()
    if name not in ENGINES:
        known = ", ".join(sorted(ENGINES))
        raise RpcError(Code.INVALID_ARGUMENT, f"unknown engine {name!r}: --engine takes one of {known}")
    if name in _LOCAL and options.model_path is not None:
        check_directory(options.model_path)  # Before PyTorch is imported, which takes seconds.
    module, cls = ENGINES[name]
    try:
        make = getattr(import_module(module, __name__), cls)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRAS.get(name, ()):
            raise
        raise RpcError(
            Code.FAILED_PRECONDITION,
            f"engine {name!r} needs the package {error.name!r}: {how_to_install(name)}",
        ) from error
    return cast("Engine", make(options))

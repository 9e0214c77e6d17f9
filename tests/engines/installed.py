"""The engines that the environment of this run can have, and how each is made for tests."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from tokenwire_serve.engines import EngineOptions, create

if TYPE_CHECKING:
    from tokenwire_serve.engine import Engine

HERE: Final = ("null", "transformers") if find_spec("sglang") is None else ("sglang",)

SGLANG_ARGS: Final = (
    *("--device", "cpu"),
    *("--attention-backend", "torch_native"),
    *("--sampling-backend", "pytorch"),
    *("--grammar-backend", "xgrammar"),
    *("--dtype", "float32"),
    *("--max-total-tokens", "16384"),
    *("--random-seed", "1"),
    *("--log-level", "warning"),
    "--disable-cuda-graph",
)
"""Flags with which SGLang runs on a CPU."""


def make(name: str, *engine_args: str, **options: Any) -> Engine:
    """An engine of eight rows and a short queue."""
    settings: dict[str, Any] = {"max_running_requests": 8, "max_waiting_requests": 40, **options}
    if name == "sglang":
        settings["engine_args"] = (*SGLANG_ARGS, *engine_args)
        settings["explicit"] = frozenset(settings)
    return create(name, EngineOptions(**settings))

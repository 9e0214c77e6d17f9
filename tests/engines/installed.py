"""The engines that the environment of this run can have, and how each is made for tests."""

from __future__ import annotations

import os
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
    *("--decode-log-interval", "8"),  # with each line of its log SGLang counts its throughput anew
    *("--log-level", "warning"),
    "--disable-cuda-graph",
    "--sleep-on-idle",  # a scheduler without work would take a core else
)
"""Flags with which SGLang runs on a CPU."""

LOAD_ARGS: Final[dict[str, tuple[str, ...]]] = {"sglang": ("--enable-metrics",)}
"""Flags without which an engine tells only a part of its load."""

SGLANG_ENVIRONMENT: Final = {
    "HF_HUB_OFFLINE": "1",
    # Threads that spin for each other cost more than they bring, on a few cores and with a small model.
    "OMP_NUM_THREADS": "1",
    # Without Triton torch.compile fails, and with it the scheduler, at the first repetition penalty.
    "TORCH_COMPILE_DISABLE": "1",
}
"""Environment of SGLang's processes on a CPU."""


def make(name: str, *engine_args: str, **options: Any) -> Engine:
    """An engine of eight rows and a short queue."""
    settings: dict[str, Any] = {"max_running_requests": 8, "max_waiting_requests": 40, **options}
    if name == "sglang":
        os.environ.update(SGLANG_ENVIRONMENT)
        settings["engine_args"] = (*SGLANG_ARGS, *engine_args)
        settings["explicit"] = frozenset(settings)
    return create(name, EngineOptions(**settings))

"""Chooses how a model is run: how long a context fits into memory, and which runner is right for it."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import torch

from .cache import GRAIN
from .loading import cannot_load
from .lone_runner import LoneRunner
from .runner import SlotRunner

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokenwire_serve.engines.options import EngineOptions

    from .loading import Loaded
    from .scheduler import Runner

__all__ = ["make_runner", "model_threads"]

_LOG: Final = logging.getLogger(__name__)
_SHARE: Final = {"cpu": 0.5, "cuda": 0.85}
"""How much of the free memory the cache may take."""
_TRIAL: Final = 8
_UNFIT: Final = (RuntimeError, ValueError, TypeError, AttributeError, LookupError, AssertionError)
"""What a model raises that is run in a way it is not made for."""


def model_threads(options: EngineOptions) -> int:
    """Threads of the model's arithmetic: by default all cores but one, which the event loop has."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return options.cpu_threads or max(1, cores - 1)


def make_runner(loaded: Loaded, options: EngineOptions) -> tuple[Runner, int]:
    """A runner that was seen to compute what the model computes, and the length it has room for.

    Raises:
        RpcError: FAILED_PRECONDITION, the context asked for is too long for the model or the
            memory, or nothing here runs the model rightly.
    """
    if options.max_model_len is not None and options.max_model_len > loaded.context:
        raise cannot_load(f"--max-model-len {options.max_model_len}: the model reads {loaded.context} tokens")
    rows = options.max_running_requests
    length = options.max_model_len or loaded.context
    try:
        length = _fitting(loaded, options, length)
    except _UNFIT as error:
        _LOG.debug("the model keeps no keys and values per position", exc_info=error)
    ways: list[tuple[str, Callable[[], Runner]]] = [
        ("in batches", lambda: SlotRunner(loaded, rows, length)),
        ("row by row", lambda: LoneRunner(loaded, rows)),
        ("row by row, prompts token by token", lambda: LoneRunner(loaded, rows, stepwise=True)),
    ]
    reasons: list[str] = []
    for way, make in ways:
        reason, runner = _trial(loaded, make)
        if runner is not None:
            if reasons:
                _LOG.warning("%s is run %s, which is slow: %s", loaded.path, way, "; ".join(reasons))
            return runner, length
        reasons.append(f"not {way}: {reason}")
    raise cannot_load(f"--model-path {loaded.path}: cannot be run step by step: {'; '.join(reasons)}")


def _trial(loaded: Loaded, make: Callable[[], Runner]) -> tuple[str, Runner | None]:
    """Make a runner and compare its logits with those of one whole forward; why not, or the runner."""
    ids = [token % loaded.vocab_size for token in range(7, 7 + _TRIAL)]
    expected = loaded.model(input_ids=torch.tensor([ids], device=loaded.device), use_cache=False)
    try:
        runner = make()
        if not _agrees(runner, ids, expected.logits[0].float()):
            return "its results differ from those of one forward", None
        if isinstance(runner, SlotRunner):
            runner.settle()
    except _UNFIT as error:
        return f"{type(error).__name__}: {error}", None
    return "", runner


def _fitting(loaded: Loaded, options: EngineOptions, length: int) -> int:
    """The longest context that every row can have; all of `length` if it was asked for or fits."""
    per_position = _bytes_per_position(loaded) * options.max_running_requests
    room = int(_free_memory(loaded.device) * _SHARE.get(loaded.device.type, 0.5)) // per_position
    if length <= room:
        return length
    if options.max_model_len is not None or room < GRAIN:
        need = length * per_position / 2**30
        raise cannot_load(
            f"--max-model-len {length} with --max-running-requests {options.max_running_requests}: "
            f"the cache needs {need:.1f} GiB, there is memory for {room} tokens; lower either"
        )
    fitting = room // GRAIN * GRAIN
    _LOG.warning("the context is cut from %d to %d tokens, for which there is memory", length, fitting)
    return fitting


def _bytes_per_position(loaded: Loaded) -> int:
    """What a position of a row takes: in the cache, and while its attention is computed.

    For that, keys and values of one layer at a time are repeated for each query head that shares them.
    """
    text = loaded.config.get_text_config()
    heads = getattr(text, "num_attention_heads", 1)
    shared = heads // (getattr(text, "num_key_value_heads", None) or heads)
    tokens = torch.zeros((1, _TRIAL), dtype=torch.long, device=loaded.device)
    cache: Any = loaded.model(input_ids=tokens, use_cache=True).past_key_values
    layers: list[int] = [
        sum(block.numel() * block.element_size() // _TRIAL for block in (layer.keys, layer.values))
        for layer in cache.layers
    ]
    return sum(layers) + (max(layers) * shared if shared > 1 else 0)


def _free_memory(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def _agrees(runner: Runner, ids: list[int], reference: torch.Tensor) -> bool:
    """Whether a prompt in two chunks and two decoded tokens give the logits of one whole forward."""
    first, second, third = 3, len(ids) - 2, len(ids) - 1
    runner.prefill(0, ids[:first], 0)
    rows = [
        runner.prefill(0, ids[first:second], first)[-1],
        runner.decode(ids[second:third], [second])[0],
        runner.decode(ids[third:], [third])[0],
    ]
    difference = (torch.stack(rows) - reference[second - 1 :]).abs().max()
    return bool(difference <= 0.02 * reference.abs().max())

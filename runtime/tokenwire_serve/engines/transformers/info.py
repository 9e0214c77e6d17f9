"""What the engine says about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import transformers

from tokenwire_serve.engine import Load, ModelInfo
from tokenwire_serve.engines.options import TINY_MODEL

from .chat import why_no_chat

if TYPE_CHECKING:
    from tokenwire_serve.engines.options import EngineOptions

    from .loading import Loaded
    from .scheduler import Scheduler

__all__ = ["load_of", "model_info", "server_info"]

_TINY_NAME = "tokenwire-tiny"


def model_info(loaded: Loaded, options: EngineOptions, length: int) -> ModelInfo:
    """The model that is loaded, with room for `length` tokens."""
    config = loaded.config
    name = _TINY_NAME if loaded.path == TINY_MODEL else loaded.path.resolve().name
    labels: dict[int, str] = config.id2label if loaded.kind == "classify" else {}
    return ModelInfo(
        model_path=str(loaded.path),
        served_model_name=options.served_model_name or name,
        tokenizer_path=str(loaded.tokenizer.path),
        kind=loaded.kind,
        max_model_len=length,
        vocab_size=loaded.vocab_size,
        weight_version=options.weight_version,
        model_type=config.model_type,
        architectures=tuple(config.architectures or ()),
        embedding_size=0 if loaded.kind == "classify" else config.get_text_config().hidden_size,
        labels=tuple(labels[index] for index in sorted(labels)),
        chat=_why_no_chat(loaded),
    )


def _why_no_chat(loaded: Loaded) -> str:
    return why_no_chat(loaded.tokenizer) if loaded.kind == "generate" else f"it can only {loaded.kind}"


def load_of(scheduler: Scheduler, options: EngineOptions, length: int, jobs: int, throughput: float) -> Load:
    """How busy it is; embeddings and scores that have not started count as waiting."""
    running = scheduler.running
    waiting = list(scheduler.waiting)
    used = sum(sequence.computed for sequence in running)
    total = options.max_running_requests * length
    return Load(
        dp_rank=0,
        num_running_reqs=len(running),
        num_waiting_reqs=len(waiting) + jobs,
        num_used_tokens=used,
        num_total_tokens=sum(len(sequence.tokens) for sequence in (*running, *waiting)),
        max_total_num_tokens=total,
        max_running_requests=options.max_running_requests,
        token_usage=used / total,
        gen_throughput=throughput,
        cache_hit_rate=0.0,
        utilization=len(running) / options.max_running_requests,
    )


def server_info(loaded: Loaded, options: EngineOptions, length: int, threads: int) -> dict[str, Any]:
    """Settings that are safe to show to any caller."""
    return {
        "engine": "transformers",
        "device": str(loaded.device),
        "dtype": str(loaded.dtype).removeprefix("torch."),
        "max_running_requests": options.max_running_requests,
        "max_waiting_requests": options.max_waiting_requests,
        "max_model_len": length,
        "prefill_chunk": options.prefill_chunk,
        "cpu_threads": threads,
        "torch_version": torch.__version__,
        "transformers_version": transformers.__version__,
    }

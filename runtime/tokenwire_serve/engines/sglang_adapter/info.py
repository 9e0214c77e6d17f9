"""What SGLang says about its model and itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from tokenwire_serve.engine import Adapter, Load, ModelInfo
from tokenwire_serve.engines.options import TINY_MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokenwire_serve.engines.options import EngineOptions

__all__ = ["SETTINGS", "adapters_of", "load_of", "model_info", "shown"]

SETTINGS: Final = (
    "attention_backend",
    "chunked_prefill_size",
    "context_length",
    "device",
    "disable_radix_cache",
    "disaggregation_mode",
    "dp_size",
    "dtype",
    "enable_deterministic_inference",
    "enable_lora",
    "enable_priority_scheduling",
    "ep_size",
    "grammar_backend",
    "is_embedding",
    "kv_cache_dtype",
    "load_format",
    "max_loras_per_batch",
    "max_prefill_tokens",
    "max_running_requests",
    "max_total_tokens",
    "mem_fraction_static",
    "nnodes",
    "page_size",
    "pp_size",
    "quantization",
    "random_seed",
    "reasoning_parser",
    "sampling_backend",
    "schedule_policy",
    "speculative_algorithm",
    "speculative_num_draft_tokens",
    "speculative_num_steps",
    "stream_interval",
    "tool_call_parser",
    "tp_size",
)
"""Settings of SGLang that any caller may see: none is a key, a password or a path."""

_TINY_NAME: Final = "tokenwire-tiny"
_LOAD_FIELDS: Final = tuple(Load.__dataclass_fields__)


def model_info(manager: Any, options: EngineOptions, config: Callable[[str], Any]) -> ModelInfo:
    """The model that SGLang has loaded."""
    model = manager.model_config
    hf = model.hf_config
    architectures = tuple(getattr(hf, "architectures", None) or ())
    kind = _kind(manager.is_generation, architectures)
    labels = getattr(hf, "id2label", None) or {}
    path = str(manager.model_path)
    return ModelInfo(
        model_path=path,
        served_model_name=options.served_model_name or _name(path, str(manager.served_model_name)),
        tokenizer_path=str(config("tokenizer_path") or path),
        kind=kind,
        max_model_len=int(manager.context_len),
        vocab_size=int(model.vocab_size),
        weight_version=str(config("weight_version") or "default"),
        load_format=str(getattr(config("load_format"), "value", config("load_format")) or "auto"),
        model_type=str(getattr(hf, "model_type", "")),
        architectures=architectures,
        embedding_size=int(getattr(model, "hidden_size", 0)) if kind != "classify" else 0,
        labels=tuple(str(labels[index]) for index in sorted(labels)) if kind == "classify" else (),
        chat=_why_no_chat(manager, kind),
        truncates=bool(config("allow_auto_truncate")),
        aliases=tuple({path, str(manager.served_model_name)} - {options.served_model_name}),
    )


def _kind(is_generation: bool, architectures: tuple[str, ...]) -> Literal["generate", "embed", "classify"]:
    if is_generation:
        return "generate"
    return "classify" if any("Classif" in name or "Reward" in name for name in architectures) else "embed"


def _name(path: str, given: str) -> str:
    """The name that SGLang was given; its own default, a path, is cut down to the directory's name."""
    if path == str(TINY_MODEL):
        return _TINY_NAME
    return Path(path).resolve().name if given == path and Path(path).is_dir() else given


def _why_no_chat(manager: Any, kind: str) -> str:
    if kind != "generate":
        return f"it can only {kind}"
    return "" if manager.tokenizer is not None else "it was started with --skip-tokenizer-init"


def adapters_of(manager: Any) -> tuple[Adapter, ...]:
    """The LoRA adapters that requests may name."""
    registry = getattr(manager, "lora_registry", None)
    if not getattr(manager, "enable_lora", False) or registry is None:
        return ()
    found = registry.get_all_adapters().values()
    return tuple(Adapter(str(adapter.lora_name), str(adapter.lora_path)) for adapter in found)


def load_of(snapshot: Any, held: int, *, retracted: bool) -> Load:
    """How busy one rank is.

    SGLang knows a utilization only where it was told what load is too much; elsewhere it is the part of
    the rows that run, as with other engines.

    Args:
        snapshot: What its scheduler last said.
        held: Requests that have not been given to it yet.
        retracted: It was told since to put all that runs back into the queue.
    """
    values = {name: getattr(snapshot, name, 0) for name in _LOAD_FIELDS}
    values["num_waiting_reqs"] += held
    if retracted:
        values["num_waiting_reqs"] += values["num_running_reqs"]
        values.update(num_running_reqs=0, num_used_tokens=0, token_usage=0.0, utilization=0.0)
    elif not values["utilization"]:
        values["utilization"] = round(values["num_running_reqs"] / max(values["max_running_requests"], 1), 4)
    return Load(**values)


def shown(value: Any) -> Any:
    """A setting as JSON can have it."""
    return value if isinstance(value, str | int | float | bool) else str(getattr(value, "value", value))

"""Settings of an engine, the same for every engine; each reads those that mean something to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["TAKE_ARGUMENTS", "TINY_MODEL", "EngineOptions"]

TINY_MODEL: Final = Path(__file__).parent.parent / "models" / "tiny"
"""Directory of the embedded model, served when no other is named."""

TAKE_ARGUMENTS: Final = frozenset({"sglang"})
"""Names of the engines that read `EngineOptions.engine_args`."""


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How to build an engine.

    Attributes:
        model_path: Hugging Face directory of the model; None is the embedded tiny model.
        tokenizer_path: Directory of the tokenizer; None is `model_path`.
        served_model_name: Name that the model goes by; empty is the name of its directory, or
            "tokenwire-tiny" for the embedded one.
        device: "auto" (CUDA when there is one), "cpu", "cuda" or "cuda:N".
        dtype: Of weights and cache: "float32", "bfloat16" or "float16". "auto" is the type of the
            checkpoint on CUDA and float32 on a CPU, few of which are fast at less.
        max_running_requests: Sequences that decode together; each holds a row of the cache.
        max_waiting_requests: Sequences that may wait for a row; one more is RESOURCE_EXHAUSTED.
        max_model_len: Most tokens of prompt and output together; None is what the model's
            configuration says. Lower it to make the cache smaller.
        prefill_chunk: Prompt tokens computed between two decode steps.
        cpu_threads: Threads of the model's arithmetic on a CPU; None leaves one core to the event
            loop.
        weight_version: What `weight_version` says.
        trust_remote_code: Run Python code that comes with the model.
        host: Address or name that the server listens on, for engines that tell it to others.
        port: The server's HTTP port, for the same.
        nccl_port: Port of the collective communication between the engine's processes; None lets the
            engine choose.
        engine_args: Flags of the engine's own, as they stand after `--` on the command line.
        explicit: Names of the fields here that the user gave, by flag or environment, rather than
            left at their default. An engine with settings of its own keeps its own defaults for the
            others.
    """

    model_path: Path | None = None
    tokenizer_path: Path | None = None
    served_model_name: str = ""
    device: str = "auto"
    dtype: str = "auto"
    max_running_requests: int = 32
    max_waiting_requests: int = 1024
    max_model_len: int | None = None
    prefill_chunk: int = 256
    cpu_threads: int | None = None
    weight_version: str = "default"
    trust_remote_code: bool = False
    host: str = "127.0.0.1"
    port: int = 30000
    nccl_port: int | None = None
    engine_args: tuple[str, ...] = ()
    explicit: frozenset[str] = frozenset()

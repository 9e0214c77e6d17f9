"""Loads a Hugging Face directory: configuration, weights and tokenizer, from local files only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import torch
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
)
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
from transformers.utils.logging import disable_progress_bar

from tokenwire_serve.engines.model_directory import check_directory
from tokenwire_serve.engines.options import TINY_MODEL

from .tokenizer import Tokenizer

if TYPE_CHECKING:
    from pathlib import Path

    from tokenwire_serve.engines.options import EngineOptions

__all__ = ["Loaded", "ModelKind", "cannot_load", "load", "load_weights"]

ModelKind = Literal["generate", "embed", "classify"]

_AUTO_CLASSES: Final[dict[ModelKind, Any]] = {
    "generate": AutoModelForCausalLM,
    "embed": AutoModel,
    "classify": AutoModelForSequenceClassification,
}
_DTYPES: Final = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
_NO_LIMIT: Final = 1 << 20
_LENGTH_KEYS: Final = ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory.

    Attributes:
        path: Its directory.
        kind: What it can do.
        context: Most positions that its configuration allows.
        vocab_size: Rows of its token embedding.
        eos_ids: Tokens that end a generation.
        bos_id: The token that may begin a text.
    """

    path: Path
    kind: ModelKind
    model: Any
    config: Any
    tokenizer: Tokenizer
    device: torch.device
    dtype: torch.dtype
    context: int
    vocab_size: int
    eos_ids: tuple[int, ...]
    bos_id: int | None


def cannot_load(sentence: str) -> RpcError:
    """The error of a model that cannot be loaded."""
    return RpcError(Code.FAILED_PRECONDITION, sentence)


def load(options: EngineOptions) -> Loaded:
    """Load the model of `options`.

    Raises:
        RpcError: FAILED_PRECONDITION; the message names the flag or the file and what to do.
    """
    disable_progress_bar()  # type: ignore[no-untyped-call] # transformers leaves it untyped
    path = options.model_path or TINY_MODEL
    device = _device(options.device)
    config = _config(path, options)
    kind = _kind(path, config)
    tokenizer = Tokenizer.load(options.tokenizer_path or path, trust_remote_code=options.trust_remote_code)
    dtype = _dtype(options.dtype, device, config)
    model = _weights(path, kind, config, dtype, options).to(device).eval()
    model.requires_grad_(False)
    vocab_size = model.get_input_embeddings().weight.shape[0]
    return Loaded(
        path=path,
        kind=kind,
        model=model,
        config=config,
        tokenizer=tokenizer,
        device=device,
        dtype=dtype,
        context=_context(config),
        vocab_size=vocab_size,
        eos_ids=tuple(token for token in _eos_ids(model, config, tokenizer) if 0 <= token < vocab_size),
        bos_id=tokenizer.bos_id,
    )


def load_weights(path: Path, loaded: Loaded, options: EngineOptions) -> dict[str, torch.Tensor]:
    """The weights of another directory, by the names of `loaded.model`'s, on the CPU.

    Raises:
        RpcError: They do not fit the model that is loaded.
    """
    config = _config(path, options)
    if config.architectures != loaded.config.architectures:
        raise cannot_load(
            f"model_path: {path} holds {config.architectures}, "
            f"the running model is {loaded.config.architectures}"
        )
    other = _weights(path, loaded.kind, config, loaded.dtype, options)
    ours: dict[str, torch.Tensor] = loaded.model.state_dict()
    theirs: dict[str, torch.Tensor] = other.state_dict()
    if ours.keys() != theirs.keys():
        name = sorted(ours.keys() ^ theirs.keys())[0]
        raise cannot_load(f"model_path: {path} and the running model differ in the weight {name}")
    for name, weight in ours.items():
        if weight.shape != theirs[name].shape:
            raise cannot_load(
                f"model_path: {name} has shape {tuple(theirs[name].shape)} in {path}, "
                f"and {tuple(weight.shape)} in the running model"
            )
    return theirs


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise cannot_load(f"--device {name}: takes auto, cpu, cuda or cuda:N") from None
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise cannot_load(f"--device {name}: this machine has {torch.cuda.device_count()} CUDA devices")
    return device


def _dtype(name: str, device: torch.device, config: Any) -> torch.dtype:
    if name in _DTYPES:
        return _DTYPES[name]
    if name != "auto":
        raise cannot_load(f"--dtype {name}: takes auto, {', '.join(_DTYPES)}")
    stored = getattr(config, "dtype", None)
    if device.type == "cpu" or not isinstance(stored, torch.dtype):
        return torch.float32
    return stored


def _config(path: Path, options: EngineOptions) -> Any:
    check_directory(path)
    try:
        return AutoConfig.from_pretrained(
            path, local_files_only=True, trust_remote_code=options.trust_remote_code
        )
    except (OSError, ValueError, KeyError, json.JSONDecodeError) as error:
        raise cannot_load(f"--model-path {path}: config.json cannot be read: {_line(error)}") from error


def _kind(path: Path, config: Any) -> ModelKind:
    names = config.architectures or []
    name = names[0] if names else ""
    if name.endswith("ForSequenceClassification"):
        return "classify"
    if name.endswith(("ForCausalLM", "LMHeadModel")) or name in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.values():
        return "generate"
    if name.endswith(("Model", "ForMaskedLM")) and not config.is_encoder_decoder:
        return "embed"
    raise cannot_load(
        f"--model-path {path}: engine transformers serves causal language models, encoders and sequence "
        f"classifiers; config.json says architectures {names}"
    )


def _weights(path: Path, kind: ModelKind, config: Any, dtype: torch.dtype, options: EngineOptions) -> Any:
    if not any(path.glob("*.safetensors")) and not any(path.glob("pytorch_model*.bin")):
        raise cannot_load(f"--model-path {path}: no weights; model.safetensors (or its shards) must be there")
    try:
        model, info = _AUTO_CLASSES[kind].from_pretrained(
            path,
            config=config,
            dtype=dtype,
            local_files_only=True,
            trust_remote_code=options.trust_remote_code,
            output_loading_info=True,
        )
    except Exception as error:
        raise cannot_load(f"--model-path {path}: the weights cannot be loaded: {_line(error)}") from error
    missing = sorted(info["missing_keys"]) + sorted(str(key) for key in info.get("mismatched_keys", ()))
    if missing:
        raise cannot_load(f"--model-path {path}: the files lack {len(missing)} weights, {missing[0]} for one")
    return model


def _context(config: Any) -> int:
    text = config.get_text_config()
    lengths = [getattr(text, key, None) for key in _LENGTH_KEYS]
    return next((length for length in lengths if isinstance(length, int) and length > 0), _NO_LIMIT)


def _eos_ids(model: Any, config: Any, tokenizer: Tokenizer) -> tuple[int, ...]:
    generation = getattr(model, "generation_config", None)
    for source in (generation, config.get_text_config()):
        ids = getattr(source, "eos_token_id", None)
        if ids is not None:
            return tuple(ids) if isinstance(ids, list | tuple) else (int(ids),)
    return () if tokenizer.eos_id is None else (tokenizer.eos_id,)


def _line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0] if text else 'no reason given'}"

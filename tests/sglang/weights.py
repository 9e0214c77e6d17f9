"""Small models and an adapter for SGLang, with random weights."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save_file
from tokenwire_serve.engines import TINY_MODEL
from transformers import AutoModel, AutoModelForSequenceClassification, LlamaConfig

from tests.engines.models import SIZES, save

if TYPE_CHECKING:
    from pathlib import Path

LABELS = ("bad", "fair", "good")
RANK = 4


def lora_adapter(path: Path, *, seed: int) -> Path:
    """An adapter of the embedded model in peft's format, strong enough to change its output."""
    torch.manual_seed(seed)
    config = json.loads((TINY_MODEL / "config.json").read_text())
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    values = config["head_dim"] * config["num_key_value_heads"]
    outputs = {"q_proj": config["head_dim"] * heads, "k_proj": values, "v_proj": values, "o_proj": hidden}
    tensors = {}
    for layer in range(config["num_hidden_layers"]):
        for name, size in outputs.items():
            prefix = f"base_model.model.model.layers.{layer}.self_attn.{name}"
            tensors[f"{prefix}.lora_A.weight"] = torch.randn(RANK, hidden) * 0.3
            tensors[f"{prefix}.lora_B.weight"] = torch.randn(size, RANK) * 0.3
    path.mkdir(parents=True)
    save_file(tensors, path / "adapter_model.safetensors")
    settings = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": str(TINY_MODEL),
        "r": RANK,
        "lora_alpha": 2 * RANK,
        "lora_dropout": 0.0,
        "bias": "none",
        "target_modules": sorted(outputs),
    }
    (path / "adapter_config.json").write_text(json.dumps(settings))
    return path


def embedder(path: Path) -> Path:
    """A model that embeds."""
    return _named(save(AutoModel, LlamaConfig(**SIZES), path), "LlamaEmbeddingModel")


def classifier(path: Path) -> Path:
    """A model with a class for each of `LABELS`."""
    config = LlamaConfig(**SIZES, id2label=dict(enumerate(LABELS)), num_labels=len(LABELS))
    return _named(save(AutoModelForSequenceClassification, config, path), "LlamaForSequenceClassification")


def _named(path: Path, architecture: str) -> Path:
    """Let SGLang load a model as that architecture."""
    file = path / "config.json"
    config: dict[str, Any] = json.loads(file.read_text())
    file.write_text(json.dumps(config | {"architectures": [architecture]}))
    return path

"""Small random models in Hugging Face directories."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import torch
from tokenwire_serve.engines import TINY_MODEL

if TYPE_CHECKING:
    from pathlib import Path

SIZES: dict[str, Any] = {
    "vocab_size": 4096,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}


def add_tokenizer(path: Path) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copy(TINY_MODEL / name, path)


def save(auto_class: Any, config: Any, path: Path, *, seed: int = 0) -> Path:
    """Write a random model and the embedded model's tokenizer."""
    torch.manual_seed(seed)
    model = auto_class.from_config(config)
    for parameter in model.parameters():
        parameter.data.mul_(3)
    model.save_pretrained(path)
    add_tokenizer(path)
    return path

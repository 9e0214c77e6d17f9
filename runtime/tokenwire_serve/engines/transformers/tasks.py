"""What the model computes besides text: embeddings, classes, scores, the probe; model thread only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from tokenwire.codes import Code
from tokenwire.errors import RpcError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .loading import Loaded

__all__ = ["class_logits", "embedding", "label_probabilities", "one_token"]


def embedding(loaded: Loaded, ids: Sequence[int], dimensions: int | None) -> list[float]:
    """The mean of the last hidden states over all tokens, cut to `dimensions`, of length 1."""
    hidden = loaded.model.base_model(**_inputs(loaded, ids)).last_hidden_state[0].float()
    pooled = hidden.mean(0)[:dimensions]
    values: list[float] = torch.nn.functional.normalize(pooled, dim=0).tolist()
    return values


def class_logits(loaded: Loaded, ids: Sequence[int], type_ids: Sequence[int] | None) -> list[float]:
    """The raw score of each class."""
    inputs = _inputs(loaded, ids)
    if type_ids is not None and getattr(loaded.config, "type_vocab_size", 0) > 1:
        inputs["token_type_ids"] = torch.tensor([list(type_ids)], device=loaded.device)
    values: list[float] = loaded.model(**inputs).logits[0].float().tolist()
    return values


def label_probabilities(
    loaded: Loaded, ids: Sequence[int], labels: Sequence[int], *, softmax: bool, temperature: float
) -> list[float]:
    """How likely each label token comes next: of the labels alone, or of the whole vocabulary."""
    logits = loaded.model(**_inputs(loaded, ids), logits_to_keep=1).logits[0, -1].float() / temperature
    chosen = torch.tensor(list(labels), device=loaded.device)
    shares = torch.softmax(logits[chosen], -1) if softmax else torch.softmax(logits, -1)[chosen]
    values: list[float] = shares.tolist()
    return values


def one_token(loaded: Loaded) -> None:
    """Put one token through the model.

    Raises:
        RpcError: UNAVAILABLE, what came out is not a number.
    """
    outputs = loaded.model(**_inputs(loaded, [min(loaded.bos_id or 0, loaded.vocab_size - 1)]))
    result = outputs.last_hidden_state if loaded.kind == "embed" else outputs.logits
    if not bool(result.isfinite().all()):
        raise RpcError(Code.UNAVAILABLE, "the model's output is not finite")


def _inputs(loaded: Loaded, ids: Sequence[int]) -> dict[str, Any]:
    tensor = torch.tensor([list(ids)], device=loaded.device)
    inputs: dict[str, Any] = {"input_ids": tensor, "attention_mask": torch.ones_like(tensor)}
    if loaded.kind == "generate":
        inputs["use_cache"] = False
    return inputs

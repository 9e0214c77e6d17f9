"""Runs models whose layers keep something else than keys and values per position, row by row."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import torch
from transformers import DynamicCache

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from .loading import Loaded

__all__ = ["LoneRunner"]


class LoneRunner:
    """The model with one of its own caches per row: any causal model, without batching."""

    def __init__(self, loaded: Loaded, rows: int) -> None:
        self._model = loaded.model
        self._config = loaded.config
        self._device = loaded.device
        self._caches: list[Any] = [None] * (rows + 1)

    def prefill(self, row: int, ids: Sequence[int], start: int, *, all_logits: bool = False) -> Tensor:
        """Compute the tokens at positions `start`, ... of a row."""
        if start == 0:
            self._caches[row] = DynamicCache(config=self._config)
        output = self._model(
            input_ids=torch.tensor([list(ids)], device=self._device),
            past_key_values=self._caches[row],
            use_cache=True,
        )
        logits: Tensor = output.logits[0]
        return (logits if all_logits else logits[-1:]).float()

    def decode(self, ids: Sequence[int], positions: Sequence[int]) -> Tensor:
        """Compute the next token of each of the first rows, one row after the other."""
        steps = zip(ids, positions, strict=True)
        return torch.cat([self.prefill(row, [token], start) for row, (token, start) in enumerate(steps)])

    def copy(self, source: int, target: int, length: int) -> None:
        """Copy the cache of a row to another row."""
        self._caches[target] = copy.deepcopy(self._caches[source])

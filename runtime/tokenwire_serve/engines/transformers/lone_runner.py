"""Runs models whose layers keep something else than keys and values per position, row by row."""

from __future__ import annotations

import copy
import inspect
from typing import TYPE_CHECKING, Any

import torch
from transformers import DynamicCache

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from .loading import Loaded

__all__ = ["LoneRunner"]


class LoneRunner:
    """The model with one of its own caches per row: most causal models, without batching.

    Args:
        loaded: The model.
        rows: Most sequences at a time.
        stepwise: After the first chunk of a prompt one token at a time, for models (Mamba) that
            cannot go on from a cache with several.
    """

    def __init__(self, loaded: Loaded, rows: int, *, stepwise: bool = False) -> None:
        self._model = loaded.model
        self._config = loaded.config
        self._device = loaded.device
        self._stepwise = stepwise
        self._caches: list[Any] = [None] * (rows + 1)
        names = inspect.signature(loaded.model.forward).parameters
        self._argument = "cache_params" if "cache_params" in names else "past_key_values"

    def prefill(self, row: int, ids: Sequence[int], start: int, *, all_logits: bool = False) -> Tensor:
        """Compute the tokens at positions `start`, ... of a row."""
        if start == 0:
            self._caches[row] = DynamicCache(config=self._config)
        parts = [[token] for token in ids] if self._stepwise and start > 0 else [list(ids)]
        logits = torch.cat([self._forward(row, part) for part in parts])
        return (logits if all_logits else logits[-1:]).float()

    def decode(self, ids: Sequence[int], positions: Sequence[int]) -> Tensor:
        """Compute the next token of each of the first rows, one row after the other."""
        return torch.cat([self._forward(row, [token]) for row, token in enumerate(ids)]).float()

    def copy(self, source: int, target: int, length: int) -> None:
        """Copy the cache of a row to another row."""
        self._caches[target] = copy.deepcopy(self._caches[source])

    def _forward(self, row: int, ids: Sequence[int]) -> Tensor:
        output = self._model(
            input_ids=torch.tensor([ids], device=self._device),
            use_cache=True,
            **{self._argument: self._caches[row]},
        )
        logits: Tensor = output.logits[0]
        return logits

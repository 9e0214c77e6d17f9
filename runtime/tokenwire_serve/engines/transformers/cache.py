"""The key-value cache: one preallocated block per layer, one row per running sequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import torch
from transformers.cache_utils import Cache, CacheLayerMixin

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["GRAIN", "ChunkPlan", "DecodePlan", "SlotCache", "round_up"]

GRAIN: Final = 64
"""A decode step reads keys in multiples of this many positions (see `SlotRunner`)."""


def round_up(number: int, multiple: int) -> int:
    """The least multiple that is not below the number."""
    return -(-number // multiple) * multiple


@dataclass(frozen=True, slots=True)
class ChunkPlan:
    """Where the next forward writes: positions `start` to `stop` of one row."""

    row: int
    start: int
    stop: int

    def write(self, block: Tensor, states: Tensor) -> Tensor:
        """Store the states of the chunk; what its queries may look at."""
        block[self.row, :, self.start : self.stop] = states[0]
        return block[self.row : self.row + 1, :, : self.stop]


@dataclass(frozen=True, slots=True)
class DecodePlan:
    """Where the next forward writes: one position in each of the first rows.

    Attributes:
        rows: 0, 1, 2, ... as a tensor.
        columns: The position that each row writes to.
        length: Positions that are read, of every row.
    """

    rows: Tensor
    columns: Tensor
    length: int

    def write(self, block: Tensor, states: Tensor) -> Tensor:
        """Store one state per row; what the rows' queries may look at."""
        block[self.rows, :, self.columns] = states[:, :, 0]
        return block[: len(self.rows), :, : self.length]


class _SlotLayer(CacheLayerMixin):  # type: ignore[no-untyped-call] # transformers leaves it untyped
    """One layer's block, [rows, heads, positions, size of a head], made at the first forward."""

    def __init__(self, cache: SlotCache) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # transformers leaves it untyped
        self._cache = cache

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        self.keys = self._block(key_states)
        self.values = self._block(value_states)
        self.is_initialized = True

    def _block(self, states: Tensor) -> Tensor:
        _, heads, _, size = states.shape
        shape = (self._cache.rows, heads, self._cache.positions, size)
        return torch.zeros(shape, dtype=states.dtype, device=states.device)

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        assert self.keys is not None and self.values is not None
        plan = self._cache.plan
        return plan.write(self.keys, key_states), plan.write(self.values, value_states)

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self._cache.positions, 0

    def get_seq_length(self) -> int:
        return 0

    def get_max_length(self) -> int:
        return self._cache.positions


class SlotCache(Cache):
    """A cache of `rows` sequences. The caller sets `plan` before each forward.

    The last position of each row is never read: rows that only pad a batch write there.
    """

    def __init__(self, layers: int, rows: int, length: int) -> None:
        self.rows = rows
        self.positions = round_up(length, GRAIN) + GRAIN
        self.plan: ChunkPlan | DecodePlan = ChunkPlan(0, 0, 0)
        self._slots = [_SlotLayer(self) for _ in range(layers)]
        super().__init__(layers=list(self._slots))

    @property
    def spare(self) -> int:
        """The position that padding writes to."""
        return self.positions - 1

    def copy(self, source: int, target: int, length: int) -> None:
        """Copy the first positions of one row to another."""
        for layer in self._slots:
            for block in (layer.keys, layer.values):
                if block is not None:
                    block[target, :, :length] = block[source, :, :length]

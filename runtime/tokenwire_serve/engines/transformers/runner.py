"""Runs the model over the cache: a chunk of one prompt, or one step of all decoding rows.

A row's numbers must not depend on what else is in the batch, or the same seed would give another
text under load. Kernels pick their order of summation by shape, so the shapes are kept to ones for
which a row's result is the same to the last bit: a prompt is computed alone, in chunks counted from
its own start, and a decode step is padded to a multiple of `grain` rows and of 64 positions. The
grain is found when the model is loaded, by comparing rows over all batch sizes. (Measured on x86 with
MKL_CBWR=AUTO: 4 rows. Where nothing smaller holds, every step runs all rows.) What that cannot mend is
logged: the experts of a mixture each see as many rows as the router sends them.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import torch

from .cache import GRAIN, ChunkPlan, DecodePlan, SlotCache, round_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from .loading import Loaded

__all__ = ["SlotRunner"]

_LOG: Final = logging.getLogger(__name__)
_ROW_GRAIN: Final = 4
_FAR: Final = 1024


class SlotRunner:
    """The model with its cache; model thread only.

    Args:
        loaded: The model.
        rows: Most sequences that decode together.
        length: Most tokens of one sequence.
    """

    def __init__(self, loaded: Loaded, rows: int, length: int) -> None:
        text = loaded.config.get_text_config()
        self.grain = _ROW_GRAIN
        self._model = loaded.model
        self._device = loaded.device
        self._dtype = loaded.dtype
        self._rows = round_up(rows, _ROW_GRAIN)
        self._cache = SlotCache(text.num_hidden_layers, self._rows, length)
        self._windows = _windows(text)
        self._vocabulary = loaded.vocab_size
        self._all_rows = torch.arange(self._rows, device=self._device)
        self._all_columns = torch.arange(self._cache.positions, device=self._device)

    def prefill(self, row: int, ids: Sequence[int], start: int, *, all_logits: bool = False) -> Tensor:
        """Compute the tokens at positions `start`, ... of a row.

        Returns:
            Logits in float32 after the last token, or with `all_logits` after each: [tokens, vocabulary].
        """
        stop = start + len(ids)
        self._cache.plan = ChunkPlan(row, start, stop)
        positions = self._all_columns[start:stop]
        return self._forward(
            torch.tensor([ids], device=self._device),
            positions[None],
            self._all_columns[:stop],
            logits_to_keep=0 if all_logits else 1,
        )[0]

    def decode(self, ids: Sequence[int], positions: Sequence[int]) -> Tensor:
        """Compute the next token of the first `len(ids)` rows: token and position of each.

        Returns:
            Logits in float32: [rows, vocabulary].
        """
        count = len(ids)
        padding = min(round_up(count, self.grain), self._rows) - count
        columns = torch.tensor([*positions, *[self._cache.spare] * padding], device=self._device)
        queries = torch.tensor([*positions, *[0] * padding], device=self._device)
        length = round_up(max(positions) + 1, GRAIN)
        self._cache.plan = DecodePlan(self._all_rows[: count + padding], columns, length)
        logits = self._forward(
            torch.tensor([*ids, *[0] * padding], device=self._device)[:, None],
            queries[:, None],
            self._all_columns[:length],
            logits_to_keep=1,
        )
        return logits[:count, 0]

    def copy(self, source: int, target: int, length: int) -> None:
        """Copy what is cached of a row's first `length` tokens to another row."""
        self._cache.copy(source, target, length)

    def settle(self) -> None:
        """Find the grain: run the same rows in batches of every size, and in other company."""
        self.prefill(0, [0, 1, 2], 0)
        for row in range(1, self._rows):
            self.copy(0, row, 3)
        tokens = [(3 + row) % self._vocabulary for row in range(self._rows)]
        others = [token if row % 2 else 0 for row, token in enumerate(tokens)]
        whole = self._step(tokens)
        sizes = range(_ROW_GRAIN, self._rows + 1, _ROW_GRAIN)
        same = {size: torch.equal(self._step(tokens[:size]), whole[:size]) for size in sizes}
        self.grain = next(grain for grain in sizes if all(same[size] for size in sizes if size % grain == 0))
        if not (
            torch.equal(self._step(tokens[::-1]).flip(0), whole)
            and torch.equal(self._step(others)[1::2], whole[1::2])
            and torch.equal(self._step(tokens, far=True)[:-1], whole[:-1])
        ):
            _LOG.warning(
                "with this model on this device a seeded text may depend on what else is in the batch"
            )

    def _step(self, tokens: Sequence[int], *, far: bool = False) -> Tensor:
        """Decode at position 3, the last row if `far` a long way behind."""
        last = min(_FAR, self._cache.positions - GRAIN) - 1 if far else 3
        return self.decode(tokens, [*[3] * (len(tokens) - 1), last])

    def _forward(self, ids: Tensor, queries: Tensor, keys: Tensor, *, logits_to_keep: int) -> Tensor:
        output = self._model(
            input_ids=ids,
            position_ids=queries,
            attention_mask=self._masks(queries, keys),
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=logits_to_keep,
        )
        logits: Tensor = output.logits
        return logits.float()

    def _masks(self, queries: Tensor, keys: Tensor) -> Any:
        """What is added to attention scores: one mask, or one per kind of layer."""
        distance = queries[:, :, None] - keys
        masks = {}
        for kind, window in self._windows.items():
            hidden = distance < 0 if window is None else (distance < 0) | (distance >= window)
            mask = torch.zeros(hidden.shape, dtype=self._dtype, device=self._device)
            masks[kind] = mask.masked_fill_(hidden, torch.finfo(self._dtype).min)[:, None]
        return masks.get("", masks)


def _windows(config: Any) -> dict[str, int | None]:
    """How far back each kind of layer looks (None is all the way); "" where all are of one kind."""
    kinds = set(getattr(config, "layer_types", None) or ())
    window = getattr(config, "sliding_window", None)
    if not kinds:
        return {"": window}
    if kinds == {"full_attention"}:
        return {"": None}
    unknown = kinds - {"full_attention", "sliding_attention"}
    if unknown:
        raise ValueError(f"layers of kind {sorted(unknown)[0]} have no cache of rows")
    return {kind: window if kind == "sliding_attention" else None for kind in sorted(kinds)}

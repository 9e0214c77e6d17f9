"""Log-probabilities of tokens: those of the model itself, before temperature, penalties and masks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch

from tokenwire_serve.engine import TokenLogprob

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from .tokenizer import Tokenizer

__all__ = ["LogprobReader"]

_LEAST: Final = -9999.0
"""What minus infinity is given as: JSON has no infinity."""


class LogprobReader:
    """Reads log-probabilities off logits the way one request wants them."""

    def __init__(self, tokenizer: Tokenizer, top: int, *, text: bool) -> None:
        self._tokenizer = tokenizer
        self._top = top
        self._with_text = text

    def read(self, logprobs: Tensor, tokens: Sequence[int]) -> list[TokenLogprob]:
        """Of one token per row of `log_softmax` values."""
        chosen = logprobs.gather(-1, torch.tensor(tokens, device=logprobs.device)[:, None])[:, 0]
        values = chosen.clamp_(min=_LEAST).tolist()
        if not self._top:
            return [
                TokenLogprob(value, token, self.text(token))
                for value, token in zip(values, tokens, strict=True)
            ]
        top, ids = logprobs.topk(min(self._top, logprobs.shape[-1]), dim=-1)
        tops = zip(top.clamp_(min=_LEAST).tolist(), ids.tolist(), strict=True)
        return [
            TokenLogprob(value, token, self.text(token), self._alternatives(*row))
            for value, token, row in zip(values, tokens, tops, strict=True)
        ]

    def _alternatives(
        self, values: Sequence[float], ids: Sequence[int]
    ) -> tuple[tuple[float, int, str | None], ...]:
        return tuple((value, i, self.text(i)) for value, i in zip(values, ids, strict=True))

    def text(self, token: int) -> str | None:
        """The text of one token, where the request wants it."""
        return self._tokenizer.decode([token]) if self._with_text else None

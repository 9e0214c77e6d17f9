"""Log-probabilities of tokens: those of the model itself, before temperature, penalties and masks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import torch

from tokenwire_serve.engine import TokenLogprob

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from .tokenizer import Tokenizer

__all__ = ["LogprobReader", "Measured", "measure"]

_LEAST: Final = -9999.0
"""What minus infinity is given as: JSON has no infinity."""


class Measured(NamedTuple):
    """The log-probability of a token, and the highest at its position with their tokens."""

    logprob: float
    highest: list[float]
    ids: list[int]


def measure(logprobs: Tensor, tokens: Sequence[int], top: int) -> list[Measured]:
    """Read one token per row of `log_softmax` values, all with three transfers from the device."""
    chosen = logprobs.gather(-1, torch.tensor(tokens, device=logprobs.device)[:, None])[:, 0]
    values = chosen.clamp_(min=_LEAST).tolist()
    if not top:
        return [Measured(value, [], []) for value in values]
    highest, ids = logprobs.topk(min(top, logprobs.shape[-1]), dim=-1)
    rows = zip(values, highest.clamp_(min=_LEAST).tolist(), ids.tolist(), strict=True)
    return [Measured(*row) for row in rows]


class LogprobReader:
    """Gives log-probabilities the way one request wants them.

    Attributes:
        top: How many alternatives per position.
    """

    def __init__(self, tokenizer: Tokenizer, top: int, *, text: bool) -> None:
        self._tokenizer = tokenizer
        self._with_text = text
        self.top = top

    def read(self, logprobs: Tensor, tokens: Sequence[int]) -> list[TokenLogprob]:
        """Of one token per row of `log_softmax` values."""
        rows = measure(logprobs, tokens, self.top)
        return [self.shown(token, row) for token, row in zip(tokens, rows, strict=True)]

    def shown(self, token: int, measured: Measured) -> TokenLogprob:
        """Of one token; there may be more alternatives than are wanted."""
        pairs = zip(measured.highest[: self.top], measured.ids, strict=False)
        top = tuple((logprob, other, self.text(other)) for logprob, other in pairs)
        return TokenLogprob(measured.logprob, token, self.text(token), top)

    def text(self, token: int) -> str | None:
        """The text of one token, where the request wants it."""
        return self._tokenizer.text(token) if self._with_text else None

"""Draws the next token of each row.

In this order: penalties, logit bias, tokens that are not allowed yet, the constraint's mask,
temperature, top_k, top_p (of what top_k left), min_p; then one draw by inverting the cumulative
distribution at a number of the sequence's own generator. Everything is computed row by row, so a
row's token does not depend on the rest of the batch.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

    from tokenwire_serve.engine import Sampling

    from .grammar import Matcher

__all__ = ["Chooser", "Shaper", "draw"]

GREEDY_BELOW: Final = 1e-6
CANDIDATES: Final = 256
"""Of the likeliest tokens, those that top_k and top_p are first tried on; sorting all is slow."""
_BELOW_ONE: Final = 1 - 1e-12


class Shaper:
    """What a sequence does to its logits before a token is drawn."""

    def __init__(
        self,
        sampling: Sampling,
        prompt: Sequence[int],
        end_ids: Sequence[int],
        device: torch.device,
        matcher: Matcher | None,
    ) -> None:
        self.matcher = matcher
        self._made = 0
        self._sampling = sampling
        self._penalised = (
            sampling.frequency_penalty != 0
            or sampling.presence_penalty != 0
            or sampling.repetition_penalty != 1
        )
        self._prompt = prompt
        self._counts: Tensor | None = None
        self._seen: Tensor | None = None
        bias = sampling.logit_bias
        self._biased = torch.tensor(list(bias), dtype=torch.long, device=device) if bias else None
        self._bias = torch.tensor(list(bias.values()), dtype=torch.float32, device=device)
        self._end_ids = torch.tensor(list(end_ids), dtype=torch.long, device=device)

    @property
    def idle(self) -> bool:
        """Whether `shape` would change nothing now."""
        return (
            self.matcher is None
            and not self._penalised
            and self._biased is None
            and self._made >= self._sampling.min_new_tokens
        )

    def shape(self, logits: Tensor) -> None:
        """Change one row of logits in place."""
        if self._penalised:
            self._penalise(logits)
        if self._biased is not None:
            logits.index_add_(0, self._biased, self._bias)
        early = self._made < self._sampling.min_new_tokens
        if self.matcher is not None:
            allowed = self.matcher.allowed()[: logits.shape[0]]
            going_on = allowed.index_fill(0, self._end_ids.cpu(), False) if early else allowed
            # Where the constraint leaves nothing but an end, it wins over the minimum.
            chosen = going_on if going_on.any() else allowed
            logits.masked_fill_(~chosen.to(logits.device), -torch.inf)
        elif early:
            logits[self._end_ids] = -torch.inf

    def _penalise(self, logits: Tensor) -> None:
        if self._counts is None or self._seen is None:
            self._counts = torch.zeros_like(logits)
            self._seen = torch.zeros_like(logits, dtype=torch.bool)
            self._seen[torch.tensor(self._prompt, dtype=torch.long, device=logits.device)] = True
        factor = self._sampling.repetition_penalty
        if factor != 1:
            scaled = torch.where(logits > 0, logits / factor, logits * factor)
            torch.where(self._seen, scaled, logits, out=logits)
        logits.sub_(self._counts, alpha=self._sampling.frequency_penalty)
        logits.sub_((self._counts > 0).float(), alpha=self._sampling.presence_penalty)

    def accept(self, token: int) -> None:
        """Take note of a drawn token."""
        self._made += 1
        if self._counts is not None and self._seen is not None:
            self._counts[token] += 1
            self._seen[token] = True
        if self.matcher is not None:
            self.matcher.accept(token)


class Chooser:
    """How a sequence draws: its settings and its own random numbers.

    The numbers depend on the seed and the choice's index alone, and one is taken per token.
    """

    def __init__(self, sampling: Sampling, index: int) -> None:
        seed = random.getrandbits(63) if sampling.seed is None else sampling.seed
        self._random = random.Random(f"{seed}/{index}")
        self.temperature = sampling.temperature
        self.top_k = sampling.top_k
        self.top_p = sampling.top_p
        self.min_p = sampling.min_p

    @property
    def greedy(self) -> bool:
        """Whether the likeliest token is taken."""
        return self.temperature < GREEDY_BELOW or self.top_k == 1

    @property
    def filtered(self) -> bool:
        """Whether top_k or top_p leave tokens out."""
        return self.top_k > 0 or self.top_p < 1

    def uniform(self) -> float:
        """The next number, in [0, 1)."""
        return self._random.random()


def draw(logits: Tensor, choosers: Sequence[Chooser]) -> list[int]:
    """One token per row of float32 logits; -1 for a row without a usable number."""
    kinds: dict[Callable[[Tensor, Sequence[Chooser]], Tensor], list[int]] = {}
    for row, chooser in enumerate(choosers):
        kinds.setdefault(_picker(chooser), []).append(row)
    tokens = [-1] * len(choosers)
    for pick, rows in kinds.items():
        part = logits if len(rows) == len(tokens) else logits[rows]
        picked = pick(part, [choosers[row] for row in rows])
        for row, token in zip(rows, picked.tolist(), strict=True):
            tokens[row] = token
    return tokens


def _picker(chooser: Chooser) -> Callable[[Tensor, Sequence[Chooser]], Tensor]:
    if chooser.greedy:
        return _likeliest
    return _filtered if chooser.filtered else _any


def _likeliest(logits: Tensor, choosers: Sequence[Chooser]) -> Tensor:
    values, ids = logits.max(-1)
    return torch.where(values.isfinite(), ids, -1)


def _any(logits: Tensor, choosers: Sequence[Chooser]) -> Tensor:
    """Draw among all tokens, or with min_p among those likely enough."""
    probs = _probabilities(logits, choosers)
    if any(chooser.min_p > 0 for chooser in choosers):
        least = probs.amax(-1, keepdim=True) * _column([c.min_p for c in choosers], probs)
        probs = probs.masked_fill(probs < least, 0)
    picked = _invert(probs, _column([c.uniform() for c in choosers], probs, torch.float64))
    return torch.where(probs[:, 0].isfinite(), picked, -1)


def _filtered(logits: Tensor, choosers: Sequence[Chooser]) -> Tensor:
    """Draw among the likeliest tokens; rows that need more of them are sorted as a whole."""
    probs = _probabilities(logits, choosers)
    numbers = _column([c.uniform() for c in choosers], probs, torch.float64)
    count = min(CANDIDATES, probs.shape[-1])
    top, ids = probs.topk(count, dim=-1)
    picked = ids.gather(-1, _invert(_kept(top, choosers), numbers)[:, None])[:, 0]
    masses = enumerate(zip(choosers, top.sum(-1).tolist(), strict=True))
    wide = [row for row, (c, mass) in masses if c.top_k > count or (c.top_k < 1 and mass <= c.top_p)]
    if wide and count < probs.shape[-1]:
        ordered, order = probs[wide].sort(descending=True, stable=True)
        places = _invert(_kept(ordered, [choosers[row] for row in wide]), numbers[wide])
        picked[wide] = order.gather(-1, places[:, None])[:, 0]
    return torch.where(probs[:, 0].isfinite(), picked, -1)


def _probabilities(logits: Tensor, choosers: Sequence[Chooser]) -> Tensor:
    return torch.softmax(logits / _column([c.temperature for c in choosers], logits), -1)


def _kept(probs: Tensor, choosers: Sequence[Chooser]) -> Tensor:
    """Probabilities in falling order, with those that top_k, top_p and min_p leave out at 0.

    With top_k off, top_p is of all the probability, also of what is not among `probs`.
    """
    size = probs.shape[-1]
    top_k = _column([c.top_k if c.top_k > 0 else size for c in choosers], probs)
    limited = probs.masked_fill(torch.arange(size, device=probs.device) >= top_k, 0)
    whole = _column([float(c.top_k < 1) for c in choosers], probs).bool()
    total = torch.where(whole, 1.0, limited.sum(-1, keepdim=True))
    before = limited.cumsum(-1, dtype=torch.float64) - limited
    beyond = before >= total * _column([c.top_p for c in choosers], probs)
    beyond |= limited < probs[:, :1] * _column([c.min_p for c in choosers], probs)
    beyond[:, 0] = False
    return limited.masked_fill(beyond, 0)


def _invert(probs: Tensor, numbers: Tensor) -> Tensor:
    """The place in each row where the cumulative probability passes that share of its total."""
    cumulative = probs.cumsum(-1, dtype=torch.float64)
    target = cumulative[:, -1:] * (numbers * _BELOW_ONE)
    return torch.searchsorted(cumulative, target, right=True)[:, 0].clamp_(max=probs.shape[-1] - 1)


def _column(values: Sequence[float], like: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.tensor(values, dtype=dtype, device=like.device)[:, None]

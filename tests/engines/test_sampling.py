"""The sampler on fixed logits, against a plain computation of what it should draw from."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest
import torch
from tokenwire_serve.engine import Sampling
from tokenwire_serve.engines.transformers.sampling import CANDIDATES, Chooser, Shaper, draw

LOGITS = [2.0, 1.5, 1.5, 0.5, 0.0, -1.0, -1.0, -3.0]
DRAWS = 6000


def expected(logits: list[float], sampling: Sampling) -> list[float]:
    """The distribution by the book: temperature, then top_k, top_p of the rest, min_p."""
    weights = [math.exp(x / sampling.temperature) for x in logits]
    order = sorted(range(len(logits)), key=lambda i: -weights[i])
    if sampling.top_k > 0:
        order = order[: sampling.top_k]
    whole = sum(weights[i] for i in order)
    kept, mass = [], 0.0
    for i in order:
        if kept and mass >= sampling.top_p * whole:
            break
        kept.append(i)
        mass += weights[i]
    kept = [i for i in kept if weights[i] >= sampling.min_p * weights[order[0]]]
    total = sum(weights[i] for i in kept)
    return [weights[i] / total if i in kept else 0.0 for i in range(len(logits))]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"temperature": 0.5},
        {"temperature": 2.0},
        {"top_k": 1},
        {"top_k": 4},
        {"top_p": 0.4},
        {"top_p": 0.75},
        {"min_p": 0.3},
        {"top_k": 5, "top_p": 0.6},
        {"top_k": 6, "top_p": 0.9, "min_p": 0.1, "temperature": 1.7},
    ],
)
def test_draws_follow_the_distribution(settings: dict[str, Any]) -> None:
    sampling = Sampling(**settings)
    choosers = [Chooser(Sampling(**settings, seed=seed), 0) for seed in range(DRAWS)]
    counts = Counter(draw(torch.tensor([LOGITS]).repeat(DRAWS, 1), choosers))
    for token, share in enumerate(expected(LOGITS, sampling)):
        if share == 0:
            assert counts[token] == 0
        else:
            deviation = math.sqrt(share * (1 - share) / DRAWS)
            assert counts[token] / DRAWS == pytest.approx(share, abs=4.5 * deviation + 1e-9)


@pytest.mark.parametrize("top_k", [-1, CANDIDATES // 2, CANDIDATES + 100, 5000])
@pytest.mark.parametrize("top_p", [0.5, 0.97, 1.0])
def test_a_large_vocabulary_is_filtered_exactly(top_k: int, top_p: float) -> None:
    logits = torch.randn(2000, generator=torch.Generator().manual_seed(3))
    sampling = Sampling(top_k=top_k, top_p=top_p, temperature=3.0)
    allowed = {i for i, share in enumerate(expected(logits.tolist(), sampling)) if share}
    choosers = [Chooser(Sampling(top_k=top_k, top_p=top_p, temperature=3.0, seed=i), 0) for i in range(400)]
    drawn = set(draw(logits.repeat(400, 1), choosers))
    assert drawn <= allowed
    assert len(drawn) > min(len(allowed), 400) / 3


def test_a_row_draws_the_same_in_any_batch() -> None:
    generator = torch.Generator().manual_seed(5)
    rows = torch.randn(32, 3000, generator=generator)
    kinds: list[dict[str, Any]] = [{}, {"temperature": 0.0}, {"top_p": 0.9}, {"top_k": 700}, {"min_p": 0.01}]

    def chooser(row: int) -> Chooser:
        return Chooser(Sampling(seed=row, **kinds[row % len(kinds)]), 0)

    together = draw(rows.clone(), [chooser(row) for row in range(32)])
    alone = [draw(rows[row : row + 1].clone(), [chooser(row)])[0] for row in range(32)]
    assert together == alone


def test_the_numbers_of_a_seed_do_not_depend_on_the_settings_of_others() -> None:
    first = [Chooser(Sampling(seed=1), 0).uniform() for _ in range(3)]
    assert len(set(first)) == 1
    assert Chooser(Sampling(seed=1), 1).uniform() != first[0]
    assert Chooser(Sampling(), 0).uniform() != Chooser(Sampling(), 0).uniform()


def test_a_row_without_numbers_is_reported_and_others_are_drawn() -> None:
    logits = torch.tensor([LOGITS, [math.nan] * 8, LOGITS, [-math.inf] * 8, [math.nan] * 8, LOGITS])
    settings: list[dict[str, Any]] = [
        {},
        {},
        {"top_k": 2},
        {"temperature": 0.0},
        {"top_p": 0.5},
        {"min_p": 0.1},
    ]
    tokens = draw(logits, [Chooser(Sampling(seed=1, **kind), 0) for kind in settings])
    assert [token < 0 for token in tokens] == [False, True, False, True, True, False]


def test_extreme_temperatures() -> None:
    logits = torch.tensor([LOGITS, LOGITS])
    cold, hot = Sampling(temperature=2e-6, seed=1), Sampling(temperature=1e6, seed=1)
    assert draw(logits.clone(), [Chooser(cold, 0), Chooser(hot, 0)])[0] == 0
    choosers = [Chooser(Sampling(temperature=1e6, seed=seed), 0) for seed in range(400)]
    assert len(set(draw(torch.tensor([LOGITS]).repeat(400, 1), choosers))) == 8


def shaper(sampling: Sampling, prompt: list[int]) -> Shaper:
    return Shaper(sampling, prompt, [7], torch.device("cpu"), None)


def test_penalties() -> None:
    made = shaper(Sampling(frequency_penalty=0.5, presence_penalty=0.25, repetition_penalty=2.0), [0, 5])
    assert not made.idle
    logits = torch.tensor(LOGITS)
    made.shape(logits)
    assert logits.tolist() == pytest.approx([1.0, 1.5, 1.5, 0.5, 0.0, -2.0, -1.0, -3.0])
    for token in (1, 1, 4):
        made.accept(token)
    logits = torch.tensor(LOGITS)
    made.shape(logits)
    assert logits.tolist() == pytest.approx([1.0, 0.75 - 1.25, 1.5, 0.5, -0.75, -2.0, -1.0, -3.0])


def test_end_tokens_wait_for_the_minimum() -> None:
    made = shaper(Sampling(min_new_tokens=2), [1])
    for idle in (False, False, True):
        assert made.idle is idle
        logits = torch.tensor(LOGITS)
        made.shape(logits)
        assert (logits[7].item() == -math.inf) is not idle
        made.accept(3)


def test_nothing_to_shape() -> None:
    assert shaper(Sampling(), [1]).idle
    assert not shaper(Sampling(logit_bias={1: 1.0}), [1]).idle

"""Answers with very many values are written in a thread, to the same JSON."""

from __future__ import annotations

import random
import threading
from typing import Any

import pytest
from tokenwire.http import large_answers
from tokenwire.http.large_answers import _dump, dump_large_json
from tokenwire.http.values import dump_json

from .test_json_body import made

EMBEDDINGS = {"data": [{"index": n, "embedding": [n / 7] * 1000} for n in range(50)], "model": "é"}
VALUES: list[Any] = [
    {"tokens": list(range(50_000)), "count": 50_000},
    EMBEDDINGS,
    [[1, 2.5]] * 20_000,
    {"a": {"b": [[], {}, None, "\ud83d", [[]], "x"] * 9000}},
    {str(n): n for n in range(30_000)},
    {"text": ["a\n"] * 30_000, 1: 2},
]


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
async def test_it_is_the_same_json_and_made_in_a_thread(value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []

    def noting(value: Any) -> bytes:
        threads.append(threading.current_thread().name)
        return _dump(value)

    monkeypatch.setattr(large_answers, "_dump", noting)
    assert await dump_large_json(value) == dump_json(value)
    assert [name.startswith("tokenwire-") for name in threads] == [True]


@pytest.mark.parametrize("seed", range(5))
def test_any_value_in_steps(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_answers, "_STEP", 2)
    seeded = random.Random(seed)
    for _ in range(200):
        value = made(seeded)
        assert _dump(value) == dump_json(value)


async def test_small_answers_need_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_answers, "_dump", None)
    assert await dump_large_json([{"embedding": [0.5] * 4096}]) == dump_json([{"embedding": [0.5] * 4096}])


async def test_not_a_number_is_refused_in_the_thread_too() -> None:
    with pytest.raises(ValueError, match="JSON"):
        await dump_large_json([1.0] * 50_000 + [float("nan")])

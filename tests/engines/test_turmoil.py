"""Random requests, aborts and pauses; what is left must be right."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

import pytest
from tokenwire_serve.engine import Constraint, EmbedRequest, PauseMode

from .support import Choice, collect, generate, next_rid, settle, start

if TYPE_CHECKING:
    from tokenwire_serve.engine import Engine

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROMPTS = ("x", "Return the path", "A list is a mutable sequence. " * 12, "What is json? " * 40)
GREEDY: dict[str, Any] = {"temperature": 0.0, "ignore_eos": True}
OTHERS: tuple[dict[str, Any], ...] = (
    {"temperature": 1.2},
    {"top_p": 0.8, "n": 2},
    {"top_k": 5, "stop": ("e", "the")},
    {"constraint": Constraint("regex", "[a-z]{4,20}")},
    {"presence_penalty": 1.0, "request": {"logprobs": True, "top_logprobs": 2, "logprob_start": 0}},
    {"max_new_tokens": 0},
    {"stream": False, "n": 3},
)


async def one(engine: Engine, rng: random.Random, expected: dict[str, list[int]]) -> None:
    """A request of some kind, aborted at some time or not."""
    await asyncio.sleep(rng.random() * 0.3)
    prompt = rng.choice(PROMPTS)
    checked = rng.random() < 0.5
    settings = {"max_new_tokens": rng.randrange(1, 40), **(GREEDY if checked else rng.choice(OTHERS))}
    rid = next_rid()
    stream = start(engine, prompt, rid=rid, **settings)
    if rng.random() < 0.3:
        asyncio.get_running_loop().call_later(rng.random() * 0.1, engine.abort, rid)
    elif rng.random() < 0.1:
        asyncio.get_running_loop().call_later(rng.random() * 0.1, stream.cancel)
    choices: list[Choice] = await collect(stream)
    for choice in choices:
        if checked and choice.finish is not None:
            assert choice.token_ids == expected[prompt][: len(choice.token_ids)]
            assert choice.finish.kind == "abort" or len(choice.token_ids) == settings["max_new_tokens"]


async def pauses(engine: Engine, rng: random.Random) -> None:
    modes: list[PauseMode] = ["in_place", "retract", "abort"]
    for mode in rng.sample(modes, 3):
        await asyncio.sleep(rng.random() * 0.15)
        await engine.pause(mode)
        await asyncio.sleep(rng.random() * 0.02)
        await engine.resume()


@pytest.mark.parametrize("seed", range(2))
async def test_turmoil(tiny: Engine, seed: int) -> None:
    rng = random.Random(seed)
    expected = {p: (await generate(tiny, p, max_new_tokens=40, **GREEDY)).token_ids for p in PROMPTS}
    await asyncio.gather(
        pauses(tiny, rng),
        *(one(tiny, rng, expected) for _ in range(30)),
        *(tiny.embed(EmbedRequest(next_rid(), "x")) for _ in range(5)),
    )
    await settle(tiny)
    load = tiny.loads()[0]
    assert (load.num_used_tokens, load.num_total_tokens, load.num_waiting_reqs) == (0, 0, 0)

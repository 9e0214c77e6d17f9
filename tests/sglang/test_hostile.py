"""Requests that SGLang's own server takes, and that end its scheduler or hold it up: refused here."""

from __future__ import annotations

import asyncio
import gc
import os
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from tokenwire_serve.engine import ServerStatus

from tests.engines.installed import make
from tests.engines.support import generate

if TYPE_CHECKING:
    from .serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")

COMPLETION = "/v1/completions"
CHAT = "/v1/chat/completions"
TEXT = {"prompt": "x", "max_tokens": 4}
TALK = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 4}


@pytest.mark.parametrize(
    ("route", "body", "field"),
    [
        (COMPLETION, {**TEXT, "logprobs": 5000}, "top_logprobs_num"),
        (
            CHAT,
            {**TALK, "logprobs": True, "top_logprobs": 5000},
            "top_logprobs",
        ),
        (
            COMPLETION,
            {**TEXT, "stop_token_ids": [99999], "min_tokens": 2},
            "stop_token_ids",
        ),
        (COMPLETION, {**TEXT, "top_k": 1 << 40}, "top_k"),
        (COMPLETION, {**TEXT, "n": 300000}, "n"),
        (COMPLETION, {**TEXT, "n": 0}, "n"),
        (COMPLETION, {**TEXT, "stop_regex": "((("}, "stop_regex"),
        (COMPLETION, {"prompt": "", "max_tokens": 4}, "prompt"),
        (COMPLETION, {"prompt": [99999], "max_tokens": 4}, "prompt"),
        (
            CHAT,
            {**TALK, "chat_template_kwargs": {"tokenize": True}},
            "chat_template_kwargs.tokenize",
        ),
        ("/generate", {"text": ""}, "text"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_refused_with_the_field(
    served: Served, route: str, body: dict[str, Any], field: str, stream: bool
) -> None:
    reply = await served.http.post(route, json={**body, "stream": stream})
    assert reply.status_code == 400, reply.text
    assert field in reply.text
    assert (await served.http.get("/health_generate")).status_code == 200


async def test_more_scores_than_may_run_and_wait(served: Served) -> None:
    body = {"query": "a", "items": ["b"] * 60, "label_token_ids": [5], "model": "default"}
    assert (await served.http.post("/v1/score", json=body)).status_code == 429


async def test_choices_fill_what_the_context_leaves(served: Served) -> None:
    params = {"n": 2, "temperature": 0, "ignore_eos": True}
    reply = await served.http.post("/generate", json={"input_ids": [5] * 2000, "sampling_params": params})
    assert reply.status_code == 200, reply.text
    assert all(0 < len(choice["output_ids"]) < 48 for choice in reply.json())


async def test_a_restart_leaves_nothing_open() -> None:
    engine = make("sglang")
    process = psutil.Process()
    seen: list[int] = []
    for _ in range(3):
        await engine.start()
        assert len((await generate(engine, max_new_tokens=3, ignore_eos=True)).token_ids) == 3
        victim = engine._pids[0]  # type: ignore[attr-defined]
        os.kill(victim, 9)
        async with asyncio.timeout(5):
            while engine.state.status is not ServerStatus.STOPPED:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await engine._stop()  # type: ignore[attr-defined]
        gc.collect()  # as the supervisor does
        seen.append(process.num_fds())
    await engine.close()
    assert seen[2] - seen[1] <= 2, seen

"""What engine `transformers` refuses, accepts and limits before a request waits for the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_serve.engine import RequestOptions

from .support import collect, generate, start

if TYPE_CHECKING:
    from tokenwire_serve.engine import Engine

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("settings", "code", "words"),
    [
        ({"prompt": []}, Code.INVALID_ARGUMENT, "prompt"),
        ({"prompt": [4096]}, Code.INVALID_ARGUMENT, "4096"),
        ({"prompt": [5] * 2048}, Code.INVALID_ARGUMENT, "2048"),
        ({"prompt": [5] * 2000, "max_new_tokens": 49}, Code.INVALID_ARGUMENT, "2048"),
        ({"logit_bias": {5000: 1.0}}, Code.INVALID_ARGUMENT, "logit_bias"),
        ({"stop_token_ids": (-1,)}, Code.INVALID_ARGUMENT, "stop_token_ids"),
        ({"stop": ("x" * 5000, "y" * 5000)}, Code.INVALID_ARGUMENT, "stop"),
        ({"n": 49}, Code.RESOURCE_EXHAUSTED, "at most 48"),
        ({"request": {"options": RequestOptions(lora_path="x")}}, Code.UNIMPLEMENTED, "lora_path"),
        ({"request": {"options": RequestOptions(routed_dp_rank=1)}}, Code.UNIMPLEMENTED, "routed_dp_rank"),
        ({"request": {"options": RequestOptions(bootstrap_room=3)}}, Code.UNIMPLEMENTED, "bootstrap_room"),
        ({"request": {"options": RequestOptions(require_reasoning=True)}}, Code.UNIMPLEMENTED, "reasoning"),
        ({"request": {"options": RequestOptions(max_thinking_tokens=9)}}, Code.UNIMPLEMENTED, "max_thinking"),
    ],
)
async def test_refusals_name_the_field(
    tiny: Engine, settings: dict[str, Any], code: Code, words: str
) -> None:
    with pytest.raises(RpcError) as refused:
        await generate(tiny, **settings)
    assert refused.value.code is code
    assert words in refused.value.message
    if code is Code.UNIMPLEMENTED:
        assert "engine transformers" in refused.value.message


async def test_hints_are_accepted(tiny: Engine) -> None:
    hints = RequestOptions(
        routing_key="k",
        routed_dp_rank=0,
        session_id="s",
        priority=2,
        require_reasoning=False,
        trace_headers={"traceparent": "00-0-0-00"},
    )
    choice = await generate(tiny, max_new_tokens=2, ignore_eos=True, request={"options": hints})
    assert len(choice.token_ids) == 2


async def test_the_limit_is_clipped_when_that_is_asked(tiny: Engine) -> None:
    prompt = [5] * 2040
    clipped = await generate(tiny, prompt, max_new_tokens=500, clip=True, ignore_eos=True)
    unlimited = await generate(tiny, prompt, max_new_tokens=None, ignore_eos=True)
    assert len(clipped.token_ids) == len(unlimited.token_ids) == 8
    exact = await generate(tiny, prompt, max_new_tokens=8, ignore_eos=True)
    assert len(exact.token_ids) == 8


async def test_a_long_text_is_prepared_aside_and_can_be_aborted(tiny: Engine) -> None:
    stream = start(tiny, "word " * 1500, rid="aside", n=2, max_new_tokens=5)
    assert tiny.abort("aside")
    choices = await collect(stream)
    assert [choice.finish and choice.finish.kind for choice in choices] == ["abort", "abort"]
    done = await generate(tiny, "word " * 1500, max_new_tokens=5, ignore_eos=True)
    assert len(done.token_ids) == 5

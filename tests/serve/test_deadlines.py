"""Deadlines that cannot be met are refused before anything is begun."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tokenwire.codes import Code
from tokenwire.context import Context
from tokenwire.errors import RpcError
from tokenwire_gen.sglang.runtime.v1.sglang_pb import (
    EmbedRequest,
    GenerateRequest,
    OpenAIRequest,
    TextGenerateRequest,
)

from .calls import METHODS, drained

if TYPE_CHECKING:
    from tokenwire_serve.servicer.service import SglangServicer

    from .scripted import ScriptedEngine


def within(rpc: str, seconds: float | None) -> Context:
    return Context(METHODS[rpc], timeout=seconds)


async def refusal(servicer: SglangServicer, rpc: str, context: Context) -> RpcError | None:
    """What a call is refused with, None for one that was begun and then left."""
    body = OpenAIRequest(json_body=b'{"model": "served", "prompt": "x", "messages": [], "input": "x"}')
    match rpc:
        case "TextGenerate":
            stream = servicer.text_generate(TextGenerateRequest(text="x"), context)
        case "Generate":
            stream = servicer.generate(GenerateRequest(input_ids=[1]), context)
        case "Complete":
            stream = servicer.complete(body, context)
        case "Embed":
            try:
                await servicer.embed(EmbedRequest(input_ids=[1]), context)
            except RpcError as error:
                return error
            return None
        case _:
            try:
                await servicer.openai_embed(body, context)
            except RpcError as error:
                return error
            return None
    if not stream.closed:
        stream.cancel()
        return None
    _, error = await drained(stream)
    return error


@pytest.mark.parametrize("rpc", ["TextGenerate", "Generate", "Complete", "Embed", "OpenAIEmbed"])
async def test_a_queue_longer_than_the_deadline(
    engine: ScriptedEngine, servicer: SglangServicer, rpc: str
) -> None:
    engine.wait = 12.5
    error = await refusal(servicer, rpc, within(rpc, 3.0))
    assert error is not None
    assert error.code is Code.DEADLINE_EXCEEDED
    assert error.message == "the request would wait for about 12.5 s, and its deadline is in 3.0 s"
    assert engine.started == []
    assert servicer.active_requests == 0


@pytest.mark.parametrize("rpc", ["TextGenerate", "Generate", "Complete", "Embed", "OpenAIEmbed"])
@pytest.mark.parametrize(("wait", "seconds"), [(None, 3.0), (2.5, 3.0), (0.0, 0.5), (12.5, None)])
async def test_a_deadline_that_can_be_met(
    engine: ScriptedEngine, servicer: SglangServicer, rpc: str, wait: float | None, seconds: float | None
) -> None:
    engine.wait = wait
    assert await refusal(servicer, rpc, within(rpc, seconds)) is None

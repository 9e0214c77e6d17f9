"""Requests that are well-formed on the wire and may be nonsense beyond it, through the whole servicer."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from tokenwire.context import Context
from tokenwire.errors import DecodeError, RpcError
from tokenwire.streams import PushStream
from tokenwire_gen.sglang.runtime.v1 import OpenAIRequest
from tokenwire_serve.engines import EngineOptions
from tokenwire_serve.engines.null import NullEngine
from tokenwire_serve.servicer.service import SglangServicer

from .choices import Choices
from .loop import settle

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from tokenwire.message import Message

    from .loop import Runner

__all__ = ["openai", "typed"]

_LEFT_OUT: Final = frozenset(
    {"Abort", "PauseGeneration", "ContinueGeneration", "WatchEngineState", "StartProfile"}
)
_VALUES: Final[tuple[Any, ...]] = (
    "x", "", 0, 1, -1, 2**31, 2**63, 1e308, 0.5, True, None, [], {}, [1, 2], ["a", "b"], [[1]], {"a": 1},
    [{"role": "user", "content": "x"}], [{"role": "user", "content": [{"type": "text", "text": "x"}]}],
    2**30,
)  # fmt: skip
_KEYS: Final = (
    "model", "prompt", "messages", "input", "query", "documents", "items", "label_token_ids", "stream", "n",
    "temperature", "top_p", "stop", "logprobs", "top_logprobs", "logit_bias", "seed", "echo",
    "stream_options", "response_format", "tools", "suffix", "dimensions", "encoding_format", "rid", "user",
    "presence_penalty", "best_of", "json_schema", "regex", "priority", "top_n", "max_tokens",
)  # fmt: skip
_MESSAGES: Final = 20
_TURNS: Final = 300
"""Of the loop, each a token: no answer that is waited for has as many, and every input ends in good time."""
_END_SECONDS: Final = 10.0
_ENGINE: Final = NullEngine(EngineOptions(max_model_len=2**31 - 1))
"""Its context takes nearly all that a message can ask for: calls without an end are among the inputs."""


class _Calls:
    """A servicer on the engine without a model, and one call after the other."""

    def __init__(self) -> None:
        self._servicer = SglangServicer(_ENGINE)
        self.handlers = [h for h in self._servicer.__handlers__() if h.method.name not in _LEFT_OUT]

    async def call(self, index: int, request: Any) -> None:
        if not _ENGINE.state.healthy:
            await _ENGINE.start()
        handler = self.handlers[index]
        try:
            answer = handler.call(request, Context(handler.method))
            if isinstance(answer, PushStream):
                await _bounded(_read(answer), answer.cancel)
            else:
                await _bounded(_written(answer))
        except RpcError as error:
            assert error.code.name not in ("INTERNAL", "UNKNOWN"), error
        await settle()
        assert self._servicer.active_requests == 0
        assert not _ENGINE.loads()[0].num_total_tokens, "a request runs on without its call"


async def _read(stream: PushStream[Any]) -> None:
    count = 0
    async for message in stream:
        bytes(message)
        count += 1
        if count == _MESSAGES:
            stream.cancel()


async def _written(answer: Awaitable[Message]) -> None:
    bytes(await answer)


async def _bounded(reading: Coroutine[Any, Any, None], cancel: Callable[[], object] | None = None) -> None:
    """Await a call; one that asks for more than there is time for is cancelled as if its client had left.

    Args:
        reading: Reads the answer.
        cancel: How a client leaves this call; None is the cancellation of its task.
    """
    task = asyncio.ensure_future(reading)
    for _ in range(_TURNS):
        if task.done():
            break
        await asyncio.sleep(0)
    else:
        (cancel or task.cancel)()
    _, left = await asyncio.wait({task}, timeout=_END_SECONDS)
    assert not left, "the call does not end with its client"
    with suppress(asyncio.CancelledError):
        task.result()


def typed(runner: Runner) -> Callable[[bytes], None]:
    """The typed RPCs, with any message that can be decoded."""
    calls = _Calls()

    def target(data: bytes) -> None:
        choices = Choices(data)
        index = choices.number(len(calls.handlers) - 1)
        try:
            request = calls.handlers[index].method.request.parse(choices.rest())
        except DecodeError:
            return
        runner.run(calls.call(index, request))

    return target


def openai(runner: Runner) -> Callable[[bytes], None]:
    """The OpenAI RPCs, with bodies made of their keys and any values."""
    calls = _Calls()
    indexes = [i for i, h in enumerate(calls.handlers) if h.method.request is OpenAIRequest]

    def target(data: bytes) -> None:
        choices = Choices(data)
        index = choices.pick(indexes)
        body = {"model": "null", "max_tokens": 3}
        while choices.more and len(body) < 12:
            body[choices.pick(_KEYS)] = choices.pick(_VALUES)
        runner.run(calls.call(index, OpenAIRequest(json_body=json.dumps(body).encode())))

    return target

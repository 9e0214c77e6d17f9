"""What the tests of the engines share."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tokenwire.streams import PushStream
from tokenwire_serve.engine import Delta, GenerateRequest, Sampling

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tokenwire_serve.engine import Engine, Finish, Load, TokenLogprob

_PATIENCE_S = 60.0
_rids = itertools.count()


def next_rid() -> str:
    return f"request-{next(_rids)}"


@dataclass
class Choice:
    """All deltas of one choice, put together."""

    text: str = ""
    token_ids: list[int] = field(default_factory=list)
    deltas: list[Delta] = field(default_factory=list)
    output_logprobs: list[TokenLogprob] = field(default_factory=list)
    input_logprobs: list[TokenLogprob] | None = None
    finish: Finish | None = None
    made: int | None = None

    def add(self, delta: Delta) -> None:
        assert self.finish is None, "a delta after the finish"
        self.deltas.append(delta)
        self.text += delta.text
        self.token_ids += delta.token_ids
        self.output_logprobs += delta.output_logprobs or []
        if delta.input_logprobs is not None:
            assert len(self.deltas) == 1, "prompt log-probabilities come with the first delta only"
            self.input_logprobs = delta.input_logprobs
        if self.made is not None:
            assert delta.completion_tokens == self.made + len(delta.token_ids)
        self.made = delta.completion_tokens
        self.finish = delta.finish


def start(
    engine: Engine,
    prompt: str | Sequence[int] = "Return the path",
    *,
    rid: str = "",
    stream: bool = True,
    request: dict[str, Any] | None = None,
    **sampling: Any,
) -> PushStream[Delta]:
    """Start a request; its stream."""
    rid = rid or next_rid()

    def leave() -> None:
        engine.abort(rid)

    out: PushStream[Delta] = PushStream(on_cancel=leave)
    engine.generate(GenerateRequest(rid, prompt, Sampling(**sampling), stream=stream, **(request or {})), out)
    return out


async def collect(stream: PushStream[Delta]) -> list[Choice]:
    """The choices of a stream, when it has ended."""
    choices: dict[int, Choice] = {}
    async with asyncio.timeout(_PATIENCE_S):
        async for delta in stream:
            choices.setdefault(delta.index, Choice()).add(delta)
    return [choices[index] for index in sorted(choices)]


async def generate(
    engine: Engine, prompt: str | Sequence[int] = "Return the path", **settings: Any
) -> Choice:
    """Run a request of one choice to its end."""
    (choice,) = await collect(start(engine, prompt, **settings))
    return choice


async def until(engine: Engine, holds: Callable[[Load], bool]) -> Load:
    """The load of the only rank, once something holds of it."""
    for _ in range(2000):
        load = engine.loads()[0]
        if holds(load):
            return load
        await asyncio.sleep(0.005)
    raise AssertionError(f"the load stays at {engine.loads()[0]}")


async def settle(engine: Engine) -> None:
    """Wait until nothing runs or waits, and all of it has been delivered."""
    for _ in range(1000):
        load = engine.loads()[0]
        if not load.num_running_reqs and not load.num_waiting_reqs:
            await engine.probe()
            return
        await asyncio.sleep(0.005)
    raise AssertionError("requests are left over")

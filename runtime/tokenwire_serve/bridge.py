"""An engine on another thread's loop, made to look as if it lived on this one."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tokenwire.codes import Code
from tokenwire.errors import RpcError

from .bridge_openai import BridgedBackend

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence

    from tokenwire.streams import Sink

    from .engine import (
        Adapter,
        Delta,
        Embedding,
        EmbedRequest,
        Engine,
        EngineState,
        GenerateRequest,
        Load,
        ModelInfo,
        PauseMode,
        ScoreRequest,
        Scores,
        WeightsUpdate,
    )
    from .openai.backend import OpenAIBackend

__all__ = ["BridgedEngine"]

T = TypeVar("T")

_LOG: Final = logging.getLogger(__name__)
_AT_ONCE: Final = 256
"""Calls that one turn of a loop makes, so that an engine that is faster than its readers leaves it time."""
_ANSWER_S: Final = 1.0
"""How long a call that returns a plain value waits for the engine's loop."""


class BridgedEngine:
    """The same engine, usable on the loop that calls it; see `Engine` for the methods.

    Requests and deltas cross between the loops without waiting, deltas of one step together.
    `model`, `state` and `expected_wait` are read in place. `loads` and `server_info` wait
    up to a second for the engine's loop, and then fail with UNAVAILABLE.

    Args:
        engine: The engine.
        loop: The loop that it lives on; running in another thread.
    """

    def __init__(self, engine: Engine, loop: asyncio.AbstractEventLoop) -> None:
        self.name = engine.name
        self._engine = engine
        self._loop = loop
        self._active: set[str] = set()
        self._mail: _Mail | None = None

    @property
    def model(self) -> ModelInfo:
        """The model that is loaded."""
        return self._engine.model

    @property
    def state(self) -> EngineState:
        """Its state now."""
        return self._engine.state

    @property
    def adapters(self) -> Sequence[Adapter]:
        """The LoRA adapters that are loaded now."""
        return self._engine.adapters

    @property
    def openai(self) -> OpenAIBackend | None:
        """The engine's own answers to the OpenAI API, if it has some."""
        own: OpenAIBackend | None = getattr(self._engine, "openai", None)
        return None if own is None else BridgedBackend(own, self._loop, self._home().post)

    def watch(self, callback: Callable[[EngineState], None]) -> Callable[[], None]:
        """Call back on this loop at each change of `state`; returns what ends that."""
        mail = self._home()
        known = self.state
        stops: list[Callable[[], None]] = []

        def tell(state: EngineState) -> None:
            mail.post(lambda: callback(state))

        def subscribe() -> None:
            stops.append(self._engine.watch(tell))
            if self.state != known:
                tell(self.state)

        def stop() -> None:
            for end in stops:
                end()

        self._send(subscribe)

        def unwatch() -> None:
            with suppress(RpcError):
                self._send(stop)

        return unwatch

    async def start(self) -> None:
        """Start the engine on its own loop."""
        await self._await(self._engine.start())

    async def close(self) -> None:
        """Stop the engine on its own loop."""
        await self._await(self._engine.close())

    def generate(self, request: GenerateRequest, sink: Sink[Delta]) -> None:
        """Start a request; all that follows comes through `sink`, on this loop."""
        self._active.add(request.rid)
        rid, active = request.rid, self._active
        home, end, leave = self._home(), partial(active.discard, rid), partial(self.abort, rid)
        crossing = _CrossingSink(home, sink, end, leave)

        def start() -> None:
            try:
                self._engine.generate(request, crossing)
            except Exception as error:
                crossing.close(error)

        try:
            self._send(start)
        except RpcError as error:
            self._active.discard(request.rid)
            sink.close(error)

    def abort(self, rid: str) -> bool:
        """End a request that was started here."""
        if rid not in self._active:
            return False
        with suppress(RpcError):
            self._send(lambda: self._engine.abort(rid))
        return True

    async def embed(self, request: EmbedRequest) -> Embedding:
        """Embed one text."""
        return await self._await(self._engine.embed(request))

    async def classify(self, request: EmbedRequest) -> Embedding:
        """Score the classes of one text."""
        return await self._await(self._engine.classify(request))

    async def score(self, request: ScoreRequest) -> Scores:
        """Score label tokens."""
        return await self._await(self._engine.score(request))

    async def tokenize(self, text: str, *, add_special_tokens: bool = True) -> list[int]:
        """Token ids of a text."""
        return await self._await(self._engine.tokenize(text, add_special_tokens=add_special_tokens))

    async def detokenize(self, token_ids: Sequence[int], *, skip_special_tokens: bool = True) -> str:
        """The text of token ids."""
        return await self._await(self._engine.detokenize(token_ids, skip_special_tokens=skip_special_tokens))

    async def render_chat(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        tools: Sequence[Mapping[str, Any]] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> list[int]:
        """Token ids of a conversation."""
        return await self._await(self._engine.render_chat(messages, tools=tools, options=options))

    def loads(self) -> list[Load]:
        """How busy it is."""
        return self._ask(self._engine.loads)

    def expected_wait(self) -> float | None:
        """Seconds until a request that comes now would begin."""
        return self._engine.expected_wait()

    def server_info(self) -> dict[str, Any]:
        """Settings that are safe to show."""
        return self._ask(self._engine.server_info)

    async def flush_cache(self) -> tuple[bool, str]:
        """Empty the prefix cache."""
        return await self._await(self._engine.flush_cache())

    async def pause(self, mode: PauseMode) -> None:
        """Stop making tokens."""
        await self._await(self._engine.pause(mode))

    async def resume(self) -> None:
        """Go on after `pause`."""
        await self._await(self._engine.resume())

    async def start_profile(self, directory: str) -> str:
        """Start to write a trace."""
        return await self._await(self._engine.start_profile(directory))

    async def stop_profile(self) -> str:
        """End the trace."""
        return await self._await(self._engine.stop_profile())

    async def update_weights(self, model_path: str, load_format: str | None) -> WeightsUpdate:
        """Replace the weights."""
        return await self._await(self._engine.update_weights(model_path, load_format))

    async def probe(self) -> None:
        """Make one token through the whole engine."""
        await self._await(self._engine.probe())

    def _home(self) -> _Mail:
        """The way back to the loop that calls."""
        loop = asyncio.get_running_loop()
        if self._mail is None or self._mail.loop is not loop:
            self._mail = _Mail(loop)
        return self._mail

    def _send(self, call: Callable[[], object]) -> None:
        """Run `call` on the engine's loop, some time soon."""
        if self._loop.is_closed():
            raise self._gone()
        self._loop.call_soon_threadsafe(call)

    async def _await(self, call: Coroutine[Any, Any, T]) -> T:
        """The result of a call on the engine's loop; cancelling this cancels it there."""
        if self._loop.is_closed():
            call.close()
            raise self._gone()
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(call, self._loop))

    def _ask(self, call: Callable[[], T]) -> T:
        async def answer() -> T:
            return call()

        if self._loop.is_closed():
            raise self._gone()
        question = asyncio.run_coroutine_threadsafe(answer(), self._loop)
        try:
            return question.result(_ANSWER_S)
        except TimeoutError:
            question.cancel()
            raise RpcError(Code.UNAVAILABLE, f"engine {self.name} does not answer") from None

    def _gone(self) -> RpcError:
        return RpcError(Code.UNAVAILABLE, f"the loop of engine {self.name} is closed")


class _Mail:
    """Calls on their way to one loop; many posted in a row cost one wake-up."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._waiting: deque[Callable[[], object]] = deque()
        self._woken = False

    def post(self, call: Callable[[], object]) -> None:
        """Run `call` on the loop; from another thread. Dropped when the loop has been closed."""
        self._waiting.append(call)
        if not self._woken and not self.loop.is_closed():
            self._woken = True
            self.loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        """Run some of what waits; the rest has its turn after the loop's other work."""
        for _ in range(min(len(self._waiting), _AT_ONCE)):
            call = self._waiting.popleft()
            try:
                call()
            except Exception:
                _LOG.exception("a sink or a watcher of the engine failed")
        self._woken = False
        if self._waiting:
            self._woken = True
            self.loop.call_soon(self._deliver)


class _CrossingSink:
    """Carries what the engine says of one request to the loop of its caller."""

    def __init__(
        self, mail: _Mail, sink: Sink[Delta], on_end: Callable[[], None], abort: Callable[[], object]
    ) -> None:
        self._mail = mail
        self._sink = sink
        self._on_end = on_end
        self._abort = abort

    def push(self, delta: Delta) -> None:
        self._mail.post(lambda: self._take(delta))

    def _take(self, delta: Delta) -> None:
        try:
            self._sink.push(delta)
        except Exception as error:
            self._abort()
            self._end(error)

    def close(self, error: BaseException | None = None) -> None:
        self._mail.post(lambda: self._end(error))

    def _end(self, error: BaseException | None) -> None:
        self._on_end()
        self._sink.close(error)

"""The engine `null` with faults that a prompt asks for, and with tokens that take their time.

A prompt that begins with one of the words below has that fault; any other is served as engine null does,
a token for every running request each `PACE_S` seconds.

- !late: the first token comes after `LATE_S` seconds
- !hang: no token ever comes
- !raise: the engine's method raises
- !break: the engine fails on the request after two tokens
- !end: the engine ends it after two tokens with an exception that is no RpcError
- !refuse: the engine refuses it with RESOURCE_EXHAUSTED
- !die: the engine dies, and all that it has ends with UNAVAILABLE; its next start takes `START_S` seconds

`!raise` and `!hang` go for the calls without a stream too. What is raised says `SECRET`, which no client
may read. A profile is a file of `PROFILE` bytes, which is written at its start.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tokenwire.codes import Code
from tokenwire.details import retry_after
from tokenwire.errors import RpcError
from tokenwire_serve.engine import ServerStatus
from tokenwire_serve.engines.null import NullEngine
from tokenwire_serve.engines.null_request import NullRequest, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tokenwire.streams import Sink
    from tokenwire_serve.engine import (
        Delta,
        Embedding,
        EmbedRequest,
        GenerateRequest,
        Load,
        ScoreRequest,
        Scores,
    )

__all__ = ["DEATH", "LATE_S", "PACE_S", "PROFILE", "SECRET", "START_S", "FaultyEngine"]

PACE_S: Final = 0.005
LATE_S: Final = 0.3
START_S: Final = 1.0
PROFILE: Final = 1 << 16
DEATH: Final = "a scheduler was killed"
SECRET: Final = "a secret of the engine, in /etc/engine.conf"


class FaultyEngine(NullEngine):
    """See the module.

    Attributes:
        broken: Names of methods that raise, or with a leading "!" never return.
    """

    name = "faulty"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.broken: set[str] = set()
        self._held: set[NullRequest] = set()

    @property
    def requests(self) -> int:
        """How many requests it has, running or waiting."""
        return len(self._running) + len(self._waiting)

    def _wake(self) -> None:
        if not self._stepping and self._loop is not None:
            self._stepping = True
            self._loop.call_later(PACE_S, self._step)

    def generate(self, request: GenerateRequest, sink: Sink[Delta]) -> None:
        """Start a request, with the fault that its prompt asks for."""
        fault = _fault(request.prompt)
        if fault == "!raise" or "generate" in self.broken:
            raise RuntimeError(SECRET)
        if fault == "!die":
            self._die()
        if fault == "!refuse":
            sink.close(retry_after(Code.RESOURCE_EXHAUSTED, "the queue is full", 0.01))
        elif fault in ("!late", "!hang"):
            self._hold(request, sink, later=fault == "!late")
        elif fault in ("!break", "!end"):
            self._enter(_Failing(request, sink, self.model.max_model_len, raises=fault == "!break"))
        else:
            super().generate(request, sink)

    async def start(self) -> None:
        """Be up at once, but after a death in a while."""
        if self.state.status is ServerStatus.STOPPED:
            self._board.set(ServerStatus.STARTING, reason="it died")
            await asyncio.sleep(START_S)
        await super().start()

    def _die(self) -> None:
        """End as a real one does: first what it has, then itself."""
        for active in [*self._running.values(), *self._waiting]:
            self._drop(active)
            active.sink.close(RpcError(Code.UNAVAILABLE, f"the engine died: {DEATH}"))
        self._waiting.clear()
        self._board.set(ServerStatus.STOPPED, reason=DEATH)

    async def start_profile(self, directory: str) -> str:
        """Write a profile; without room for it there is none."""
        return await asyncio.to_thread(_write_profile, Path(directory, "trace.json"))

    def _enter(self, active: NullRequest) -> None:
        refusal = self._refusal(active.request)
        if refusal is not None:
            active.sink.close(refusal)
            return
        self._run(active)
        self._wake()

    def _hold(self, request: GenerateRequest, sink: Sink[Delta], *, later: bool) -> None:
        held = NullRequest(request, sink, self.model.max_model_len)
        self._held.add(held)
        self._waiting.append(held)
        if later and self._loop is not None:
            self._loop.call_later(LATE_S, self._let_go, held)

    def _let_go(self, held: NullRequest) -> None:
        if held in self._waiting:
            self._waiting.remove(held)
            self._enter(held)

    def _fill(self) -> None:
        """Let those run that wait, but for those that are held."""
        held = self._held.intersection(self._waiting)
        self._held = held
        others = [active for active in self._waiting if active not in held]
        self._waiting.clear()
        self._waiting.extend(others)
        super()._fill()
        self._waiting.extendleft(held)

    async def embed(self, request: EmbedRequest) -> Embedding:
        """As engine null does, or the fault."""
        await self._perhaps("embed", request.prompt)
        return await super().embed(request)

    async def classify(self, request: EmbedRequest) -> Embedding:
        """As engine null does, or the fault."""
        await self._perhaps("classify", request.prompt)
        return await super().classify(request)

    async def score(self, request: ScoreRequest) -> Scores:
        """As engine null does, or the fault."""
        await self._perhaps("score", request.prompts[0])
        return await super().score(request)

    async def tokenize(self, text: str, *, add_special_tokens: bool = True) -> list[int]:
        """As engine null does, or the fault."""
        await self._perhaps("tokenize", text)
        return await super().tokenize(text)

    async def detokenize(self, token_ids: Sequence[int], *, skip_special_tokens: bool = True) -> str:
        """As engine null does, or the fault."""
        await self._perhaps("detokenize", token_ids)
        return await super().detokenize(token_ids)

    async def render_chat(self, messages: Sequence[Mapping[str, Any]], **options: Any) -> list[int]:
        """As engine null does, or the fault."""
        await self._perhaps("render_chat", "")
        return await super().render_chat(messages)

    def loads(self) -> list[Load]:
        """As engine null does, or the fault."""
        if "loads" in self.broken:
            raise RuntimeError(SECRET)
        return super().loads()

    def server_info(self) -> dict[str, Any]:
        """As engine null does, or the fault."""
        if "server_info" in self.broken:
            raise RuntimeError(SECRET)
        return super().server_info()

    async def flush_cache(self) -> tuple[bool, str]:
        """As engine null does, or the fault."""
        await self._perhaps("flush_cache", "")
        return await super().flush_cache()

    async def close(self) -> None:
        """As engine null does, or the fault."""
        await self._perhaps("close", "")
        await super().close()

    async def _perhaps(self, method: str, prompt: str | Sequence[int]) -> None:
        fault = _fault(prompt)
        if method in self.broken or fault == "!raise":
            raise RuntimeError(SECRET)
        if f"!{method}" in self.broken or fault == "!hang":
            await asyncio.Event().wait()


class _Failing(NullRequest):
    """A request on which the engine fails after two tokens: !break by raising, !end by closing it."""

    __slots__ = ("_raises",)

    def __init__(self, request: GenerateRequest, sink: Sink[Delta], context: int, *, raises: bool) -> None:
        super().__init__(request, sink, context)
        self._raises = raises

    def step(self) -> bool:
        """Make a token, or fail."""
        if self.made < 2:
            return super().step()
        if self._raises:
            raise RuntimeError(SECRET)
        self.sink.close(RuntimeError(SECRET))
        return True


def _write_profile(file: Path) -> str:
    try:
        file.write_bytes(bytes(PROFILE))
    except OSError as error:
        file.unlink(missing_ok=True)
        raise RpcError(Code.FAILED_PRECONDITION, f"no profile: {error.strerror}") from None
    return f"profile written to {file}"


def _fault(prompt: str | Sequence[int]) -> str:
    """The word that a prompt begins with, where it is a fault."""
    start = prompt[:16] if isinstance(prompt, str) else text_of(prompt[:16])
    return start.split(" ", 1)[0] if start.startswith("!") else ""

"""The engine without a model, for benchmarks and for tests of transports.

At each step, without sleeping, every running request gets one token, ` token` with id 42, until it
has `max_new_tokens` (None is 128, where the context has room for them). That is all of `Sampling` that
counts besides `n`: nothing stops a choice earlier, and `RequestOptions` change nothing. Every
token is certain: its log-probability is 0.0 and it is its own only alternative.

A text has one token id per UTF-8 byte. Embeddings are the same 4,096 numbers for each text.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from tokenwire.codes import Code
from tokenwire.details import bad_request
from tokenwire.errors import RpcError
from tokenwire.heavy import LARGE, in_thread

from tokenwire_serve.engine import (
    Delta,
    Embedding,
    Finish,
    Load,
    ModelInfo,
    Scores,
    ServerStatus,
)

from .board import StateBoard, Throughput, closing
from .chat import with_plain_content
from .null_request import NullRequest, ids_of, length_of, text_of
from .pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tokenwire.streams import Sink

    from tokenwire_serve.engine import (
        EmbedRequest,
        EngineState,
        GenerateRequest,
        PauseMode,
        ScoreRequest,
        WeightsUpdate,
    )

    from .options import EngineOptions

__all__ = ["EMBEDDING_SIZE", "NullEngine"]

EMBEDDING_SIZE: Final = 4096
_CONTEXT: Final = 1 << 20
"""Bounds what an answer that is not streamed takes; no prompt of token ids is longer (`MOST_IDS`)."""
_LOG: Final = logging.getLogger(__name__)
_EMBEDDING: Final = [math.cos(i) * math.sqrt(2 / EMBEDDING_SIZE) for i in range(EMBEDDING_SIZE)]
_NORM: Final = math.hypot(*_EMBEDDING)
_UNIT: Final = [v / _NORM for v in _EMBEDDING]
_LABELS: Final = ("negative", "positive")


class NullEngine:
    """See the module. Requests run as soon as they come, while there are places for their choices."""

    name = "null"
    adapters = ()

    def __init__(self, options: EngineOptions) -> None:
        self._options = options
        self._board = StateBoard()
        self._speed = Throughput()
        self._pace = Pace()
        self._running: dict[str, NullRequest] = {}
        self._waiting: deque[NullRequest] = deque()
        self._taken = 0
        self._stepping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self.model = ModelInfo(
            model_path="null",
            served_model_name=options.served_model_name or "null",
            tokenizer_path="null",
            kind="generate",
            max_model_len=options.max_model_len or _CONTEXT,
            vocab_size=0,
            weight_version=options.weight_version,
            model_type="null",
            embedding_size=EMBEDDING_SIZE,
            labels=_LABELS,
        )

    @property
    def state(self) -> EngineState:
        """Its state now."""
        return self._board.state

    def watch(self, callback: Callable[[EngineState], None]) -> Callable[[], None]:
        """Call back at each change of `state`; returns what ends that."""
        return self._board.watch(callback)

    async def start(self) -> None:
        """Be up at once."""
        self._loop = asyncio.get_running_loop()
        self._board.set(ServerStatus.UP)

    async def close(self) -> None:
        """Stop; requests that still run end with UNAVAILABLE."""
        self._board.set(ServerStatus.STOPPED, reason="the engine has been closed")
        for active in [*self._running.values(), *self._waiting]:
            self._drop(active)
            _close(active, closing())
        self._waiting.clear()

    def generate(self, request: GenerateRequest, sink: Sink[Delta]) -> None:
        """Start a request; all that follows comes through `sink`."""
        refusal = self._refusal(request)
        if refusal is not None:
            sink.close(refusal)
            return
        try:
            active = NullRequest(request, sink, self.model.max_model_len)
        except RpcError as error:
            sink.close(error.with_traceback(None))  # which would lead back to the sink
            return
        self._waiting.append(active)
        self._fill()

    def _fill(self) -> None:
        """Let those run that wait, in their order, while there are places."""
        waiting = self._waiting
        while waiting and self._has_room(waiting[0].choices):
            self._run(waiting.popleft())
        if self._running:
            self._wake()

    def _has_room(self, choices: int) -> bool:
        """Whether a request may run; one of more choices than there are places runs alone."""
        fits = self._taken + choices <= self._options.max_running_requests
        return not self.state.paused and (fits or not self._taken)

    def _run(self, active: NullRequest) -> None:
        request = active.request
        self._running[request.rid] = active
        self._taken += active.choices
        active.running = True
        request.admitted = request.admitted or time.monotonic()

    def _drop(self, active: NullRequest) -> None:
        if active.running:
            del self._running[active.request.rid]
            active.running = False
            self._taken -= active.choices
            self._pace.left(active.choices, len(self._waiting))

    def _refusal(self, request: GenerateRequest) -> RpcError | None:
        rid = request.rid
        if not self.state.healthy:
            return RpcError(Code.UNAVAILABLE, f"engine null is not up: {self.state.reason}")
        if rid in self._running or any(w.request.rid == rid for w in self._waiting):
            return RpcError(Code.ALREADY_EXISTS, f"rid {rid!r} is in use by an active request")
        waiting = len(self._waiting)
        if waiting >= self._options.max_waiting_requests and (
            waiting or not self._has_room(request.sampling.n)
        ):
            return self._pace.full(f"the queue is full: {waiting} requests wait", waiting)
        return None

    def _wake(self) -> None:
        if not self._stepping and self._loop is not None:
            self._stepping = True
            self._loop.call_soon(self._step)

    def _step(self) -> None:
        """Give each running request its token, then let the loop turn before the next step."""
        self._stepping = False
        if self.state.paused or not self._running:
            return
        made, running = 0, self._running
        for active in list(running.values()):
            if not active.running:
                continue
            made += active.choices
            try:
                done, error = active.step(), None
            except Exception:
                _LOG.exception("request %s failed", active.request.rid)
                done, error = True, RpcError(Code.INTERNAL, "engine null failed on this request")
            if done:
                self._drop(active)
                _close(active, error)
        self._speed.add(made)
        self._fill()

    def abort(self, rid: str) -> bool:
        """End the request of exactly that rid; False when it is not active."""
        active = self._running.get(rid)
        if active is not None:
            self._drop(active)
        else:
            active = next((w for w in self._waiting if w.request.rid == rid), None)
            if active is None:
                return False
            self._waiting.remove(active)
        self._fill()
        _finish_aborted(active, "aborted")
        return True

    async def embed(self, request: EmbedRequest) -> Embedding:
        """The fixed embedding; with `dimensions`, its first numbers, normalised again."""
        request.admitted = time.monotonic()
        size = request.dimensions or EMBEDDING_SIZE
        if size > EMBEDDING_SIZE:
            raise bad_request("dimensions", f"{size} is above {EMBEDDING_SIZE}")
        if size == EMBEDDING_SIZE:
            return Embedding(_UNIT.copy(), length_of(request.prompt))
        values = _EMBEDDING[:size]
        norm = math.hypot(*values)
        return Embedding([v / norm for v in values], length_of(request.prompt))

    async def classify(self, request: EmbedRequest) -> Embedding:
        """The logits 0.0 and 1.0, whatever the text."""
        request.admitted = time.monotonic()
        return Embedding([0.0, 1.0], length_of(request.prompt) + length_of(request.pair or ""))

    async def score(self, request: ScoreRequest) -> Scores:
        """Every label equally likely."""
        count = len(request.label_token_ids)
        rows = [[1.0 / count] * count for _ in request.prompts]
        return Scores(rows, sum(length_of(prompt) for prompt in request.prompts))

    async def tokenize(self, text: str, *, add_special_tokens: bool = True) -> list[int]:
        """One id per UTF-8 byte; there are no special tokens to add."""
        return ids_of(text) if len(text) <= LARGE else await in_thread(len(text), ids_of, text)

    async def detokenize(self, token_ids: Sequence[int], *, skip_special_tokens: bool = True) -> str:
        """The text of those bytes; what is no UTF-8 becomes U+FFFD."""
        size = len(token_ids)
        return text_of(token_ids) if size <= LARGE else await in_thread(size, text_of, token_ids)

    async def render_chat(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        tools: Sequence[Mapping[str, Any]] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> list[int]:
        """The contents, a line each; tools and options have no place to go and are dropped."""
        return ids_of("\n".join(message["content"] for message in with_plain_content(messages)))

    def loads(self) -> list[Load]:
        """How busy it is. It has no cache, so what depends on one is 0."""
        running = self._taken
        limit = self._options.max_running_requests
        return [
            Load(
                dp_rank=0,
                num_running_reqs=running,
                num_waiting_reqs=sum(active.request.sampling.n for active in self._waiting),
                num_used_tokens=sum(a.tokens * a.request.sampling.n for a in self._running.values()),
                num_total_tokens=sum(
                    a.tokens * a.request.sampling.n for a in [*self._running.values(), *self._waiting]
                ),
                max_total_num_tokens=0,
                max_running_requests=limit,
                token_usage=0.0,
                gen_throughput=self._speed.rate(),
                cache_hit_rate=0.0,
                utilization=running / limit,
            )
        ]

    def expected_wait(self) -> float | None:
        """Seconds until a choice that comes now would begin, as measured; None is unknown."""
        if self.state.paused:
            return None
        wanted = self._taken + sum(active.choices for active in self._waiting)
        return self._pace.wait(wanted + 1 - self._options.max_running_requests)

    def server_info(self) -> dict[str, Any]:
        """Settings that are safe to show."""
        return {
            "engine": self.name,
            "max_running_requests": self._options.max_running_requests,
            "max_waiting_requests": self._options.max_waiting_requests,
            "pid": os.getpid(),
        }

    async def flush_cache(self) -> tuple[bool, str]:
        """Nothing to empty."""
        return True, "engine null has no prefix cache, so there was nothing to flush"

    async def pause(self, mode: PauseMode) -> None:
        """Stop making tokens; new requests wait until `resume`."""
        self._board.set(paused=True)
        running = list(self._running.values())
        if mode != "in_place":
            for active in running:
                self._drop(active)
        if mode == "abort":
            for active in running:
                _finish_aborted(active, "aborted by a pause of the engine")
        elif mode == "retract":
            self._waiting.extendleft(reversed(running))

    async def resume(self) -> None:
        """Go on after `pause`."""
        self._board.set(paused=False)
        self._fill()

    async def start_profile(self, directory: str) -> str:
        """UNIMPLEMENTED."""
        raise _cannot("start_profile")

    async def stop_profile(self) -> str:
        """UNIMPLEMENTED."""
        raise _cannot("stop_profile")

    async def update_weights(self, model_path: str, load_format: str | None) -> WeightsUpdate:
        """UNIMPLEMENTED."""
        raise _cannot("update_weights")

    async def probe(self) -> None:
        """Fail unless it is up; a token it can always make."""
        if not self.state.healthy:
            raise RpcError(Code.UNAVAILABLE, f"engine null is not up: {self.state.reason}")


def _finish_aborted(active: NullRequest, message: str) -> None:
    try:
        active.emit(Finish("abort", message=message))
    except Exception:
        _LOG.exception("request %s failed", active.request.rid)
    _close(active)


def _close(active: NullRequest, error: RpcError | None = None) -> None:
    """End a request; a sink that fails harms no other."""
    try:
        active.sink.close(error)
    except Exception:
        _LOG.exception("the sink of request %s failed", active.request.rid)


def _cannot(call: str) -> RpcError:
    return RpcError(
        Code.UNIMPLEMENTED, f"engine null does not implement {call}: it has no model; transformers does"
    )

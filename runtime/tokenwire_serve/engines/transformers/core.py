"""The engine's life and its generation, on the event loop; `engine` adds the other calls."""

from __future__ import annotations

import asyncio
import itertools
import logging
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from tokenwire.codes import Code
from tokenwire.errors import RpcError

from tokenwire_serve.engine import Delta, Finish, ServerStatus
from tokenwire_serve.engines.board import StateBoard, Throughput, closing
from tokenwire_serve.engines.lengths import output_limit
from tokenwire_serve.engines.stop_strings import StopStrings

from .admission import check_options, check_prompt, check_sampling, unsupported
from .calls import Calls, GenerateCall, TaskCall
from .grammar import Grammars
from .info import model_info
from .loading import load
from .lone_runner import LoneRunner
from .scheduler import Scheduler
from .sequence import Generation, Sequence
from .setup import make_runner, model_threads
from .tasks import one_token
from .worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from collections.abc import Sequence as SequenceOf

    from tokenwire.streams import Sink

    from tokenwire_serve.engine import EngineState, GenerateRequest, ModelInfo, RequestOptions
    from tokenwire_serve.engines.options import EngineOptions

    from .grammar import Matcher
    from .loading import Loaded
    from .scheduler import Event, Runner

__all__ = ["LONG_TEXT", "EngineCore", "shown"]

LONG_TEXT: Final = 4096
"""Characters, or tokens, above which a text is worked on off the event loop."""

_LOG: Final = logging.getLogger(__name__)
_FAILURES: Final = 3
"""Prompts, or decode steps, that must fail one after the other before the engine is unhealthy."""
_REVIVE_S: Final = 2.0
_ABORTED: Final = "the request was aborted"


class EngineCore:
    """Loads a model, runs it in its thread and serves `generate`."""

    def __init__(self, options: EngineOptions) -> None:
        self._options = options
        self._board = StateBoard()
        self._speed = Throughput()
        self._calls = Calls(options.max_running_requests)
        self._arrivals = itertools.count()
        self._worker: Worker | None = None
        self._reviving: asyncio.Future[None] | None = None

    @property
    def model(self) -> ModelInfo:
        """The model that is loaded."""
        return self._model

    @property
    def state(self) -> EngineState:
        """Its state now."""
        return self._board.state

    def watch(self, callback: Callable[[EngineState], None]) -> Callable[[], None]:
        """Call back at each change of `state`; returns what ends that."""
        return self._board.watch(callback)

    @property
    def _thread(self) -> Worker:
        if self._worker is None:
            raise RpcError(Code.UNAVAILABLE, f"engine transformers is not up: {self.state.reason}")
        return self._worker

    async def start(self) -> None:
        """Load the model in its thread."""
        self._worker = Worker(self._deliver, model_threads(self._options))
        try:
            self._loaded, self._batch, length = await self._worker.call(self._load)
        except BaseException:
            await self.close()
            raise
        self._model = model_info(self._loaded, self._options, length)
        self._grammars = Grammars(self._loaded.tokenizer, self._loaded.vocab_size, self._loaded.eos_ids)
        self._worker.attach(self._batch)
        self._board.set(ServerStatus.UP)

    def _load(self) -> tuple[Loaded, Scheduler, int]:
        options = self._options
        loaded = load(options)
        runner: Runner
        if loaded.kind == "generate":
            runner, length = make_runner(loaded, options)
        else:
            runner = LoneRunner(loaded, 0)
            length = min(loaded.context, options.max_model_len or loaded.context)
        return loaded, Scheduler(runner, options.max_running_requests, options.prefill_chunk), length

    async def close(self) -> None:
        """Stop; requests that still run end with UNAVAILABLE."""
        self._board.set(ServerStatus.STOPPED, reason="the engine has been closed")
        if self._reviving is not None:
            self._reviving.cancel()
        for rid in list(self._calls.by_rid):
            self._end(rid, closing())
        if self._worker is not None:
            worker, self._worker = self._worker, None
            await worker.close()

    def generate(self, request: GenerateRequest, sink: Sink[Delta]) -> None:
        """Start a request; all that follows comes through `sink`."""
        call = GenerateCall(request, sink)
        try:
            self.admit(request.rid, call, request.options)
        except RpcError as error:
            sink.close(error)
            return
        if request.sampling.constraint is None and len(request.prompt) < LONG_TEXT:
            with self._ending(request.rid):
                self._submit(call, self._prepare(request), None)
        else:
            call.preparing = asyncio.ensure_future(self._prepare_aside(call))

    def admit(self, rid: str, call: GenerateCall | TaskCall, options: RequestOptions) -> None:
        """Take in a request, or say why not."""
        if not self.state.healthy:
            raise RpcError(Code.UNAVAILABLE, f"engine transformers is not up: {self.state.reason}")
        if isinstance(call, GenerateCall) and self._model.kind != "generate":
            raise unsupported("text generation", f"this model can only {self._model.kind}")
        check_options(options)
        rows = len(self._batch.running) if self.state.paused else self._options.max_running_requests
        self._calls.add(rid, call, rows + self._options.max_waiting_requests)

    def expected_wait(self) -> float | None:
        """Seconds until a request that comes now would begin, as measured; None is unknown."""
        return None if self.state.paused else self._calls.expected_wait()

    async def _prepare_aside(self, call: GenerateCall) -> None:
        """Prepare a request whose text or grammar takes long, off the event loop."""
        constraint = call.request.sampling.constraint
        with self._ending(call.request.rid):
            prepared = await asyncio.to_thread(self._prepare, call.request)
            matcher = None if constraint is None else await self._grammars.compile(constraint)
            call.preparing = None
            self._submit(call, prepared, matcher)

    @contextmanager
    def _ending(self, rid: str) -> Iterator[None]:
        """End the request if something goes wrong."""
        try:
            yield
        except Exception as error:
            self._end(rid, shown(error))

    def _prepare(self, request: GenerateRequest) -> tuple[list[int], int, StopStrings]:
        """The tokens of the prompt, the limit of new ones and what ends them."""
        prompt = self.ids_of(request.prompt)
        check_sampling(request.sampling, self._model)
        check_prompt(prompt, self._model)
        limit = output_limit(request.sampling, len(prompt), self._model.max_model_len)
        return prompt, limit, StopStrings(request.sampling.stop)

    def ids_of(self, prompt: str | SequenceOf[int]) -> list[int]:
        """Token ids of a prompt; any thread."""
        return self._loaded.tokenizer.encode(prompt) if isinstance(prompt, str) else list(prompt)

    def _submit(
        self,
        call: GenerateCall,
        prepared: tuple[list[int], int, StopStrings],
        matcher: Matcher | None,
    ) -> None:
        """Hand a request to the scheduler."""
        request = call.request
        order = (-(request.options.priority or 0), next(self._arrivals))
        generation = Generation(request, call.sink, *prepared, order, matcher)
        call.generation = generation
        self._thread.post(lambda: self._enqueue(generation))

    def _enqueue(self, generation: Generation) -> None:
        try:
            choices = range(generation.request.sampling.n)
            self._batch.add([Sequence(generation, index, self._loaded) for index in choices])
        except Exception as error:
            self._batch.fail(generation, error)

    def _deliver(self, events: list[Event]) -> None:
        """Pass on what one step has made; what belongs to an ended request is dropped."""
        for generation, delta, last, error in events:
            rid = generation.request.rid
            call = self._calls.by_rid.get(rid)
            if not isinstance(call, GenerateCall) or call.generation is not generation:
                continue
            try:
                if delta is not None:
                    self._speed.add(len(delta.token_ids))
                    generation.sink.push(delta)
            except Exception as failure:
                self.abort(rid)
                self._end(rid, shown(failure))
            else:
                if last:
                    self._end(rid, error)
        if self._batch.failures >= _FAILURES and self.state.healthy:
            self._board.set(ServerStatus.UNHEALTHY, reason="the model fails at each step; see the log")
            self._reviving = asyncio.ensure_future(self._revive())

    async def _revive(self) -> None:
        """Try from time to time whether the model works again."""
        while self.state.status is ServerStatus.UNHEALTHY:
            await asyncio.sleep(_REVIVE_S)
            with suppress(RpcError):
                await self.probe()

    async def probe(self) -> None:
        """Put one token through the model, in its thread, between two steps.

        An engine that failed step after step is up again when that succeeds.
        """
        try:
            await self._thread.call(lambda: one_token(self._loaded))
        except RpcError:
            raise
        except Exception as error:
            _LOG.error("the model cannot make a token", exc_info=error)
            raise RpcError(Code.UNAVAILABLE, "the model cannot make a token; the log says why") from error
        if self.state.status is ServerStatus.UNHEALTHY:
            self._batch.forgive()
            self._board.set(ServerStatus.UP)

    def _end(self, rid: str, error: RpcError | None) -> None:
        """Close a request and forget it."""
        call = self._calls.by_rid.get(rid)
        self._calls.remove(rid)
        if isinstance(call, GenerateCall):
            if call.preparing is not None:
                call.preparing.cancel()
            try:
                call.sink.close(error)
            except Exception:
                _LOG.exception("the sink of request %s failed", rid)
        elif call is not None and error is not None:
            call.fail(error)

    def abort(self, rid: str) -> bool:
        """End the request of exactly that rid, of any kind; False when it is not active."""
        call = self._calls.by_rid.get(rid)
        if call is None:
            return False
        if isinstance(call, TaskCall):
            self._end(rid, RpcError(Code.CANCELLED, "the request was aborted"))
        elif (generation := call.generation) is not None:
            self._thread.post(lambda: self._batch.abort(generation, _ABORTED))
        else:
            with self._ending(rid):
                for index in range(call.request.sampling.n):
                    call.sink.push(Delta(index, [], "", 0, 0, finish=Finish("abort", message=_ABORTED)))
                self._end(rid, None)
        return True


def shown(error: Exception) -> RpcError:
    """The error as the caller may see it; the log keeps the rest."""
    if isinstance(error, RpcError):
        return error
    _LOG.error("a request failed", exc_info=error)
    return RpcError(Code.INTERNAL, "engine transformers failed on this request; its log says why")

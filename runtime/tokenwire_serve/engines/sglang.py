"""Engine `sglang`: the real SGLang in this process, its schedulers in processes of their own.

The only module that imports sglang (0.5.20 or newer).
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import signal
import threading
from dataclasses import fields, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psutil
import zmq
from sglang.srt.configs.load_config import LoadFormat
from sglang.srt.entrypoints.engine import Engine as _SglangEngine
from sglang.srt.entrypoints.openai import protocol
from sglang.srt.entrypoints.openai.serving_chat import OpenAIServingChat
from sglang.srt.entrypoints.openai.serving_classify import OpenAIServingClassify
from sglang.srt.entrypoints.openai.serving_completions import OpenAIServingCompletion
from sglang.srt.entrypoints.openai.serving_embedding import OpenAIServingEmbedding
from sglang.srt.entrypoints.openai.serving_rerank import OpenAIServingRerank
from sglang.srt.entrypoints.openai.serving_score import OpenAIServingScore
from sglang.srt.entrypoints.openai.sse_utils import build_sse_content
from sglang.srt.entrypoints.openai.usage_processor import UsageProcessor
from sglang.srt.entrypoints.openai.utils import should_include_usage
from sglang.srt.managers import io_struct
from sglang.srt.managers.detokenizer_manager import DetokenizerManager, run_detokenizer_process
from sglang.srt.managers.scheduler import run_scheduler_process
from sglang.srt.managers.tokenizer_manager import ServerStatus as _SglangStatus
from sglang.srt.server_args import prepare_server_args
from sglang.version import __version__ as sglang_version
from tokenwire.codes import Code
from tokenwire.details import bad_request
from tokenwire.errors import RpcError

from tokenwire_serve.engine import Embedding, Scores, ServerStatus, WeightsUpdate
from tokenwire_serve.servicer.ranges import Problems, check_token_ids

from .board import StateBoard, closing
from .chat import with_plain_content
from .options import TINY_MODEL
from .sglang_adapter.admission import Admission
from .sglang_adapter.batches import pack
from .sglang_adapter.calls import Once, aside, drain
from .sglang_adapter.children import ChildWatch, ProgressReader, end_processes, report_progress
from .sglang_adapter.errors import aborted_by_engine, refusal
from .sglang_adapter.feed import Feed
from .sglang_adapter.generation import Generation
from .sglang_adapter.guard import Signals, guard_requests
from .sglang_adapter.info import SETTINGS, adapters_of, load_of, model_info, shown
from .sglang_adapter.launch import Launcher, arguments_of, parse
from .sglang_adapter.pipe import PIPE, BatchPipe, BatchSender
from .sglang_adapter.profile import Trace
from .sglang_adapter.requests import embed_arguments, engine_rid
from .sglang_adapter.runs import Run
from .sglang_adapter.serving import SglangServing
from .sglang_adapter.toolkit import Toolkit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from typing import TypeVar

    from tokenwire.streams import Sink

    from tokenwire_serve.engine import (
        Adapter,
        Delta,
        EmbedRequest,
        EngineState,
        GenerateRequest,
        Load,
        ModelInfo,
        PauseMode,
        ScoreRequest,
    )
    from tokenwire_serve.openai.backend import Operation

    from .options import EngineOptions
    from .sglang_adapter.runs import Receiver

    T = TypeVar("T")

__all__ = ["SglangEngine", "run_detokenizer", "run_scheduler"]

_LOG: Final = logging.getLogger(__name__)
_SHUTDOWN_S: Final = 3.0
_PROBE_S: Final = 20.0
_EVENTS: Final = int(zmq.EVENTS)
_READABLE: Final = int(zmq.POLLIN)
_TURNS: Final = 5
"""Turns of the loop after which requests that were left have let go of SGLang's locks."""
_GENERATE_FIELDS: Final = frozenset(field.name for field in fields(io_struct.GenerateReqInput))
_EMBED_FIELDS: Final = frozenset(field.name for field in fields(io_struct.EmbeddingReqInput))


def run_scheduler(server_args: Any, *args: Any, **kwargs: Any) -> None:
    """SGLang's scheduler process, which tells how far its start has come."""
    report_progress(str(server_args.log_level))
    run_scheduler_process(server_args, *args, **kwargs)


def run_detokenizer(*args: Any, **kwargs: Any) -> None:
    """SGLang's detokenizer process, which sends its batches packed to where `Feed` takes them."""
    path = os.environ.get(PIPE)
    if path:
        handle, prepare = DetokenizerManager.handle_batch_token_id_out, DetokenizerManager.__init__

        def init(self: Any, *args: Any, **kwargs: Any) -> None:
            prepare(self, *args, **kwargs)
            self.send_to_tokenizer = BatchSender(path)

        DetokenizerManager.__init__ = init
        DetokenizerManager.handle_batch_token_id_out = lambda self, batch: pack(handle(self, batch))
    run_detokenizer_process(*args, **kwargs)


class _Launched(_SglangEngine):  # type: ignore[misc]
    """SGLang's engine with our entry points of its processes."""

    run_scheduler_process_func = staticmethod(run_scheduler)
    run_detokenizer_process_func = staticmethod(run_detokenizer)


class SglangEngine:
    """Serves whatever SGLang can; `options.engine_args` are its own flags."""

    name = "sglang"

    def __init__(self, options: EngineOptions) -> None:
        self._options = options
        self._board = StateBoard()
        self._launcher: Launcher | None = None
        self._pids: list[int] = []
        self._engine: Any = None
        self._manager: Any = None
        self._model: ModelInfo | None = None
        self._admission: Admission | None = None
        self._watch: ChildWatch | None = None
        self._feed: Feed | None = None
        self._pipe: BatchPipe | None = None
        self._died: asyncio.Future[None] | None = None
        self._trace: Trace | None = None
        self._retracted = False
        self._active: dict[str, Generation | Once] = {}
        self._runs: set[Run] = set()
        self.openai: SglangServing | None = None

    @property
    def model(self) -> ModelInfo:
        """The model that is loaded; valid once `start` has returned."""
        if self._model is None:
            raise RpcError(Code.UNAVAILABLE, "engine sglang has not loaded a model yet")
        return self._model

    @property
    def state(self) -> EngineState:
        """Its state now."""
        return self._board.state

    @property
    def adapters(self) -> Sequence[Adapter]:
        """The LoRA adapters that are loaded now."""
        return () if self._manager is None else adapters_of(self._manager)

    def watch(self, callback: Callable[[EngineState], None]) -> Callable[[], None]:
        """Call back at each change of `state`; returns what ends that."""
        return self._board.watch(callback)

    async def start(self) -> None:
        """Start SGLang's processes and load the model.

        Raises:
            RpcError: INVALID_ARGUMENT, SGLang refuses its flags; FAILED_PRECONDITION, it did not start.
        """
        await self._stop()
        self._board.set(ServerStatus.STARTING, reason="starting SGLang's processes", paused=False)
        progress = ProgressReader(self._note_progress)
        self._own_sigquit()
        self._launcher = Launcher()
        try:
            self._pipe = BatchPipe(self._take_batch)
            await self._pipe.open()
            engine = await self._launcher.run(self._build, _abandon)
            await self._adopt(engine)
        except BaseException as error:
            await self._stop()
            if isinstance(error, RpcError) or not isinstance(error, Exception):
                raise
            reason = " ".join(str(error).split()) or type(error).__name__
            raise RpcError(Code.FAILED_PRECONDITION, f"SGLang did not start: {reason}") from error
        finally:
            progress.close()
        self._board.set(ServerStatus.UP, paused=False)

    def _note_progress(self, stage: str) -> None:
        if self.state.status is ServerStatus.STARTING:
            self._board.set(ServerStatus.STARTING, reason=stage)

    def _take_batch(self, batch: Any) -> None:
        if self._feed is not None:
            self._feed.take(batch)

    def _own_sigquit(self) -> None:
        """SGLang's processes tell of a failure with a SIGQUIT to this one."""
        if threading.current_thread() is threading.main_thread():
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGQUIT, self._failed, "one of its processes has failed")

    def _build(self) -> Any:
        """Build SGLang; in the launcher's thread."""
        options = self._options
        if options.model_path is None:
            options = replace(options, model_path=TINY_MODEL)
        settings = parse(prepare_server_args, arguments_of(options))
        os.environ.pop(PIPE, None)
        if self._pipe is not None and _reads_itself(settings):
            os.environ[PIPE] = self._pipe.path
        before = {child.pid for child in psutil.Process().children()}
        try:
            return _Launched(server_args=settings)
        except BaseException:
            end_processes({child.pid for child in psutil.Process().children()} - before, 0.0)
            raise

    async def _adopt(self, engine: Any) -> None:
        """Bind SGLang to this loop and learn what it serves."""
        atexit.unregister(engine.shutdown)  # it kills every child of this process, also those of others
        self._engine = engine
        manager = self._manager = engine.tokenizer_manager
        self._pids = list(engine.get_all_child_pids())
        self._watch = ChildWatch(self._pids, self._failed)
        guard_requests(manager)
        manager.signal_handler_class = self._signals
        self._feed = self._own_loop()
        manager.auto_create_handle_loop()
        manager.server_status = _SglangStatus.Up
        manager.set_engine_state_changed_callback(lambda: self._board.set(paused=bool(manager.is_pause)))
        self._model = model_info(manager, self._options, self._config)
        infos = engine._scheduler_init_result.scheduler_infos
        limit = self._config("max_running_requests") or infos[0].get("max_running_requests") or 0
        ranks = self._config("dp_size") or 1
        running = (int(limit) or self._options.max_running_requests) * int(ranks)
        self._admission = Admission(self._config, running, self._options.max_waiting_requests)
        activities = ["CPU", "GPU"] if str(self._config("device")).startswith("cuda") else ["CPU"]
        self._trace = Trace(manager, io_struct.ProfileReq, activities)
        self.openai = SglangServing(self._toolkit(engine))
        await self._first_token()

    async def _first_token(self) -> None:
        """Make one token, unless a process of SGLang's ends over it."""
        died: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._died = died
        probe = asyncio.ensure_future(self.probe())
        try:
            await asyncio.wait({probe, died}, return_when=asyncio.FIRST_COMPLETED)
            for task in (died, probe):
                if task.done():
                    task.result()
        finally:
            self._died = None
            probe.cancel()

    def _own_loop(self) -> Feed | None:
        """Read what the detokenizer sends; None where SGLang must, for what it observes of each token."""
        if PIPE not in os.environ:
            return None
        manager = self._manager
        socket = manager.recv_from_detokenizer
        plain = zmq.Socket.shadow(socket.underlying)
        feed = Feed(
            manager,
            file=int(plain.get(zmq.FD)),
            receive=partial(io_struct.sock_recv, plain, zmq.NOBLOCK),
            empty=zmq.Again,
            ready=lambda: zmq.backend.Socket.get(plain, _EVENTS) & _READABLE,
            batch=io_struct.BatchStrOutput,
            batches=(io_struct.BatchStrOutput, io_struct.BatchEmbeddingOutput, io_struct.BatchTokenIDOutput),
            failed=self._failed,
        )
        manager.handle_loop = feed.run
        return feed

    def _signals(self, manager: Any) -> Signals:
        return Signals(self._failed)

    def _config(self, name: str) -> Any:
        """The value in effect of one of SGLang's settings."""
        try:
            return self._manager.config_value(name)
        except (AttributeError, KeyError):
            return getattr(self._manager.server_args, name, None)

    def _failed(self, why: str) -> None:
        """SGLang is dead: end what runs, and say so."""
        if self._died is not None and not self._died.done():
            self._died.set_exception(RpcError(Code.FAILED_PRECONDITION, f"SGLang did not start: {why}"))
        if self.state.status is not ServerStatus.UP:
            return
        if self._manager is not None and self._manager._subprocess_watchdog is not None:
            self._manager._subprocess_watchdog._stop_event.set()
        self._fail_all(RpcError(Code.UNAVAILABLE, f"SGLang has ended: {why}"))
        self._board.set(ServerStatus.STOPPED, reason=why)

    def _fail_all(self, error: RpcError) -> None:
        for active in list(self._active.values()):
            active.fail(error)
        for run in list(self._runs):
            run.fail(error)
        if self.openai is not None:
            self.openai.fail_all(error)

    async def close(self) -> None:
        """Stop; requests that still run end with UNAVAILABLE."""
        self._board.set(ServerStatus.STOPPED, reason="the engine has been closed")
        await self._stop()

    async def _stop(self) -> None:
        """End SGLang's processes, if there are any."""
        self._fail_all(closing())
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        engine, self._engine = self._engine, None
        manager, self._manager = self._manager, None
        pids, self._pids = self._pids, []
        launcher, self._launcher = self._launcher, None
        if manager is not None:
            if manager._subprocess_watchdog is not None:
                manager._subprocess_watchdog._stop_event.set()
            self._dismiss(manager)
            await asyncio.to_thread(end_processes, pids, _SHUTDOWN_S)
            tasks = list(manager.asyncio_tasks)
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks, timeout=_SHUTDOWN_S)
            self._feed = None
            await asyncio.to_thread(_let_go, engine)
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        if launcher is not None:
            launcher.close()

    def _dismiss(self, manager: Any) -> None:
        """Ask SGLang's processes to release what they hold and to end."""
        shutdown = getattr(io_struct, "ShutdownReq", None)
        if shutdown is not None:
            try:
                manager._dispatch_to_scheduler(shutdown())
            except Exception:
                _LOG.debug("SGLang's schedulers could not be asked to end", exc_info=True)

    def _require_up(self) -> None:
        state = self.state
        if not state.healthy:
            raise RpcError(Code.UNAVAILABLE, f"engine sglang is not up: {state.reason}")

    def _start_run(self, request: Any, receiver: Receiver) -> Run:
        plain = self._feed is not None and request.stream and not request.return_logprob
        parts = self._feed.parts if self._feed is not None and plain else None
        run = Run(self._manager, request, receiver, self._runs.discard, parts)
        self._runs.add(run)
        run.start()
        return run

    def _start_generate(self, arguments: Mapping[str, Any], receiver: Receiver, /) -> Run:
        return self._start_run(_make(io_struct.GenerateReqInput, _GENERATE_FIELDS, arguments), receiver)

    def _admit(self, count: int) -> Callable[[], None]:
        """Count sequences as active, or refuse them."""
        assert self._admission is not None
        running = None
        if self.state.paused:
            running = sum(len(a) for a in self._active.values() if isinstance(a, Generation) and a.begun)
        return self._admission.enter(count, running_now=running)

    def generate(self, request: GenerateRequest, sink: Sink[Delta]) -> None:
        """Start a request. All that follows, errors too, comes through `sink`."""
        try:
            leave = self._sign_in(request)
        except RpcError as error:
            sink.close(error)
            return

        def on_end() -> None:
            if self._active.get(request.rid) is generation:
                del self._active[request.rid]
            leave()

        generation = Generation(
            request, sink, self._start_generate, on_end, share_prompt=not self._config("disable_radix_cache")
        )
        self._active[request.rid] = generation
        generation.start()

    def _sign_in(self, request: GenerateRequest) -> Callable[[], None]:
        self._require_up()
        assert self._admission is not None
        self._check_free(request.rid)
        self._admission.check_generate(request, self.model)
        return self._admit(request.sampling.n)

    def _check_free(self, rid: str) -> None:
        if rid in self._active:
            raise RpcError(Code.ALREADY_EXISTS, f"rid {rid!r} is in use by an active request")

    def abort(self, rid: str) -> bool:
        """End the request of exactly that rid, of any kind; False when it is not active."""
        active = self._active.get(rid)
        if active is None:
            return False
        active.abort("aborted")
        return True

    async def embed(self, request: EmbedRequest) -> Embedding:
        """Embed one text; L2-normalised, as SGLang's pooler does it."""
        if self._manager is not None and self.model.kind == "classify":
            raise RpcError(Code.UNIMPLEMENTED, "engine sglang: this model can only classify")
        if request.pair is not None:
            raise bad_request("pair", "an embedding is of one text")
        return await self._pooled(request)

    async def classify(self, request: EmbedRequest) -> Embedding:
        """Score the classes of one text, or of a pair: raw logits."""
        if self._manager is not None and self.model.kind == "embed":
            raise RpcError(Code.UNIMPLEMENTED, "engine sglang: this model can only embed")
        return await self._pooled(request)

    async def _pooled(self, request: EmbedRequest) -> Embedding:
        self._require_up()
        assert self._admission is not None
        self._check_free(request.rid)
        self._admission.check_options(request.options)
        arguments = embed_arguments(request.prompt, request.options)
        if request.dimensions is not None:
            arguments["dimensions"] = request.dimensions
        if request.pair is not None:
            if not isinstance(request.prompt, str):
                raise bad_request("pair", "needs a prompt of text, not of token ids")
            arguments.update(
                text=[[request.prompt, request.pair]], rid=[engine_rid()], is_cross_encoder_request=True
            )
        made = _make(io_struct.EmbeddingReqInput, _EMBED_FIELDS, arguments)
        answer = await self._once(request.rid, anext(self._manager.generate_request(made, None)))
        answer = answer[0] if isinstance(answer, list) else answer
        info = answer["meta_info"]
        reason = info.get("finish_reason")
        error = aborted_by_engine(reason) if isinstance(reason, dict) else None
        if error is not None:
            raise error
        return Embedding(list(answer["embedding"]), info["prompt_tokens"], info.get("cached_tokens", 0))

    async def _once(self, rid: str, call: Awaitable[T], count: int = 1) -> T:
        """The result of a call of SGLang's that can be aborted by a rid."""
        try:
            leave = self._admit(count)
        except RpcError:
            if asyncio.iscoroutine(call):
                call.close()
            raise
        once = Once(rid)
        self._active[rid] = once
        try:
            return await once.run(call)
        except RpcError:
            raise
        except Exception as error:
            raise refusal(error) from error
        finally:
            leave()
            if self._active.get(rid) is once:
                del self._active[rid]

    async def score(self, request: ScoreRequest) -> Scores:
        """Score label tokens after each prompt."""
        self._require_up()
        self._check_free(request.rid)
        if self.model.kind != "generate":
            raise RpcError(Code.UNIMPLEMENTED, f"engine sglang: this model can only {self.model.kind}")
        ids = [
            prompt if not isinstance(prompt, str) else await self.tokenize(prompt)
            for prompt in request.prompts
        ]
        call = self._manager.score_request(
            query=[],
            items=[list(prompt) for prompt in ids],
            label_token_ids=list(request.label_token_ids),
            apply_softmax=request.apply_softmax,
            **({"temperature": request.temperature} if request.temperature != 1.0 else {}),
        )
        result = await self._once(request.rid, call, len(ids))
        return Scores([list(row) for row in result.scores], int(result.prompt_tokens))

    def _tokenizer(self) -> Any:
        self._require_up()
        if self._manager.tokenizer is None:
            raise RpcError(Code.UNIMPLEMENTED, "engine sglang was started with --skip-tokenizer-init")
        return self._manager.tokenizer

    async def tokenize(self, text: str, *, add_special_tokens: bool = True) -> list[int]:
        """Token ids of a text."""
        tokenizer = self._tokenizer()
        return list(
            await aside(len(text), lambda: tokenizer.encode(text, add_special_tokens=add_special_tokens))
        )

    async def detokenize(self, token_ids: Sequence[int], *, skip_special_tokens: bool = True) -> str:
        """The text of token ids, without the special ones unless those are wanted."""
        tokenizer = self._tokenizer()
        problems = Problems()
        check_token_ids(token_ids, "tokens", problems, self.model.vocab_size)
        problems.settle()
        ids = list(token_ids)
        return str(
            await aside(len(ids), lambda: tokenizer.decode(ids, skip_special_tokens=skip_special_tokens))
        )

    async def render_chat(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        tools: Sequence[Mapping[str, Any]] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> list[int]:
        """Token ids of a conversation with the model's chat template, ready to continue."""
        tokenizer = self._tokenizer()
        plain = with_plain_content(messages)

        def render() -> list[int]:
            text = tokenizer.apply_chat_template(
                plain, tools=tools, add_generation_prompt=True, tokenize=False, **(options or {})
            )
            return list(tokenizer.encode(text, add_special_tokens=False))

        try:
            return await aside(len(str(plain)), render)
        except Exception as error:
            raise bad_request("messages", f"the chat template refuses them: {error}") from error

    def expected_wait(self) -> float | None:
        """Seconds until a request that comes now would begin, as measured; None is unknown."""
        return None if self._admission is None or self.state.paused else self._admission.expected_wait()

    def loads(self) -> list[Load]:
        """How busy it is, one entry per data-parallel rank, as its schedulers last said."""
        self._require_up()
        call = self._manager.get_loads()
        try:
            call.send(None)
        except StopIteration as done:
            held = sum(1 for state in self._manager.rid_to_state.values() if not state.dispatched)
            return [
                load_of(snapshot, 0 if rank else held, retracted=self._retracted)
                for rank, snapshot in enumerate(done.value)
            ]
        finally:
            call.close()
        raise RpcError(Code.UNIMPLEMENTED, "this SGLang does not tell its load at once")

    def server_info(self) -> dict[str, Any]:
        """Settings that are safe to show to any caller."""
        settings = {name: self._config(name) for name in SETTINGS}
        return {
            "engine": self.name,
            "sglang_version": sglang_version,
            **{name: shown(value) for name, value in settings.items() if value is not None},
            "max_waiting_requests": self._options.max_waiting_requests,
            "max_model_len": self.model.max_model_len,
        }

    async def flush_cache(self) -> tuple[bool, str]:
        """Empty the prefix cache; SGLang does so only while nothing runs."""
        self._require_up()
        result = await self._manager.flush_cache()
        message = str(getattr(result, "message", "") or "")
        return bool(result.success), message or (
            "the prefix cache has been emptied" if result.success else "SGLang did not empty the cache"
        )

    async def pause(self, mode: PauseMode) -> None:
        """Stop making tokens; new requests wait until `resume`."""
        self._require_up()
        if mode == "abort":
            for active in list(self._active.values()):
                active.abort("aborted by a pause of the engine")
            for _ in range(_TURNS):
                await asyncio.sleep(0)
        await self._manager.pause_generation(io_struct.PauseGenerationReqInput(mode=mode))
        self._retracted = mode == "retract"

    async def resume(self) -> None:
        """Go on after `pause`."""
        self._require_up()
        await self._manager.continue_generation(io_struct.ContinueGenerationReqInput())
        self._retracted = False

    async def start_profile(self, directory: str) -> str:
        """Start to write a trace below an existing directory; returns a sentence."""
        self._require_up()
        assert self._trace is not None
        return await self._trace.start(directory)

    async def stop_profile(self) -> str:
        """End the trace; returns a sentence that names the files."""
        self._require_up()
        assert self._trace is not None
        return await self._trace.stop()

    async def update_weights(self, model_path: str, load_format: str | None) -> WeightsUpdate:
        """Replace the weights; SGLang waits for the requests that run, unless it is paused."""
        self._require_up()
        formats = [known.value for known in LoadFormat]
        if load_format is not None and load_format not in formats:
            known = ", ".join(formats)
            return WeightsUpdate(False, f"load_format: {load_format!r} is not one of {known}")
        request = io_struct.UpdateWeightFromDiskReqInput(model_path=model_path, load_format=load_format)
        try:
            success, message, paused = await self._manager.update_weights_from_disk(request, None)
        except (RuntimeError, ValueError, OSError) as error:
            return WeightsUpdate(False, " ".join(str(error).split()))
        if success:
            self._model = model_info(self._manager, self._options, self._config)
        return WeightsUpdate(bool(success), str(message), int(paused or 0))

    async def probe(self) -> None:
        """Make one token through the whole engine; while it is paused, hear from the schedulers.

        Raises:
            RpcError: UNAVAILABLE, with the reason.
        """
        if self._manager is None or self.state.status is ServerStatus.STOPPED:
            raise RpcError(Code.UNAVAILABLE, f"engine sglang is not up: {self.state.reason}")
        try:
            async with asyncio.timeout(_PROBE_S):
                if self.state.paused:
                    await self._manager.get_internal_state()
                else:
                    await drain(self._manager.generate_request(self._probe_request(), None))
        except TimeoutError:
            why = f"SGLang made no token within {_PROBE_S:g} s"
            raise RpcError(Code.UNAVAILABLE, why) from None
        except RpcError:
            raise
        except Exception as error:
            raise RpcError(Code.UNAVAILABLE, f"SGLang made no token: {error}") from error

    def _probe_request(self) -> Any:
        given = {"input_ids": [0], "rid": engine_rid(), "log_metrics": False}
        if self._manager.is_generation:
            given["sampling_params"] = {"max_new_tokens": 1, "temperature": 0.0}
            return _make(io_struct.GenerateReqInput, _GENERATE_FIELDS, given)
        return _make(io_struct.EmbeddingReqInput, _EMBED_FIELDS, given)

    def _toolkit(self, engine: Any) -> Toolkit:
        manager, templates = engine.tokenizer_manager, engine.template_manager
        assert self._admission is not None
        include = bool(self._config("stream_response_default_include_usage"))

        def servings(through: Any) -> dict[Operation, Any]:
            return {
                "chat": manager.serving_chat_class(through, templates),
                "completion": OpenAIServingCompletion(through, templates),
                "embedding": OpenAIServingEmbedding(through, templates),
                "classify": OpenAIServingClassify(through, templates),
                "score": OpenAIServingScore(through),
                "rerank": OpenAIServingRerank(through, templates),
            }

        return Toolkit(
            manager=manager,
            servings=servings,
            requests={
                "chat": protocol.ChatCompletionRequest,
                "completion": protocol.CompletionRequest,
                "embedding": protocol.EmbeddingRequest,
                "classify": protocol.ClassifyRequest,
                "score": protocol.ScoringRequest,
                "rerank": protocol.V1RerankReqInput,
            },
            chat_class=OpenAIServingChat,
            start=self._start_run,
            admit=self._admit,
            check=self._admission.check_options,
            is_generate=lambda request: isinstance(request, io_struct.GenerateReqInput),
            event=build_sse_content,
            usage_event=partial(_usage_event, bool(self._config("enable_cache_report"))),
            quote=msgspec.json.Encoder().encode,
            wants_usage=lambda request: should_include_usage(request.stream_options, include),
        )


def _reads_itself(settings: Any) -> bool:
    """Whether SGLang's batches may be read here: nothing in SGLang observes each token, and it has one of
    each process, which send Python's objects to each other."""
    observed = ("enable_metrics", "enable_trace", "crash_dump_folder", "skip_tokenizer_init")
    counts = ("tokenizer_worker_num", "detokenizer_worker_num")
    return (
        not any(getattr(settings, name, None) for name in observed)
        and all(getattr(settings, name, 1) in {None, 1} for name in counts)
        and bool(getattr(io_struct, "_USE_PICKLE_IPC", True))
    )


def _abandon(engine: Any) -> None:
    """End a SGLang that nobody waits for any more."""
    atexit.unregister(engine.shutdown)
    if engine.tokenizer_manager._subprocess_watchdog is not None:
        engine.tokenizer_manager._subprocess_watchdog._stop_event.set()
    end_processes(engine.get_all_child_pids(), 0.0)
    _let_go(engine)


def _let_go(engine: Any) -> None:
    """Close what an ended SGLang leaves open in this process; a restart would add to it."""
    manager = engine.tokenizer_manager
    sockets = [
        value
        for owner in (engine, manager)
        for value in vars(owner).values()
        if isinstance(value, zmq.Socket)
    ]
    contexts = {id(socket.context): socket.context for socket in sockets}
    for socket in sockets:
        socket.close(linger=0)
    for context in contexts.values():
        context.destroy(linger=0)
    close = getattr(getattr(manager, "load_snapshot_reader", None), "close", None)
    if close is not None:
        close()
    if not engine.loop.is_running():  # one that SGLang has made for calls that wait
        engine.loop.close()
    for process in getattr(manager._subprocess_watchdog, "_processes", ()):
        process._popen.close()  # `close` would ask for its exit code, which `end_processes` took


def _make(kind: type[Any], known: frozenset[str], arguments: Mapping[str, Any]) -> Any:
    """A request of SGLang's.

    Raises:
        RpcError: UNIMPLEMENTED, this version of SGLang does not know one of the arguments.
    """
    for name in arguments:
        if name not in known:
            raise RpcError(Code.UNIMPLEMENTED, f"SGLang {sglang_version} does not know {name}")
    return kind(**arguments)


def _usage_event(cached: bool, chunk_id: str, created: int, model: str, counts: Mapping[str, int]) -> bytes:
    one = {name: {0: count} for name, count in counts.items()}
    usage = UsageProcessor.calculate_streaming_usage(
        one["prompt_tokens"],
        one["reasoning_tokens"],
        one["completion_tokens"],
        cached_tokens=one["cached_tokens"],
        n_choices=1,
        enable_cache_report=cached,
    )
    chunk = protocol.ChatCompletionStreamResponse(
        id=chunk_id, created=created, choices=[], model=model, usage=usage
    )
    return bytes(chunk.model_dump_json().encode())

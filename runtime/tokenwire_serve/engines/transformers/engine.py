"""The engine `transformers`: the calls beside generation."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tokenwire.details import bad_request
from tokenwire.errors import RpcError

from tokenwire_serve.engine import Embedding, Scores, WeightsUpdate

from . import tasks
from .admission import check_ids, check_prompt, unsupported
from .calls import TaskCall
from .chat import render
from .core import LONG_TEXT, EngineCore, shown
from .info import load_of, server_info
from .loading import load_weights
from .profile import Trace
from .setup import model_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tokenwire_serve.engine import EmbedRequest, Load, PauseMode, ScoreRequest
    from tokenwire_serve.engines.options import EngineOptions

__all__ = ["TransformersEngine"]

T = TypeVar("T")


class TransformersEngine(EngineCore):
    """Serves a Hugging Face directory with continuous batching, on a CPU or on CUDA."""

    name = "transformers"
    adapters = ()

    def __init__(self, options: EngineOptions) -> None:
        super().__init__(options)
        self._trace = Trace()

    async def embed(self, request: EmbedRequest) -> Embedding:
        """Embed one text: the mean of the last hidden states over all tokens, of length 1."""
        if self.model.kind == "classify":
            raise unsupported("embeddings", "this model can only classify")
        if request.pair is not None:
            raise unsupported("pair", "an embedding is of one text")
        size = self.model.embedding_size
        if request.dimensions is not None and not 0 < request.dimensions <= size:
            raise bad_request("dimensions", f"must be from 1 to {size}, the model's embedding size")
        ids = await self._aside(request.prompt, lambda: self.ids_of(request.prompt))
        check_prompt(ids, self.model)
        values = await self._run(request, [lambda: tasks.embedding(self._loaded, ids, request.dimensions)])
        return Embedding(values[0], len(ids))

    async def classify(self, request: EmbedRequest) -> Embedding:
        """Score the classes of one text, or of a pair for cross-encoders: raw logits."""
        if self.model.kind != "classify":
            raise unsupported("classify", f"this model can only {self.model.kind}")
        pair, types = request.pair, None
        if pair is None:
            ids = await self._aside(request.prompt, lambda: self.ids_of(request.prompt))
        elif isinstance(request.prompt, str):
            first = request.prompt
            ids, types = await self._aside(
                first + pair, lambda: self._loaded.tokenizer.encode_pair(first, pair)
            )
        else:
            raise bad_request("pair", "needs a prompt of text, not of token ids")
        check_prompt(ids, self.model)
        values = await self._run(request, [lambda: tasks.class_logits(self._loaded, ids, types)])
        return Embedding(values[0], len(ids))

    async def score(self, request: ScoreRequest) -> Scores:
        """Score label tokens after each prompt."""
        if self.model.kind != "generate":
            raise unsupported("score", f"this model can only {self.model.kind}")
        check_ids("label_token_ids", request.label_token_ids, self.model)
        if not request.label_token_ids:
            raise bad_request("label_token_ids", "must name at least one token")
        length = sum(len(prompt) for prompt in request.prompts)
        prompts = await self._aside(range(length), lambda: [self.ids_of(p) for p in request.prompts])
        for ids in prompts:
            check_prompt(ids, self.model)

        def row(ids: list[int]) -> Callable[[], list[float]]:
            return lambda: tasks.label_probabilities(
                self._loaded,
                ids,
                request.label_token_ids,
                softmax=request.apply_softmax,
                temperature=request.temperature,
            )

        rows = await self._run(request, [row(ids) for ids in prompts])
        return Scores(rows, sum(len(ids) for ids in prompts))

    async def _run(
        self, request: EmbedRequest | ScoreRequest, functions: Sequence[Callable[[], T]]
    ) -> list[T]:
        """Run functions in the model's thread as one request that can be aborted."""
        call = TaskCall([], weight=len(functions))
        self.admit(request.rid, call, request.options)
        futures = [self._thread.job(function) for function in functions]
        call.futures += futures
        try:
            return [await future for future in futures]
        except RpcError:
            raise
        except Exception as error:
            raise shown(error) from error
        finally:
            for future in futures:
                future.cancel()
            if self._calls.by_rid.get(request.rid) is call:
                self._calls.remove(request.rid)

    async def tokenize(self, text: str, *, add_special_tokens: bool = True) -> list[int]:
        """Token ids of a text."""
        tokenizer = self._loaded.tokenizer
        return await self._aside(text, lambda: tokenizer.encode(text, special=add_special_tokens))

    async def detokenize(self, token_ids: Sequence[int], *, skip_special_tokens: bool = True) -> str:
        """The text of token ids, without the special ones unless those are wanted."""
        check_ids("tokens", token_ids, self.model)
        tokenizer = self._loaded.tokenizer
        return await self._aside(
            token_ids, lambda: tokenizer.decode(token_ids, skip_special=skip_special_tokens)
        )

    async def render_chat(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        tools: Sequence[Mapping[str, Any]] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> list[int]:
        """Token ids of a conversation with the model's chat template, ready to continue."""
        size = len(str(messages)) + len(str(tools)) + len(str(options))
        return await self._aside(
            range(size), lambda: render(self._loaded.tokenizer, messages, tools, options or {})
        )

    async def _aside(self, size: str | Sequence[Any], function: Callable[[], T]) -> T:
        """Run a function on text here when the text is short, in a thread when it is long."""
        return function() if len(size) < LONG_TEXT else await asyncio.to_thread(function)

    def loads(self) -> list[Load]:
        """How busy it is; there is one data-parallel rank."""
        jobs = self._thread.waiting_jobs
        return [load_of(self._batch, self._options, self.model.max_model_len, jobs, self._speed.rate())]

    def server_info(self) -> dict[str, Any]:
        """Settings of the engine that are safe to show to any caller."""
        threads = model_threads(self._options)
        return server_info(self._loaded, self._options, self.model.max_model_len, threads)

    async def flush_cache(self) -> tuple[bool, str]:
        """Nothing to empty: each prompt is computed afresh."""
        return True, "engine transformers keeps no prefix cache, so there was nothing to flush"

    async def pause(self, mode: PauseMode) -> None:
        """Stop making tokens; new requests wait until `resume`."""
        scheduler = self._batch
        await self._told(lambda: scheduler.pause(mode), lambda: self._board.set(paused=True))

    async def resume(self) -> None:
        """Go on after `pause`."""
        scheduler = self._batch
        await self._told(scheduler.resume, lambda: self._board.set(paused=False))

    async def _told(self, command: Callable[[], T], then: Callable[[], object]) -> T:
        """Run a command in the model's thread, then `then` here, even if the caller leaves meanwhile."""

        def tell(done: asyncio.Future[T]) -> None:
            if not done.cancelled() and done.exception() is None:
                then()

        future = self._thread.call(command)
        future.add_done_callback(tell)
        return await asyncio.shield(future)

    async def start_profile(self, directory: str) -> str:
        """Start to write a torch.profiler trace below an existing directory."""
        return await self._thread.call(lambda: self._trace.start(directory))

    async def close(self) -> None:
        """Stop; requests that still run end with UNAVAILABLE, and a trace is written."""
        try:
            if self._trace.running:
                # PyTorch crashes the process when it exits with a profiler that still records.
                with suppress(RpcError):
                    await self.stop_profile()
        finally:
            await super().close()

    async def stop_profile(self) -> str:
        """End the trace; returns a sentence that names the file."""
        profiler, file = await self._thread.call(self._trace.stop)
        return await asyncio.to_thread(self._trace.save, profiler, file)

    async def update_weights(self, model_path: str, load_format: str | None) -> WeightsUpdate:
        """Replace the weights by those of a directory of the same architecture.

        All are loaded and compared before the first is replaced, between two steps. Requests that
        run go on, with what they have cached of the old weights.
        """
        if load_format not in {None, "", "auto", "safetensors"}:
            return WeightsUpdate(False, f"load_format: {load_format} is not known; auto and safetensors are")
        path = Path(model_path)
        try:
            weights = await asyncio.to_thread(load_weights, path, self._loaded, self._options)
        except RpcError as error:
            return WeightsUpdate(False, error.message.replace("--model-path", "model_path:"))

        def note() -> None:
            self._model = replace(self._model, model_path=model_path)

        paused = await self._told(lambda: self._replace_weights(weights), note)
        return WeightsUpdate(True, f"the weights are those of {model_path}", paused)

    def _replace_weights(self, weights: Mapping[str, Any]) -> int:
        """Copy weights in place; how many sequences were halted by a pause meanwhile."""
        self._loaded.model.load_state_dict(weights)
        return len(self._batch.running) if self._batch.paused else 0

"""An engine without a model that does exactly what a test tells it to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_serve.engine import (
    Delta,
    Embedding,
    EngineState,
    Finish,
    Load,
    ModelInfo,
    Scores,
    ServerStatus,
    TokenLogprob,
    WeightsUpdate,
)

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping, Sequence

    from tokenwire.streams import Sink
    from tokenwire_serve.engine import Adapter, EmbedRequest, GenerateRequest, PauseMode, ScoreRequest

MODEL = ModelInfo(
    model_path="/models/scripted",
    served_model_name="scripted",
    tokenizer_path="/models/scripted",
    kind="generate",
    max_model_len=64,
    vocab_size=1000,
    weight_version="v1",
    load_format="safetensors",
    model_type="llama",
    architectures=("LlamaForCausalLM",),
    labels=("bad", "good"),
)
LENGTH = Finish("length", length=2)


@dataclass
class Running:
    """A request that waits for the test to say what it generates."""

    request: GenerateRequest
    sink: Sink[Delta]
    made: dict[int, int] = field(default_factory=dict)
    finished: set[int] = field(default_factory=set)


class ScriptedEngine:
    """See the module; `say` and `finish` play the model, `calls` lists what was asked of it."""

    name = "scripted"
    adapters: tuple[Adapter, ...] = ()

    def __init__(self, model: ModelInfo = MODEL, status: ServerStatus = ServerStatus.UP) -> None:
        self.model = model
        self.state = EngineState(status, reason="" if status is ServerStatus.UP else "no reason")
        self.running: dict[str, Running] = {}
        self.started: list[GenerateRequest] = []
        self.calls: list[tuple[Any, ...]] = []
        self.watchers: list[Callable[[EngineState], None]] = []
        self.script: Callable[[Running], None] | None = None
        self.hold: asyncio.Event | None = None
        self.wait: float | None = 0.0
        self.refusal: RpcError | None = None
        self.update = WeightsUpdate(True, "loaded", 3)
        self.embedding = [0.6, 0.8]
        self.logits = [0.0, 1.0]

    def watch(self, callback: Callable[[EngineState], None]) -> Callable[[], None]:
        self.watchers.append(callback)
        return lambda: self.watchers.remove(callback)

    def become(self, **changes: Any) -> None:
        self.state = replace(self.state, **changes)
        for callback in list(self.watchers):
            callback(self.state)

    async def start(self) -> None:
        self.become(status=ServerStatus.UP)

    async def close(self) -> None:
        self.become(status=ServerStatus.STOPPED)

    def generate(self, request: GenerateRequest, sink: Sink[Delta]) -> None:
        if self.refusal is not None:
            sink.close(self.refusal)
            return
        running = Running(request, sink)
        self.started.append(request)
        self.running[request.rid] = running
        if self.script is not None:
            self.script(running)

    def say(
        self, rid: str, text: str, ids: list[int], *, index: int = 0, finish: Finish | None = None
    ) -> None:
        """One delta of a choice."""
        running = self.running[rid]
        request = running.request
        first = index not in running.made
        running.made[index] = running.made.get(index, 0) + len(ids)
        delta = Delta(index, ids, text, 5, running.made[index], 1, finish)
        if request.logprobs:
            delta.output_logprobs = [self._logprob(request, token) for token in ids]
            if first and request.logprob_start >= 0:
                delta.input_logprobs = [
                    replace(self._logprob(request, 7), logprob=None),
                    self._logprob(request, 8),
                ]
        if finish is not None:
            running.finished.add(index)
        running.sink.push(delta)
        if len(running.finished) == request.sampling.n:
            del self.running[rid]
            running.sink.close()

    def fail(self, rid: str, error: BaseException) -> None:
        self.running.pop(rid).sink.close(error)

    def abort(self, rid: str) -> bool:
        self.calls.append(("abort", rid))
        if rid not in self.running:
            return False
        for index in range(self.running[rid].request.sampling.n):
            if index not in self.running[rid].finished:
                self.say(rid, "", [], index=index, finish=Finish("abort", message="told to"))
        return True

    def _logprob(self, request: GenerateRequest, token: int) -> TokenLogprob:
        text = f"t{token}" if request.text_in_logprobs else None
        top = ((-0.5, token, text), (-1.5, token + 1, text))[: request.top_logprobs]
        return TokenLogprob(-0.5, token, text, top)

    async def embed(self, request: EmbedRequest) -> Embedding:
        await self._asked("embed", request)
        size = request.dimensions or len(self.embedding)
        return Embedding(self.embedding[:size], prompt_tokens=2, cached_tokens=1)

    async def classify(self, request: EmbedRequest) -> Embedding:
        await self._asked("classify", request)
        return Embedding(self.logits, prompt_tokens=3)

    async def score(self, request: ScoreRequest) -> Scores:
        await self._asked("score", request)
        return Scores([[0.25] * len(request.label_token_ids) for _ in request.prompts], prompt_tokens=9)

    async def tokenize(self, text: str, *, add_special_tokens: bool = True) -> list[int]:
        return ([1] if add_special_tokens else []) + list(text.encode())

    async def detokenize(self, token_ids: Sequence[int], *, skip_special_tokens: bool = True) -> str:
        return "".join(f"<{token}>" for token in token_ids if token != 1 or not skip_special_tokens)

    async def render_chat(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        tools: Sequence[Mapping[str, Any]] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> list[int]:
        await self._asked("render_chat", list(messages), tools, options)
        return [1, 2, 3]

    def expected_wait(self) -> float | None:
        return self.wait

    def loads(self) -> list[Load]:
        return [Load(rank, 1, 2, 3, 4, 5, 6, 0.5, 7.0, 0.25, 0.1) for rank in range(2)]

    def server_info(self) -> dict[str, Any]:
        return {"device": "cpu"}

    async def flush_cache(self) -> tuple[bool, str]:
        await self._asked("flush_cache")
        return False, "requests are running"

    async def pause(self, mode: PauseMode) -> None:
        await self._asked("pause", mode)
        self.become(paused=True)

    async def resume(self) -> None:
        await self._asked("resume")
        self.become(paused=False)

    async def start_profile(self, directory: str) -> str:
        await self._asked("start_profile", directory)
        return "tracing"

    async def stop_profile(self) -> str:
        await self._asked("stop_profile")
        return "wrote trace.json"

    async def update_weights(self, model_path: str, load_format: str | None) -> WeightsUpdate:
        await self._asked("update_weights", model_path, load_format)
        return self.update

    async def probe(self) -> None:
        if not self.state.healthy:
            raise RpcError(Code.UNAVAILABLE, "not up")

    async def _asked(self, *call: Any) -> None:
        self.calls.append(call)
        if self.hold is not None:
            await self.hold.wait()
        if self.refusal is not None:
            raise self.refusal


def two_words(engine: ScriptedEngine) -> Callable[[Running], None]:
    """A script: every choice says "Hi" and then " there", and ends by its length."""

    def play(running: Running) -> None:
        for index in range(running.request.sampling.n):
            engine.say(running.request.rid, "Hi", [10], index=index)
            engine.say(running.request.rid, " there", [11], index=index, finish=LENGTH)

    return play

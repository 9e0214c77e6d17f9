"""The service over any engine: every RPC of the contract, whichever transport brings it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenwire.method import starts_at_once
from tokenwire_gen.sglang.runtime.v1.sglang_grpc import SglangServiceBase

from tokenwire_serve.openai.service import OpenAIService

from .control import Control
from .core import Core
from .embed import Embeddings, Tokenizer
from .generate import TextGeneration
from .info import Info
from .settings import ServicerSettings
from .watch import StateWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tokenwire.context import Context
    from tokenwire.errors import RpcError
    from tokenwire.streams import PushStream
    from tokenwire_gen.sglang.runtime.v1 import sglang_pb as pb

    from tokenwire_serve.engine import Engine

    from .output import Generated

__all__ = ["SglangServicer", "create_servicer"]


class SglangServicer(SglangServiceBase):
    """Serves one engine.

    Streams are `PushStream`s, and what goes wrong in a streaming call, bad arguments too, comes
    through the stream. It lives on one event loop, the engine's.

    Args:
        engine: The engine; it may still be starting.
        settings: How to present it.
    """

    def __init__(self, engine: Engine, settings: ServicerSettings | None = None) -> None:
        self._core = Core(engine, settings or ServicerSettings())
        self._generation = TextGeneration(self._core)
        self._embeddings = Embeddings(self._core)
        self._tokenizer = Tokenizer(self._core)
        self._info = Info(self._core)
        self._control = Control(self._core)
        self._watch = StateWatch(self._core, self._info)
        self._openai = OpenAIService(self._core)
        self._health_watches: list[Callable[[], None]] = []

    @property
    def engine(self) -> Engine:
        """The engine that is served."""
        return self._core.engine

    @property
    def settings(self) -> ServicerSettings:
        """How it is presented."""
        return self._core.settings

    @property
    def healthy(self) -> bool:
        """What HealthCheck answers."""
        return self._core.healthy

    @property
    def active_requests(self) -> int:
        """How many requests are under way."""
        return len(self._core.active)

    def watch_health(self, tell: Callable[[bool], None]) -> None:
        """Tell whether it is healthy, now and whenever the engine's state changes, until `drain`."""
        self._health_watches.append(self.engine.watch(lambda _: tell(self.healthy)))
        tell(self.healthy)

    def retire(self) -> None:
        """Be unhealthy from now on, but take requests until `drain`."""
        if not self._core.leaving:
            self._core.leaving = True
            self._watch.publish()

    async def drain(self) -> None:
        """Take no new requests (UNAVAILABLE), tell the watchers and end their streams.

        Requests under way go on.
        """
        if not self._core.draining:
            self._core.draining = True
            self._watch.close()
            while self._health_watches:
                self._health_watches.pop()()

    async def close(self) -> None:
        """Drain, and abort what still runs."""
        await self.drain()
        self._core.active.abort_all()

    def fail_all(self, error: RpcError) -> None:
        """End what runs with an error, as far as that goes without the engine."""
        self._core.active.fail_all(error)

    def abort_all(self) -> None:
        """Abort what runs."""
        self._core.active.abort_all()

    def generate_both(
        self,
        request: pb.TextGenerateRequest | pb.GenerateRequest,
        prompt: str | Sequence[int],
        context: Context,
        *,
        text_in_logprobs: bool = False,
    ) -> PushStream[Generated]:
        """Generate with text and token ids in each message, for HTTP, whose answers carry both."""
        return self._generation.both(request, prompt, context, text_in_logprobs=text_in_logprobs)

    async def text_of(self, tokens: Sequence[int], *, name: str, skip_special_tokens: bool) -> str:
        """Detokenize with a choice that the RPC does not have, for HTTP; `name` is that of the field."""
        return await self._tokenizer.text_of(tokens, name, skip_special_tokens=skip_special_tokens)

    def require_model(self, asked: str | None) -> None:
        """End the call unless a model goes by that name; None asks for no name in particular.

        Raises:
            RpcError: NOT_FOUND, or UNAVAILABLE while there is no model.
        """
        self._core.require_up()
        self._core.find_model(asked)

    def text_generate(
        self, request: pb.TextGenerateRequest, context: Context
    ) -> PushStream[pb.TextGenerateResponse]:
        """Generate text from a text."""
        return self._generation.from_text(request, context)

    def generate(self, request: pb.GenerateRequest, context: Context) -> PushStream[pb.GenerateResponse]:
        """Generate token ids from token ids."""
        return self._generation.from_ids(request, context)

    @starts_at_once
    async def text_embed(self, request: pb.TextEmbedRequest, context: Context) -> pb.TextEmbedResponse:
        """Embed a text."""
        return await self._embeddings.from_text(request, context)

    @starts_at_once
    async def embed(self, request: pb.EmbedRequest, context: Context) -> pb.EmbedResponse:
        """Embed token ids."""
        return await self._embeddings.from_ids(request, context)

    @starts_at_once
    async def classify(self, request: pb.ClassifyRequest, context: Context) -> pb.ClassifyResponse:
        """Score the classes of a text or of token ids."""
        return await self._embeddings.classify(request, context)

    @starts_at_once
    async def tokenize(self, request: pb.TokenizeRequest, context: Context) -> pb.TokenizeResponse:
        """Turn a text into token ids."""
        return await self._tokenizer.tokenize(request, context)

    @starts_at_once
    async def detokenize(self, request: pb.DetokenizeRequest, context: Context) -> pb.DetokenizeResponse:
        """Turn token ids into text."""
        return await self._tokenizer.detokenize(request)

    @starts_at_once
    async def health_check(self, request: pb.HealthCheckRequest, context: Context) -> pb.HealthCheckResponse:
        """Tell whether a request would be served."""
        return self._info.health()

    @starts_at_once
    async def get_model_info(
        self, request: pb.GetModelInfoRequest, context: Context
    ) -> pb.GetModelInfoResponse:
        """Describe the model."""
        return self._info.model()

    @starts_at_once
    async def get_server_info(
        self, request: pb.GetServerInfoRequest, context: Context
    ) -> pb.GetServerInfoResponse:
        """Describe the server."""
        return self._info.server()

    @starts_at_once
    async def list_models(self, request: pb.ListModelsRequest, context: Context) -> pb.ListModelsResponse:
        """List the names that the model goes by."""
        return self._info.models()

    @starts_at_once
    async def get_load(self, request: pb.GetLoadRequest, context: Context) -> pb.GetLoadResponse:
        """Tell how busy the engine is."""
        return self._info.load(request)

    @starts_at_once
    async def abort(self, request: pb.AbortRequest, context: Context) -> pb.AbortResponse:
        """Abort one active request, or all."""
        return await self._control.abort(request, context)

    async def flush_cache(self, request: pb.FlushCacheRequest, context: Context) -> pb.FlushCacheResponse:
        """Empty the prefix cache."""
        return await self._control.flush_cache()

    async def pause_generation(
        self, request: pb.PauseGenerationRequest, context: Context
    ) -> pb.PauseGenerationResponse:
        """Stop making tokens."""
        return await self._control.pause(request)

    async def continue_generation(
        self, request: pb.ContinueGenerationRequest, context: Context
    ) -> pb.ContinueGenerationResponse:
        """Go on after a pause."""
        return await self._control.resume()

    def chat_complete(self, request: pb.OpenAIRequest, context: Context) -> PushStream[pb.OpenAIStreamChunk]:
        """Answer an OpenAI chat completion."""
        return self._openai.stream("chat", request, context)

    def complete(self, request: pb.OpenAIRequest, context: Context) -> PushStream[pb.OpenAIStreamChunk]:
        """Answer an OpenAI text completion."""
        return self._openai.stream("completion", request, context)

    async def openai_embed(self, request: pb.OpenAIRequest, context: Context) -> pb.OpenAIResponse:
        """Answer an OpenAI embeddings call."""
        return await self._openai.unary("embedding", request, context)

    async def openai_classify(self, request: pb.OpenAIRequest, context: Context) -> pb.OpenAIResponse:
        """Classify texts, with labels."""
        return await self._openai.unary("classify", request, context)

    async def score(self, request: pb.OpenAIRequest, context: Context) -> pb.OpenAIResponse:
        """Score items by the probabilities of label tokens."""
        return await self._openai.unary("score", request, context)

    async def rerank(self, request: pb.OpenAIRequest, context: Context) -> pb.OpenAIResponse:
        """Order documents by their relevance to a query."""
        return await self._openai.unary("rerank", request, context)

    async def start_profile(
        self, request: pb.StartProfileRequest, context: Context
    ) -> pb.StartProfileResponse:
        """Start a profiler trace."""
        return await self._control.start_profile(request)

    async def stop_profile(self, request: pb.StopProfileRequest, context: Context) -> pb.StopProfileResponse:
        """End the trace and write it."""
        return await self._control.stop_profile()

    async def update_weights_from_disk(
        self, request: pb.UpdateWeightsRequest, context: Context
    ) -> pb.UpdateWeightsResponse:
        """Replace the weights."""
        return await self._control.update_weights(request, context)

    def watch_engine_state(
        self, request: pb.WatchEngineStateRequest, context: Context
    ) -> PushStream[pb.EngineStateSnapshot]:
        """Follow the engine's state."""
        return self._watch.open()


def create_servicer(engine: Engine, settings: ServicerSettings | None = None) -> SglangServicer:
    """A servicer over an engine, with default settings if none are given."""
    return SglangServicer(engine, settings)

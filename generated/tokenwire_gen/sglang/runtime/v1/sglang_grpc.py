# Generated from sglang/runtime/v1/sglang.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Server bases and clients of sglang/runtime/v1/sglang.proto."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final

from tokenwire import AuthScope, Client, Deltas, Handler, Method, Service

from .sglang_pb import (
    AbortRequest,
    AbortResponse,
    ClassifyRequest,
    ClassifyResponse,
    ContinueGenerationRequest,
    ContinueGenerationResponse,
    DetokenizeRequest,
    DetokenizeResponse,
    EmbedRequest,
    EmbedResponse,
    EngineStateSnapshot,
    FlushCacheRequest,
    FlushCacheResponse,
    GenerateRequest,
    GenerateResponse,
    GetLoadRequest,
    GetLoadResponse,
    GetModelInfoRequest,
    GetModelInfoResponse,
    GetServerInfoRequest,
    GetServerInfoResponse,
    HealthCheckRequest,
    HealthCheckResponse,
    ListModelsRequest,
    ListModelsResponse,
    OpenAIRequest,
    OpenAIResponse,
    OpenAIStreamChunk,
    PauseGenerationRequest,
    PauseGenerationResponse,
    StartProfileRequest,
    StartProfileResponse,
    StopProfileRequest,
    StopProfileResponse,
    TextEmbedRequest,
    TextEmbedResponse,
    TextGenerateRequest,
    TextGenerateResponse,
    TokenizeRequest,
    TokenizeResponse,
    UpdateWeightsRequest,
    UpdateWeightsResponse,
    WatchEngineStateRequest,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tokenwire import Context, Metadata, ResponseStream

TEXT_GENERATE: Final = Method(
    path="/sglang.runtime.v1.SglangService/TextGenerate",
    request=TextGenerateRequest,
    response=TextGenerateResponse,
    server_streaming=True,
    auth=AuthScope.USER,
    deltas=Deltas(
        fields=("text",),
        keys={
            "meta_info": ("output_token_logprobs", "output_top_logprobs"),
        },
        sequence=("meta_info", "index"),
    ),
)
GENERATE: Final = Method(
    path="/sglang.runtime.v1.SglangService/Generate",
    request=GenerateRequest,
    response=GenerateResponse,
    server_streaming=True,
    auth=AuthScope.USER,
    deltas=Deltas(
        fields=("output_ids",),
        keys={
            "meta_info": ("output_token_logprobs", "output_top_logprobs"),
        },
        sequence=("meta_info", "index"),
    ),
)
TEXT_EMBED: Final = Method(
    path="/sglang.runtime.v1.SglangService/TextEmbed",
    request=TextEmbedRequest,
    response=TextEmbedResponse,
    auth=AuthScope.USER,
)
EMBED: Final = Method(
    path="/sglang.runtime.v1.SglangService/Embed",
    request=EmbedRequest,
    response=EmbedResponse,
    auth=AuthScope.USER,
)
CLASSIFY: Final = Method(
    path="/sglang.runtime.v1.SglangService/Classify",
    request=ClassifyRequest,
    response=ClassifyResponse,
    auth=AuthScope.USER,
)
TOKENIZE: Final = Method(
    path="/sglang.runtime.v1.SglangService/Tokenize",
    request=TokenizeRequest,
    response=TokenizeResponse,
    auth=AuthScope.USER,
)
DETOKENIZE: Final = Method(
    path="/sglang.runtime.v1.SglangService/Detokenize",
    request=DetokenizeRequest,
    response=DetokenizeResponse,
    auth=AuthScope.USER,
)
HEALTH_CHECK: Final = Method(
    path="/sglang.runtime.v1.SglangService/HealthCheck",
    request=HealthCheckRequest,
    response=HealthCheckResponse,
    auth=AuthScope.PUBLIC,
)
GET_MODEL_INFO: Final = Method(
    path="/sglang.runtime.v1.SglangService/GetModelInfo",
    request=GetModelInfoRequest,
    response=GetModelInfoResponse,
    auth=AuthScope.USER,
)
GET_SERVER_INFO: Final = Method(
    path="/sglang.runtime.v1.SglangService/GetServerInfo",
    request=GetServerInfoRequest,
    response=GetServerInfoResponse,
    auth=AuthScope.ADMIN,
)
LIST_MODELS: Final = Method(
    path="/sglang.runtime.v1.SglangService/ListModels",
    request=ListModelsRequest,
    response=ListModelsResponse,
    auth=AuthScope.USER,
)
GET_LOAD: Final = Method(
    path="/sglang.runtime.v1.SglangService/GetLoad",
    request=GetLoadRequest,
    response=GetLoadResponse,
    auth=AuthScope.USER,
)
ABORT: Final = Method(
    path="/sglang.runtime.v1.SglangService/Abort",
    request=AbortRequest,
    response=AbortResponse,
    auth=AuthScope.USER,
)
FLUSH_CACHE: Final = Method(
    path="/sglang.runtime.v1.SglangService/FlushCache",
    request=FlushCacheRequest,
    response=FlushCacheResponse,
    auth=AuthScope.ADMIN,
)
PAUSE_GENERATION: Final = Method(
    path="/sglang.runtime.v1.SglangService/PauseGeneration",
    request=PauseGenerationRequest,
    response=PauseGenerationResponse,
    auth=AuthScope.ADMIN,
)
CONTINUE_GENERATION: Final = Method(
    path="/sglang.runtime.v1.SglangService/ContinueGeneration",
    request=ContinueGenerationRequest,
    response=ContinueGenerationResponse,
    auth=AuthScope.ADMIN,
)
CHAT_COMPLETE: Final = Method(
    path="/sglang.runtime.v1.SglangService/ChatComplete",
    request=OpenAIRequest,
    response=OpenAIStreamChunk,
    server_streaming=True,
    auth=AuthScope.USER,
)
COMPLETE: Final = Method(
    path="/sglang.runtime.v1.SglangService/Complete",
    request=OpenAIRequest,
    response=OpenAIStreamChunk,
    server_streaming=True,
    auth=AuthScope.USER,
)
OPENAI_EMBED: Final = Method(
    path="/sglang.runtime.v1.SglangService/OpenAIEmbed",
    request=OpenAIRequest,
    response=OpenAIResponse,
    auth=AuthScope.USER,
)
OPENAI_CLASSIFY: Final = Method(
    path="/sglang.runtime.v1.SglangService/OpenAIClassify",
    request=OpenAIRequest,
    response=OpenAIResponse,
    auth=AuthScope.USER,
)
SCORE: Final = Method(
    path="/sglang.runtime.v1.SglangService/Score",
    request=OpenAIRequest,
    response=OpenAIResponse,
    auth=AuthScope.USER,
)
RERANK: Final = Method(
    path="/sglang.runtime.v1.SglangService/Rerank",
    request=OpenAIRequest,
    response=OpenAIResponse,
    auth=AuthScope.USER,
)
START_PROFILE: Final = Method(
    path="/sglang.runtime.v1.SglangService/StartProfile",
    request=StartProfileRequest,
    response=StartProfileResponse,
    auth=AuthScope.ADMIN,
)
STOP_PROFILE: Final = Method(
    path="/sglang.runtime.v1.SglangService/StopProfile",
    request=StopProfileRequest,
    response=StopProfileResponse,
    auth=AuthScope.ADMIN,
)
UPDATE_WEIGHTS_FROM_DISK: Final = Method(
    path="/sglang.runtime.v1.SglangService/UpdateWeightsFromDisk",
    request=UpdateWeightsRequest,
    response=UpdateWeightsResponse,
    auth=AuthScope.ADMIN,
)
WATCH_ENGINE_STATE: Final = Method(
    path="/sglang.runtime.v1.SglangService/WatchEngineState",
    request=WatchEngineStateRequest,
    response=EngineStateSnapshot,
    server_streaming=True,
    auth=AuthScope.ADMIN,
)
SGLANG_SERVICE: Final = Service(
    name="sglang.runtime.v1.SglangService",
    methods=(
        TEXT_GENERATE,
        GENERATE,
        TEXT_EMBED,
        EMBED,
        CLASSIFY,
        TOKENIZE,
        DETOKENIZE,
        HEALTH_CHECK,
        GET_MODEL_INFO,
        GET_SERVER_INFO,
        LIST_MODELS,
        GET_LOAD,
        ABORT,
        FLUSH_CACHE,
        PAUSE_GENERATION,
        CONTINUE_GENERATION,
        CHAT_COMPLETE,
        COMPLETE,
        OPENAI_EMBED,
        OPENAI_CLASSIFY,
        SCORE,
        RERANK,
        START_PROFILE,
        STOP_PROFILE,
        UPDATE_WEIGHTS_FROM_DISK,
        WATCH_ENGINE_STATE,
    ),
    package=__name__.rpartition(".")[0],
)


class SglangServiceBase(ABC):
    """Generates and embeds text with a loaded model, and administers the engine
    that holds it.

    A value outside its documented range is answered with INVALID_ARGUMENT and
    google.rpc.BadRequest details that name the field.
    """

    def __handlers__(self) -> tuple[Handler, ...]:
        """Every method of the service with the function that answers it."""
        return (
            Handler(TEXT_GENERATE, self.text_generate),
            Handler(GENERATE, self.generate),
            Handler(TEXT_EMBED, self.text_embed),
            Handler(EMBED, self.embed),
            Handler(CLASSIFY, self.classify),
            Handler(TOKENIZE, self.tokenize),
            Handler(DETOKENIZE, self.detokenize),
            Handler(HEALTH_CHECK, self.health_check),
            Handler(GET_MODEL_INFO, self.get_model_info),
            Handler(GET_SERVER_INFO, self.get_server_info),
            Handler(LIST_MODELS, self.list_models),
            Handler(GET_LOAD, self.get_load),
            Handler(ABORT, self.abort),
            Handler(FLUSH_CACHE, self.flush_cache),
            Handler(PAUSE_GENERATION, self.pause_generation),
            Handler(CONTINUE_GENERATION, self.continue_generation),
            Handler(CHAT_COMPLETE, self.chat_complete),
            Handler(COMPLETE, self.complete),
            Handler(OPENAI_EMBED, self.openai_embed),
            Handler(OPENAI_CLASSIFY, self.openai_classify),
            Handler(SCORE, self.score),
            Handler(RERANK, self.rerank),
            Handler(START_PROFILE, self.start_profile),
            Handler(STOP_PROFILE, self.stop_profile),
            Handler(UPDATE_WEIGHTS_FROM_DISK, self.update_weights_from_disk),
            Handler(WATCH_ENGINE_STATE, self.watch_engine_state),
        )

    @abstractmethod
    def text_generate(
        self,
        request: TextGenerateRequest,
        context: Context,
    ) -> AsyncIterator[TextGenerateResponse]:
        """Generates text from a text prompt.

        With `stream` unset or false, sends exactly one message per choice. With
        `stream` true, sends a message per engine step; by default each is
        cumulative (everything generated so far, the prompt excluded). Request
        metadata `x-tokenwire-stream: delta` asks for only what is new, and the
        initial metadata of the answer names the mode that was taken.
        """

    @abstractmethod
    def generate(
        self,
        request: GenerateRequest,
        context: Context,
    ) -> AsyncIterator[GenerateResponse]:
        """Generates token ids from token ids; no text is produced.

        Streams in the same way as TextGenerate. Over HTTP both share one path, and
        the body says which is meant: `text` or `input_ids`.
        """

    @abstractmethod
    async def text_embed(
        self,
        request: TextEmbedRequest,
        context: Context,
    ) -> TextEmbedResponse:
        """Computes the embedding vector of a text."""

    @abstractmethod
    async def embed(
        self,
        request: EmbedRequest,
        context: Context,
    ) -> EmbedResponse:
        """Computes the embedding vector of a sequence of token ids.

        Shares its HTTP path with TextEmbed: a body with `input_ids` means this one.
        """

    @abstractmethod
    async def classify(
        self,
        request: ClassifyRequest,
        context: Context,
    ) -> ClassifyResponse:
        """Runs a sequence-classification or reward model over a text or token ids.

        A model without a classification head is answered with UNIMPLEMENTED.
        """

    @abstractmethod
    async def tokenize(
        self,
        request: TokenizeRequest,
        context: Context,
    ) -> TokenizeResponse:
        """Turns text into the token ids of the model's tokenizer.

        The HTTP body may carry the text as `prompt`, several in an array, or chat
        `messages`.
        """

    @abstractmethod
    async def detokenize(
        self,
        request: DetokenizeRequest,
        context: Context,
    ) -> DetokenizeResponse:
        """Turns token ids back into text, without the special tokens.

        Over HTTP `skip_special_tokens: false` keeps them, and an array of arrays
        is answered with an array of texts.
        """

    @abstractmethod
    async def health_check(
        self,
        request: HealthCheckRequest,
        context: Context,
    ) -> HealthCheckResponse:
        """Says whether the engine can produce a token now; fast under load.

        Public, because load balancers and orchestrators probe without a key. Over
        HTTP `/health` is this readiness, `/health_generate` makes one token to
        prove it, and `/livez` says only that the process lives.
        """

    @abstractmethod
    async def get_model_info(
        self,
        request: GetModelInfoRequest,
        context: Context,
    ) -> GetModelInfoResponse:
        """Describes the loaded model.

        Over HTTP the answer is the object of `json_info` itself.
        """

    @abstractmethod
    async def get_server_info(
        self,
        request: GetServerInfoRequest,
        context: Context,
    ) -> GetServerInfoResponse:
        """Describes the server: an allow-list of its settings, never a key, a
        password or the path of a secret.

        For administrators, because even harmless settings tell how a host is set
        up. Over HTTP the answer is the object of `json_info` itself.
        """

    @abstractmethod
    async def list_models(
        self,
        request: ListModelsRequest,
        context: Context,
    ) -> ListModelsResponse:
        """Lists the model names that requests may use.

        Over HTTP the answer has the shape of the OpenAI API's model list, and
        `/v1/models/NAME` that of one model.
        """

    @abstractmethod
    async def get_load(
        self,
        request: GetLoadRequest,
        context: Context,
    ) -> GetLoadResponse:
        """Reports queue lengths and token usage, per data-parallel rank.

        Over HTTP `/get_load` answers the list of `json_info` itself, and
        `/v1/loads` the same list inside an object with a timestamp.
        """

    @abstractmethod
    async def abort(
        self,
        request: AbortRequest,
        context: Context,
    ) -> AbortResponse:
        """Aborts one active request, or all of them.

        An aborted stream ends with a last message whose finish reason is `abort`,
        followed by CANCELLED. Callers may abort what they started, so this is open
        to users; the server asks for the admin key where `abort_all` is set.
        """

    @abstractmethod
    async def flush_cache(
        self,
        request: FlushCacheRequest,
        context: Context,
    ) -> FlushCacheResponse:
        """Empties the prefix cache.

        For administrators: it slows down every caller. The HTTP status is 400 where
        the cache was not flushed.
        """

    @abstractmethod
    async def pause_generation(
        self,
        request: PauseGenerationRequest,
        context: Context,
    ) -> PauseGenerationResponse:
        """Stops generation for all callers until ContinueGeneration; new requests
        wait meanwhile.
        """

    @abstractmethod
    async def continue_generation(
        self,
        request: ContinueGenerationRequest,
        context: Context,
    ) -> ContinueGenerationResponse:
        """Ends a pause and admits the requests that waited; harmless when not paused."""

    @abstractmethod
    def chat_complete(
        self,
        request: OpenAIRequest,
        context: Context,
    ) -> AsyncIterator[OpenAIStreamChunk]:
        """Answers an OpenAI chat completion; the `stream` key of the JSON body
        decides between one chunk and many.
        """

    @abstractmethod
    def complete(
        self,
        request: OpenAIRequest,
        context: Context,
    ) -> AsyncIterator[OpenAIStreamChunk]:
        """Answers an OpenAI text completion; the `stream` key of the JSON body
        decides between one chunk and many.
        """

    @abstractmethod
    async def openai_embed(
        self,
        request: OpenAIRequest,
        context: Context,
    ) -> OpenAIResponse:
        """Answers an OpenAI embeddings call."""

    @abstractmethod
    async def openai_classify(
        self,
        request: OpenAIRequest,
        context: Context,
    ) -> OpenAIResponse:
        """Classifies texts: class labels with their probabilities, as JSON."""

    @abstractmethod
    async def score(
        self,
        request: OpenAIRequest,
        context: Context,
    ) -> OpenAIResponse:
        """Scores items against a query by the probabilities of given label tokens,
        as JSON.
        """

    @abstractmethod
    async def rerank(
        self,
        request: OpenAIRequest,
        context: Context,
    ) -> OpenAIResponse:
        """Orders documents by their relevance to a query; answers a JSON list."""

    @abstractmethod
    async def start_profile(
        self,
        request: StartProfileRequest,
        context: Context,
    ) -> StartProfileResponse:
        """Starts a profiler trace.

        For administrators: profiling slows down every caller and writes files.
        """

    @abstractmethod
    async def stop_profile(
        self,
        request: StopProfileRequest,
        context: Context,
    ) -> StopProfileResponse:
        """Ends the profiler trace and writes it to disk."""

    @abstractmethod
    async def update_weights_from_disk(
        self,
        request: UpdateWeightsRequest,
        context: Context,
    ) -> UpdateWeightsResponse:
        """Replaces the model's weights by those in a directory of the server's disk.

        A failure is an OK reply with `success` false and the reason; over HTTP its
        status is 400.
        """

    @abstractmethod
    def watch_engine_state(
        self,
        request: WatchEngineStateRequest,
        context: Context,
    ) -> AsyncIterator[EngineStateSnapshot]:
        """Follows the engine's state: a full snapshot at once, then a full snapshot
        after each change of pause or health.

        A graceful shutdown publishes `healthy` false and then closes the stream.
        For administrators, because a snapshot carries what GetServerInfo answers.
        There is no HTTP route.
        """


class SglangServiceClient(Client):
    """Generates and embeds text with a loaded model, and administers the engine
    that holds it.

    A value outside its documented range is answered with INVALID_ARGUMENT and
    google.rpc.BadRequest details that name the field.
    """

    def text_generate(
        self,
        request: TextGenerateRequest,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> ResponseStream[TextGenerateResponse]:
        """Generates text from a text prompt.

        With `stream` unset or false, sends exactly one message per choice. With
        `stream` true, sends a message per engine step; by default each is
        cumulative (everything generated so far, the prompt excluded). Request
        metadata `x-tokenwire-stream: delta` asks for only what is new, and the
        initial metadata of the answer names the mode that was taken.
        """
        return self._stream(TEXT_GENERATE, request, timeout, metadata)

    def generate(
        self,
        request: GenerateRequest,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> ResponseStream[GenerateResponse]:
        """Generates token ids from token ids; no text is produced.

        Streams in the same way as TextGenerate. Over HTTP both share one path, and
        the body says which is meant: `text` or `input_ids`.
        """
        return self._stream(GENERATE, request, timeout, metadata)

    async def text_embed(
        self,
        request: TextEmbedRequest,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> TextEmbedResponse:
        """Computes the embedding vector of a text."""
        return await self._unary(TEXT_EMBED, request, timeout, metadata)

    async def embed(
        self,
        request: EmbedRequest,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> EmbedResponse:
        """Computes the embedding vector of a sequence of token ids.

        Shares its HTTP path with TextEmbed: a body with `input_ids` means this one.
        """
        return await self._unary(EMBED, request, timeout, metadata)

    async def classify(
        self,
        request: ClassifyRequest,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> ClassifyResponse:
        """Runs a sequence-classification or reward model over a text or token ids.

        A model without a classification head is answered with UNIMPLEMENTED.
        """
        return await self._unary(CLASSIFY, request, timeout, metadata)

    async def tokenize(
        self,
        request: TokenizeRequest,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> TokenizeResponse:
        """Turns text into the token ids of the model's tokenizer.

        The HTTP body may carry the text as `prompt`, several in an array, or chat
        `messages`.
        """
        return await self._unary(TOKENIZE, request, timeout, metadata)

    async def detokenize(
        self,
        request: DetokenizeRequest,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> DetokenizeResponse:
        """Turns token ids back into text, without the special tokens.

        Over HTTP `skip_special_tokens: false` keeps them, and an array of arrays
        is answered with an array of texts.
        """
        return await self._unary(DETOKENIZE, request, timeout, metadata)

    async def health_check(
        self,
        request: HealthCheckRequest,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> HealthCheckResponse:
        """Says whether the engine can produce a token now; fast under load.

        Public, because load balancers and orchestrators probe without a key. Over
        HTTP `/health` is this readiness, `/health_generate` makes one token to
        prove it, and `/livez` says only that the process lives.
        """
        return await self._unary(HEALTH_CHECK, request, timeout, metadata)

    async def get_model_info(
        self,
        request: GetModelInfoRequest,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> GetModelInfoResponse:
        """Describes the loaded model.

        Over HTTP the answer is the object of `json_info` itself.
        """
        return await self._unary(GET_MODEL_INFO, request, timeout, metadata)

    async def get_server_info(
        self,
        request: GetServerInfoRequest,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> GetServerInfoResponse:
        """Describes the server: an allow-list of its settings, never a key, a
        password or the path of a secret.

        For administrators, because even harmless settings tell how a host is set
        up. Over HTTP the answer is the object of `json_info` itself.
        """
        return await self._unary(GET_SERVER_INFO, request, timeout, metadata)

    async def list_models(
        self,
        request: ListModelsRequest,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> ListModelsResponse:
        """Lists the model names that requests may use.

        Over HTTP the answer has the shape of the OpenAI API's model list, and
        `/v1/models/NAME` that of one model.
        """
        return await self._unary(LIST_MODELS, request, timeout, metadata)

    async def get_load(
        self,
        request: GetLoadRequest,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> GetLoadResponse:
        """Reports queue lengths and token usage, per data-parallel rank.

        Over HTTP `/get_load` answers the list of `json_info` itself, and
        `/v1/loads` the same list inside an object with a timestamp.
        """
        return await self._unary(GET_LOAD, request, timeout, metadata)

    async def abort(
        self,
        request: AbortRequest,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> AbortResponse:
        """Aborts one active request, or all of them.

        An aborted stream ends with a last message whose finish reason is `abort`,
        followed by CANCELLED. Callers may abort what they started, so this is open
        to users; the server asks for the admin key where `abort_all` is set.
        """
        return await self._unary(ABORT, request, timeout, metadata)

    async def flush_cache(
        self,
        request: FlushCacheRequest,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> FlushCacheResponse:
        """Empties the prefix cache.

        For administrators: it slows down every caller. The HTTP status is 400 where
        the cache was not flushed.
        """
        return await self._unary(FLUSH_CACHE, request, timeout, metadata)

    async def pause_generation(
        self,
        request: PauseGenerationRequest,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> PauseGenerationResponse:
        """Stops generation for all callers until ContinueGeneration; new requests
        wait meanwhile.
        """
        return await self._unary(PAUSE_GENERATION, request, timeout, metadata)

    async def continue_generation(
        self,
        request: ContinueGenerationRequest,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> ContinueGenerationResponse:
        """Ends a pause and admits the requests that waited; harmless when not paused."""
        return await self._unary(CONTINUE_GENERATION, request, timeout, metadata)

    def chat_complete(
        self,
        request: OpenAIRequest,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> ResponseStream[OpenAIStreamChunk]:
        """Answers an OpenAI chat completion; the `stream` key of the JSON body
        decides between one chunk and many.
        """
        return self._stream(CHAT_COMPLETE, request, timeout, metadata)

    def complete(
        self,
        request: OpenAIRequest,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> ResponseStream[OpenAIStreamChunk]:
        """Answers an OpenAI text completion; the `stream` key of the JSON body
        decides between one chunk and many.
        """
        return self._stream(COMPLETE, request, timeout, metadata)

    async def openai_embed(
        self,
        request: OpenAIRequest,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> OpenAIResponse:
        """Answers an OpenAI embeddings call."""
        return await self._unary(OPENAI_EMBED, request, timeout, metadata)

    async def openai_classify(
        self,
        request: OpenAIRequest,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> OpenAIResponse:
        """Classifies texts: class labels with their probabilities, as JSON."""
        return await self._unary(OPENAI_CLASSIFY, request, timeout, metadata)

    async def score(
        self,
        request: OpenAIRequest,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> OpenAIResponse:
        """Scores items against a query by the probabilities of given label tokens,
        as JSON.
        """
        return await self._unary(SCORE, request, timeout, metadata)

    async def rerank(
        self,
        request: OpenAIRequest,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> OpenAIResponse:
        """Orders documents by their relevance to a query; answers a JSON list."""
        return await self._unary(RERANK, request, timeout, metadata)

    async def start_profile(
        self,
        request: StartProfileRequest,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> StartProfileResponse:
        """Starts a profiler trace.

        For administrators: profiling slows down every caller and writes files.
        """
        return await self._unary(START_PROFILE, request, timeout, metadata)

    async def stop_profile(
        self,
        request: StopProfileRequest,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> StopProfileResponse:
        """Ends the profiler trace and writes it to disk."""
        return await self._unary(STOP_PROFILE, request, timeout, metadata)

    async def update_weights_from_disk(
        self,
        request: UpdateWeightsRequest,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> UpdateWeightsResponse:
        """Replaces the model's weights by those in a directory of the server's disk.

        A failure is an OK reply with `success` false and the reason; over HTTP its
        status is 400.
        """
        return await self._unary(UPDATE_WEIGHTS_FROM_DISK, request, timeout, metadata)

    def watch_engine_state(
        self,
        request: WatchEngineStateRequest,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> ResponseStream[EngineStateSnapshot]:
        """Follows the engine's state: a full snapshot at once, then a full snapshot
        after each change of pause or health.

        A graceful shutdown publishes `healthy` false and then closes the stream.
        For administrators, because a snapshot carries what GetServerInfo answers.
        There is no HTTP route.
        """
        return self._stream(WATCH_ENGINE_STATE, request, timeout, metadata)

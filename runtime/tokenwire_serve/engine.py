"""What the servicer asks of an engine: a small protocol of plain values.

An engine lives on one event loop. Its methods are called on that loop only, and it calls sinks on
that loop only; where the model runs (a thread, processes) is its own affair. It knows nothing of
protobuf, gRPC or HTTP. It refuses and fails with `tokenwire.RpcError`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tokenwire.streams import Sink

__all__ = [
    "Adapter",
    "Constraint",
    "Delta",
    "EmbedRequest",
    "Embedding",
    "Engine",
    "EngineState",
    "Finish",
    "GenerateRequest",
    "Load",
    "ModelInfo",
    "PauseMode",
    "RequestOptions",
    "Sampling",
    "ScoreRequest",
    "Scores",
    "ServerStatus",
    "TokenLogprob",
    "WeightsUpdate",
]

PauseMode = Literal["abort", "in_place", "retract"]
ConstraintKind = Literal["json_schema", "json_object", "regex", "ebnf", "choice", "structural_tag"]


@dataclass(frozen=True, slots=True)
class Constraint:
    """What the output must match.

    Attributes:
        kind: Which notation `value` is in; "json_object" is any JSON object and has no value.
        value: The schema, pattern or grammar; for "choice", the allowed texts.
    """

    kind: ConstraintKind
    value: str | tuple[str, ...] = ""


@dataclass(slots=True)
class Sampling:
    """How tokens are drawn; ranges are checked before an engine sees it.

    `temperature` below 1e-6 is greedy, `top_k` -1 is off. `max_new_tokens` None is all that the
    context leaves; a number is clipped to that by the engine when `clip` is set and is an
    INVALID_ARGUMENT otherwise. Penalties, `logit_bias` (token id to logit) and `stop` mean what they
    mean in the OpenAI API; `repetition_penalty` is that of the CTRL paper (arXiv 1909.05858).
    """

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = -1
    min_p: float = 0.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    repetition_penalty: float = 1.0
    max_new_tokens: int | None = 128
    clip: bool = False
    min_new_tokens: int = 0
    stop: tuple[str, ...] = ()
    stop_token_ids: tuple[int, ...] = ()
    ignore_eos: bool = False
    n: int = 1
    seed: int | None = None
    logit_bias: Mapping[int, float] = field(default_factory=dict)
    constraint: Constraint | None = None


@dataclass(slots=True)
class RequestOptions:
    """What steers a request beside its sampling; None is not given."""

    lora_path: str | None = None
    routing_key: str | None = None
    routed_dp_rank: int | None = None
    session_id: str | None = None
    priority: int | None = None
    require_reasoning: bool | None = None
    max_thinking_tokens: int | None = None
    bootstrap_host: str | None = None
    bootstrap_port: int | None = None
    bootstrap_room: int | None = None
    trace_headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class GenerateRequest:
    """One prompt to continue, in `sampling.n` choices.

    Attributes:
        rid: Unique among active requests.
        prompt: Text to be tokenized with special tokens added; or ready token ids.
        logprobs: Log-probabilities of the output tokens are wanted.
        top_logprobs: How many alternatives per position, 0 or more.
        logprob_start: First prompt position to give log-probabilities for; -1 is none.
        text_in_logprobs: Each log-probability carries its token's text.
        stream: A delta per step is wanted; otherwise one per choice at its end is enough.
        admitted: Set by the engine when it takes the request from its queue, as `time.monotonic`, before it
            tells of the first token; 0 where it cannot tell.
        first_token: Set by the engine in the same way when the first token is made, if it does not push
            a delta of it at once.
    """

    rid: str
    prompt: str | Sequence[int]
    sampling: Sampling
    logprobs: bool = False
    top_logprobs: int = 0
    logprob_start: int = -1
    text_in_logprobs: bool = False
    stream: bool = True
    options: RequestOptions = field(default_factory=RequestOptions)
    admitted: float = 0.0
    first_token: float = 0.0


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """A token and its natural-log probability; None for the first prompt position."""

    logprob: float | None
    token_id: int
    text: str | None = None
    top: tuple[tuple[float, int, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Finish:
    """Why a choice ended.

    Attributes:
        kind: "stop", "length" or "abort".
        matched: Of a stop: the stop string, or the id of the token.
        length: Of a length stop: tokens generated.
        message: Of an abort: why.
    """

    kind: Literal["stop", "length", "abort"]
    matched: str | int | None = None
    length: int = 0
    message: str = ""


@dataclass(slots=True)
class Delta:
    """What is new in one choice.

    Text never ends within a character and never holds back more than a possible stop string; a
    matched stop string is not part of it, while its tokens are part of `token_ids`. The counters
    are cumulative and per choice.
    """

    index: int
    token_ids: list[int]
    text: str
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0
    finish: Finish | None = None
    output_logprobs: list[TokenLogprob] | None = None
    input_logprobs: list[TokenLogprob] | None = None
    """Of the prompt, with the first delta of the choice only."""

    @property
    def came_to_nothing(self) -> bool:
        """Whether it ends a choice that was aborted before its first token."""
        return not self.completion_tokens and self.finish is not None and self.finish.kind == "abort"


@dataclass(slots=True)
class EmbedRequest:
    """One input to embed or to classify; `rid` and `admitted` as in `GenerateRequest`."""

    rid: str
    prompt: str | Sequence[int]
    pair: str | None = None
    """Second text, for models that read two (cross-encoders)."""
    dimensions: int | None = None
    options: RequestOptions = field(default_factory=RequestOptions)
    admitted: float = 0.0


@dataclass(frozen=True, slots=True)
class Embedding:
    """An embedding, or the raw class scores (logits) of a classifier."""

    values: list[float]
    prompt_tokens: int
    cached_tokens: int = 0


@dataclass(slots=True)
class ScoreRequest:
    """How likely each label token is to come next after each text.

    Attributes:
        prompts: One or more prompts; one row of scores each.
        label_token_ids: The tokens to score.
        apply_softmax: Rows are normalised over the labels; otherwise over the vocabulary.
        temperature: Logits are divided by it first.
    """

    rid: str
    prompts: Sequence[str | Sequence[int]]
    label_token_ids: Sequence[int]
    apply_softmax: bool = False
    temperature: float = 1.0
    options: RequestOptions = field(default_factory=RequestOptions)


@dataclass(frozen=True, slots=True)
class Scores:
    """Probabilities, a row per prompt and a column per label token."""

    rows: list[list[float]]
    prompt_tokens: int


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The model that is loaded.

    Attributes:
        kind: What it can do: "generate" (and embed), "embed" or "classify".
        max_model_len: Most tokens of prompt and output together; 0 is no limit.
        vocab_size: Token ids are below it; 0 is not checked.
        labels: Class names of a classifier, in the order of its scores.
        chat: Why chat is not possible; empty when it is.
        aliases: Further names that the engine itself gives the model.
        truncates: A prompt that is too long is cut by the engine, not refused.
    """

    model_path: str
    served_model_name: str
    tokenizer_path: str
    kind: Literal["generate", "embed", "classify"]
    max_model_len: int
    vocab_size: int
    weight_version: str = "default"
    load_format: str = "auto"
    model_type: str = ""
    architectures: tuple[str, ...] = ()
    embedding_size: int = 0
    labels: tuple[str, ...] = ()
    chat: str = ""
    aliases: tuple[str, ...] = ()
    truncates: bool = False


@dataclass(frozen=True, slots=True)
class Adapter:
    """A LoRA adapter that requests may name, as their model or in `lora_path`."""

    name: str
    path: str


class ServerStatus(Enum):
    """The life of an engine.

    An UNHEALTHY one may recover by itself. A STOPPED one has ended, because it was closed or, if nobody
    closed it, because it died; `EngineState.reason` says why, and `Engine.start` may start it again.
    """

    STARTING = "starting"
    UP = "up"
    UNHEALTHY = "unhealthy"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class EngineState:
    """What watchers of an engine see.

    Attributes:
        reason: Why it is not up, for people; empty when it is.
    """

    status: ServerStatus
    paused: bool = False
    reason: str = ""

    @property
    def healthy(self) -> bool:
        """Whether it can make a token once it is not paused."""
        return self.status is ServerStatus.UP


@dataclass(frozen=True, slots=True)
class Load:
    """How busy one data-parallel rank is; the keys of contract GetLoad, tokens per second last."""

    dp_rank: int
    num_running_reqs: int
    num_waiting_reqs: int
    num_used_tokens: int
    num_total_tokens: int
    max_total_num_tokens: int
    max_running_requests: int
    token_usage: float
    gen_throughput: float
    cache_hit_rate: float
    utilization: float


@dataclass(frozen=True, slots=True)
class WeightsUpdate:
    """How an update of the weights went."""

    success: bool
    message: str
    num_paused_requests: int = 0


class Engine(Protocol):
    """An engine; see the module for the rules of threads.

    Methods it cannot serve raise `RpcError` with `Code.UNIMPLEMENTED` and a sentence that names
    the engine and the field or call.
    """

    name: str

    @property
    def model(self) -> ModelInfo:
        """The model that is loaded; valid once `start` has returned."""

    @property
    def state(self) -> EngineState:
        """Its state now."""

    @property
    def adapters(self) -> Sequence[Adapter]:
        """The LoRA adapters that are loaded now; none where the engine has no such thing."""

    def watch(self, callback: Callable[[EngineState], None]) -> Callable[[], None]:
        """Call back at each change of `state`; returns what ends that."""

    async def start(self) -> None:
        """Load the model; returns when a request can be served.

        It may be called again after the engine has STOPPED by itself, though not after `close`: the
        state is then STARTING until the engine is UP or this fails.

        Raises:
            RpcError: It cannot be loaded; the message says which flag or file and what to do.
        """

    async def close(self) -> None:
        """Stop; requests that still run end with UNAVAILABLE."""

    def generate(self, request: GenerateRequest, sink: Sink[Delta]) -> None:
        """Start a request. All that follows, errors too, comes through `sink`.

        Deltas of the choices interleave. The sink is closed after the last choice's finish, or
        with an `RpcError`; after `abort` each open choice gets a delta with an abort finish, then
        the sink is closed without error.
        """

    def abort(self, rid: str) -> bool:
        """End the request of exactly that rid, of any kind; False when it is not active."""

    async def embed(self, request: EmbedRequest) -> Embedding:
        """Embed one text; L2-normalised. Cancelling the call drops the request."""

    async def classify(self, request: EmbedRequest) -> Embedding:
        """Score the classes of one text: raw logits."""

    async def score(self, request: ScoreRequest) -> Scores:
        """Score label tokens."""

    async def tokenize(self, text: str, *, add_special_tokens: bool = True) -> list[int]:
        """Token ids of a text."""

    async def detokenize(self, token_ids: Sequence[int], *, skip_special_tokens: bool = True) -> str:
        """The text of token ids, without the special ones unless those are wanted."""

    async def render_chat(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        tools: Sequence[Mapping[str, Any]] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> list[int]:
        """Token ids of a conversation with the model's chat template, ready to continue.

        `options` are extra variables of the template (`chat_template_kwargs`).

        Raises:
            RpcError: INVALID_ARGUMENT, the template refuses the messages or has no tools.
        """

    def loads(self) -> list[Load]:
        """How busy it is, one entry per data-parallel rank."""

    def expected_wait(self) -> float | None:
        """Seconds until a request that comes now would begin, from measured speed; 0 is at once.

        None where it cannot be told: nothing was measured yet, or the engine is paused.
        """

    def server_info(self) -> dict[str, Any]:
        """Settings of the engine that are safe to show to any caller."""

    async def flush_cache(self) -> tuple[bool, str]:
        """Empty the prefix cache; whether that was done, and a sentence why or why not."""

    async def pause(self, mode: PauseMode) -> None:
        """Stop making tokens; new requests wait until `resume`.

        "abort" ends the running ones with an abort finish, "in_place" keeps them where they are,
        "retract" puts them back into the waiting queue and frees their cache.
        """

    async def resume(self) -> None:
        """Go on after `pause`."""

    async def start_profile(self, directory: str) -> str:
        """Start to write a trace below an existing directory; returns a sentence."""

    async def stop_profile(self) -> str:
        """End the trace; returns a sentence that names the file."""

    async def update_weights(self, model_path: str, load_format: str | None) -> WeightsUpdate:
        """Replace the weights in place by those of a directory of the same architecture."""

    async def probe(self) -> None:
        """Make one token through the whole engine.

        Raises:
            RpcError: UNAVAILABLE, with the reason.
        """

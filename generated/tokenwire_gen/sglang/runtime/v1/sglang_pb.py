# Generated from sglang/runtime/v1/sglang.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Messages and enums of sglang/runtime/v1/sglang.proto."""

from __future__ import annotations

from tokenwire.codec.binding import one_of
from tokenwire.message import Enum, Field, Message


class ServerStatus(Enum):
    """Phase of the server's life."""

    SERVER_STATUS_UNSPECIFIED = 0
    """Not known."""
    SERVER_STATUS_STARTING = 1
    """The model is being loaded or warmed up."""
    SERVER_STATUS_UP = 2
    """Requests are served."""
    SERVER_STATUS_UNHEALTHY = 3
    """The engine cannot serve requests: it failed, or it is shutting down."""


class SamplingParams(Message, proto="sglang.runtime.v1.SamplingParams"):
    """How the next token is chosen, and when generation ends."""

    temperature: float | None = None
    """Divides the logits before sampling; finite and >= 0, default 1.0. Below
    0.000001 the most likely token is always taken.
    """
    top_p: float | None = None
    """Samples from the smallest set of tokens whose probabilities add up to this;
    in (0, 1], default 1.0, which keeps all.
    """
    top_k: int | None = None
    """Samples from this many of the most likely tokens; -1, the default, keeps
    all, any other value is >= 1.
    """
    min_p: float | None = None
    """Drops tokens less likely than this fraction of the most likely one; in
    [0, 1], default 0, which keeps all.
    """
    frequency_penalty: float | None = None
    """Lowers the logit of a token by this for each time it was generated; in
    [-2, 2], default 0. Negative values favour repetition.
    """
    presence_penalty: float | None = None
    """Lowers the logit of a token by this once it was generated at all; in
    [-2, 2], default 0. Negative values favour repetition.
    """
    repetition_penalty: float | None = None
    """Scales down the logits of tokens seen before; in (0, 2], default 1.0, which
    changes nothing. Values below 1 favour repetition.
    """
    max_new_tokens: int | None = None
    """Most tokens to generate; >= 0. More than the model's context leaves after
    the prompt are refused; the default, 128, is clipped to that.
    """
    min_new_tokens: int | None = None
    """Tokens to generate before a stop condition may end the text; >= 0 and at
    most `max_new_tokens`, default 0.
    """
    stop: list[str]
    """Strings that end the text where they first appear; they are not part of the
    answer. Matched across token borders.
    """
    stop_token_ids: list[int]
    """Token ids that end the text, beside the model's own end-of-text tokens;
    each inside the vocabulary.
    """
    ignore_eos: bool | None = None
    """Whether to go on after the model's end-of-text token; default false."""
    n: int | None = None
    """Independent choices to generate from one prompt; >= 1, default 1. Above 1
    the messages of the choices interleave.
    """
    json_schema: str | None = None
    """JSON schema, as JSON text, that the output must follow. Use
    `guided_decoding` instead; the two must not be combined.

    Deprecated.
    """
    regex: str | None = None
    """Regular expression that the whole output must match. Use `guided_decoding`
    instead; the two must not be combined.

    Deprecated.
    """
    seed: int | None = None
    """Seed of this request's sampling: the same seed gives the same text on one
    machine. Default: chosen at random.
    """
    guided_decoding: GuidedDecoding | None = None
    """Grammar that the output must follow. Default: unconstrained."""

    def __init__(
        self,
        *,
        temperature: float | None = None,
        top_p: float | None = None,
        top_k: int | None = None,
        min_p: float | None = None,
        frequency_penalty: float | None = None,
        presence_penalty: float | None = None,
        repetition_penalty: float | None = None,
        max_new_tokens: int | None = None,
        min_new_tokens: int | None = None,
        stop: list[str] | None = None,
        stop_token_ids: list[int] | None = None,
        ignore_eos: bool | None = None,
        n: int | None = None,
        json_schema: str | None = None,
        regex: str | None = None,
        seed: int | None = None,
        guided_decoding: GuidedDecoding | None = None,
    ) -> None:
        self.temperature = temperature
        self.top_p = top_p
        self.top_k = top_k
        self.min_p = min_p
        self.frequency_penalty = frequency_penalty
        self.presence_penalty = presence_penalty
        self.repetition_penalty = repetition_penalty
        self.max_new_tokens = max_new_tokens
        self.min_new_tokens = min_new_tokens
        self.stop = [] if stop is None else stop
        self.stop_token_ids = [] if stop_token_ids is None else stop_token_ids
        self.ignore_eos = ignore_eos
        self.n = n
        self.json_schema = json_schema
        self.regex = regex
        self.seed = seed
        self.guided_decoding = guided_decoding
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("temperature", 1, "float", "optional"),
            Field("top_p", 2, "float", "optional"),
            Field("top_k", 3, "int32", "optional"),
            Field("min_p", 4, "float", "optional"),
            Field("frequency_penalty", 5, "float", "optional"),
            Field("presence_penalty", 6, "float", "optional"),
            Field("repetition_penalty", 7, "float", "optional"),
            Field("max_new_tokens", 8, "int32", "optional"),
            Field("min_new_tokens", 9, "int32", "optional"),
            Field("stop", 10, "string", "repeated"),
            Field("stop_token_ids", 11, "int32", "repeated"),
            Field("ignore_eos", 12, "bool", "optional"),
            Field("n", 13, "int32", "optional"),
            Field("json_schema", 14, "string", "optional"),
            Field("regex", 15, "string", "optional"),
            Field("seed", 16, "int64", "optional"),
            Field("guided_decoding", 17, "message", "optional", type=GuidedDecoding),
        )


class GuidedDecoding(Message, proto="sglang.runtime.v1.GuidedDecoding"):
    """A grammar that constrains the output of one request.

    Oneof `constraint`: Which kind of grammar. At most one may be set, and it must not be empty.
    """

    json_schema: str | None = None
    """JSON schema, as JSON text."""
    regex: str | None = None
    """Regular expression that the whole output must match."""
    ebnf: str | None = None
    """Grammar in the GBNF-like EBNF dialect of SGLang, with the rule `root` as
    its start.
    """
    choice: ChoiceConstraint | None = None
    """Fixed set of allowed outputs."""
    structural_tag: str | None = None
    """Structural tag, as JSON text: regions of free text and regions bound to a
    schema, told apart by begin and end markers.
    """

    def __init__(
        self,
        *,
        json_schema: str | None = None,
        regex: str | None = None,
        ebnf: str | None = None,
        choice: ChoiceConstraint | None = None,
        structural_tag: str | None = None,
    ) -> None:
        if (
            json_schema,
            regex,
            ebnf,
            choice,
            structural_tag,
        ).count(None) < 4:
            one_of(
                "constraint",
                json_schema=json_schema,
                regex=regex,
                ebnf=ebnf,
                choice=choice,
                structural_tag=structural_tag,
            )
        self.json_schema = json_schema
        self.regex = regex
        self.ebnf = ebnf
        self.choice = choice
        self.structural_tag = structural_tag
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("json_schema", 1, "string", "oneof", group="constraint"),
            Field("regex", 2, "string", "oneof", group="constraint"),
            Field("ebnf", 3, "string", "oneof", group="constraint"),
            Field("choice", 4, "message", "oneof", type=ChoiceConstraint, group="constraint"),
            Field("structural_tag", 5, "string", "oneof", group="constraint"),
        )


class ChoiceConstraint(Message, proto="sglang.runtime.v1.ChoiceConstraint"):
    """Limits the output to one of several texts."""

    values: list[str]
    """Allowed outputs; at least one, none of them empty."""

    def __init__(
        self,
        *,
        values: list[str] | None = None,
    ) -> None:
        self.values = [] if values is None else values
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (Field("values", 1, "string", "repeated"),)


class DisaggregatedParams(Message, proto="sglang.runtime.v1.DisaggregatedParams"):
    """Where a prefill worker and a decode worker meet to hand over a KV cache, when
    the two phases of a request run on different servers.
    """

    bootstrap_host: str = ""
    """Host name or address of the prefill worker's bootstrap server."""
    bootstrap_port: int = 0
    """TCP port of the bootstrap server, 1 to 65535."""
    bootstrap_room: int = 0
    """Number both workers use to find each other, unique among requests under way."""

    def __init__(
        self,
        *,
        bootstrap_host: str = "",
        bootstrap_port: int = 0,
        bootstrap_room: int = 0,
    ) -> None:
        self.bootstrap_host = bootstrap_host
        self.bootstrap_port = bootstrap_port
        self.bootstrap_room = bootstrap_room
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("bootstrap_host", 1, "string"),
            Field("bootstrap_port", 2, "int32"),
            Field("bootstrap_room", 3, "int64"),
        )


class TextGenerateRequest(Message, proto="sglang.runtime.v1.TextGenerateRequest"):
    """A text prompt, and how to continue it."""

    text: str = ""
    """Prompt; together with the new tokens it must fit the model's context."""
    sampling_params: SamplingParams | None = None
    """How to sample and when to stop. Default: the defaults of its fields."""
    stream: bool | None = None
    """Whether to send messages as tokens come; default false, one message per
    choice at its end.
    """
    return_logprob: bool | None = None
    """Whether `meta_info` carries log probabilities of the tokens; default false."""
    top_logprobs_num: int | None = None
    """How many of the most likely tokens to report per position beside the chosen
    one; >= 0, default 0. Needs `return_logprob`.
    """
    logprob_start_len: int | None = None
    """First prompt position, counted from 0, to report log probabilities for; -1,
    the default, reports none of the prompt. Needs `return_logprob`.
    """
    return_text_in_logprobs: bool | None = None
    """Whether log probabilities carry the text of each token beside its id;
    default false, null in its place.
    """
    rid: str | None = None
    """Id of the request, to abort and trace it by. Default: a fresh UUID4. One
    that is already active is answered with ALREADY_EXISTS.
    """
    lora_path: str | None = None
    """LoRA adapter to apply, by name or path. Default: none, the base model."""
    routing_key: str | None = None
    """Key that a router uses to send related requests to the same worker."""
    routed_dp_rank: int | None = None
    """Data-parallel rank that must serve the request, counted from 0. Default:
    the engine chooses.
    """
    trace_headers: dict[str, str]
    """W3C trace context, `traceparent` and `tracestate`. gRPC metadata of the
    same names wins.
    """
    session_id: str | None = None
    """Session whose cached prefix the request continues. Default: none."""
    disaggregated_params: DisaggregatedParams | None = None
    """Where to hand over the KV cache between prefill and decode workers.
    Default: one worker does both.
    """
    priority: int | None = None
    """Scheduling priority among waiting requests, for engines that schedule by
    priority. Default: the engine's own.
    """
    require_reasoning: bool | None = None
    """Whether the output must begin with a reasoning section, for models that
    have one; default false.
    """
    max_thinking_tokens: int | None = None
    """Most tokens that the reasoning section may take. Default: no limit of its
    own.
    """

    def __init__(
        self,
        *,
        text: str = "",
        sampling_params: SamplingParams | None = None,
        stream: bool | None = None,
        return_logprob: bool | None = None,
        top_logprobs_num: int | None = None,
        logprob_start_len: int | None = None,
        return_text_in_logprobs: bool | None = None,
        rid: str | None = None,
        lora_path: str | None = None,
        routing_key: str | None = None,
        routed_dp_rank: int | None = None,
        trace_headers: dict[str, str] | None = None,
        session_id: str | None = None,
        disaggregated_params: DisaggregatedParams | None = None,
        priority: int | None = None,
        require_reasoning: bool | None = None,
        max_thinking_tokens: int | None = None,
    ) -> None:
        self.text = text
        self.sampling_params = sampling_params
        self.stream = stream
        self.return_logprob = return_logprob
        self.top_logprobs_num = top_logprobs_num
        self.logprob_start_len = logprob_start_len
        self.return_text_in_logprobs = return_text_in_logprobs
        self.rid = rid
        self.lora_path = lora_path
        self.routing_key = routing_key
        self.routed_dp_rank = routed_dp_rank
        self.trace_headers = {} if trace_headers is None else trace_headers
        self.session_id = session_id
        self.disaggregated_params = disaggregated_params
        self.priority = priority
        self.require_reasoning = require_reasoning
        self.max_thinking_tokens = max_thinking_tokens
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("text", 1, "string"),
            Field("sampling_params", 2, "message", "optional", type=SamplingParams),
            Field("stream", 3, "bool", "optional"),
            Field("return_logprob", 4, "bool", "optional"),
            Field("top_logprobs_num", 5, "int32", "optional"),
            Field("logprob_start_len", 6, "int32", "optional"),
            Field("return_text_in_logprobs", 7, "bool", "optional"),
            Field("rid", 8, "string", "optional"),
            Field("lora_path", 9, "string", "optional"),
            Field("routing_key", 10, "string", "optional"),
            Field("routed_dp_rank", 11, "int32", "optional"),
            Field("trace_headers", 12, "string", "map", key="string"),
            Field("session_id", 13, "string", "optional"),
            Field("disaggregated_params", 14, "message", "optional", type=DisaggregatedParams),
            Field("priority", 15, "int32", "optional"),
            Field("require_reasoning", 16, "bool", "optional"),
            Field("max_thinking_tokens", 17, "uint32", "optional"),
        )


class TextGenerateResponse(Message, proto="sglang.runtime.v1.TextGenerateResponse"):
    """Text generated for one choice: all so far, or what is new."""

    text: str = ""
    """Generated text without the prompt, whole characters only."""
    meta_info: dict[str, str]
    """Facts about the choice by name, each value JSON text: `id`, `index`,
    `finish_reason`, `prompt_tokens`, `completion_tokens`, `cached_tokens`,
    `weight_version`, `e2e_latency` (seconds, last message only), and log
    probabilities where asked for. Counters are totals in every mode.
    """
    finished: bool = False
    """Whether the request is complete: true only on the message that ends its
    last choice.
    """

    def __init__(
        self,
        *,
        text: str = "",
        meta_info: dict[str, str] | None = None,
        finished: bool = False,
    ) -> None:
        self.text = text
        self.meta_info = {} if meta_info is None else meta_info
        self.finished = finished
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("text", 1, "string"),
            Field("meta_info", 2, "string", "map", key="string"),
            Field("finished", 3, "bool"),
        )


class GenerateRequest(Message, proto="sglang.runtime.v1.GenerateRequest"):
    """A prompt of token ids, and how to continue it."""

    input_ids: list[int]
    """Prompt as token ids, each inside the vocabulary; together with the new
    tokens it must fit the model's context.
    """
    sampling_params: SamplingParams | None = None
    """How to sample and when to stop. Default: the defaults of its fields."""
    stream: bool | None = None
    """Whether to send messages as tokens come; default false, one message per
    choice at its end.
    """
    return_logprob: bool | None = None
    """Whether `meta_info` carries log probabilities of the tokens; default false."""
    top_logprobs_num: int | None = None
    """How many of the most likely tokens to report per position beside the chosen
    one; >= 0, default 0. Needs `return_logprob`.
    """
    logprob_start_len: int | None = None
    """First prompt position, counted from 0, to report log probabilities for; -1,
    the default, reports none of the prompt. Needs `return_logprob`.
    """
    rid: str | None = None
    """Id of the request, to abort and trace it by. Default: a fresh UUID4. One
    that is already active is answered with ALREADY_EXISTS.
    """
    lora_path: str | None = None
    """LoRA adapter to apply, by name or path. Default: none, the base model."""
    routing_key: str | None = None
    """Key that a router uses to send related requests to the same worker."""
    routed_dp_rank: int | None = None
    """Data-parallel rank that must serve the request, counted from 0. Default:
    the engine chooses.
    """
    trace_headers: dict[str, str]
    """W3C trace context, `traceparent` and `tracestate`. gRPC metadata of the
    same names wins.
    """
    session_id: str | None = None
    """Session whose cached prefix the request continues. Default: none."""
    disaggregated_params: DisaggregatedParams | None = None
    """Where to hand over the KV cache between prefill and decode workers.
    Default: one worker does both.
    """
    priority: int | None = None
    """Scheduling priority among waiting requests, for engines that schedule by
    priority. Default: the engine's own.
    """
    require_reasoning: bool | None = None
    """Whether the output must begin with a reasoning section, for models that
    have one; default false.
    """
    max_thinking_tokens: int | None = None
    """Most tokens that the reasoning section may take. Default: no limit of its
    own.
    """

    def __init__(
        self,
        *,
        input_ids: list[int] | None = None,
        sampling_params: SamplingParams | None = None,
        stream: bool | None = None,
        return_logprob: bool | None = None,
        top_logprobs_num: int | None = None,
        logprob_start_len: int | None = None,
        rid: str | None = None,
        lora_path: str | None = None,
        routing_key: str | None = None,
        routed_dp_rank: int | None = None,
        trace_headers: dict[str, str] | None = None,
        session_id: str | None = None,
        disaggregated_params: DisaggregatedParams | None = None,
        priority: int | None = None,
        require_reasoning: bool | None = None,
        max_thinking_tokens: int | None = None,
    ) -> None:
        self.input_ids = [] if input_ids is None else input_ids
        self.sampling_params = sampling_params
        self.stream = stream
        self.return_logprob = return_logprob
        self.top_logprobs_num = top_logprobs_num
        self.logprob_start_len = logprob_start_len
        self.rid = rid
        self.lora_path = lora_path
        self.routing_key = routing_key
        self.routed_dp_rank = routed_dp_rank
        self.trace_headers = {} if trace_headers is None else trace_headers
        self.session_id = session_id
        self.disaggregated_params = disaggregated_params
        self.priority = priority
        self.require_reasoning = require_reasoning
        self.max_thinking_tokens = max_thinking_tokens
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("input_ids", 1, "int32", "repeated"),
            Field("sampling_params", 2, "message", "optional", type=SamplingParams),
            Field("stream", 3, "bool", "optional"),
            Field("return_logprob", 4, "bool", "optional"),
            Field("top_logprobs_num", 5, "int32", "optional"),
            Field("logprob_start_len", 6, "int32", "optional"),
            Field("rid", 7, "string", "optional"),
            Field("lora_path", 8, "string", "optional"),
            Field("routing_key", 9, "string", "optional"),
            Field("routed_dp_rank", 10, "int32", "optional"),
            Field("trace_headers", 11, "string", "map", key="string"),
            Field("session_id", 12, "string", "optional"),
            Field("disaggregated_params", 13, "message", "optional", type=DisaggregatedParams),
            Field("priority", 14, "int32", "optional"),
            Field("require_reasoning", 15, "bool", "optional"),
            Field("max_thinking_tokens", 16, "uint32", "optional"),
        )


class GenerateResponse(Message, proto="sglang.runtime.v1.GenerateResponse"):
    """Token ids generated for one choice: all so far, or what is new."""

    output_ids: list[int]
    """Generated token ids without the prompt."""
    meta_info: dict[str, str]
    """Facts about the choice by name, each value JSON text; the same keys as in
    TextGenerateResponse.
    """
    finished: bool = False
    """Whether the request is complete: true only on the message that ends its
    last choice.
    """

    def __init__(
        self,
        *,
        output_ids: list[int] | None = None,
        meta_info: dict[str, str] | None = None,
        finished: bool = False,
    ) -> None:
        self.output_ids = [] if output_ids is None else output_ids
        self.meta_info = {} if meta_info is None else meta_info
        self.finished = finished
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("output_ids", 1, "int32", "repeated"),
            Field("meta_info", 2, "string", "map", key="string"),
            Field("finished", 3, "bool"),
        )


class TextEmbedRequest(Message, proto="sglang.runtime.v1.TextEmbedRequest"):
    """A text to embed."""

    text: str = ""
    """Text; it must fit the model's context."""
    rid: str | None = None
    """Id of the request. Default: a fresh UUID4."""
    routing_key: str | None = None
    """Key that a router uses to send related requests to the same worker."""
    trace_headers: dict[str, str]
    """W3C trace context, `traceparent` and `tracestate`."""

    def __init__(
        self,
        *,
        text: str = "",
        rid: str | None = None,
        routing_key: str | None = None,
        trace_headers: dict[str, str] | None = None,
    ) -> None:
        self.text = text
        self.rid = rid
        self.routing_key = routing_key
        self.trace_headers = {} if trace_headers is None else trace_headers
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("text", 1, "string"),
            Field("rid", 2, "string", "optional"),
            Field("routing_key", 3, "string", "optional"),
            Field("trace_headers", 4, "string", "map", key="string"),
        )


class TextEmbedResponse(Message, proto="sglang.runtime.v1.TextEmbedResponse"):
    """Embedding of a text."""

    embedding: list[float]
    """Embedding vector; its length is a property of the model."""
    meta_info: dict[str, str]
    """Facts about the request by name, each value JSON text: `id`,
    `prompt_tokens` and the like.
    """

    def __init__(
        self,
        *,
        embedding: list[float] | None = None,
        meta_info: dict[str, str] | None = None,
    ) -> None:
        self.embedding = [] if embedding is None else embedding
        self.meta_info = {} if meta_info is None else meta_info
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("embedding", 1, "float", "repeated"),
            Field("meta_info", 2, "string", "map", key="string"),
        )


class EmbedRequest(Message, proto="sglang.runtime.v1.EmbedRequest"):
    """Token ids to embed."""

    input_ids: list[int]
    """Token ids, each inside the vocabulary; they must fit the model's context."""
    rid: str | None = None
    """Id of the request. Default: a fresh UUID4."""
    routing_key: str | None = None
    """Key that a router uses to send related requests to the same worker."""
    trace_headers: dict[str, str]
    """W3C trace context, `traceparent` and `tracestate`."""

    def __init__(
        self,
        *,
        input_ids: list[int] | None = None,
        rid: str | None = None,
        routing_key: str | None = None,
        trace_headers: dict[str, str] | None = None,
    ) -> None:
        self.input_ids = [] if input_ids is None else input_ids
        self.rid = rid
        self.routing_key = routing_key
        self.trace_headers = {} if trace_headers is None else trace_headers
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("input_ids", 1, "int32", "repeated"),
            Field("rid", 2, "string", "optional"),
            Field("routing_key", 3, "string", "optional"),
            Field("trace_headers", 4, "string", "map", key="string"),
        )


class EmbedResponse(Message, proto="sglang.runtime.v1.EmbedResponse"):
    """Embedding of a sequence of token ids."""

    embedding: list[float]
    """Embedding vector; its length is a property of the model."""
    meta_info: dict[str, str]
    """Facts about the request by name, each value JSON text: `id`,
    `prompt_tokens` and the like.
    """

    def __init__(
        self,
        *,
        embedding: list[float] | None = None,
        meta_info: dict[str, str] | None = None,
    ) -> None:
        self.embedding = [] if embedding is None else embedding
        self.meta_info = {} if meta_info is None else meta_info
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("embedding", 1, "float", "repeated"),
            Field("meta_info", 2, "string", "map", key="string"),
        )


class ClassifyRequest(Message, proto="sglang.runtime.v1.ClassifyRequest"):
    """An input to classify, either as text or as token ids."""

    text: str = ""
    """Text; empty where `input_ids` is used."""
    input_ids: list[int]
    """Token ids, each inside the vocabulary; empty where `text` is used."""
    rid: str | None = None
    """Id of the request. Default: a fresh UUID4."""
    routing_key: str | None = None
    """Key that a router uses to send related requests to the same worker."""
    trace_headers: dict[str, str]
    """W3C trace context, `traceparent` and `tracestate`."""

    def __init__(
        self,
        *,
        text: str = "",
        input_ids: list[int] | None = None,
        rid: str | None = None,
        routing_key: str | None = None,
        trace_headers: dict[str, str] | None = None,
    ) -> None:
        self.text = text
        self.input_ids = [] if input_ids is None else input_ids
        self.rid = rid
        self.routing_key = routing_key
        self.trace_headers = {} if trace_headers is None else trace_headers
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("text", 1, "string"),
            Field("input_ids", 2, "int32", "repeated"),
            Field("rid", 3, "string", "optional"),
            Field("routing_key", 4, "string", "optional"),
            Field("trace_headers", 5, "string", "map", key="string"),
        )


class ClassifyResponse(Message, proto="sglang.runtime.v1.ClassifyResponse"):
    """Output of a classification head."""

    embedding: list[float]
    """One score per class, in the model's order of classes."""
    meta_info: dict[str, str]
    """Facts about the request by name, each value JSON text: `id`,
    `prompt_tokens` and the like.
    """

    def __init__(
        self,
        *,
        embedding: list[float] | None = None,
        meta_info: dict[str, str] | None = None,
    ) -> None:
        self.embedding = [] if embedding is None else embedding
        self.meta_info = {} if meta_info is None else meta_info
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("embedding", 1, "float", "repeated"),
            Field("meta_info", 2, "string", "map", key="string"),
        )


class TokenizeRequest(Message, proto="sglang.runtime.v1.TokenizeRequest"):
    """A text to split into tokens."""

    text: str = ""
    """Text to split."""
    add_special_tokens: bool | None = None
    """Whether the tokenizer adds its special tokens, a beginning-of-text token
    for instance; default true.
    """

    def __init__(
        self,
        *,
        text: str = "",
        add_special_tokens: bool | None = None,
    ) -> None:
        self.text = text
        self.add_special_tokens = add_special_tokens
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("text", 1, "string"),
            Field("add_special_tokens", 2, "bool", "optional"),
        )


class TokenizeResponse(Message, proto="sglang.runtime.v1.TokenizeResponse"):
    """The tokens of a text."""

    tokens: list[int]
    """Token ids, in the order of the text."""
    count: int = 0
    """How many tokens there are."""
    max_model_len: int = 0
    """Length of the model's context, in tokens."""
    input_text: str = ""
    """Text that was split, as received."""

    def __init__(
        self,
        *,
        tokens: list[int] | None = None,
        count: int = 0,
        max_model_len: int = 0,
        input_text: str = "",
    ) -> None:
        self.tokens = [] if tokens is None else tokens
        self.count = count
        self.max_model_len = max_model_len
        self.input_text = input_text
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("tokens", 1, "int32", "repeated"),
            Field("count", 2, "int32"),
            Field("max_model_len", 3, "int32"),
            Field("input_text", 4, "string"),
        )


class DetokenizeRequest(Message, proto="sglang.runtime.v1.DetokenizeRequest"):
    """Token ids to turn into text."""

    tokens: list[int]
    """Token ids, each inside the vocabulary."""

    def __init__(
        self,
        *,
        tokens: list[int] | None = None,
    ) -> None:
        self.tokens = [] if tokens is None else tokens
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (Field("tokens", 1, "int32", "repeated"),)


class DetokenizeResponse(Message, proto="sglang.runtime.v1.DetokenizeResponse"):
    """Text of a sequence of token ids."""

    text: str = ""
    """Text of the tokens; bytes that form no character appear as U+FFFD."""

    def __init__(
        self,
        *,
        text: str = "",
    ) -> None:
        self.text = text
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (Field("text", 1, "string"),)


class HealthCheckRequest(Message, proto="sglang.runtime.v1.HealthCheckRequest"):
    """Asks whether the server is ready; has no fields."""


class HealthCheckResponse(Message, proto="sglang.runtime.v1.HealthCheckResponse"):
    """Readiness of the server."""

    healthy: bool = False
    """Whether the engine can make a token now."""

    def __init__(
        self,
        *,
        healthy: bool = False,
    ) -> None:
        self.healthy = healthy
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (Field("healthy", 1, "bool"),)


class GetModelInfoRequest(Message, proto="sglang.runtime.v1.GetModelInfoRequest"):
    """Asks for a description of the model; has no fields."""


class GetModelInfoResponse(Message, proto="sglang.runtime.v1.GetModelInfoResponse"):
    """Description of the loaded model."""

    model_path: str = ""
    """Directory or name that the model was loaded from."""
    json_info: str = ""
    """JSON object with `model_path`, `served_model_name`, `tokenizer_path`,
    `is_generation`, `weight_version`, `load_format`, `model_type`,
    `architectures` and `max_model_len` (tokens).
    """

    def __init__(
        self,
        *,
        model_path: str = "",
        json_info: str = "",
    ) -> None:
        self.model_path = model_path
        self.json_info = json_info
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("model_path", 1, "string"),
            Field("json_info", 2, "string"),
        )


class GetServerInfoRequest(Message, proto="sglang.runtime.v1.GetServerInfoRequest"):
    """Asks for a description of the server; has no fields."""


class GetServerInfoResponse(Message, proto="sglang.runtime.v1.GetServerInfoResponse"):
    """Description of the server."""

    json_info: str = ""
    """JSON object of settings that are safe to show."""

    def __init__(
        self,
        *,
        json_info: str = "",
    ) -> None:
        self.json_info = json_info
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (Field("json_info", 1, "string"),)


class AbortRequest(Message, proto="sglang.runtime.v1.AbortRequest"):
    """Names what to abort."""

    rid: str = ""
    """Id of the request to abort, compared exactly. Must not be blank unless
    `abort_all` is set.
    """
    abort_all: bool = False
    """Whether to abort every active request; `rid` is then ignored."""

    def __init__(
        self,
        *,
        rid: str = "",
        abort_all: bool = False,
    ) -> None:
        self.rid = rid
        self.abort_all = abort_all
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("rid", 1, "string"),
            Field("abort_all", 2, "bool"),
        )


class AbortResponse(Message, proto="sglang.runtime.v1.AbortResponse"):
    """Outcome of an abort."""

    success: bool = False
    """Whether something was aborted; false for an unknown or finished id."""

    def __init__(
        self,
        *,
        success: bool = False,
    ) -> None:
        self.success = success
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (Field("success", 1, "bool"),)


class ListModelsRequest(Message, proto="sglang.runtime.v1.ListModelsRequest"):
    """Asks for the list of models; has no fields."""


class ListModelsResponse(Message, proto="sglang.runtime.v1.ListModelsResponse"):
    """Models that requests may name."""

    models: list[ModelCard]
    """The served model first, then its aliases and adapters."""

    def __init__(
        self,
        *,
        models: list[ModelCard] | None = None,
    ) -> None:
        self.models = [] if models is None else models
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (Field("models", 1, "message", "repeated", type=ModelCard),)


class ModelCard(Message, proto="sglang.runtime.v1.ModelCard"):
    """One name that requests may give as their model."""

    id: str = ""
    """Name to use in requests."""
    root: str = ""
    """First name of the served model; of an adapter, its path."""
    parent: str | None = None
    """Base model that an adapter applies to. Not set on a base model."""
    max_model_len: int | None = None
    """Length of the context, in tokens. Not set where the engine has no limit."""

    def __init__(
        self,
        *,
        id: str = "",
        root: str = "",
        parent: str | None = None,
        max_model_len: int | None = None,
    ) -> None:
        self.id = id
        self.root = root
        self.parent = parent
        self.max_model_len = max_model_len
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("id", 1, "string"),
            Field("root", 2, "string"),
            Field("parent", 3, "string", "optional"),
            Field("max_model_len", 4, "int32", "optional"),
        )


class GetLoadRequest(Message, proto="sglang.runtime.v1.GetLoadRequest"):
    """Says whose load to report."""

    dp_rank: int | None = None
    """Data-parallel rank, counted from 0. Default: all ranks."""

    def __init__(
        self,
        *,
        dp_rank: int | None = None,
    ) -> None:
        self.dp_rank = dp_rank
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (Field("dp_rank", 1, "int32", "optional"),)


class GetLoadResponse(Message, proto="sglang.runtime.v1.GetLoadResponse"):
    """Load of the engine."""

    json_info: str = ""
    """JSON list with one object per rank, empty where `dp_rank` is out of range:
    `timestamp`, `dp_rank`, `num_running_reqs`, `num_waiting_reqs`,
    `num_used_tokens`, `num_total_tokens`, `max_total_num_tokens`,
    `max_running_requests`, `token_usage` (0 to 1), `gen_throughput` (tokens
    per second), `cache_hit_rate` (0 to 1) and `utilization` (0 to 1).
    """

    def __init__(
        self,
        *,
        json_info: str = "",
    ) -> None:
        self.json_info = json_info
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (Field("json_info", 1, "string"),)


class FlushCacheRequest(Message, proto="sglang.runtime.v1.FlushCacheRequest"):
    """Asks to empty the prefix cache; has no fields."""


class FlushCacheResponse(Message, proto="sglang.runtime.v1.FlushCacheResponse"):
    """Outcome of a cache flush."""

    success: bool = False
    """Whether the cache is empty now."""
    message: str = ""
    """What was done, or the engine's reason for not doing it."""

    def __init__(
        self,
        *,
        success: bool = False,
        message: str = "",
    ) -> None:
        self.success = success
        self.message = message
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("success", 1, "bool"),
            Field("message", 2, "string"),
        )


class PauseGenerationRequest(Message, proto="sglang.runtime.v1.PauseGenerationRequest"):
    """Says what a pause does to running requests."""

    mode: str = ""
    """\"abort" ends them, "in_place" keeps them with their cache, "retract" puts
    them back into the queue. Empty: "abort".
    """

    def __init__(
        self,
        *,
        mode: str = "",
    ) -> None:
        self.mode = mode
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (Field("mode", 1, "string"),)


class PauseGenerationResponse(Message, proto="sglang.runtime.v1.PauseGenerationResponse"):
    """Confirms a pause."""

    message: str = ""
    """What was done, in words."""

    def __init__(
        self,
        *,
        message: str = "",
    ) -> None:
        self.message = message
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (Field("message", 1, "string"),)


class ContinueGenerationRequest(Message, proto="sglang.runtime.v1.ContinueGenerationRequest"):
    """Asks to end a pause; has no fields."""


class ContinueGenerationResponse(Message, proto="sglang.runtime.v1.ContinueGenerationResponse"):
    """Confirms the end of a pause."""

    message: str = ""
    """What was done, in words."""

    def __init__(
        self,
        *,
        message: str = "",
    ) -> None:
        self.message = message
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (Field("message", 1, "string"),)


class OpenAIRequest(Message, proto="sglang.runtime.v1.OpenAIRequest"):
    """An OpenAI API call, carried through untouched."""

    json_body: bytes = b""
    """UTF-8 JSON object of the HTTP API, unknown keys included."""
    trace_headers: dict[str, str]
    """HTTP headers of the call by lower-case name, the W3C trace context among
    them. gRPC metadata of the same names wins.
    """

    def __init__(
        self,
        *,
        json_body: bytes = b"",
        trace_headers: dict[str, str] | None = None,
    ) -> None:
        self.json_body = json_body
        self.trace_headers = {} if trace_headers is None else trace_headers
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("json_body", 1, "bytes"),
            Field("trace_headers", 2, "string", "map", key="string"),
        )


class OpenAIStreamChunk(Message, proto="sglang.runtime.v1.OpenAIStreamChunk"):
    """One part of the answer to a streaming OpenAI call."""

    json_chunk: bytes = b""
    """JSON of one event without SSE framing, or of the whole answer where the
    call does not stream. Empty on the closing message of a stream.
    """
    finished: bool = False
    """Whether this is the last message."""

    def __init__(
        self,
        *,
        json_chunk: bytes = b"",
        finished: bool = False,
    ) -> None:
        self.json_chunk = json_chunk
        self.finished = finished
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("json_chunk", 1, "bytes"),
            Field("finished", 2, "bool"),
        )


class OpenAIResponse(Message, proto="sglang.runtime.v1.OpenAIResponse"):
    """Whole answer to an OpenAI call."""

    json_body: bytes = b""
    """JSON of the answer, or of an OpenAI error object."""
    status_code: int = 0
    """HTTP status that the answer has over HTTP: 200, or 400 and above for an
    error.
    """

    def __init__(
        self,
        *,
        json_body: bytes = b"",
        status_code: int = 0,
    ) -> None:
        self.json_body = json_body
        self.status_code = status_code
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("json_body", 1, "bytes"),
            Field("status_code", 2, "int32"),
        )


class StartProfileRequest(Message, proto="sglang.runtime.v1.StartProfileRequest"):
    """Says where a profiler trace goes."""

    output_dir: str | None = None
    """Directory below the server's profile directory; a path that leaves it is
    INVALID_ARGUMENT. Default: the profile directory itself.
    """

    def __init__(
        self,
        *,
        output_dir: str | None = None,
    ) -> None:
        self.output_dir = output_dir
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (Field("output_dir", 1, "string", "optional"),)


class StartProfileResponse(Message, proto="sglang.runtime.v1.StartProfileResponse"):
    """Confirms the start of a trace."""

    message: str = ""
    """What was done, and the directory that the trace will be in."""

    def __init__(
        self,
        *,
        message: str = "",
    ) -> None:
        self.message = message
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (Field("message", 1, "string"),)


class StopProfileRequest(Message, proto="sglang.runtime.v1.StopProfileRequest"):
    """Asks to end the profiler trace; has no fields."""


class StopProfileResponse(Message, proto="sglang.runtime.v1.StopProfileResponse"):
    """Confirms the end of a trace."""

    message: str = ""
    """What was done, and where the trace is."""

    def __init__(
        self,
        *,
        message: str = "",
    ) -> None:
        self.message = message
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (Field("message", 1, "string"),)


class UpdateWeightsRequest(Message, proto="sglang.runtime.v1.UpdateWeightsRequest"):
    """Names the weights to load."""

    model_path: str = ""
    """Directory on the server with weights for the same architecture."""
    load_format: str | None = None
    """Format of the weight files, "safetensors" for instance. Default: the format
    the model was loaded with.
    """

    def __init__(
        self,
        *,
        model_path: str = "",
        load_format: str | None = None,
    ) -> None:
        self.model_path = model_path
        self.load_format = load_format
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("model_path", 1, "string"),
            Field("load_format", 2, "string", "optional"),
        )


class UpdateWeightsResponse(Message, proto="sglang.runtime.v1.UpdateWeightsResponse"):
    """Outcome of an update of the weights."""

    success: bool = False
    """Whether the new weights are in use; if not, the old ones still are."""
    message: str = ""
    """What was done, or why it failed."""

    def __init__(
        self,
        *,
        success: bool = False,
        message: str = "",
    ) -> None:
        self.success = success
        self.message = message
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("success", 1, "bool"),
            Field("message", 2, "string"),
        )


class WatchEngineStateRequest(Message, proto="sglang.runtime.v1.WatchEngineStateRequest"):
    """Asks to follow the engine's state; has no fields."""


class EngineStateSnapshot(Message, proto="sglang.runtime.v1.EngineStateSnapshot"):
    """State of the engine at one moment, complete in itself."""

    instance_id: int = 0
    """Identity of this run of the engine; a restarted engine has a new one."""
    revision: int = 0
    """Number of this snapshot within the run; a later one is greater."""
    healthy: bool = False
    """Whether the engine can make tokens. A pause leaves it true."""
    server_status: ServerStatus = ServerStatus.SERVER_STATUS_UNSPECIFIED
    """Phase of the server's life."""
    is_pause: bool = False
    """Whether generation is paused."""
    model_info: GetModelInfoResponse | None = None
    """What GetModelInfo answers."""
    server_info: GetServerInfoResponse | None = None
    """What GetServerInfo answers."""
    models: ListModelsResponse | None = None
    """Not set: ListModels answers it."""

    def __init__(
        self,
        *,
        instance_id: int = 0,
        revision: int = 0,
        healthy: bool = False,
        server_status: ServerStatus = ServerStatus.SERVER_STATUS_UNSPECIFIED,
        is_pause: bool = False,
        model_info: GetModelInfoResponse | None = None,
        server_info: GetServerInfoResponse | None = None,
        models: ListModelsResponse | None = None,
    ) -> None:
        self.instance_id = instance_id
        self.revision = revision
        self.healthy = healthy
        self.server_status = server_status
        self.is_pause = is_pause
        self.model_info = model_info
        self.server_info = server_info
        self.models = models
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("instance_id", 1, "uint64"),
            Field("revision", 2, "uint64"),
            Field("healthy", 3, "bool"),
            Field("server_status", 4, "enum", type=ServerStatus),
            Field("is_pause", 5, "bool"),
            Field("model_info", 6, "message", "optional", type=GetModelInfoResponse),
            Field("server_info", 7, "message", "optional", type=GetServerInfoResponse),
            Field("models", 8, "message", "optional", type=ListModelsResponse),
        )

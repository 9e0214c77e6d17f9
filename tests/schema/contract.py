"""The wire contract of sglang.runtime.v1 as data, written by hand and not derived from the schema.

Each field is (number, name, type, label). Labels: "" (implicit presence), "optional", "repeated", "map",
or "oneof NAME".
"""

from __future__ import annotations

from typing import NamedTuple


class Field(NamedTuple):
    """One field of a message."""

    number: int
    name: str
    type: str
    label: str = ""


class Rpc(NamedTuple):
    """One RPC with the HTTP routes of the contract, "POST /generate" for instance."""

    name: str
    request: str
    response: str
    streams: bool
    routes: tuple[str, ...]


STRING_MAP = "map<string, string>"

RPCS = (
    Rpc("TextGenerate", "TextGenerateRequest", "TextGenerateResponse", True, ("POST /generate",)),
    Rpc("Generate", "GenerateRequest", "GenerateResponse", True, ("POST /generate",)),
    Rpc("TextEmbed", "TextEmbedRequest", "TextEmbedResponse", False, ("POST /encode",)),
    Rpc("Embed", "EmbedRequest", "EmbedResponse", False, ("POST /encode",)),
    Rpc("Classify", "ClassifyRequest", "ClassifyResponse", False, ("POST /classify",)),
    Rpc("Tokenize", "TokenizeRequest", "TokenizeResponse", False, ("POST /tokenize", "POST /v1/tokenize")),
    Rpc(
        "Detokenize",
        "DetokenizeRequest",
        "DetokenizeResponse",
        False,
        ("POST /detokenize", "POST /v1/detokenize"),
    ),
    Rpc(
        "HealthCheck",
        "HealthCheckRequest",
        "HealthCheckResponse",
        False,
        ("GET /health", "GET /health_generate", "GET /livez"),
    ),
    Rpc(
        "GetModelInfo",
        "GetModelInfoRequest",
        "GetModelInfoResponse",
        False,
        ("GET /get_model_info", "GET /model_info"),
    ),
    Rpc(
        "GetServerInfo",
        "GetServerInfoRequest",
        "GetServerInfoResponse",
        False,
        ("GET /get_server_info", "GET /server_info"),
    ),
    Rpc(
        "ListModels",
        "ListModelsRequest",
        "ListModelsResponse",
        False,
        ("GET /v1/models", "GET /v1/models/{model=**}"),
    ),
    Rpc("GetLoad", "GetLoadRequest", "GetLoadResponse", False, ("GET /get_load", "GET /v1/loads")),
    Rpc("Abort", "AbortRequest", "AbortResponse", False, ("POST /abort_request",)),
    Rpc("FlushCache", "FlushCacheRequest", "FlushCacheResponse", False, ("POST /flush_cache",)),
    Rpc(
        "PauseGeneration",
        "PauseGenerationRequest",
        "PauseGenerationResponse",
        False,
        ("POST /pause_generation",),
    ),
    Rpc(
        "ContinueGeneration",
        "ContinueGenerationRequest",
        "ContinueGenerationResponse",
        False,
        ("POST /continue_generation",),
    ),
    Rpc("ChatComplete", "OpenAIRequest", "OpenAIStreamChunk", True, ("POST /v1/chat/completions",)),
    Rpc("Complete", "OpenAIRequest", "OpenAIStreamChunk", True, ("POST /v1/completions",)),
    Rpc("OpenAIEmbed", "OpenAIRequest", "OpenAIResponse", False, ("POST /v1/embeddings",)),
    Rpc("OpenAIClassify", "OpenAIRequest", "OpenAIResponse", False, ("POST /v1/classify",)),
    Rpc("Score", "OpenAIRequest", "OpenAIResponse", False, ("POST /v1/score",)),
    Rpc("Rerank", "OpenAIRequest", "OpenAIResponse", False, ("POST /v1/rerank",)),
    Rpc("StartProfile", "StartProfileRequest", "StartProfileResponse", False, ("POST /start_profile",)),
    Rpc("StopProfile", "StopProfileRequest", "StopProfileResponse", False, ("POST /stop_profile",)),
    Rpc(
        "UpdateWeightsFromDisk",
        "UpdateWeightsRequest",
        "UpdateWeightsResponse",
        False,
        ("POST /update_weights_from_disk",),
    ),
    Rpc("WatchEngineState", "WatchEngineStateRequest", "EngineStateSnapshot", True, ()),
)

MESSAGES: dict[str, tuple[Field, ...]] = {
    "SamplingParams": (
        Field(1, "temperature", "float", "optional"),
        Field(2, "top_p", "float", "optional"),
        Field(3, "top_k", "int32", "optional"),
        Field(4, "min_p", "float", "optional"),
        Field(5, "frequency_penalty", "float", "optional"),
        Field(6, "presence_penalty", "float", "optional"),
        Field(7, "repetition_penalty", "float", "optional"),
        Field(8, "max_new_tokens", "int32", "optional"),
        Field(9, "min_new_tokens", "int32", "optional"),
        Field(10, "stop", "string", "repeated"),
        Field(11, "stop_token_ids", "int32", "repeated"),
        Field(12, "ignore_eos", "bool", "optional"),
        Field(13, "n", "int32", "optional"),
        Field(14, "json_schema", "string", "optional"),
        Field(15, "regex", "string", "optional"),
        Field(16, "seed", "int64", "optional"),
        Field(17, "guided_decoding", "GuidedDecoding", "optional"),
    ),
    "GuidedDecoding": (
        Field(1, "json_schema", "string", "oneof constraint"),
        Field(2, "regex", "string", "oneof constraint"),
        Field(3, "ebnf", "string", "oneof constraint"),
        Field(4, "choice", "ChoiceConstraint", "oneof constraint"),
        Field(5, "structural_tag", "string", "oneof constraint"),
    ),
    "ChoiceConstraint": (Field(1, "values", "string", "repeated"),),
    "DisaggregatedParams": (
        Field(1, "bootstrap_host", "string"),
        Field(2, "bootstrap_port", "int32"),
        Field(3, "bootstrap_room", "int64"),
    ),
    "TextGenerateRequest": (
        Field(1, "text", "string"),
        Field(2, "sampling_params", "SamplingParams", "optional"),
        Field(3, "stream", "bool", "optional"),
        Field(4, "return_logprob", "bool", "optional"),
        Field(5, "top_logprobs_num", "int32", "optional"),
        Field(6, "logprob_start_len", "int32", "optional"),
        Field(7, "return_text_in_logprobs", "bool", "optional"),
        Field(8, "rid", "string", "optional"),
        Field(9, "lora_path", "string", "optional"),
        Field(10, "routing_key", "string", "optional"),
        Field(11, "routed_dp_rank", "int32", "optional"),
        Field(12, "trace_headers", STRING_MAP, "map"),
        Field(13, "session_id", "string", "optional"),
        Field(14, "disaggregated_params", "DisaggregatedParams", "optional"),
        Field(15, "priority", "int32", "optional"),
        Field(16, "require_reasoning", "bool", "optional"),
        Field(17, "max_thinking_tokens", "uint32", "optional"),
    ),
    "TextGenerateResponse": (
        Field(1, "text", "string"),
        Field(2, "meta_info", STRING_MAP, "map"),
        Field(3, "finished", "bool"),
    ),
    "GenerateRequest": (
        Field(1, "input_ids", "int32", "repeated"),
        Field(2, "sampling_params", "SamplingParams", "optional"),
        Field(3, "stream", "bool", "optional"),
        Field(4, "return_logprob", "bool", "optional"),
        Field(5, "top_logprobs_num", "int32", "optional"),
        Field(6, "logprob_start_len", "int32", "optional"),
        Field(7, "rid", "string", "optional"),
        Field(8, "lora_path", "string", "optional"),
        Field(9, "routing_key", "string", "optional"),
        Field(10, "routed_dp_rank", "int32", "optional"),
        Field(11, "trace_headers", STRING_MAP, "map"),
        Field(12, "session_id", "string", "optional"),
        Field(13, "disaggregated_params", "DisaggregatedParams", "optional"),
        Field(14, "priority", "int32", "optional"),
        Field(15, "require_reasoning", "bool", "optional"),
        Field(16, "max_thinking_tokens", "uint32", "optional"),
    ),
    "GenerateResponse": (
        Field(1, "output_ids", "int32", "repeated"),
        Field(2, "meta_info", STRING_MAP, "map"),
        Field(3, "finished", "bool"),
    ),
    "TextEmbedRequest": (
        Field(1, "text", "string"),
        Field(2, "rid", "string", "optional"),
        Field(3, "routing_key", "string", "optional"),
        Field(4, "trace_headers", STRING_MAP, "map"),
    ),
    "TextEmbedResponse": (
        Field(1, "embedding", "float", "repeated"),
        Field(2, "meta_info", STRING_MAP, "map"),
    ),
    "EmbedRequest": (
        Field(1, "input_ids", "int32", "repeated"),
        Field(2, "rid", "string", "optional"),
        Field(3, "routing_key", "string", "optional"),
        Field(4, "trace_headers", STRING_MAP, "map"),
    ),
    "EmbedResponse": (
        Field(1, "embedding", "float", "repeated"),
        Field(2, "meta_info", STRING_MAP, "map"),
    ),
    "ClassifyRequest": (
        Field(1, "text", "string"),
        Field(2, "input_ids", "int32", "repeated"),
        Field(3, "rid", "string", "optional"),
        Field(4, "routing_key", "string", "optional"),
        Field(5, "trace_headers", STRING_MAP, "map"),
    ),
    "ClassifyResponse": (
        Field(1, "embedding", "float", "repeated"),
        Field(2, "meta_info", STRING_MAP, "map"),
    ),
    "TokenizeRequest": (
        Field(1, "text", "string"),
        Field(2, "add_special_tokens", "bool", "optional"),
    ),
    "TokenizeResponse": (
        Field(1, "tokens", "int32", "repeated"),
        Field(2, "count", "int32"),
        Field(3, "max_model_len", "int32"),
        Field(4, "input_text", "string"),
    ),
    "DetokenizeRequest": (Field(1, "tokens", "int32", "repeated"),),
    "DetokenizeResponse": (Field(1, "text", "string"),),
    "HealthCheckRequest": (),
    "HealthCheckResponse": (Field(1, "healthy", "bool"),),
    "GetModelInfoRequest": (),
    "GetModelInfoResponse": (Field(1, "model_path", "string"), Field(2, "json_info", "string")),
    "GetServerInfoRequest": (),
    "GetServerInfoResponse": (Field(1, "json_info", "string"),),
    "AbortRequest": (Field(1, "rid", "string"), Field(2, "abort_all", "bool")),
    "AbortResponse": (Field(1, "success", "bool"),),
    "ListModelsRequest": (),
    "ListModelsResponse": (Field(1, "models", "ModelCard", "repeated"),),
    "ModelCard": (
        Field(1, "id", "string"),
        Field(2, "root", "string"),
        Field(3, "parent", "string", "optional"),
        Field(4, "max_model_len", "int32", "optional"),
    ),
    "GetLoadRequest": (Field(1, "dp_rank", "int32", "optional"),),
    "GetLoadResponse": (Field(1, "json_info", "string"),),
    "FlushCacheRequest": (),
    "FlushCacheResponse": (Field(1, "success", "bool"), Field(2, "message", "string")),
    "PauseGenerationRequest": (Field(1, "mode", "string"),),
    "PauseGenerationResponse": (Field(1, "message", "string"),),
    "ContinueGenerationRequest": (),
    "ContinueGenerationResponse": (Field(1, "message", "string"),),
    "OpenAIRequest": (Field(1, "json_body", "bytes"), Field(2, "trace_headers", STRING_MAP, "map")),
    "OpenAIStreamChunk": (Field(1, "json_chunk", "bytes"), Field(2, "finished", "bool")),
    "OpenAIResponse": (Field(1, "json_body", "bytes"), Field(2, "status_code", "int32")),
    "StartProfileRequest": (Field(1, "output_dir", "string", "optional"),),
    "StartProfileResponse": (Field(1, "message", "string"),),
    "StopProfileRequest": (),
    "StopProfileResponse": (Field(1, "message", "string"),),
    "UpdateWeightsRequest": (
        Field(1, "model_path", "string"),
        Field(2, "load_format", "string", "optional"),
    ),
    "UpdateWeightsResponse": (Field(1, "success", "bool"), Field(2, "message", "string")),
    "WatchEngineStateRequest": (),
    "EngineStateSnapshot": (
        Field(1, "instance_id", "uint64"),
        Field(2, "revision", "uint64"),
        Field(3, "healthy", "bool"),
        Field(4, "server_status", "ServerStatus"),
        Field(5, "is_pause", "bool"),
        Field(6, "model_info", "GetModelInfoResponse"),
        Field(7, "server_info", "GetServerInfoResponse"),
        Field(8, "models", "ListModelsResponse"),
    ),
}

ENUMS = {
    "ServerStatus": {
        "SERVER_STATUS_UNSPECIFIED": 0,
        "SERVER_STATUS_STARTING": 1,
        "SERVER_STATUS_UP": 2,
        "SERVER_STATUS_UNHEALTHY": 3,
    },
}

RESERVED_NUMBERS = {
    "TextGenerateRequest": {18},
    "GenerateRequest": {17},
    "GenerateResponse": {4, 5, 6, 10, 11},
}
RESERVED_NAMES = {"TextGenerateRequest": {"kv_hints"}, "GenerateRequest": {"kv_hints"}}
DEPRECATED = {"SamplingParams.json_schema", "SamplingParams.regex"}

PUBLIC = {"HealthCheck"}
ADMIN = {
    "GetServerInfo",
    "FlushCache",
    "PauseGeneration",
    "ContinueGeneration",
    "StartProfile",
    "StopProfile",
    "UpdateWeightsFromDisk",
    "WatchEngineState",
}

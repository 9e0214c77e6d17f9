"""The messages of sglang.runtime.v1 that the codec benchmark makes and reads, with realistic contents."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CASES", "Case"]


@dataclass(frozen=True)
class Case:
    """A message as keyword arguments.

    Attributes:
        message: Name of its class.
        values: Constructor arguments; a `Case`, or a list of them, for messages within.
        title: What it is, beside the name of its class.
    """

    message: str
    values: dict[str, Any] = field(default_factory=dict)
    title: str = ""

    @property
    def name(self) -> str:
        """Its line in the table."""
        return f"{self.message} {self.title}".rstrip()

    def classes(self) -> set[str]:
        """Names of all classes in it."""
        inner = (item for value in self.values.values() for item in _messages(value))
        return {self.message}.union(*(item.classes() for item in inner))

    def make(self, names: dict[str, Any], places: Iterator[int] | None = None) -> str:
        """The expression that makes the message; what its names stand for goes into `names`."""
        places = places or count()
        arguments = (f"{name}={_make(value, names, places)}" for name, value in self.values.items())
        return f"{self.message}({', '.join(arguments)})"

    def reads(self, message: str) -> list[str]:
        """Expressions that take every field that is set, down to Python's own types."""
        return [part for name, value in self.values.items() for part in _reads(value, f"{message}.{name}")]


def _messages(value: Any) -> list[Case]:
    values = value if isinstance(value, list) else [value]
    return [item for item in values if isinstance(item, Case)]


def _make(value: Any, names: dict[str, Any], places: Iterator[int]) -> str:
    if isinstance(value, Case):
        return value.make(names, places)
    if _messages(value):
        return f"[{', '.join(item.make(names, places) for item in value)}]"
    names[name := f"v{next(places)}"] = value
    return name


def _reads(value: Any, expression: str) -> list[str]:
    match value:
        case Case():
            return value.reads(expression)
        case [Case() as first, *_]:
            return [f"[({', '.join(first.reads('item'))}) for item in {expression}]"]
        case list() | dict():
            return [f"{type(value).__name__}({expression})"]
    return [expression]


RANDOM = random.Random(7)
IDS = [RANDOM.randrange(150_000) for _ in range(8192)]
FLOATS = [RANDOM.random() for _ in range(4096)]
WORDS = "The quick brown fox jumps over the lazy dog, and nobody minds at all. "
RID = "5b0d5b52-7c9f-4f80-a7f4-6c0f5a9b3a11"
TRACE = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "tracestate": "sw=1"}
FACTS = {"id": f'"{RID}"', "prompt_tokens": "128"}
META = {
    **FACTS,
    "finish_reason": '{"type":"stop","matched":2}',
    "completion_tokens": "256",
    "cached_tokens": "0",
    "weight_version": '"default"',
    "e2e_latency": "1.25",
}
LOGPROBS = {**META, "output_token_logprobs": str([[-0.123, id_, None] for id_ in IDS[:64]])}
CHUNK = b'{"id":"chatcmpl-7f3a","object":"chat.completion.chunk","created":1760000000,"model":"default",'
CHUNK += b'"choices":[{"index":0,"delta":{"content":" token"},"finish_reason":null}]}'
INFO = '{"model_path":"/models/Qwen3-0.6B","served_model_name":"default","is_generation":true}'
SETTINGS = '{"host":"127.0.0.1","port":30000,"device":"cuda","dtype":"bfloat16","max_running_requests":64}'

SAMPLING = Case(
    "SamplingParams",
    {"temperature": 0.7, "top_p": 0.9, "max_new_tokens": 256, "stop": ["\n\n"]},
    "typical",
)
DISAGGREGATED = Case(
    "DisaggregatedParams", {"bootstrap_host": "10.0.0.7", "bootstrap_port": 8998, "bootstrap_room": 2**40}
)
CHOICE = Case("ChoiceConstraint", {"values": ["yes", "no", "maybe"]})
GUIDED = Case("GuidedDecoding", {"regex": "[a-z]+@[a-z]+"}, "regex")
ALL_SAMPLING = Case(
    "SamplingParams",
    {
        "temperature": 0.7,
        "top_p": 0.9,
        "top_k": 50,
        "min_p": 0.05,
        "frequency_penalty": 0.5,
        "presence_penalty": 0.25,
        "repetition_penalty": 1.125,
        "max_new_tokens": 256,
        "min_new_tokens": 4,
        "stop": ["\n\n", "###"],
        "stop_token_ids": [151643, 151645],
        "ignore_eos": False,
        "n": 2,
        "seed": 1234567890123,
        "guided_decoding": GUIDED,
    },
    "nearly all set",
)
ROUTE = {
    "rid": RID,
    "lora_path": "sql-adapter",
    "routing_key": "tenant-7",
    "routed_dp_rank": 1,
    "trace_headers": TRACE,
    "session_id": "session-17",
    "disaggregated_params": DISAGGREGATED,
    "priority": 3,
    "require_reasoning": True,
    "max_thinking_tokens": 2048,
}
GENERATE = {
    "sampling_params": ALL_SAMPLING,
    "stream": True,
    "return_logprob": True,
    "top_logprobs_num": 5,
    "logprob_start_len": -1,
    **ROUTE,
}
TYPICAL = {"sampling_params": SAMPLING, "stream": True, "rid": RID}
MODEL_INFO = Case("GetModelInfoResponse", {"model_path": "/models/Qwen3-0.6B", "json_info": INFO})
SERVER_INFO = Case("GetServerInfoResponse", {"json_info": SETTINGS})
MODEL = Case("ModelCard", {"id": "default", "root": "/models/Qwen3-0.6B", "max_model_len": 32768})
ADAPTER = Case("ModelCard", {**MODEL.values, "id": "sql-adapter", "parent": "default"}, "adapter")
STATE = {"instance_id": 2**60, "revision": 17, "healthy": True, "server_status": 2}

CASES = (
    SAMPLING,
    ALL_SAMPLING,
    GUIDED,
    Case("GuidedDecoding", {"choice": CHOICE}, "choice"),
    CHOICE,
    DISAGGREGATED,
    Case("TextGenerateRequest", {"text": WORDS}, "prompt only"),
    Case("TextGenerateRequest", {"text": WORDS, **TYPICAL}, "typical"),
    Case(
        "TextGenerateRequest",
        {"text": WORDS * 200, "return_text_in_logprobs": True, **GENERATE},
        "all set, 14 kB",
    ),
    Case("TextGenerateResponse", {"text": " token"}, "delta"),
    Case("TextGenerateResponse", {"text": WORDS * 30, "meta_info": META}, "cumulative, 2 kB"),
    Case("TextGenerateResponse", {"text": " end", "meta_info": META, "finished": True}, "last"),
    Case("TextGenerateResponse", {"text": WORDS * 4, "meta_info": LOGPROBS}, "log probabilities"),
    Case("GenerateRequest", {"input_ids": IDS[:16]}, "16 ids"),
    Case("GenerateRequest", {"input_ids": IDS[:512], **TYPICAL}, "typical, 512 ids"),
    Case("GenerateRequest", {"input_ids": IDS}, "8,192 ids"),
    Case("GenerateRequest", {"input_ids": IDS[:32], **GENERATE}, "all set, 32 ids"),
    Case("GenerateResponse", {"output_ids": [151643]}, "delta"),
    Case("GenerateResponse", {"output_ids": IDS[:256], "meta_info": META}, "cumulative, 256 ids"),
    Case("GenerateResponse", {"output_ids": [2], "meta_info": META, "finished": True}, "last"),
    Case("TextEmbedRequest", {"text": WORDS}),
    Case("TextEmbedRequest", {"text": WORDS, "rid": RID, "trace_headers": TRACE}, "traced"),
    Case("TextEmbedResponse", {"embedding": FLOATS[:1024], "meta_info": FACTS}, "1,024 floats"),
    Case("EmbedRequest", {"input_ids": IDS[:128], "rid": RID}, "128 ids"),
    Case("EmbedResponse", {"embedding": FLOATS}, "4,096 floats"),
    Case("EmbedResponse", {"embedding": FLOATS[:1024], "meta_info": FACTS}, "1,024 floats, facts"),
    Case("ClassifyRequest", {"text": WORDS}, "text"),
    Case("ClassifyRequest", {"input_ids": IDS[:64], "rid": RID}, "64 ids"),
    Case("ClassifyResponse", {"embedding": [0.1, 0.7, 0.2], "meta_info": FACTS}, "3 classes"),
    Case("TokenizeRequest", {"text": WORDS}, "70 bytes"),
    Case("TokenizeRequest", {"text": WORDS * 30, "add_special_tokens": False}, "2 kB"),
    Case("TokenizeResponse", {"tokens": IDS[:16], "count": 16, "max_model_len": 32768}, "16 ids"),
    Case(
        "TokenizeResponse",
        {"tokens": IDS[:512], "count": 512, "max_model_len": 32768, "input_text": WORDS * 30},
        "512 ids",
    ),
    Case("DetokenizeRequest", {"tokens": IDS[:16]}, "16 ids"),
    Case("DetokenizeRequest", {"tokens": IDS[:512]}, "512 ids"),
    Case("DetokenizeResponse", {"text": WORDS}, "70 bytes"),
    Case("DetokenizeResponse", {"text": WORDS * 30}, "2 kB"),
    Case("HealthCheckRequest"),
    Case("HealthCheckResponse", {"healthy": True}),
    Case("GetModelInfoRequest"),
    MODEL_INFO,
    Case("GetServerInfoRequest"),
    SERVER_INFO,
    Case("AbortRequest", {"rid": RID}),
    Case("AbortRequest", {"abort_all": True}, "all"),
    Case("AbortResponse", {"success": True}),
    Case("ListModelsRequest"),
    Case("ListModelsResponse", {"models": [MODEL, MODEL]}, "2 models"),
    ADAPTER,
    Case("GetLoadRequest", {"dp_rank": 0}),
    Case("GetLoadResponse", {"json_info": f"[{SETTINGS}]"}),
    Case("FlushCacheRequest"),
    Case("FlushCacheResponse", {"success": True, "message": "The cache is empty."}),
    Case("PauseGenerationRequest", {"mode": "in_place"}),
    Case("PauseGenerationResponse", {"message": "Generation is paused."}),
    Case("ContinueGenerationRequest"),
    Case("ContinueGenerationResponse", {"message": "Generation goes on."}),
    Case("OpenAIRequest", {"json_body": CHUNK, "trace_headers": TRACE}, "traced"),
    Case("OpenAIRequest", {"json_body": CHUNK * 24}, "4 kB"),
    Case("OpenAIStreamChunk", {"json_chunk": CHUNK}, "169 bytes"),
    Case("OpenAIStreamChunk", {"finished": True}, "last"),
    Case("OpenAIResponse", {"json_body": CHUNK * 12, "status_code": 200}, "2 kB"),
    Case("StartProfileRequest", {"output_dir": "traces/today"}),
    Case("StartProfileResponse", {"message": "Tracing into traces/today."}),
    Case("StopProfileRequest"),
    Case("StopProfileResponse", {"message": "The trace is in traces/today."}),
    Case("UpdateWeightsRequest", {"model_path": "/models/Qwen3-0.6B-v2", "load_format": "safetensors"}),
    Case("UpdateWeightsResponse", {"success": True, "message": "The new weights are in use."}),
    Case("WatchEngineStateRequest"),
    Case("EngineStateSnapshot", STATE),
    Case(
        "EngineStateSnapshot",
        {**STATE, "is_pause": True, "model_info": MODEL_INFO, "server_info": SERVER_INFO},
        "with infos",
    ),
)

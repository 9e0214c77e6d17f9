"""The OpenAI API: every body over gRPC and over HTTP, and some through the official SDK."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from tokenwire_gen.sglang.runtime.v1 import (
    CHAT_COMPLETE,
    COMPLETE,
    OPENAI_CLASSIFY,
    OPENAI_EMBED,
    RERANK,
    SCORE,
)
from tokenwire_gen.sglang.runtime.v1.sglang_pb import OpenAIRequest

from .case import Case, http, rpc, sdk
from .generation import SCHEMA, TEXT, TOO_LONG

if TYPE_CHECKING:
    from tokenwire import Method

ASK: Final = [{"role": "user", "content": "What is a path?"}]
CHAT: Final[dict[str, Any]] = {"model": "tiny", "messages": ASK, "max_tokens": 6, "temperature": 0}
COMPLETION: Final[dict[str, Any]] = {"model": "tiny", "prompt": TEXT, "max_tokens": 6, "temperature": 0}
STREAM: Final = {"stream": True}
USAGE: Final = {"stream": True, "stream_options": {"include_usage": True}}
TOOLS: Final = [
    {
        "type": "function",
        "function": {
            "name": "join",
            "parameters": {"type": "object", "properties": {"a": {"type": "string"}}},
        },
    }
]
SCORED: Final = {"model": "tiny", "query": "a", "items": [" b", " c"], "label_token_ids": [5, 6]}
RANKED: Final = {"model": "tiny", "query": "a path", "documents": ["a path", "a number"]}


def schema(text: str) -> dict[str, Any]:
    """A response_format."""
    named = {"name": "answer", "schema": json.loads(text)}
    return {"response_format": {"type": "json_schema", "json_schema": named}}


Bodies = dict[str, dict[str, Any] | bytes]

CHATS: Final[Bodies] = {
    "whole": CHAT,
    "streamed": CHAT | STREAM,
    "streamed with usage": CHAT | USAGE,
    "without a limit": CHAT | {"max_tokens": None, "stop": [" object"]},
    "max_completion_tokens": CHAT | {"max_tokens": None, "max_completion_tokens": 4},
    "system message": CHAT | {"messages": [{"role": "system", "content": "Be brief."}, *ASK]},
    "parts": CHAT
    | {"messages": [{"role": "user", "content": [{"type": "text", "text": "What is a path?"}]}]},
    "stop string": CHAT | {"stop": ["state"]},
    "stop string, streamed": CHAT | {"stop": ["statement"]} | STREAM,
    "two choices": CHAT | {"n": 2},
    "two choices, streamed": CHAT | {"n": 2} | USAGE,
    "logprobs": CHAT | {"logprobs": True, "top_logprobs": 2},
    "logprobs, streamed": CHAT | {"logprobs": True, "top_logprobs": 2} | STREAM,
    "json_schema": CHAT | schema(SCHEMA) | {"max_tokens": 24},
    "json_schema, streamed": CHAT | schema(SCHEMA) | {"max_tokens": 24} | STREAM,
    "json_object": CHAT | {"response_format": {"type": "json_object"}},
    "tools": CHAT | {"tools": TOOLS},
    "tools, streamed": CHAT | {"tools": TOOLS} | STREAM,
    "tool required": CHAT | {"tools": TOOLS, "tool_choice": "required", "max_tokens": 40},
    "keys nobody knows": CHAT | {"nobody": 1},
    "keys of SGLang": CHAT | {"regex": "[a-c]{3}", "top_k": 5, "min_p": 0.1},
    "other model": CHAT | {"model": "nobody"},
    "other model, streamed": CHAT | {"model": "nobody"} | STREAM,
    "model default": CHAT | {"model": "default"},
    "no model": {key: value for key, value in CHAT.items() if key != "model"},
    "no messages": {"model": "tiny"},
    "no messages, streamed": {"model": "tiny"} | STREAM,
    "empty messages": CHAT | {"messages": []},
    "messages not a list": CHAT | {"messages": "x"},
    "unknown role": CHAT | {"messages": [{"role": "nobody", "content": "x"}]},
    "temperature": CHAT | {"temperature": -1},
    "temperature, streamed": CHAT | {"temperature": -1} | STREAM,
    "negative limit": CHAT | {"max_tokens": -1},
    "too long": CHAT | {"messages": [{"role": "user", "content": TOO_LONG}]},
    "too long, streamed": CHAT | {"messages": [{"role": "user", "content": TOO_LONG}]} | STREAM,
    "bad JSON": b'{"model": ',
    "not an object": b"[1]",
    "nothing": b"",
}

COMPLETIONS: Final[Bodies] = {
    "whole": COMPLETION,
    "streamed": COMPLETION | STREAM,
    "streamed with usage": COMPLETION | USAGE,
    "default limit": {"model": "tiny", "prompt": TEXT, "temperature": 0},
    "ids": COMPLETION | {"prompt": [417, 271]},
    "prompts": COMPLETION | {"prompt": [TEXT, "Open a"]},
    "prompts, streamed": COMPLETION | {"prompt": [TEXT, "Open a"]} | USAGE,
    "lists of ids": COMPLETION | {"prompt": [[417, 271], [5, 6]]},
    "stop string": COMPLETION | {"stop": "tion"},
    "two choices": COMPLETION | {"n": 2},
    "two choices, streamed": COMPLETION | {"n": 2} | STREAM,
    "logprobs": COMPLETION | {"logprobs": 2},
    "logprobs, streamed": COMPLETION | {"logprobs": 2} | STREAM,
    "echo": COMPLETION | {"echo": True},
    "echo with logprobs": COMPLETION | {"echo": True, "logprobs": 1},
    "echo, streamed": COMPLETION | {"echo": True} | STREAM,
    "json_schema": COMPLETION | {"json_schema": SCHEMA, "max_tokens": 24},
    "response_format": COMPLETION | schema(SCHEMA) | {"max_tokens": 24},
    "no tokens": COMPLETION | {"max_tokens": 0},
    "other model": COMPLETION | {"model": "nobody"},
    "no prompt": {"model": "tiny"},
    "empty prompt": COMPLETION | {"prompt": ""},
    "no prompts": COMPLETION | {"prompt": []},
    "top_p": COMPLETION | {"top_p": 2},
    "top_p, streamed": COMPLETION | {"top_p": 2} | STREAM,
    "too long": COMPLETION | {"prompt": TOO_LONG},
    "too long, streamed": COMPLETION | {"prompt": TOO_LONG} | STREAM,
    "bad JSON": b'{"model": ',
    "not an object": b'"x"',
}

EMBEDDINGS: Final[Bodies] = {
    "not an embedding model": {"model": "tiny", "input": "a path"},
    "list": {"model": "tiny", "input": ["a", "b"]},
    "other model": {"model": "nobody", "input": "a path"},
    "no input": {"model": "tiny"},
    "bad JSON": b"{",
    "not an object": b"5",
}

CLASSES: Final[Bodies] = {
    "not a classifier": {"model": "tiny", "input": "a path"},
    "no input": {"model": "tiny"},
    "bad JSON": b"{",
}

SCORES: Final[Bodies] = {
    "texts": SCORED,
    "softmax": SCORED | {"apply_softmax": True},
    "items first": SCORED | {"item_first": True},
    "ids": SCORED | {"query": [5, 6], "items": [[7], [8, 9]]},
    "one item": SCORED | {"items": " b"},
    "label beyond the vocabulary": SCORED | {"label_token_ids": [5, 4096]},
    "no labels": {"model": "tiny", "query": "a", "items": [" b"]},
    "no items": SCORED | {"items": []},
    "other model": SCORED | {"model": "nobody"},
    "bad JSON": b"{",
}

RANKS: Final[Bodies] = {
    "not a ranking model": RANKED,
    "first one": RANKED | {"top_n": 1},
    "no documents": RANKED | {"documents": []},
    "no query": {"model": "tiny", "documents": ["a"]},
    "other model": RANKED | {"model": "nobody"},
    "bad JSON": b"{",
}

TABLES: Final[tuple[tuple[Method[Any, Any], str, Bodies], ...]] = (
    (CHAT_COMPLETE, "/v1/chat/completions", CHATS),
    (COMPLETE, "/v1/completions", COMPLETIONS),
    (OPENAI_EMBED, "/v1/embeddings", EMBEDDINGS),
    (OPENAI_CLASSIFY, "/v1/classify", CLASSES),
    (SCORE, "/v1/score", SCORES),
    (RERANK, "/v1/rerank", RANKS),
)


def over_grpc(method: Method[Any, Any], what: str, body: dict[str, Any] | bytes) -> Case:
    return rpc(what, method, OpenAIRequest(json_body=written(body)))


def over_http(path: str, what: str, body: dict[str, Any] | bytes) -> Case:
    return http(what, "POST", path, content=written(body), headers={"content-type": "application/json"})


def written(body: dict[str, Any] | bytes) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def headed(what: str, headers: dict[str, str]) -> tuple[Case, Case]:
    """The same headers, as trace_headers and as headers."""
    request = OpenAIRequest(json_body=written(CHAT), trace_headers=headers)
    return (
        rpc(what, CHAT_COMPLETE, request),
        http(what, "POST", "/v1/chat/completions", CHAT, headers=headers),
    )


SDK: Final = (
    sdk("chat", lambda client: client.chat.completions.create(**CHAT)),
    sdk("chat, streamed", lambda client: client.chat.completions.create(**CHAT | USAGE)),
    sdk("chat, tools", lambda client: client.chat.completions.create(**CHAT, tools=TOOLS)),
    sdk("chat, other model", lambda client: client.chat.completions.create(**CHAT | {"model": "nobody"})),
    sdk("chat, temperature", lambda client: client.chat.completions.create(**CHAT | {"temperature": -1})),
    sdk(
        "chat, too long, streamed",
        lambda client: client.chat.completions.create(**CHATS["too long, streamed"]),
    ),
    sdk("completion", lambda client: client.completions.create(**COMPLETION)),
    sdk("completion, streamed", lambda client: client.completions.create(**COMPLETION | USAGE)),
    sdk("embedding", lambda client: client.embeddings.create(model="tiny", input="a")),
)

CASES: Final = (
    *(over_grpc(method, what, body) for method, _, bodies in TABLES for what, body in bodies.items()),
    *(over_http(path, what, body) for _, path, bodies in TABLES for what, body in bodies.items()),
    *headed("traced", {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}),
    *headed("rank in a header", {"X-Data-Parallel-Rank": "not a number"}),
    *SDK,
)

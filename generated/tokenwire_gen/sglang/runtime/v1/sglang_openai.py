# Generated from sglang/runtime/v1/sglang.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""OpenAI pass-through of sglang/runtime/v1/sglang.proto."""

from __future__ import annotations

from typing import Final

from tokenwire import AuthScope
from tokenwire.http.routes import OpenAIAdapter

from .sglang_grpc import (
    CHAT_COMPLETE,
    COMPLETE,
    OPENAI_CLASSIFY,
    OPENAI_EMBED,
    RERANK,
    SCORE,
)
from .sglang_pb import OpenAIRequest


def _chat_complete_request(
    body: bytes,
    headers: dict[str, str],
) -> OpenAIRequest:
    return OpenAIRequest(
        json_body=body,
        trace_headers=headers,
    )


def _complete_request(
    body: bytes,
    headers: dict[str, str],
) -> OpenAIRequest:
    return OpenAIRequest(
        json_body=body,
        trace_headers=headers,
    )


def _openai_embed_request(
    body: bytes,
    headers: dict[str, str],
) -> OpenAIRequest:
    return OpenAIRequest(
        json_body=body,
        trace_headers=headers,
    )


def _openai_classify_request(
    body: bytes,
    headers: dict[str, str],
) -> OpenAIRequest:
    return OpenAIRequest(
        json_body=body,
        trace_headers=headers,
    )


def _score_request(
    body: bytes,
    headers: dict[str, str],
) -> OpenAIRequest:
    return OpenAIRequest(
        json_body=body,
        trace_headers=headers,
    )


def _rerank_request(
    body: bytes,
    headers: dict[str, str],
) -> OpenAIRequest:
    return OpenAIRequest(
        json_body=body,
        trace_headers=headers,
    )


CHAT_COMPLETE_ADAPTER: Final = OpenAIAdapter(
    rpc=CHAT_COMPLETE,
    path="/v1/chat/completions",
    request=_chat_complete_request,
    stream=True,
    json_field="json_chunk",
    finished_field="finished",
    auth=AuthScope.USER,
)
COMPLETE_ADAPTER: Final = OpenAIAdapter(
    rpc=COMPLETE,
    path="/v1/completions",
    request=_complete_request,
    stream=True,
    json_field="json_chunk",
    finished_field="finished",
    auth=AuthScope.USER,
)
OPENAI_EMBED_ADAPTER: Final = OpenAIAdapter(
    rpc=OPENAI_EMBED,
    path="/v1/embeddings",
    request=_openai_embed_request,
    stream=False,
    json_field="json_body",
    status_field="status_code",
    auth=AuthScope.USER,
)
OPENAI_CLASSIFY_ADAPTER: Final = OpenAIAdapter(
    rpc=OPENAI_CLASSIFY,
    path="/v1/classify",
    request=_openai_classify_request,
    stream=False,
    json_field="json_body",
    status_field="status_code",
    auth=AuthScope.USER,
)
SCORE_ADAPTER: Final = OpenAIAdapter(
    rpc=SCORE,
    path="/v1/score",
    request=_score_request,
    stream=False,
    json_field="json_body",
    status_field="status_code",
    auth=AuthScope.USER,
)
RERANK_ADAPTER: Final = OpenAIAdapter(
    rpc=RERANK,
    path="/v1/rerank",
    request=_rerank_request,
    stream=False,
    json_field="json_body",
    status_field="status_code",
    auth=AuthScope.USER,
)
ADAPTERS: Final[tuple[OpenAIAdapter, ...]] = (
    CHAT_COMPLETE_ADAPTER,
    COMPLETE_ADAPTER,
    OPENAI_EMBED_ADAPTER,
    OPENAI_CLASSIFY_ADAPTER,
    SCORE_ADAPTER,
    RERANK_ADAPTER,
)
"""Every adapter above."""

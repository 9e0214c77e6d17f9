# Generated from cases/annotated/annotated.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""OpenAI pass-through of cases/annotated/annotated.proto."""

from __future__ import annotations

from typing import Final

from tokenwire import AuthScope
from tokenwire.http.routes import OpenAIAdapter

from .annotated_grpc import RAW, RAW_STREAM
from .annotated_pb import RawCall


def _raw_request(
    body: bytes,
    headers: dict[str, str],
) -> RawCall:
    return RawCall(
        payload=body,
        headers=headers,
    )


def _raw_stream_request(
    body: bytes,
    headers: dict[str, str],
) -> RawCall:
    return RawCall(
        payload=body,
    )


RAW_ADAPTER: Final = OpenAIAdapter(
    rpc=RAW,
    path="/raw",
    request=_raw_request,
    stream=False,
    json_field="payload",
    status_field="status",
    auth=AuthScope.USER,
)
RAW_STREAM_ADAPTER: Final = OpenAIAdapter(
    rpc=RAW_STREAM,
    path="/raw_stream",
    request=_raw_stream_request,
    stream=True,
    json_field="event",
    finished_field="last",
    auth=AuthScope.USER,
)
ADAPTERS: Final[tuple[OpenAIAdapter, ...]] = (
    RAW_ADAPTER,
    RAW_STREAM_ADAPTER,
)
"""Every adapter above."""

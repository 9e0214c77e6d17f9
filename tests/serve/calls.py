"""Calls of a servicer without a transport."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from tokenwire.context import Context
from tokenwire.details import BadRequest, ErrorInfo
from tokenwire.errors import RpcError
from tokenwire_gen.sglang.runtime.v1 import sglang_grpc
from tokenwire_gen.sglang.runtime.v1.sglang_pb import OpenAIRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokenwire.streams import PushStream
    from tokenwire_serve.servicer.service import SglangServicer

METHODS = {method.name: method for method in sglang_grpc.SGLANG_SERVICE.methods}


def context(rpc: str, **metadata: str) -> Context:
    """The context of a call; metadata names with underscores for dashes."""
    sent = {name.replace("_", "-"): value for name, value in metadata.items()}
    return Context(METHODS[rpc], metadata=sent)


async def until(condition: Callable[[], object]) -> None:
    """Let the loop turn until something holds."""
    for _ in range(10_000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never came about")


async def drained(stream: PushStream[Any]) -> tuple[list[Any], RpcError | None]:
    """All messages of a stream and the error that it ends with."""
    messages = []
    try:
        async for message in stream:
            messages.append(message)  # noqa: PERF401 - those before an error count
    except RpcError as error:
        return messages, error
    return messages, None


def facts(message: Any) -> dict[str, Any]:
    """`meta_info` with its values parsed."""
    return {key: json.loads(value) for key, value in message.meta_info.items()}


def violations(error: RpcError) -> dict[str, str]:
    """The field violations of an error."""
    found = [detail for detail in error.details if isinstance(detail, BadRequest)]
    return {
        violation.field: violation.description for detail in found for violation in detail.field_violations
    }


def body_of(error: RpcError) -> dict[str, Any]:
    """The JSON error body that travels in an ErrorInfo."""
    (info,) = [detail for detail in error.details if isinstance(detail, ErrorInfo)]
    assert info.domain == "tokenwire"
    return json.loads(info.metadata["body"])["error"]


def openai(body: Any, **headers: str) -> OpenAIRequest:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return OpenAIRequest(json_body=raw, trace_headers=headers)


async def chat(servicer: SglangServicer, **body: Any) -> Any:
    """The whole answer of a chat that is not streamed."""
    return await _whole(servicer.chat_complete(openai({"messages": USER, **body}), context("ChatComplete")))


async def complete(servicer: SglangServicer, **body: Any) -> Any:
    """The whole answer of a text completion that is not streamed."""
    return await _whole(servicer.complete(openai({"prompt": "Say", **body}), context("Complete")))


async def events(stream: PushStream[Any]) -> list[Any]:
    """The events of a streamed answer, which has ended well."""
    chunks, error = await drained(stream)
    assert error is None
    assert (chunks[-1].json_chunk, chunks[-1].finished) == (b"", True)
    assert not any(chunk.finished for chunk in chunks[:-1])
    return [json.loads(chunk.json_chunk) for chunk in chunks[:-1]]


async def _whole(stream: PushStream[Any]) -> Any:
    chunks, error = await drained(stream)
    if error is not None and not chunks:
        raise error
    (chunk,) = chunks
    assert chunk.finished
    return json.loads(chunk.json_chunk)


USER = [{"role": "user", "content": "Hello"}]

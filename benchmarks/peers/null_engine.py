"""The engine behind every peer: makes tokens without a model, one per stream and turn of the loop.

What it says is what tokenwire's `--engine null` says, so that all servers can send the same messages.
`STREAM_MODE=cumulative` in the environment makes each message carry everything so far.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import time
import uuid
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

CONTEXT: Final = 1 << 20
TEXT: Final = " token"
IDS: Final = [42]
_VECTOR: Final = [math.cos(i) * math.sqrt(2 / 4096) for i in range(4096)]
EMBEDDING: Final = [value / math.hypot(*_VECTOR) for value in _VECTOR]
MODEL_INFO: Final = json.dumps({"model_path": "null", "served_model_name": "null", "is_generation": True})
SERVER_INFO: Final = json.dumps({"engine": "null", "max_running_requests": 4096})

T = TypeVar("T", str, list[int])

compact: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def seconds_text(seconds: float) -> str:
    """Seconds as JSON with six decimals, so that every server's messages have the same length."""
    return f"{seconds:.6f}"


class MetaInfo:
    """`meta_info` of one request; what does not change is encoded once.

    Args:
        prompt_tokens: Tokens of the prompt.
        encode: Makes a value what the transport wants; JSON text unless it encodes itself.
        encode_seconds: The same for a time.
    """

    def __init__(
        self,
        prompt_tokens: int,
        encode: Callable[[Any], Any] = compact,
        encode_seconds: Callable[[float], Any] = seconds_text,
    ) -> None:
        self._started = time.monotonic()
        self._encode = encode
        self._encode_seconds = encode_seconds
        self._running = encode(None)
        self._fixed = {
            "id": encode(str(uuid.uuid4())),
            "prompt_tokens": encode(prompt_tokens),
            "cached_tokens": encode(0),
            "weight_version": encode("default"),
        }

    def of_tokens(self, made: int, *, last: bool) -> dict[str, Any]:
        """All of it after `made` tokens."""
        info = {
            **self._fixed,
            "index": self._encode(0),
            "completion_tokens": self._encode(made),
            "finish_reason": self._running,
        }
        if last:
            info["finish_reason"] = self._encode({"type": "length", "length": made})
            info["e2e_latency"] = self._latency()
        return info

    def of_embedding(self) -> dict[str, Any]:
        """All of it for an embedding."""
        return {**self._fixed, "e2e_latency": self._latency()}

    def _latency(self) -> Any:
        return self._encode_seconds(time.monotonic() - self._started)


class NullEngine:
    """Text, ids, chats and embeddings out of nothing."""

    def __init__(self) -> None:
        self.state_changed = asyncio.Event()  # never set: its state does not change
        self._cumulative = os.environ.get("STREAM_MODE") == "cumulative"

    async def generate(self, info: MetaInfo, token: T, limit: int) -> AsyncIterator[tuple[T, dict, bool]]:
        """Output, `meta_info` and whether it is the last, at each token."""
        output = token[:0]
        for made in range(1, limit + 1):
            last = made == limit
            if self._cumulative:
                output += token
                yield output, info.of_tokens(made, last=last), last
            elif last or made == 1:
                yield token, info.of_tokens(made, last=last), last
            else:
                yield token, {}, False
            await asyncio.sleep(0)

    async def chat(self, body: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """The chunks of a chat completion."""
        start = {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": body["model"],
        }
        choice = {"index": 0, "delta": {"role": "assistant", "content": ""}}
        yield start | {"choices": [choice | {"logprobs": None, "finish_reason": None}]}
        for _ in range(body["max_tokens"]):
            choice = {"index": 0, "delta": {"content": TEXT}, "logprobs": None, "finish_reason": None}
            yield start | {"choices": [choice]}
            await asyncio.sleep(0)
        choice = {"index": 0, "delta": {}, "logprobs": None, "finish_reason": "length", "matched_stop": None}
        yield start | {"choices": [choice]}

    def tokenize(self, text: str) -> list[int]:
        """One id per byte."""
        return list(text.encode())

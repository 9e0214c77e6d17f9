"""`meta_info`: facts about a choice by name, every value JSON text (contract of the wire)."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenwire_serve.engine import Delta, Embedding, Finish, TokenLogprob

__all__ = [
    "COUNTER",
    "OUTPUT_KEYS",
    "ChoiceFacts",
    "LogprobTexts",
    "WrittenLogprobs",
    "embedding_facts",
    "finish_json",
    "join_lists",
    "json_string",
    "json_text",
    "latency_json",
]

COUNTER: Final = "completion_tokens"
"""The key whose value changes with every token."""

OUTPUT_KEYS: Final = frozenset({"output_token_logprobs", "output_top_logprobs"})
"""Keys whose list grows over a stream."""

json_text: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
"""Compact JSON of a value; ValueError for infinity and NaN, which JSON does not know."""

json_string: Final = json.encoder.encode_basestring
"""JSON of a text."""

_RUNNING: Final = "null"
_LOWEST: Final = -3.4028234663852886e38


def finish_json(finish: Finish | None) -> str:
    """`finish_reason` as JSON text, "null" while the choice runs."""
    if finish is None:
        return _RUNNING
    if finish.kind == "stop":
        return json_text({"type": "stop", "matched": finish.matched})
    if finish.kind == "length":
        return f'{{"type":"length","length":{finish.length}}}'
    return json_text({"type": "abort", "message": finish.message})


def latency_json(started: float) -> str:
    """Seconds since `started` (time.monotonic), to the microsecond."""
    return f"{time.monotonic() - started:.6f}"


def join_lists(head: str, tail: str) -> str:
    """The JSON text of two JSON lists, each compact, in a row."""
    return f"[{_joined(head[1:-1], tail[1:-1])}]"


class ChoiceFacts:
    """What stays the same in the `meta_info` of one choice, and the whole of it on demand."""

    __slots__ = ("_fixed", "_started", "id_only")

    def __init__(self, rid: str, index: int, choices: int, weight_version: str, started: float) -> None:
        shown = rid if choices == 1 else f"{rid}_{index}"
        self.id_only = {"id": json_string(shown), "index": str(index)}
        self._fixed = {**self.id_only, "weight_version": json_string(weight_version)}
        self._started = started

    def full(self, delta: Delta) -> dict[str, str]:
        """Every key, as of `delta`, the newest of the choice."""
        facts = {
            **self._fixed,
            "finish_reason": _RUNNING,
            "prompt_tokens": str(delta.prompt_tokens),
            COUNTER: str(delta.completion_tokens),
            "cached_tokens": str(delta.cached_tokens),
        }
        if delta.finish is not None:
            facts["finish_reason"] = finish_json(delta.finish)
            facts["e2e_latency"] = latency_json(self._started)
        return facts


class WrittenLogprobs(list["TokenLogprob"]):
    """Log-probabilities, and their JSON.

    Attributes:
        tokens: The positions, without the brackets of their list.
        top: The same of their alternatives, where those are wanted.
    """

    def __init__(self, logprobs: Sequence[TokenLogprob], *, with_top: bool) -> None:
        super().__init__(logprobs)
        self.tokens = ",".join([_triple(p.logprob, p.token_id, p.text) for p in logprobs])
        self.top = ",".join([_top_list(p) for p in logprobs]) if with_top else ""


class LogprobTexts:
    """Log-probabilities as JSON lists that grow by appending text, never by encoding anew."""

    __slots__ = ("_key", "_tokens", "_top", "_top_key", "_with_top")

    def __init__(self, side: str, *, with_top: bool) -> None:
        self._key = f"{side}_token_logprobs"
        self._top_key = f"{side}_top_logprobs"
        self._with_top = with_top
        self._tokens = ""
        self._top = ""

    def add(self, logprobs: Sequence[TokenLogprob]) -> None:
        """Append the next positions."""
        if not isinstance(logprobs, WrittenLogprobs):
            logprobs = WrittenLogprobs(logprobs, with_top=self._with_top)
        self._tokens = _joined(self._tokens, logprobs.tokens)
        if self._with_top:
            self._top = _joined(self._top, logprobs.top)

    def write(self, facts: dict[str, str]) -> None:
        """Put all positions so far into `facts`."""
        facts[self._key] = f"[{self._tokens}]"
        if self._with_top:
            facts[self._top_key] = f"[{self._top}]"


def _joined(head: str, tail: str) -> str:
    return f"{head},{tail}" if head and tail else head or tail


def _triple(logprob: float | None, token_id: int, text: str | None) -> str:
    return json_text([_finite(logprob), token_id, text])


def _top_list(position: TokenLogprob) -> str:
    if position.logprob is None:
        return "null"
    return f"[{','.join(_triple(*alternative) for alternative in position.top)}]"


def _finite(logprob: float | None) -> float | None:
    """The lowest 32-bit float stands for a probability of zero, and for one that is not a number."""
    if logprob is None or logprob > _LOWEST:
        return logprob
    return _LOWEST


def embedding_facts(rid: str, result: Embedding, weight_version: str, started: float) -> dict[str, str]:
    """`meta_info` of an embedding or of class scores."""
    return {
        "id": json_string(rid),
        "prompt_tokens": str(result.prompt_tokens),
        "cached_tokens": str(result.cached_tokens),
        "weight_version": json_string(weight_version),
        "e2e_latency": latency_json(started),
    }

"""Reads what front ends answered, and holds every call to what was asked for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tokenwire_gen.sglang.runtime.v1 import OpenAIStreamChunk, TextGenerateResponse

from benchmarks.errors import BenchError

from .cells import TOKENS
from .client import chunks, cut, events, frames

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .cells import Cell
    from .client import Piece, Reply

__all__ = ["Answer", "check", "read"]

_DONE = b"[DONE]"


@dataclass(frozen=True)
class Answer:
    """What a call brought.

    Attributes:
        first_s: Seconds from the request to the first message with output.
        text: All of its text.
        tokens: How many tokens it says it has.
        finish: Why it ended.
        messages: Messages with output.
        bytes: Bytes of all messages, without framing.
    """

    first_s: float
    text: str
    tokens: int
    finish: str
    messages: int
    bytes: int


def read(cell: Cell, reply: Reply, *, http: bool) -> Answer:
    """Read a reply.

    Raises:
        BenchError: The call failed, or its end is missing.
    """
    if reply.error:
        raise BenchError(reply.error)
    pieces = cut(cut(reply.pieces, chunks), events) if http else cut(reply.pieces, frames)
    try:
        return (
            _chat(reply, pieces, http=http) if cell.job == "chat" else _typed(cell, reply, pieces, http=http)
        )
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise BenchError(f"a stream without what belongs there ({error!r})") from error


def _ended(pieces: Sequence[Piece], *, http: bool) -> list[Piece]:
    """The events of a stream, without its end."""
    if not http:
        return list(pieces)
    if not pieces or pieces[-1].data != _DONE:
        raise BenchError("a stream without [DONE]")
    return list(pieces[:-1])


def _typed(cell: Cell, reply: Reply, pieces: Sequence[Piece], *, http: bool) -> Answer:
    found = _ended(pieces, http=http)
    texts, info = zip(*(_typed_message(piece.data, http=http) for piece in found), strict=True)
    return Answer(
        first_s=found[0].at - reply.begun,
        text=texts[-1] if cell.mode == "cumulative" else "".join(texts),
        tokens=info[-1]["completion_tokens"],
        finish=info[-1]["finish_reason"]["type"],
        messages=len(found),
        bytes=sum(len(piece.data) for piece in found),
    )


def _typed_message(data: bytes, *, http: bool) -> tuple[str, dict[str, Any]]:
    """Text and `meta_info`, of which only the wanted values are read."""
    if http:
        event = json.loads(data)
        return event["text"], event["meta_info"]
    message = TextGenerateResponse.parse(data)
    wanted = ("completion_tokens", "finish_reason")
    info = {name: json.loads(message.meta_info[name]) for name in wanted if name in message.meta_info}
    return message.text, info


def _chat(reply: Reply, pieces: Sequence[Piece], *, http: bool) -> Answer:
    found = _ended(pieces, http=http)
    bodies = (piece.data if http else OpenAIStreamChunk.parse(piece.data).json_chunk for piece in found)
    parsed = [(piece.at, json.loads(body)) for piece, body in zip(found, bodies, strict=True) if body]
    choices = [(at, choice) for at, body in parsed for choice in body["choices"]]
    texts = [(at, choice["delta"].get("content") or "") for at, choice in choices]
    said = [(at, text) for at, text in texts if text]
    reasons = [choice["finish_reason"] for _, choice in choices]
    usage = [body["usage"] for _, body in parsed if body.get("usage")]
    return Answer(
        first_s=said[0][0] - reply.begun,
        text="".join(text for _, text in said),
        tokens=usage[-1]["completion_tokens"],
        finish=next(reason for reason in reasons if reason),
        messages=len(said),
        bytes=sum(len(piece.data) for piece in found),
    )


def check(answers: Sequence[Answer], text: str) -> None:
    """Hold answers to what was asked for and to the text that it must be.

    Raises:
        BenchError: One is shorter, ended otherwise, or has another text.
    """
    for answer in answers:
        if (answer.tokens, answer.finish) != (TOKENS, "length"):
            raise BenchError(
                f"a call has {answer.tokens} tokens and ended with {answer.finish!r}, "
                f"not {TOKENS} and 'length'"
            )
        if answer.text != text:
            raise BenchError(f"a call says {answer.text[:80]!r}, not {text[:80]!r}")

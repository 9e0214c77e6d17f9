"""A request of the engine `null`, and its text, which has one token per UTF-8 byte."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from tokenwire_serve.engine import Delta, Finish, TokenLogprob

from .lengths import output_limit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenwire.streams import Sink

    from tokenwire_serve.engine import GenerateRequest

__all__ = ["TOKEN_ID", "TOKEN_TEXT", "NullRequest", "ids_of", "length_of", "text_of"]

TOKEN_ID: Final = 42
TOKEN_TEXT: Final = " token"
_NO_LIMIT_TOKENS: Final = 128
_SLICE: Final = 32 << 10
"""Ids that are made, or read, without letting other threads run."""


def ids_of(prompt: str | Sequence[int]) -> list[int]:
    """The bytes of a text; token ids as they are."""
    if not isinstance(prompt, str):
        return list(prompt)
    data, ids = prompt.encode(), list[int]()
    for start in range(0, len(data), _SLICE):
        ids += data[start : start + _SLICE]
    return ids


def length_of(prompt: str | Sequence[int]) -> int:
    """How many token ids `ids_of` gives; not found out by making them."""
    return len(prompt) if not isinstance(prompt, str) or prompt.isascii() else len(prompt.encode())


def text_of(token_ids: Sequence[int]) -> str:
    """The text of bytes; what is none, or no UTF-8, becomes U+FFFD."""
    slices = (token_ids[start : start + _SLICE] for start in range(0, len(token_ids), _SLICE))
    return b"".join(map(_bytes_of, slices)).decode(errors="replace")


def _bytes_of(token_ids: Sequence[int]) -> bytes:
    try:
        return bytes(token_ids)
    except (ValueError, OverflowError):
        return b"".join(bytes([i]) if 0 <= i < 256 else b"\xff" for i in token_ids)


class NullRequest:
    """An active request: its choices run in step, so one count serves them all.

    Raises:
        RpcError: INVALID_ARGUMENT, it would become longer than the context.
    """

    __slots__ = ("_plain", "choices", "limit", "made", "prompt_tokens", "request", "running", "sent", "sink")

    def __init__(self, request: GenerateRequest, sink: Sink[Delta], context: int) -> None:
        prompt_tokens = length_of(request.prompt)
        limit = output_limit(request.sampling, prompt_tokens, context)
        self.request = request
        self.sink = sink
        self.limit = limit if request.sampling.max_new_tokens is not None else min(limit, _NO_LIMIT_TOKENS)
        self.choices = request.sampling.n
        self._plain = self.choices == 1 and request.stream and not request.logprobs
        self.prompt_tokens = prompt_tokens
        self.made = 0
        self.sent = 0
        self.running = False

    @property
    def tokens(self) -> int:
        """Tokens of the prompt and of one choice."""
        return self.prompt_tokens + self.made

    def step(self) -> bool:
        """Make one token per choice; whether that was the last."""
        made = self.made + 1
        if self._plain and made < self.limit:
            self.made = self.sent = made
            self.sink.push(Delta(0, [TOKEN_ID], TOKEN_TEXT, self.prompt_tokens, made))
            return False
        if not self.made:
            self.request.first_token = time.monotonic()
        if self.made < self.limit:
            self.made += 1
        done = self.made >= self.limit
        if self.request.stream or done:
            self.emit(Finish("length", length=self.made) if done else None)
        return done

    def emit(self, finish: Finish | None) -> None:
        """Push what is new, the same for each choice."""
        new = self.made - self.sent
        first = self.sent == 0
        self.sent = self.made
        for index in range(self.choices):
            delta = Delta(
                index=index,
                token_ids=[TOKEN_ID] * new,
                text=TOKEN_TEXT * new,
                prompt_tokens=self.prompt_tokens,
                completion_tokens=self.made,
                finish=finish,
            )
            if self.request.logprobs:
                delta.output_logprobs = [self._logprob(TOKEN_ID, TOKEN_TEXT)] * new
                if first and self.request.logprob_start >= 0:
                    delta.input_logprobs = self._input_logprobs()
            self.sink.push(delta)

    def _input_logprobs(self) -> list[TokenLogprob]:
        start, ids = self.request.logprob_start, ids_of(self.request.prompt)
        each = {i: self._logprob(i, text_of([i])) for i in set(ids)}
        logprobs = [each[i] for i in ids[start:]]
        if start == 0 and logprobs:
            text = logprobs[0].text
            logprobs[0] = TokenLogprob(None, ids[0], text)
        return logprobs

    def _logprob(self, token_id: int, text: str) -> TokenLogprob:
        shown = text if self.request.text_in_logprobs else None
        top = ((0.0, token_id, shown),) if self.request.top_logprobs else ()
        return TokenLogprob(0.0, token_id, shown, top)

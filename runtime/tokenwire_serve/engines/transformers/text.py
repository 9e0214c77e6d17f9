"""From tokens to text, piece by piece: whole characters only, and stop strings found across tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .tokenizer import Tokenizer

__all__ = ["Detokenizer", "StopMatcher"]

_BROKEN: Final = "\N{REPLACEMENT CHARACTER}"
_CONTEXT: Final = 6
_PATIENCE: Final = 8
"""Tokens that may wait for the rest of a character; real ones need at most four bytes."""


class Detokenizer:
    """Turns tokens into text as they come; special tokens have no text.

    All pieces together are the text that the tokens have after the prompt: decoders that drop a
    leading space do so only at the start of a text, hence the last tokens of the prompt as context.
    """

    def __init__(self, tokenizer: Tokenizer, prompt: Sequence[int]) -> None:
        self._tokenizer = tokenizer
        self._window = list(prompt[-_CONTEXT:])
        self._given = len(self._window)
        self._given_text = self._decode(self._window)
        if self._given_text.endswith(_BROKEN):
            self._window, self._given, self._given_text = [], 0, ""

    def _decode(self, ids: Sequence[int]) -> str:
        return self._tokenizer.decode(ids, skip_special=True) if ids else ""

    def add(self, token: int) -> str:
        """Take a token; the text that is now certain."""
        window = self._window
        window.append(token)
        text = self._decode(window)
        if text.endswith(_BROKEN):
            return self._split(text) if len(window) - self._given > _PATIENCE else ""
        return self._give(text, len(window))

    def flush(self) -> str:
        """The text of what was held back, a broken character as U+FFFD."""
        return self._give(self._decode(self._window), len(self._window))

    def _give(self, text: str, count: int) -> str:
        """Hand out the window's text up to `count` tokens and forget the tokens given before."""
        new = text[len(self._given_text) :]
        del self._window[: self._given]
        self._given = count - self._given
        self._given_text = self._decode(self._window[: self._given])
        return new

    def _split(self, text: str) -> str:
        """Hand out the part of a long broken stretch that further tokens cannot change."""
        for count in range(len(self._window) - 1, len(self._window) - 5, -1):
            head = self._decode(self._window[:count])
            if head + self._decode(self._window[count:]) == text:
                new = head[len(self._given_text) :]
                del self._window[:count]
                self._given, self._given_text = 0, ""
                return new
        return ""


class StopMatcher:
    """Finds the first of several stop strings in a text that comes in pieces.

    The first is the one that ends first, so that the pieces make no difference.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stops)
        self._held = ""

    def feed(self, text: str) -> tuple[str, str | None]:
        """Take a piece; the text before a stop string or the start of one, and the stop string."""
        if not self._stops:
            return text, None
        text = self._held + text
        self._held = ""
        found = [(place, stop) for stop in self._stops if (place := text.find(stop)) >= 0]
        if found:
            place, stop = min(found, key=lambda match: (match[0] + len(match[1]), match[0]))
            return text[:place], stop
        held = max((_overlap(text, stop) for stop in self._stops), default=0)
        if held:
            self._held = text[-held:]
            text = text[:-held]
        return text, None

    def flush(self) -> str:
        """The text held back as a possible start of a stop string."""
        held, self._held = self._held, ""
        return held


def _overlap(text: str, stop: str) -> int:
    """The length of the longest end of `text` that `stop` begins with."""
    for length in range(min(len(stop) - 1, len(text)), 0, -1):
        if text.endswith(stop[:length]):
            return length
    return 0

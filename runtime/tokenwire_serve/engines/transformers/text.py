"""From tokens to text, piece by piece: whole characters only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .tokenizer import Tokenizer

__all__ = ["Detokenizer"]

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
        self._before = 0
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
        return self._give(text)

    def flush(self) -> str:
        """The text of what was held back, a broken character as U+FFFD."""
        return self._give(self._decode(self._window))

    def _give(self, text: str) -> str:
        """Hand out the text of the window; as context, keep the latest tokens that have a text.

        Without one, a decoder that drops a leading space would take the next token for a start.
        """
        new = text[len(self._given_text) :]
        if not new and self._given_text:
            del self._window[self._given :]
            return new
        for start in (self._given, self._before, 0):
            self._given_text = self._decode(self._window[start:])
            if self._given_text:
                break
        self._before = self._given - start
        del self._window[:start]
        self._given = len(self._window)
        return new

    def _split(self, text: str) -> str:
        """Hand out the part of a long broken stretch that further tokens cannot change."""
        for count in range(len(self._window) - 1, len(self._window) - 5, -1):
            head = self._decode(self._window[:count])
            if head + self._decode(self._window[count:]) == text:
                new = head[len(self._given_text) :]
                del self._window[:count]
                self._before, self._given, self._given_text = 0, 0, ""
                return new
        return ""

"""From tokens to text, piece by piece: whole characters only, and stop strings found across tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .tokenizer import Tokenizer

__all__ = ["Detokenizer", "StopMatcher", "StopStrings"]

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


class StopStrings:
    """Stop strings as an automaton (Aho and Corasick, 1975): a step per character, however many.

    A state, 0 at first, is the longest end of the text that one of them begins with.

    Attributes:
        depths: Of each state, the length of that end.
        found: Of each state, the longest stop string that the text ends with, or "".
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._next: list[dict[str, int]] = [{}]
        self._shorter = [0]
        self.depths = [0]
        self.found = [""]
        for stop in stops:
            self._add(stop)
        self._link()

    @property
    def none(self) -> bool:
        """Whether there is no stop string."""
        return len(self.found) == 1

    def _add(self, stop: str) -> None:
        state = 0
        for char in stop:
            after = self._next[state].setdefault(char, len(self._next))
            if after == len(self._next):
                self._next.append({})
                self._shorter.append(0)
                self.depths.append(self.depths[state] + 1)
                self.found.append("")
            state = after
        self.found[state] = stop

    def _link(self) -> None:
        """Find for each state the longest that its text ends with; shorter texts come first."""
        states = list(self._next[0].values())
        for state in states:
            for char, after in self._next[state].items():
                shorter = self._shorter[after] = self.step(self._shorter[state], char)
                self.found[after] = self.found[after] or self.found[shorter]
                states.append(after)

    def step(self, state: int, char: str) -> int:
        """The state after one more character."""
        while state and char not in self._next[state]:
            state = self._shorter[state]
        return self._next[state].get(char, 0)


class StopMatcher:
    """Finds the first of several stop strings in a text that comes in pieces.

    The first is the one that ends first, so that the pieces make no difference; of those that end
    at the same place it is the longest.
    """

    def __init__(self, stops: StopStrings) -> None:
        self._stops = stops
        self._state = 0
        self._held = ""

    def feed(self, text: str) -> tuple[str, str | None]:
        """Take a piece; the text before a stop string or the start of one, and the stop string."""
        if self._stops.none:
            return text, None
        whole = self._held + text
        for place, char in enumerate(text, len(self._held) + 1):
            self._state = self._stops.step(self._state, char)
            stop = self._stops.found[self._state]
            if stop:
                self._held = ""
                return whole[: place - len(stop)], stop
        free = len(whole) - self._stops.depths[self._state]
        self._held = whole[free:]
        return whole[:free], None

    def flush(self) -> str:
        """The text held back as a possible start of a stop string."""
        held, self._held = self._held, ""
        return held

"""Stop strings, found in a text that comes in pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["StopMatcher", "StopStrings"]


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

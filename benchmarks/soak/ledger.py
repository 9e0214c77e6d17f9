"""What became of every call: each ends once, in a way that is expected of it.

A call that a moment of the run turns away (`windows`) is made again until it is answered, as clients do.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from .ends import WrongError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from random import Random

    from .windows import Window
    from .world import World

__all__ = ["Kind", "Ledger", "sentence_of"]

WATCHDOG_S: Final = 60.0
"""A call that takes longer hangs."""
_MOST_SENTENCES: Final = 40
_AGAIN_S: Final = (0.1, 0.5)
"""After how long a call that was turned away is made again."""


@dataclass(frozen=True)
class Kind:
    """A kind of call.

    Attributes:
        name: What the table calls it.
        group: "clean", or the group of faults that it belongs to.
        call: Makes one and checks all of it; whatever it raises is a violation.
    """

    name: str
    group: str
    call: Callable[[World, Random], Awaitable[None]]


@dataclass
class Ledger:
    """Counts and violations.

    Attributes:
        begun: Calls that were begun, by kind.
        ended: Calls that ended as they should.
        violations: Sentences about those that did not.
    """

    begun: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    violations: Counter[str] = field(default_factory=Counter)
    longest: dict[str, float] = field(default_factory=dict)

    async def run(self, kind: Kind, world: World, random: Random) -> None:
        """Make a call of a kind, again while it is turned away, and enter what became of it."""
        self.begun[kind.name] += 1
        start = began = time.monotonic()
        away: set[Window] = set()
        while True:
            error = await _outcome(kind.call(world, random))
            window = None if error is None else world.windows.excuse(error, began)
            if window is None:
                break
            away.add(window)
            await asyncio.sleep(random.uniform(*_AGAIN_S))
            began = time.monotonic()
        self._enter(kind, error)
        end = time.monotonic()
        self.longest[kind.name] = max(self.longest.get(kind.name, 0.0), end - start)
        for window in world.windows:
            window.calls += window.holds(start, end)
        for window in away:
            window.turned_away += 1
            window.answered += error is None

    def _enter(self, kind: Kind, error: Exception | None) -> None:
        if error is None:
            self.ended[kind.name] += 1
        else:
            self.blame(f"{kind.name}: {sentence_of(error)}")

    def blame(self, sentence: str) -> None:
        """Enter a violation."""
        if sentence in self.violations or len(self.violations) < _MOST_SENTENCES:
            self.violations[sentence] += 1
        else:
            self.violations["further violations"] += 1

    def close(self) -> None:
        """Hold the books to each other once nothing runs any more."""
        wrong = self.begun.total() - self.ended.total()
        told = self.violations.total()
        if wrong > told:
            self.violations[f"{wrong - told} calls have no outcome at all"] += 1

    def rows(self, kinds: list[Kind]) -> list[dict[str, Any]]:
        """A row per kind, for the table."""
        return [
            {
                "kind": kind.name,
                "group": kind.group,
                "begun": self.begun[kind.name],
                "as_expected": self.ended[kind.name],
                "longest_s": round(self.longest.get(kind.name, 0.0), 3),
            }
            for kind in kinds
        ]


async def _outcome(call: Awaitable[None]) -> Exception | None:
    """What a call raises."""
    try:
        async with asyncio.timeout(WATCHDOG_S):
            await call
    except TimeoutError:
        return WrongError(f"no end within {WATCHDOG_S:g} s")
    except Exception as error:
        return error
    return None


def sentence_of(error: Exception) -> str:
    """An error in a line."""
    text = " ".join(str(error).split())[:300]
    return text if isinstance(error, WrongError) else f"{type(error).__name__}: {text}"

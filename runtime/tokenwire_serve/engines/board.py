"""What every engine keeps about itself: its state with those who watch it, its speed, its last word."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tokenwire.codes import Code
from tokenwire.errors import RpcError

from tokenwire_serve.engine import EngineState, ServerStatus

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["StateBoard", "Throughput", "closing"]

_WINDOW_S: Final = 5.0
_BUCKET_S: Final = 0.25


class StateBoard:
    """The state of an engine and its watchers; loop thread only."""

    def __init__(self) -> None:
        self.state = EngineState(ServerStatus.STARTING, reason="the engine has not started yet")
        self._watchers: dict[object, Callable[[EngineState], None]] = {}

    def watch(self, callback: Callable[[EngineState], None]) -> Callable[[], None]:
        """Call back at each change; returns what ends that."""
        key = object()
        self._watchers[key] = callback

        def unwatch() -> None:
            self._watchers.pop(key, None)

        return unwatch

    def set(
        self, status: ServerStatus | None = None, *, paused: bool | None = None, reason: str = ""
    ) -> None:
        """Change what is given and tell the watchers if that made a difference."""
        state = self.state
        changed = replace(
            state,
            status=state.status if status is None else status,
            paused=state.paused if paused is None else paused,
            reason=state.reason if status is None else reason,
        )
        if changed == state:
            return
        self.state = changed
        for callback in list(self._watchers.values()):
            callback(changed)


class Throughput:
    """Tokens per second over the last five seconds."""

    def __init__(self) -> None:
        self._buckets: deque[tuple[float, int]] = deque()

    def add(self, tokens: int) -> None:
        """Count tokens made now."""
        now = time.monotonic()
        if self._buckets and now - self._buckets[-1][0] < _BUCKET_S:
            start, count = self._buckets[-1]
            self._buckets[-1] = (start, count + tokens)
            return
        self._buckets.append((now, tokens))
        while now - self._buckets[0][0] > _WINDOW_S:
            self._buckets.popleft()

    def rate(self) -> float:
        """Tokens per second, over the window or since the first token if that is later."""
        now = time.monotonic()
        recent = [(start, count) for start, count in self._buckets if now - start <= _WINDOW_S]
        if not recent:
            return 0.0
        return sum(count for _, count in recent) / max(now - recent[0][0], _BUCKET_S)


def closing() -> RpcError:
    """What the requests of an engine end with that is closed."""
    return RpcError(Code.UNAVAILABLE, "the server is stopping, and has closed its engine; try again")

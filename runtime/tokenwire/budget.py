"""Memory that all connections of a server share."""

from __future__ import annotations

from threading import Lock

__all__ = ["MemoryBudget", "Share"]


class MemoryBudget:
    """Bytes that are free to be taken, by any thread; whoever takes some gives them back.

    Args:
        limit: Most bytes that may be taken at once.

    Attributes:
        limit: As given.
        used: Bytes that are taken now.
    """

    __slots__ = ("_lock", "limit", "used")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self._lock = Lock()

    def take(self, size: int) -> bool:
        """Take so many bytes; False where they are not free, and nothing was taken."""
        with self._lock:
            if size > self.limit - self.used:
                return False
            self.used += size
            return True

    def give_back(self, size: int) -> None:
        """Give back what was taken."""
        with self._lock:
            self.used -= size


class Share:
    """What one request has of a budget; it may grow in any thread, until it is closed.

    Attributes:
        limit: That of the budget.
    """

    __slots__ = ("_budget", "_closed", "_lock", "_size", "limit")

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self._lock = Lock()
        self._size = 0
        self._closed = False
        self.limit = budget.limit

    def grow(self, size: int) -> bool:
        """Take so many bytes more; False where they are not free, or it is closed."""
        with self._lock:
            if self._closed or not self._budget.take(size):
                return False
            self._size += size
            return True

    def resize(self, size: int) -> bool:
        """Have so many bytes, no more and no less; False where they are not free, or it is closed."""
        with self._lock:
            if self._closed or not self._budget.take(size - self._size):
                return False
            self._size = size
            return True

    def close(self) -> None:
        """Give everything back, and take nothing any more."""
        with self._lock:
            self._closed = True
            self._budget.give_back(self._size)
            self._size = 0

"""Memory that all connections of a server share."""

from __future__ import annotations

__all__ = ["MemoryBudget"]


class MemoryBudget:
    """Bytes that are free to be taken; whoever takes some gives them back.

    Args:
        limit: Most bytes that may be taken at once.

    Attributes:
        limit: As given.
        used: Bytes that are taken now.
    """

    __slots__ = ("limit", "used")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0

    def take(self, size: int) -> bool:
        """Take so many bytes; False where they are not free, and nothing was taken."""
        if size > self.limit - self.used:
            return False
        self.used += size
        return True

    def give_back(self, size: int) -> None:
        """Give back what was taken."""
        self.used -= size

"""Reads what to do from the bytes of a fuzzer: fewer bytes mean less to do, the same bytes the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Choices"]

T = TypeVar("T")


class Choices:
    """Bytes that decide.

    Args:
        data: The fuzzer's input.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def more(self) -> bool:
        """Whether anything is left."""
        return self._at < len(self._data)

    def number(self, most: int) -> int:
        """A number from 0 to `most`; 0 where nothing is left."""
        size = max(1, (most.bit_length() + 7) // 8)
        return int.from_bytes(self.take(size), "big") % (most + 1)

    def pick(self, values: Sequence[T]) -> T:
        """One of some values."""
        return values[self.number(len(values) - 1)]

    def take(self, size: int) -> bytes:
        """So many bytes, or what is left."""
        piece = self._data[self._at : self._at + size]
        self._at += len(piece)
        return piece

    def some(self, most: int = 255) -> bytes:
        """Up to `most` bytes."""
        return self.take(self.number(most))

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(len(self._data))

"""What gzip expands to, with a limit on it (RFC 1952).

What is small is expanded where it is; what is larger in a thread, so that the event loop turns meanwhile.
One expands at a time, which bounds the memory.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from .heavy import in_background

if TYPE_CHECKING:
    from .budget import Share

__all__ = [
    "AT_ONCE",
    "NoMemoryError",
    "NotGzipError",
    "TooManyMembersError",
    "TooMuchError",
    "expand",
    "expanded",
]

AT_ONCE: Final = 64 << 10
"""Bytes that are packed or unpacked without a thread: it takes less than a millisecond."""

_FORMAT: Final = 16 + zlib.MAX_WBITS
_PIECE: Final = 64 << 10
_STEP: Final = 1 << 20
_MOST_MEMBERS: Final = 4096
_FEW_MEMBERS: Final = 16


async def expanded(packed: bytes, limit: int, share: Share | None = None) -> bytes:
    """What gzip says, without holding up the loop; see `expand`."""
    if len(packed) <= AT_ONCE:
        try:
            return expand(packed, min(limit, AT_ONCE), _FEW_MEMBERS)
        except TooMuchError:
            pass  # Small or not will show in the thread.
    return await in_background(expand, packed, limit, _MOST_MEMBERS, share)


class NotGzipError(Exception):
    """Bytes are not gzip."""


class TooMuchError(Exception):
    """Bytes expand to more than they may."""


class TooManyMembersError(TooMuchError):
    """Gzip may have any number of members, of 20 bytes each, and each costs some work."""


class NoMemoryError(Exception):
    """Others have the memory that is needed.

    Attributes:
        limit: Bytes that all may have.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit


def expand(packed: bytes, limit: int, most_members: int = _MOST_MEMBERS, share: Share | None = None) -> bytes:
    """What gzip of one or more members says; never more than `limit` bytes are kept.

    Args:
        packed: The members.
        limit: The most bytes that they may expand to.
        most_members: The most members.
        share: Takes the bytes of all pieces.

    Raises:
        NoMemoryError: The share does not get them.
        TooMuchError: It is more than that.
        TooManyMembersError: It has more members.
        NotGzipError: It is not gzip, it is cut off, or something else follows.
    """
    pieces: list[bytes] = []
    position = members = 0
    room = limit
    while position < len(packed) or not members:
        members += 1
        if members > most_members:
            raise TooManyMembersError(f"more than {most_members} gzip members")
        member = _Member(packed, position)
        while not member.ended:
            piece = member.read(min(room + 1, _STEP))
            room -= len(piece)
            if room < 0:
                raise TooMuchError(f"more than {limit} bytes when it is expanded")
            if share is not None and not share.grow(len(piece)):
                raise NoMemoryError(share.limit)
            pieces.append(piece)
        position = member.position
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


class _Member:
    """One member of gzip, expanded in steps.

    It takes the data in small pieces, because zlib copies what follows a member's end.

    Attributes:
        position: Where the data goes on.
    """

    __slots__ = ("_data", "_full", "_rest", "_zlib", "position")

    def __init__(self, data: bytes, position: int) -> None:
        self._data = memoryview(data)
        self._zlib = zlib.decompressobj(_FORMAT)
        self._rest: bytes | memoryview = b""
        self._full = False
        self.position = position

    @property
    def ended(self) -> bool:
        """Whether all of it was read."""
        return self._zlib.eof

    def read(self, most: int) -> bytes:
        """The next bytes, none perhaps.

        Raises:
            NotGzipError: It is not gzip, or it is cut off.
        """
        if not self._rest and not self._full:
            self._rest = self._data[self.position : self.position + _PIECE]
            if not self._rest:
                raise NotGzipError("it is cut off")
            self.position += len(self._rest)
        try:
            found = self._zlib.decompress(self._rest, most)
        except zlib.error as error:
            raise NotGzipError(str(error)) from None
        self._rest = self._zlib.unconsumed_tail
        self._full = len(found) == most
        self.position -= len(self._zlib.unused_data)
        return found

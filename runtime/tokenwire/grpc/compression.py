"""gzip of single messages, with a limit on what they expand to (grpc/doc/compression.md).

Small messages are packed and unpacked where they are; a larger one goes through a thread, so that the
event loop turns meanwhile. One expands at a time, which bounds the memory.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.heavy import in_background

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokenwire.budget import Share

__all__ = [
    "AT_ONCE",
    "ENCODINGS",
    "GZIP",
    "IDENTITY",
    "LEAST",
    "Encoding",
    "NoMemoryError",
    "Packed",
    "ReplyCompression",
    "TooMuchError",
    "accepts_gzip",
    "expand",
    "pack",
    "pack_now",
    "unpack",
]

IDENTITY: Final = "identity"
GZIP: Final = "gzip"
ENCODINGS: Final = "identity,gzip"
"""The value of `grpc-accept-encoding`: what both sides read."""

LEAST: Final = 1024
"""A message of fewer bytes is not worth the work, unless it was asked for."""
AT_ONCE: Final = 64 << 10
"""Bytes that are packed or unpacked without a thread: it takes less than a millisecond."""

ReplyCompression = Literal["none", "asked", "gzip"]
"""Which replies a server compresses by itself; see `Server`."""

_FORMAT: Final = 16 + zlib.MAX_WBITS
_LEVEL: Final = 1
"""Text of 64 KiB: level 1 leaves 47 % for 0.7 ms, level 6 leaves 41 % for 3.1 ms."""
_PIECE: Final = 64 << 10
_STEP: Final = 1 << 20
_MOST_MEMBERS: Final = 4096
_FEW_MEMBERS: Final = 16
"""Gzip may have any number of members, of 20 bytes each, and each costs some work."""


class Packed(bytes):
    """A message that is compressed."""

    __slots__ = ()


class Encoding(NamedTuple):
    """What a call says of compression.

    Attributes:
        packed: Messages of the request may be compressed.
        accepted: The client takes compressed messages.
        wanted: Whole replies are compressed where the handler does not say otherwise.
    """

    packed: bool = False
    accepted: bool = False
    wanted: bool = False


def accepts_gzip(headers: Iterable[tuple[str, str]]) -> bool:
    """Whether request headers say that the client takes gzip."""
    for name, value in headers:
        if name == "grpc-accept-encoding" and GZIP in value.replace(" ", "").split(","):
            return True
    return False


def pack_now(body: bytes) -> bytes:
    """A message compressed; as it is where that is no longer."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _FORMAT)
    packed = packer.compress(body) + packer.flush()
    return Packed(packed) if len(packed) < len(body) else body


async def pack(body: bytes) -> bytes:
    """The same without holding up the loop."""
    if len(body) <= AT_ONCE:
        return pack_now(body)
    return await in_background(pack_now, body)


async def unpack(packed: bytes, limit: int, limit_name: str, share: Share | None = None) -> bytes:
    """What a compressed message says.

    Args:
        packed: The message as it came.
        limit: The most bytes that it may expand to.
        limit_name: What the limit is called by those who set it.
        share: Takes what a large one expands to, while it does.

    Raises:
        RpcError: RESOURCE_EXHAUSTED, it is larger than that, or there is no memory; INTERNAL, it is not gzip.
    """
    if len(packed) <= AT_ONCE:
        try:
            return expand(packed, min(limit, AT_ONCE), _FEW_MEMBERS)
        except TooMuchError:
            pass  # Small or not will show in the thread.
    try:
        return await in_background(expand, packed, limit, _MOST_MEMBERS, share)
    except NoMemoryError as error:
        from .opening import no_memory

        raise no_memory(error.limit) from None
    except TooMuchError as error:
        text = f"message of {len(packed)} compressed bytes has {error} ({limit_name})"
        raise RpcError(Code.RESOURCE_EXHAUSTED, text) from None


class TooMuchError(Exception):
    """A compressed message expands to more than it may."""


class NoMemoryError(Exception):
    """Others have the memory that a message needs.

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
        TooMuchError: It is more than that, or has more members.
        RpcError: INTERNAL, it is not gzip, it is cut off, or something else follows.
    """
    pieces: list[bytes] = []
    position = members = 0
    room = limit
    while position < len(packed) or not members:
        members += 1
        if members > most_members:
            raise TooMuchError(f"more than {most_members} gzip members")
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
            RpcError: INTERNAL, it is not gzip, or it is cut off.
        """
        if not self._rest and not self._full:
            self._rest = self._data[self.position : self.position + _PIECE]
            if not self._rest:
                raise _broken("it is cut off")
            self.position += len(self._rest)
        try:
            expanded = self._zlib.decompress(self._rest, most)
        except zlib.error as error:
            raise _broken(str(error)) from None
        self._rest = self._zlib.unconsumed_tail
        self._full = len(expanded) == most
        self.position -= len(self._zlib.unused_data)
        return expanded


def _broken(reason: str) -> RpcError:
    return RpcError(Code.INTERNAL, f"a compressed message cannot be expanded: {reason}")

"""gzip of single messages (grpc/doc/compression.md).

Small messages are packed where they are; a larger one goes through a thread, so that the event loop turns
meanwhile.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.gunzip import AT_ONCE, NoMemoryError, NotGzipError, TooMuchError, expanded
from tokenwire.heavy import in_background

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokenwire.budget import Share

__all__ = [
    "ENCODINGS",
    "GZIP",
    "IDENTITY",
    "LEAST",
    "Encoding",
    "Packed",
    "ReplyCompression",
    "accepts_gzip",
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

ReplyCompression = Literal["none", "asked", "gzip"]
"""Which replies a server compresses by itself; see `Server`."""

_FORMAT: Final = 16 + zlib.MAX_WBITS
_LEVEL: Final = 1
"""Text of 64 KiB: level 1 leaves 47 % for 0.7 ms, level 6 leaves 41 % for 3.1 ms."""


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
    try:
        return await expanded(packed, limit, share)
    except NoMemoryError as error:
        from .opening import no_memory

        raise no_memory(error.limit) from None
    except TooMuchError as error:
        text = f"message of {len(packed)} compressed bytes has {error} ({limit_name})"
        raise RpcError(Code.RESOURCE_EXHAUSTED, text) from None
    except NotGzipError as error:
        text = f"a compressed message cannot be expanded: {error}"
        raise RpcError(Code.INTERNAL, text) from None

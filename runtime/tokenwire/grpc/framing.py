"""Length-prefixed messages: gRPC's framing within a stream of DATA."""

from __future__ import annotations

from struct import Struct
from typing import Final

from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.limits import flag_of

from .compression import Packed

__all__ = ["LIMIT_FLAG", "PREFIX_SIZE", "MessageReader", "frame", "whole_message"]

PREFIX_SIZE: Final = 5
_PREFIX: Final = Struct(">BI")

LIMIT_FLAG: Final = flag_of("max_message_size")


def frame(body: bytes, flag: int = 0) -> bytes:
    """A message with its prefix: whether it is compressed, its length."""
    return _PREFIX.pack(flag, len(body)) + body


def whole_message(data: bytes, limit: int) -> bytes | None:
    """The message that `data` is, neither more nor less; None where it is anything else."""
    size = len(data) - PREFIX_SIZE
    if 0 <= size <= limit and _PREFIX.unpack_from(data) == (0, size):
        return data[PREFIX_SIZE:]
    return None


class MessageReader:
    """Cuts a stream of bytes into messages.

    Args:
        limit: Largest message accepted, in bytes; a larger one is refused at its prefix.
        limit_name: What the limit is called by those who set it.
        packed: See the attribute.

    Attributes:
        packed: Whether messages may be compressed: those that are come as `Packed`.
    """

    __slots__ = ("_buffer", "_flag", "_limit", "_limit_name", "_size", "packed")

    def __init__(self, limit: int, limit_name: str = LIMIT_FLAG, *, packed: bool = False) -> None:
        self._limit = limit
        self._limit_name = limit_name
        self._buffer = bytearray()
        self._size = -1
        self._flag = 0
        self.packed = packed

    @property
    def partial(self) -> bool:
        """Whether a message has begun and not ended."""
        return bool(self._buffer)

    @property
    def held(self) -> int:
        """Bytes that are kept of a message that is not complete."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that `data` completes.

        Raises:
            RpcError: RESOURCE_EXHAUSTED, a message is over the limit; INTERNAL, it is compressed
                though that was not announced, or the prefix is not gRPC's.
        """
        if not self._buffer and (message := whole_message(data, self._limit)) is not None:
            return [message]
        buffer = self._buffer
        buffer += data
        messages: list[bytes] = []
        while len(buffer) >= PREFIX_SIZE:
            if self._size < 0:
                self._size = PREFIX_SIZE + self._length(buffer)
            if len(buffer) < self._size:
                break
            with memoryview(buffer) as view:
                body = view[PREFIX_SIZE : self._size]
                messages.append(Packed(body) if self._flag else bytes(body))
                body.release()
            del buffer[: self._size]
            self._size = -1
        return messages

    def _length(self, prefix: bytes | bytearray) -> int:
        self._flag, length = _PREFIX.unpack_from(prefix)
        if self._flag > 1:
            raise RpcError(Code.INTERNAL, f"message prefix has flag {self._flag}, neither 0 nor 1")
        if self._flag and not self.packed:
            raise RpcError(Code.INTERNAL, "a message is compressed, but grpc-encoding does not say how")
        if length > self._limit:
            raise RpcError(
                Code.RESOURCE_EXHAUSTED,
                f"message of {length} bytes is over the limit of {self._limit} bytes ({self._limit_name})",
            )
        return int(length)

"""Length-prefixed messages: gRPC's framing within a stream of DATA."""

from __future__ import annotations

from struct import Struct
from typing import Final

from tokenwire.codes import Code
from tokenwire.errors import RpcError

__all__ = ["PREFIX_SIZE", "MessageReader", "frame", "whole_message"]

PREFIX_SIZE: Final = 5
_PREFIX: Final = Struct(">BI")


def frame(body: bytes) -> bytes:
    """A message with its prefix: not compressed, its length."""
    return _PREFIX.pack(0, len(body)) + body


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
    """

    __slots__ = ("_buffer", "_limit", "_size")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._size = -1

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
            RpcError: RESOURCE_EXHAUSTED, a message is over the limit; UNIMPLEMENTED, it is
                compressed; INTERNAL, the prefix is not gRPC's.
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
                messages.append(bytes(view[PREFIX_SIZE : self._size]))
            del buffer[: self._size]
            self._size = -1
        return messages

    def _length(self, prefix: bytes | bytearray) -> int:
        flag, length = _PREFIX.unpack_from(prefix)
        if flag == 1:
            raise RpcError(Code.UNIMPLEMENTED, "compressed messages are not served; send them with identity")
        if flag:
            raise RpcError(Code.INTERNAL, f"message prefix has flag {flag}, neither 0 nor 1")
        if length > self._limit:
            raise RpcError(
                Code.RESOURCE_EXHAUSTED,
                f"message of {length} bytes is over the limit of {self._limit} bytes",
            )
        return int(length)

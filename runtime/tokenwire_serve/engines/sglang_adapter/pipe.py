"""A socket of our own between SGLang's detokenizer and this process.

SGLang's go through ZeroMQ, whose thread is woken for each batch before ours is. A batch comes straight to
the event loop here: four bytes of length, then a pickled object, from a process that this one has started.
"""

from __future__ import annotations

import asyncio
import pickle
import socket
import struct
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PIPE", "BatchPipe", "BatchSender"]

PIPE: Final = "TOKENWIRE_SGLANG_PIPE"
"""Environment variable: where SGLang's detokenizer shall send its batches, packed."""

_LENGTH: Final = struct.Struct("<I")


class BatchSender:
    """The detokenizer's end, in place of its socket: it is sent Python's objects only."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(path)

    def send_pyobj(self, obj: Any, flags: int = 0, protocol: int = pickle.HIGHEST_PROTOCOL) -> None:
        """Send an object, waiting while the other end is behind."""
        body = pickle.dumps(obj, protocol)
        self._socket.sendall(_LENGTH.pack(len(body)) + body)


class BatchPipe:
    """This process's end.

    Args:
        take: Takes each object, on the loop.
    """

    def __init__(self, take: Callable[[Any], None]) -> None:
        self._take = take
        self._directory = tempfile.TemporaryDirectory(prefix="tokenwire-")
        self.path = str(Path(self._directory.name, "batches"))
        self._server: asyncio.AbstractServer | None = None

    async def open(self) -> None:
        """Listen from now on."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(lambda: _Reader(self._take), self.path)

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._directory.cleanup()


class _Reader(asyncio.Protocol):
    """Cuts the bytes of one connection into objects."""

    def __init__(self, take: Callable[[Any], None]) -> None:
        self._take = take
        self._held = bytearray()

    def data_received(self, data: bytes) -> None:
        """Take the objects that are complete."""
        if not self._held:
            self._held += data[self._take_whole(data) :]
            return
        self._held += data
        taken = self._take_whole(self._held)
        if taken:
            del self._held[:taken]

    def _take_whole(self, data: bytes | bytearray) -> int:
        """Take the objects at the start of some bytes; how many bytes they are."""
        start = 0
        while len(data) - start >= _LENGTH.size:
            begin = start + _LENGTH.size
            end = begin + _LENGTH.unpack_from(data, start)[0]
            if end > len(data):
                break
            self._take(pickle.loads(data[begin:end]))
            start = end
        return start

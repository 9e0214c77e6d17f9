"""What the open calls of a connection take of the memory, their header fields included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .opening import no_memory, no_public_memory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokenwire.budget import MemoryBudget
    from tokenwire.errors import RpcError

    from .headers import Headers

__all__ = ["PUBLIC_PART", "CallMemory", "call_size"]

PUBLIC_PART: Final = 128
"""Calls that need no key, and show none, have such a part of the memory of all: 8 MiB of 1 GiB."""

_CALL: Final = 6 << 10
"""What an open call takes beside its header fields: streams, objects, a task."""
_FIELD: Final = 300
"""What a header field takes beside its letters, which may be two on the wire, or none."""
_OWN: Final = 32 << 10
"""What the open calls of a connection may take before they count: that of about four."""


def call_size(fields: Headers, metadata: Mapping[str, str | bytes]) -> int:
    """Bytes that a call takes while it is open, more or less.

    Args:
        fields: Its header fields.
        metadata: What was made of them; text is shared with the fields, bytes are not.
    """
    texts = sum(len(name) + len(value) + _FIELD for name, value in fields)
    return _CALL + texts + sum(len(value) for value in metadata.values() if type(value) is bytes)


class CallMemory:
    """Counts the open calls of one connection.

    What they take together is free up to a limit: a client with few calls has its answer, a probe or a watch
    of health say, whoever else has all the memory. What is above comes from everybody's, and that of calls
    that need no key, and show none, from the strangers' as well.

    Args:
        everybody: The memory of all requests.
        strangers: What calls that need no key, and show none, may have of it, those of all connections.
    """

    __slots__ = ("_all", "_public", "_public_used", "_used")

    def __init__(self, everybody: MemoryBudget, strangers: MemoryBudget) -> None:
        self._all = everybody
        self._public = strangers
        self._used = self._public_used = -_OWN
        """What counts, once it is above 0."""

    def take(self, size: int, public: bool) -> RpcError | None:
        """Take the memory of a call; why that cannot be, and nothing was taken, or None.

        Args:
            size: What it takes, see `call_size`.
            public: It needs no key where others do.
        """
        used = self._used + size
        if used > 0 and not self._all.take(used if used < size else size):
            return no_memory(self._all.limit)
        self._used = used
        if public:
            used = self._public_used + size
            if used > 0 and not self._public.take(used if used < size else size):
                self.give_back(size, False)
                return no_public_memory(self._public.limit)
            self._public_used = used
        return None

    def give_back(self, size: int, public: bool) -> None:
        """Give back that of a call that has ended."""
        used = self._used
        if used > 0:
            self._all.give_back(used if used < size else size)
        self._used = used - size
        if public:
            used = self._public_used
            if used > 0:
                self._public.give_back(used if used < size else size)
            self._public_used = used - size

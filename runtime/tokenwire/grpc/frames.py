"""HTTP/2's frames in numbers, and who is told of those that came."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from h2.events import Event

    from .hpack_cache import RequestHead

__all__ = ["LARGEST_WINDOW", "WINDOW_FRAME", "Flag", "FrameReceiver", "Kind"]

WINDOW_FRAME: Final = Struct(">HBBBII")
"""A whole WINDOW_UPDATE."""
LARGEST_WINDOW: Final = (1 << 31) - 1


class Kind:
    """Types of frames (RFC 9113, 6)."""

    DATA: Final = 0x0
    HEADERS: Final = 0x1
    PRIORITY: Final = 0x2
    RST_STREAM: Final = 0x3
    SETTINGS: Final = 0x4
    PUSH_PROMISE: Final = 0x5
    PING: Final = 0x6
    GOAWAY: Final = 0x7
    WINDOW_UPDATE: Final = 0x8
    CONTINUATION: Final = 0x9


class Flag:
    """Flags of frames."""

    END_STREAM: Final = 0x1
    ACK: Final = 0x1
    END_HEADERS: Final = 0x4
    PADDED: Final = 0x8
    PRIORITY: Final = 0x20


class FrameReceiver(Protocol):
    """What a session tells of the frames that came."""

    def request(self, stream_id: int, head: RequestHead, ended: bool, /) -> None:
        """A client has opened a stream."""

    def data(self, stream_id: int, data: bytes, size: int, ended: bool, /) -> None:
        """Data came on a stream, and perhaps its end."""

    def window(self, stream_id: int, /) -> None:
        """A stream, or with 0 the connection, may send more."""

    def process(self, event: Event, /) -> None:
        """Anything else, as h2 tells it."""

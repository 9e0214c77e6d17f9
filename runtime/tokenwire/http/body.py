"""Bodies of requests: read within the limits, and unpacked."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Final, NamedTuple

from tokenwire.codes import Code
from tokenwire.gunzip import NoMemoryError, NotGzipError, TooManyMembersError, TooMuchError, expanded
from tokenwire.heavy import LARGE
from tokenwire.limits import flag_of

from .disconnect import cancelled_by_disconnect
from .failures import http_error

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.types import Receive

    from tokenwire.budget import Share

    from .values import HttpReply

__all__ = ["BodyError", "BodyLimit", "read_body"]

_GZIP: Final = frozenset(("gzip", "x-gzip"))


class BodyError(Exception):
    """A body is refused.

    Attributes:
        reply: What to answer. The connection ends with it, for the rest of the body is not read.
    """

    def __init__(self, reply: HttpReply) -> None:
        self.reply = reply
        reply.headers["connection"] = "close"


class BodyLimit(NamedTuple):
    """The most that a body may have.

    Attributes:
        size: Bytes, as sent and unpacked.
        name: What the limit is called by those who set it.
    """

    size: int
    name: str = flag_of("max_message_size")

    def refusal(self) -> HttpReply:
        """What a larger body is answered with."""
        text = f"the body is larger than {self.size} bytes ({self.name})"
        return http_error(413, text, Code.RESOURCE_EXHAUSTED)


async def read_body(
    receive: Receive, headers: Mapping[str, str], limit: BodyLimit, share: Share
) -> bytes | None:
    """The whole body, unpacked where it is compressed; None where the client went away.

    Args:
        receive: ASGI's `receive`.
        headers: Names in lower case.
        limit: The most that it may have.
        share: Takes the memory of a body that comes in pieces, and keeps that of a large one.

    Raises:
        BodyError: It is refused.
    """
    packed = _is_packed(headers.get("content-encoding", ""))
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit.size:
        raise BodyError(limit.refusal())
    message = await receive()
    if message["type"] == "http.disconnect":
        return None
    if not packed and not message.get("more_body", False):
        body: bytes = message.get("body", b"")
        if len(body) > limit.size:
            raise BodyError(limit.refusal())
        return body
    collector = _Collector(limit, share)
    pieces = _pieces(message, receive)
    whole = await collector.collect(pieces) and (not packed or await collector.unpack(receive))
    if collector.held <= LARGE:
        share.close()
    return collector.value() if whole else None


async def _pieces(message: Mapping[str, object], receive: Receive) -> AsyncIterator[bytes | None]:
    """The pieces of a body, from the first message on; None where the client went away."""
    while message["type"] != "http.disconnect":
        piece = message.get("body", b"")
        assert isinstance(piece, bytes)
        yield piece
        if not message.get("more_body", False):
            return
        message = await receive()
    yield None


class _Collector:
    """Collects a body, without a copy of it at the end.

    Attributes:
        held: Bytes so far.
    """

    def __init__(self, limit: BodyLimit, share: Share) -> None:
        self.held = 0
        self._limit = limit
        self._share = share
        self._bytes = BytesIO()

    def value(self) -> bytes:
        return self._bytes.getvalue()

    async def collect(self, pieces: AsyncIterator[bytes | None]) -> bool:
        """Take pieces as they are; False where the client went away."""
        async for piece in pieces:
            if piece is None:
                return False
            self._add(piece)
        return True

    async def unpack(self, receive: Receive) -> bool:
        """Take what the gzip says that was collected; False where the client went away meanwhile."""
        packed, self._bytes = self._bytes.getvalue(), BytesIO()
        whole: bytes | None = None
        try:
            async with cancelled_by_disconnect(receive):
                whole = await expanded(packed, self._limit.size, self._share)
        except NotGzipError as error:
            raise BodyError(http_error(400, f"the body is not gzip: {error}")) from None
        except NoMemoryError as error:
            raise BodyError(_no_memory(error.limit)) from None
        except TooManyMembersError as error:
            raise BodyError(http_error(400, f"the body has {error}")) from None
        except TooMuchError:
            raise BodyError(self._limit.refusal()) from None
        if whole is None:
            return False
        self.held = len(whole)
        self._share.resize(self.held)
        self._bytes = BytesIO(whole)
        return True

    def _add(self, piece: bytes) -> None:
        if self.held + len(piece) > self._limit.size:
            raise BodyError(self._limit.refusal())
        if not self._share.grow(len(piece)):
            raise BodyError(_no_memory(self._share.limit))
        self.held += len(piece)
        self._bytes.write(piece)


def _is_packed(coding: str) -> bool:
    coding = coding.strip().lower()
    if coding in _GZIP:
        return True
    if coding and coding != "identity":
        reply = http_error(415, f"the content-encoding {coding!r} is not known; use gzip, or none")
        reply.headers["accept-encoding"] = "gzip"
        raise BodyError(reply)
    return False


def _no_memory(limit: int) -> HttpReply:
    flag = flag_of("max_request_memory")
    sentence = f"requests take the {limit} bytes they may have ({flag})"
    reply = http_error(429, f"{sentence}; try again later", Code.RESOURCE_EXHAUSTED)
    reply.headers["retry-after"] = "1"
    return reply

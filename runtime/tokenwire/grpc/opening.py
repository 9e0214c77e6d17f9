"""Messages that are large or compressed, read without holding up the event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from tokenwire.codes import Code
from tokenwire.errors import DecodeError, RpcError
from tokenwire.heavy import LARGE, free_in_steps, in_thread, kept_size
from tokenwire.limits import flag_of

from .compression import Packed, unpack
from .framing import LIMIT_FLAG

if TYPE_CHECKING:
    from tokenwire.budget import Share
    from tokenwire.message import Message

__all__ = ["no_memory", "no_public_memory", "open_message", "undecodable"]

_RETRY_SECONDS: Final = 1.0


async def open_message(
    body: bytes, kind: type[Message], limit: int, share: Share, *, limit_name: str = LIMIT_FLAG
) -> Message:
    """The message that some bytes are, which may be `Packed`.

    Args:
        body: As it came.
        kind: What it is a message of.
        limit: The most bytes that it may have.
        share: Takes what it needs of the memory; a small message needs none in the end.
        limit_name: What the limit is called by those who set it.

    Raises:
        RpcError: INVALID_ARGUMENT, it cannot be decoded; RESOURCE_EXHAUSTED, it is too large, or there is no
            memory for it; INTERNAL, it is not gzip.
    """
    if not share.resize(len(body)):
        raise no_memory(share.limit)
    if type(body) is Packed:
        body = await unpack(body, limit, limit_name, share)
    try:
        if len(body) <= LARGE:
            share.close()
            return kind.parse(body)
        message, size = await in_thread(len(body), _parse, kind, body)
    except DecodeError as error:
        raise undecodable(error) from None
    if share.resize(size):
        return message
    asyncio.get_running_loop().call_soon(free_in_steps, message)
    del message
    raise no_memory(share.limit)


def _parse(kind: type[Message], body: bytes) -> tuple[Message, int]:
    message = kind.parse(body)
    return message, kept_size(message)


def undecodable(error: DecodeError) -> RpcError:
    """What a message that is none of its kind is answered with."""
    return RpcError(Code.INVALID_ARGUMENT, f"the request cannot be decoded: {error}")


def no_memory(limit: int) -> RpcError:
    """What is answered while others have all the memory; the client may try again."""
    flag = flag_of("max_request_memory")
    return _later(f"no memory for the request: {flag}, {limit} bytes, is in use by others")


def no_public_memory(limit: int) -> RpcError:
    """What is answered while calls that need no key have all the memory that they may have."""
    flag = flag_of("max_request_memory")
    return _later(
        f"no memory for the call: calls that need no key, and show none, may have {limit} bytes,"
        f" a part of {flag}, and others use them"
    )


def _later(text: str) -> RpcError:
    from tokenwire.details import retry_after

    return retry_after(Code.RESOURCE_EXHAUSTED, text, _RETRY_SECONDS)

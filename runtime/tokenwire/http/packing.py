"""Answers compressed with gzip, for clients that want them so."""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .values import HttpReply

__all__ = ["packed", "wants_gzip"]

_LEAST: Final = 1024
"""Bytes below which packing saves nothing."""
_QUICK: Final = 64 << 10
"""Bytes that are packed without a thread."""


async def packed(reply: HttpReply, headers: Mapping[str, str]) -> HttpReply:
    """A reply as the client wants it: whole JSON bodies with gzip where it asks for that.

    Args:
        reply: The reply.
        headers: The request's, names in lower case.
    """
    body = reply.body
    if not isinstance(body, bytes) or len(body) < _LEAST:
        return reply
    if reply.headers.get("content-type") != "application/json":
        return reply
    changed = {"vary": "accept-encoding"}
    if wants_gzip(headers.get("accept-encoding", "")):
        changed["content-encoding"] = "gzip"
        body = _gzip(body) if len(body) <= _QUICK else await asyncio.to_thread(_gzip, body)
    return replace(reply, body=body, headers={**reply.headers, **changed})


@lru_cache(maxsize=128)
def wants_gzip(accepted: str) -> bool:
    """Whether a client would rather have gzip than plain bytes, by its header accept-encoding."""
    weights: dict[str, float] = {}
    for item in accepted.lower().split(","):
        coding, *parameters = (part.strip() for part in item.split(";"))
        weights[coding] = _weight(parameters)
    gzip = weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0)))
    return gzip > 0 and gzip >= weights.get("identity", 0.0)


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def _gzip(body: bytes) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return packer.compress(body) + packer.flush()

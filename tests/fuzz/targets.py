"""All targets by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from . import blocks, bodies, decoders
from .client import client
from .connection import connection
from .http import http
from .loop import Runner

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["TARGETS"]

TARGETS: Final[dict[str, Callable[[], Callable[[bytes], None]]]] = {
    "messages": lambda: decoders.messages,
    "json-messages": lambda: decoders.json_messages,
    "json-bodies": lambda: decoders.json_bodies,
    "framing": lambda: decoders.framing,
    "gzip": lambda: decoders.gzip_messages,
    "headers": lambda: decoders.headers,
    "hpack": lambda: blocks.header_blocks,
    "connection": lambda: connection(Runner()),
    "client": lambda: client(Runner()),
    "http": lambda: http(Runner()),
    "typed": lambda: bodies.typed(Runner()),
    "openai": lambda: bodies.openai(Runner()),
}
"""What makes each target; those with an event loop have one of their own."""

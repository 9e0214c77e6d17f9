"""Requests that ask for an upgrade and have a body all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httptools

if TYPE_CHECKING:
    from .http_connection import HttpConnection

__all__ = ["parser_within_body"]


def parser_within_body(connection: HttpConnection, framing: str) -> httptools.HttpRequestParser:
    """A parser to be fed with a body and what follows it.

    The parser that has read the head takes the body of a request for an upgrade to be another protocol.
    A new one is given a head without that; the connection hears nothing of it, and everything after it.

    Args:
        connection: Hears it.
        framing: The header that says how long the body is.
    """
    relay = _Relay(connection)
    parser = httptools.HttpRequestParser(relay)
    parser.feed_data(f"POST / HTTP/1.1\r\nhost: x\r\n{framing}\r\n\r\n".encode())
    relay.heard = True
    return parser


class _Relay:
    """Passes on what a parser says, once it is to be heard."""

    def __init__(self, connection: HttpConnection) -> None:
        self.heard = False
        self._connection = connection
        self.on_body = connection.on_body
        self.on_message_complete = connection.on_message_complete

    def on_message_begin(self) -> None:
        if self.heard:
            self._connection.on_message_begin()

    def on_url(self, url: bytes) -> None:
        if self.heard:
            self._connection.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.heard:
            self._connection.on_header(name, value)

    def on_headers_complete(self) -> None:
        if self.heard:
            self._connection.on_headers_complete()

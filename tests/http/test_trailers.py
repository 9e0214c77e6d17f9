"""Answers that end with fields, by ASGI's `http.response.trailers`."""

from __future__ import annotations

import logging
import socket
from typing import TYPE_CHECKING, Any

import pytest
from tokenwire.limits import Limits
from tokenwire_serve.process.web import WebServer

from .raw_http import connected, ends

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

START = {"type": "http.response.start", "status": 200, "headers": [], "trailers": True}
LAST = {"type": "http.response.body", "body": b"abc"}


def trailers(*fields: tuple[bytes, bytes], more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.trailers", "headers": fields, "more_trailers": more}


async def answer(request: bytes, *messages: dict[str, Any]) -> bytes:
    """What comes of an application that sends these messages, from its status line to the end."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        offered = "http.response.trailers" in scope["extensions"]
        assert offered is (scope["http_version"] == "1.1")
        for message in messages:
            await send(message)

    with socket.create_server(("127.0.0.1", 0)) as sock:
        web = WebServer(app, sock, limits=Limits())
        await web.start()
        try:
            async with connected(sock.getsockname()[1]) as (reader, writer):
                writer.write(request)
                return await ends(reader)
        finally:
            await web.close()


def get(method: str = "GET", version: str = "1.1") -> bytes:
    return f"{method} / HTTP/{version}\r\nhost: x\r\nconnection: close\r\n\r\n".encode()


async def test_they_come_after_the_last_chunk() -> None:
    data = await answer(get(), START, LAST, trailers((b"One", b"1"), more=True), trailers((b"two", b"2")))
    head, body = data.split(b"\r\n\r\n", 1)
    assert b"transfer-encoding: chunked" in head
    assert body == b"3\r\nabc\r\n0\r\none: 1\r\ntwo: 2\r\n\r\n"


async def test_there_may_be_none() -> None:
    data = await answer(get(), START, LAST, trailers())
    assert data.endswith(b"\r\n\r\n3\r\nabc\r\n0\r\n\r\n")


@pytest.mark.parametrize(
    ("request_bytes", "headers", "body"),
    [
        (get("HEAD"), [], b""),
        (get(version="1.0"), [], b"abc"),
        (get(), [(b"content-length", b"3")], b"abc"),
    ],
    ids=["HEAD", "HTTP/1.0", "content-length"],
)
async def test_they_are_left_out_where_there_are_no_chunks(
    request_bytes: bytes, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    data = await answer(request_bytes, START | {"headers": headers}, LAST, trailers((b"one", b"1")))
    assert data.split(b"\r\n\r\n", 1)[1] == body


@pytest.mark.parametrize(
    ("messages", "why"),
    [
        ((START, trailers()), "http.response.trailers does not belong here"),
        ((START, LAST, LAST), "http.response.body does not belong here"),
        ((START | {"trailers": False}, LAST, trailers()), "http.response.trailers does not belong here"),
        ((START, LAST, trailers((b"a", b"1\r\nb: 2"))), "the answer's header b'a' cannot be sent"),
    ],
    ids=["before the body", "body after the end", "not announced", "bad value"],
)
async def test_what_does_not_fit_is_an_error(
    messages: tuple[dict[str, Any], ...], why: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        await answer(get(), *messages)
    (record,) = caplog.records
    assert record.exc_info is not None and str(record.exc_info[1]) == why

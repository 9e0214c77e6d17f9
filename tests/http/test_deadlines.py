"""The header grpc-timeout over HTTP: a deadline for the answer, streamed or not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest
import pytest_asyncio
from tokenwire.http.asgi import build_app

from .fakes import ADAPTERS, FakeServicer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
def servicer() -> FakeServicer:
    return FakeServicer()


@pytest_asyncio.fixture
async def client(servicer: FakeServicer) -> AsyncIterator[httpx.AsyncClient]:
    app = build_app(servicer, adapters=ADAPTERS)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as made:
        yield made


async def post(client: httpx.AsyncClient, path: str, body: bytes, timeout: str) -> httpx.Response:
    headers = {"content-type": "application/json", "grpc-timeout": timeout}
    return await client.post(path, content=body, headers=headers)


@pytest.mark.parametrize(("path", "body"), [("/v1/unary", b"wait"), ("/v1/stream", b"nothing-yet")])
async def test_no_answer_in_time_is_504(
    client: httpx.AsyncClient, servicer: FakeServicer, path: str, body: bytes
) -> None:
    reply = await post(client, path, body, "50m")
    assert reply.status_code == 504
    assert reply.json()["error"] == {
        "message": "the deadline passed", "type": "timeout", "param": None, "code": 504
    }  # fmt: skip
    assert servicer.left.is_set()


@pytest.mark.parametrize("body", [b"one-then-wait", b"iterate-forever"])
async def test_a_stream_ends_with_the_error(
    client: httpx.AsyncClient, servicer: FakeServicer, body: bytes
) -> None:
    reply = await post(client, "/v1/stream", body, "100m")
    events = [text.removeprefix("data: ") for text in reply.text.split("\n\n") if text]
    assert json.loads(events[0]) == {"n": 0}
    assert json.loads(events[-2])["error"]["type"] == "timeout"
    assert events[-1] == "[DONE]"
    assert servicer.left.is_set()


@pytest.mark.parametrize("body", [b"events", b"iterate"])
async def test_what_is_in_time_is_whole(client: httpx.AsyncClient, body: bytes) -> None:
    reply = await post(client, "/v1/stream", body, "10S")
    assert reply.status_code == 200
    assert reply.content.endswith(b'data: {"n":2}\n\ndata: [DONE]\n\n')
    assert b"error" not in reply.content


async def test_a_timeout_that_is_none(client: httpx.AsyncClient) -> None:
    reply = await post(client, "/v1/unary", b"{}", "soon")
    assert reply.status_code == 400
    assert "grpc-timeout 'soon'" in reply.json()["error"]["message"]

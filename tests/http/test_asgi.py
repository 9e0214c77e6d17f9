"""The ASGI adapter in process: replies, events, errors, limits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import httpx
import pytest
import pytest_asyncio
from starlette.responses import PlainTextResponse
from tokenwire.http.asgi import build_app
from tokenwire.limits import Limits

from .fakes import ADAPTERS, FakeServicer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

JSON = {"content-type": "application/json"}


@pytest.fixture
def servicer() -> FakeServicer:
    return FakeServicer()


@pytest_asyncio.fixture
async def client(servicer: FakeServicer) -> AsyncIterator[httpx.AsyncClient]:
    app = build_app(servicer, adapters=ADAPTERS, limits=Limits(max_message_size=1000))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as made:
        yield made


async def post(client: httpx.AsyncClient, path: str, body: bytes, **headers: str) -> httpx.Response:
    return await client.post(path, content=body, headers={**JSON, **headers})


async def test_whole_answer_is_plain_json(client: httpx.AsyncClient) -> None:
    reply = await post(client, "/v1/stream", b"whole")
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "application/json"
    assert reply.content == b'{"whole":1}'


@pytest.mark.parametrize("body", [b"events", b"iterate"])
async def test_events_are_framed_and_end_with_done(client: httpx.AsyncClient, body: bytes) -> None:
    reply = await post(client, "/v1/stream", body)
    assert reply.headers["content-type"] == "text/event-stream"
    assert reply.headers["cache-control"] == "no-cache"
    assert reply.content == b'data: {"n":0}\n\ndata: {"n":1}\n\ndata: {"n":2}\n\ndata: [DONE]\n\n'


async def test_body_and_headers_travel_untouched_but_secrets_stay_out(
    client: httpx.AsyncClient, servicer: FakeServicer
) -> None:
    body = b'{ "unknown" :\t"\xc3\xa4" }'
    await post(client, "/v1/unary", body, authorization="Bearer secret", traceparent="00-abc-def-01")
    (request,) = servicer.requests
    assert request.json_body == body
    assert request.trace_headers["traceparent"] == "00-abc-def-01"
    assert "authorization" not in request.trace_headers


async def test_unary_status_field_is_the_status(client: httpx.AsyncClient) -> None:
    reply = await post(client, "/v1/unary", b"400")
    assert (reply.status_code, reply.content) == (400, b'{"error":{"message":"bad"}}')
    assert (await post(client, "/v1/unary", b"x")).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "kind", "message"),
    [
        (b"refused", 400, "invalid_request_error", "temperature is wrong"),
        (b"raise", 404, "not_found_error", "no such model"),
        (b"bug", 500, "server_error", "internal error; the server's log says more"),
    ],
)
async def test_errors_before_the_first_byte_have_a_status(
    client: httpx.AsyncClient, body: bytes, status: int, kind: str, message: str
) -> None:
    reply = await post(client, "/v1/stream", body)
    assert reply.status_code == status
    assert reply.json() == {"error": {"message": message, "type": kind, "param": None, "code": status}}


@pytest.mark.parametrize(
    ("body", "message"),
    [(b"late-error", "gone"), (b"late-bug", "internal error; the server's log says more")],
)
async def test_errors_after_the_first_byte_are_the_last_event(
    client: httpx.AsyncClient, body: bytes, message: str
) -> None:
    reply = await post(client, "/v1/stream", body)
    first, last, done, rest = reply.content.split(b"\n\n")
    assert (reply.status_code, first, done, rest) == (200, b'data: {"n":0}', b"data: [DONE]", b"")
    assert json.loads(last.removeprefix(b"data: "))["error"]["message"] == message


async def test_unknown_route_and_method_are_json(client: httpx.AsyncClient) -> None:
    reply = await client.get("/v2/nothing")
    assert reply.status_code == 404
    assert reply.json()["error"]["message"] == "there is no route /v2/nothing"
    reply = await client.get("/v1/unary")
    assert (reply.status_code, reply.headers["allow"]) == (405, "POST")
    assert reply.json()["error"]["code"] == 405


@pytest.mark.parametrize(
    "headers", [{}, {"content-type": "text/plain"}, {"content-type": "application/jsonp"}]
)
async def test_post_wants_json(
    client: httpx.AsyncClient, headers: dict[str, str], servicer: FakeServicer
) -> None:
    reply = await client.post("/v1/unary", content=b"{}", headers=headers)
    assert reply.status_code == 415
    assert "application/json" in reply.json()["error"]["message"]
    assert not servicer.requests


async def test_json_with_a_charset_is_json(client: httpx.AsyncClient) -> None:
    reply = await client.post(
        "/v1/unary", content=b"{}", headers={"content-type": "Application/JSON; charset=utf-8"}
    )
    assert reply.status_code == 200


async def test_body_over_the_limit_is_413_however_it_is_sent(client: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100

    for content in (b"x" * 1001, pieces()):
        reply = await client.post("/v1/unary", content=content, headers=JSON)
        assert reply.status_code == 413
        assert (
            reply.json()["error"]["message"] == "the body is larger than 1000 bytes (--grpc-max-message-size)"
        )
    assert (await post(client, "/v1/unary", b"x" * 1000)).status_code == 200


async def test_the_body_limit_is_checked_before_the_body_is_read(servicer: FakeServicer) -> None:
    app = build_app(servicer, adapters=ADAPTERS, limits=Limits(max_message_size=10))
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        raise AssertionError("the body was read")

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json"), (b"content-length", b"11")]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/unary",
        "raw_path": b"/v1/unary",
        "query_string": b"",
    }
    await app({**scope, "headers": headers, "client": None, "root_path": ""}, receive, send)
    assert sent[0]["status"] == 413


@pytest.mark.parametrize("path", ["/a%0Ab", "/%0A", "*", "/a//b"])
async def test_any_unknown_path_is_answered_with_json(servicer: FakeServicer, path: str) -> None:
    app = build_app(servicer, adapters=ADAPTERS)
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": unquote(path), "query_string": b""}
    await app(
        {**scope, "raw_path": path.encode(), "headers": [], "client": None, "root_path": ""}, receive, send
    )
    assert sent[0]["status"] == 404
    assert json.loads(sent[1]["body"])["error"]["message"] == f"there is no route {path}"


async def test_routes_that_are_added_come_first(servicer: FakeServicer) -> None:
    app = build_app(servicer, adapters=ADAPTERS)
    app.add_route("/own", lambda request: PlainTextResponse("mine"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        assert (await client.get("/own")).text == "mine"
        assert (await post(client, "/v1/unary", b"x")).status_code == 200

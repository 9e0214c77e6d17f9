"""Every RPC and every route asks for the key that its annotation in the proto says."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import pytest_asyncio
from tokenwire.auth import Access, KeyRing
from tokenwire.client import Client
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.grpc.server import Server
from tokenwire.health import HealthRegistry
from tokenwire.http.asgi import build_endpoint
from tokenwire.http.values import HttpReply
from tokenwire.method import AuthScope, Handler, Method
from tokenwire.streams import PushStream
from tokenwire_gen.sglang.runtime.v1.sglang_grpc import SGLANG_SERVICE
from tokenwire_gen.sglang.runtime.v1.sglang_http import ROUTES
from tokenwire_gen.sglang.runtime.v1.sglang_openai import ADAPTERS

from tests.grpc.wire_service import Raw

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tokenwire.context import Context
    from tokenwire.http.values import HttpCall

USER_KEY = "user-key-0123456789"
ADMIN_KEY = "admin-key-0123456789"
KEYS = {"nothing": None, "wrong": "wrong-key-0123456789", "user": USER_KEY, "admin": ADMIN_KEY}
RING = KeyRing((USER_KEY,), (ADMIN_KEY,))
REACHED = RpcError(Code.UNIMPLEMENTED, "reached")
ALLOWED = {
    AuthScope.PUBLIC: {"nothing", "wrong", "user", "admin"},
    AuthScope.USER: {"user", "admin"},
    AuthScope.ADMIN: {"admin"},
}
HEALTH_METHODS = (
    "/grpc.health.v1.Health/Check",
    "/grpc.health.v1.Health/List",
    "/grpc.health.v1.Health/Watch",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
)


class Reached:
    """Answers every method that it is reached, and keeps what it was told."""

    def __init__(self) -> None:
        self.contexts: list[Context] = []

    def __handlers__(self) -> tuple[Handler, ...]:
        return tuple(
            Handler(method, self._stream if method.server_streaming else self._unary)
            for method in SGLANG_SERVICE.methods
        )

    async def _unary(self, request: Any, context: Context) -> Any:
        self.contexts.append(context)
        raise REACHED

    def _stream(self, request: Any, context: Context) -> PushStream[Any]:
        self.contexts.append(context)
        stream: PushStream[Any] = PushStream(merge=lambda one, other: None)
        stream.close(REACHED)
        return stream


@asynccontextmanager
async def serving(access: Access) -> AsyncIterator[tuple[Server, str, Reached]]:
    servicer = Reached()
    server = Server([servicer], access=access, health=HealthRegistry([SGLANG_SERVICE.name]))
    await server.start("127.0.0.1", 0)
    yield server, f"127.0.0.1:{server.port}", servicer
    await server.close()


@pytest_asyncio.fixture
async def grpc() -> AsyncIterator[tuple[Server, str, Reached]]:
    async with serving(Access(RING)) as running:
        yield running


async def answer(client: Client, method: Method[Any, Any], **options: Any) -> RpcError | None:
    """How a call ends; None where it is answered."""
    try:
        if method.server_streaming:
            async with client._stream(method, method.request(), **options) as stream:
                await anext(aiter(stream), None)
        else:
            await client._unary(method, method.request(), **options)
    except RpcError as error:
        return error
    return None


def expected(scope: AuthScope, who: str) -> Code:
    if who in ALLOWED[scope]:
        return Code.UNIMPLEMENTED
    return Code.PERMISSION_DENIED if who == "user" else Code.UNAUTHENTICATED


@pytest.mark.parametrize("who", KEYS)
async def test_every_rpc(grpc: tuple[Server, str, Reached], who: str) -> None:
    _, target, servicer = grpc
    async with Client(target, api_key=KEYS[who]) as client:
        for method in SGLANG_SERVICE.methods:
            error = await answer(client, method)
            assert error is not None
            assert error.code is expected(method.auth, who), method.path
    reached = [method for method in SGLANG_SERVICE.methods if who in ALLOWED[method.auth]]
    assert len(servicer.contexts) == len(reached)
    assert {method.auth for method in SGLANG_SERVICE.methods} == set(AuthScope)
    assert not any("authorization" in context.metadata for context in servicer.contexts)


@pytest.mark.parametrize("path", HEALTH_METHODS)
async def test_health_and_reflection_are_public(grpc: tuple[Server, str, Reached], path: str) -> None:
    _, target, _ = grpc
    streaming = path.endswith(("Watch", "Info"))
    method = Method(path=path, request=Raw, response=Raw, server_streaming=streaming)  # type: ignore[type-var]
    async with Client(target) as client:
        assert await asyncio.wait_for(answer(client, method), 10) is None
    async with Client(target, api_key="wrong-key-0123456789") as client:
        assert await asyncio.wait_for(answer(client, method), 10) is None


async def test_keys_that_change_count_on_connections_that_are_open() -> None:
    access = Access(RING)
    method = next(m for m in SGLANG_SERVICE.methods if m.auth is AuthScope.USER)
    async with serving(access) as (_, target, _), Client(target, api_key=USER_KEY) as client:
        codes = []
        for _ in range(3):
            error = await answer(client, method)
            assert error is not None
            codes.append(error.code)
        access.use(KeyRing(("another-key-0123456",)))
        for key in (USER_KEY, USER_KEY, "another-key-0123456"):
            error = await answer(client.with_options(api_key=key), method)
            assert error is not None
            codes.append(error.code)
    reached, refused = Code.UNIMPLEMENTED, Code.UNAUTHENTICATED
    assert codes == [reached, reached, reached, refused, refused, reached]


async def test_equal_headers_are_checked_once_per_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    checked = 0
    refusal = Access.refusal

    def count(self: Access, *args: Any, **options: Any) -> RpcError | None:
        nonlocal checked
        checked += 1
        return refusal(self, *args, **options)

    monkeypatch.setattr(Access, "refusal", count)
    method = next(m for m in SGLANG_SERVICE.methods if m.auth is AuthScope.USER)
    async with serving(Access(RING)) as (_, target, _), Client(target, api_key=USER_KEY) as client:
        for _ in range(20):
            await answer(client, method)
    assert checked < 5  # the first block fills HPACK's table, and what it says is not kept


async def test_admin_calls_without_a_key_are_open_to_loopback_and_not_to_a_proxy() -> None:
    method = next(m for m in SGLANG_SERVICE.methods if m.auth is AuthScope.ADMIN)
    async with serving(Access(local=True)) as (_, target, _), Client(target) as client:
        for name, code in (("x-other", Code.UNIMPLEMENTED), ("x-forwarded-for", Code.PERMISSION_DENIED)):
            error = await answer(client, method, metadata={name: "203.0.113.7"})
            assert error is not None
            assert error.code is code
    async with serving(Access(local=False)) as (_, target, _), Client(target) as client:
        error = await answer(client, method)
        assert error is not None
        assert error.code is Code.PERMISSION_DENIED
        assert "--admin-api-key" in error.message


async def test_a_library_server_is_open_unless_told_otherwise() -> None:
    servicer = Reached()
    server = Server([servicer])
    await server.start("127.0.0.1", 0)
    async with Client(f"127.0.0.1:{server.port}", api_key="x") as client:
        for method in SGLANG_SERVICE.methods:
            error = await answer(client, method)
            assert error is not None
            assert error.code is Code.UNIMPLEMENTED
    assert {context.metadata["authorization"] for context in servicer.contexts} == {"Bearer x"}
    await server.close()


# HTTP


def web(
    access: Access, client: tuple[str, int] = ("127.0.0.1", 5000)
) -> tuple[httpx.AsyncClient, list[HttpCall]]:
    """A client of all routes, and the calls that reach a handler."""
    calls: list[HttpCall] = []

    async def reached(call: HttpCall) -> HttpReply:
        calls.append(call)
        return HttpReply(299)

    names = {route.handler for route in ROUTES if route.handler}
    endpoint = build_endpoint(
        Reached(), routes=ROUTES, adapters=ADAPTERS, handlers=dict.fromkeys(names, reached), access=access
    )
    transport = httpx.ASGITransport(app=endpoint, client=client)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost"), calls


def header(key: str | None) -> dict[str, str]:
    return {} if key is None else {"authorization": f"Bearer {key}"}


@pytest.mark.parametrize("who", KEYS)
async def test_every_route(who: str) -> None:
    client, calls = web(Access(RING))
    entries = [*ROUTES, *ADAPTERS]
    for entry in entries:
        path = entry.path.replace("{model=**}", "m")
        headers = header(KEYS[who]) | {"content-type": "application/json"}
        reply = await client.request(entry.method, path, headers=headers, content=b"{}")
        allowed = who in ALLOWED[entry.auth]
        assert (reply.status_code not in (401, 403)) == allowed, path
        if not allowed:
            assert reply.status_code == (403 if who == "user" else 401)
            kind = "permission_error" if who == "user" else "authentication_error"
            assert reply.json()["error"]["type"] == kind
    assert calls
    assert not any("authorization" in call.headers for call in calls)
    assert {entry.auth for entry in entries} == set(AuthScope)


@pytest.mark.parametrize(
    ("path", "headers", "challenge"),
    [
        ("/v1/models", {}, "Bearer"),
        ("/v1/models", header("wrong-key"), 'Bearer error="invalid_token"'),
        ("/v1/models", {"authorization": "Basic eDp5"}, 'Bearer error="invalid_token"'),
        ("/server_info", header(USER_KEY), 'Bearer error="insufficient_scope"'),
    ],
)
async def test_a_refusal_says_how_to_ask(path: str, headers: dict[str, str], challenge: str) -> None:
    client, _ = web(Access(RING))
    reply = await client.get(path, headers=headers)
    assert reply.headers["www-authenticate"] == challenge


async def test_pages_are_for_users() -> None:
    async def page(call: HttpCall) -> HttpReply:
        return HttpReply(299)

    endpoint = build_endpoint(Reached(), pages={"/metrics": page}, access=Access(RING))
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=endpoint), base_url="http://localhost")
    statuses = [(await client.get("/metrics", headers=header(KEYS[who]))).status_code for who in KEYS]
    assert statuses == [401, 401, 299, 299]


async def test_head_asks_for_the_key_of_get_and_unknown_paths_for_none() -> None:
    client, _ = web(Access(RING))
    assert (await client.head("/v1/models")).status_code == 401
    assert (await client.head("/livez")).status_code == 299
    assert (await client.get("/nothing")).status_code == 404
    assert (await client.delete("/v1/models")).status_code == 405


async def test_two_authorization_headers_are_refused() -> None:
    client, _ = web(Access(RING))
    twice = [("authorization", f"Bearer {USER_KEY}"), ("authorization", f"Bearer {USER_KEY}")]
    reply = await client.get("/v1/models", headers=twice)
    assert reply.status_code == 401
    assert USER_KEY not in reply.text


async def test_a_refused_body_is_not_read() -> None:
    client, _ = web(Access(RING))
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        read += 1
        yield b"{}"

    headers = {"content-type": "application/json"}
    reply = await client.post("/generate", headers=headers, content=body())
    assert (reply.status_code, read) == (401, 0)


@pytest.mark.parametrize(
    ("headers", "peer", "status"),
    [
        ({}, "127.0.0.1", 299),
        ({}, "::1", 299),
        ({}, "203.0.113.7", 403),
        ({"host": "evil.example"}, "127.0.0.1", 403),
        ({"origin": "https://evil.example"}, "127.0.0.1", 403),
        ({"origin": "http://localhost"}, "127.0.0.1", 299),
        ({"sec-fetch-site": "cross-site"}, "127.0.0.1", 403),
        ({"x-forwarded-for": "203.0.113.7"}, "127.0.0.1", 403),
        ({"via": "1.1 proxy"}, "127.0.0.1", 403),
    ],
)
async def test_admin_routes_without_a_key_are_open_to_this_machine_only(
    headers: dict[str, str], peer: str, status: int
) -> None:
    client, _ = web(Access(local=True), (peer, 5000))
    reply = await client.get("/server_info", headers=headers)
    assert reply.status_code == status
    if status == 403:
        assert "--admin-api-key" in reply.json()["error"]["message"]
    user = await client.get("/v1/models", headers=headers)
    assert user.status_code == 299

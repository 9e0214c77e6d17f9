"""Abort is a user's call, and an admin's where it asks to abort all requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
import pytest_asyncio
from tokenwire.auth import Access, KeyRing
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.grpc.server import Server
from tokenwire.http.asgi import build_endpoint
from tokenwire_gen.sglang.runtime.v1.sglang_grpc import SglangServiceClient
from tokenwire_gen.sglang.runtime.v1.sglang_http import ROUTES
from tokenwire_gen.sglang.runtime.v1.sglang_pb import AbortRequest
from tokenwire_serve.engines import EngineOptions
from tokenwire_serve.engines.null import NullEngine
from tokenwire_serve.servicer.service import SglangServicer
from tokenwire_serve.shapes.handlers import http_handlers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

USER, ADMIN = "user-key-0123456789", "admin-key-0123456789"


@pytest_asyncio.fixture
async def servicer() -> AsyncIterator[SglangServicer]:
    engine = NullEngine(EngineOptions())
    await engine.start()
    yield SglangServicer(engine)
    await engine.close()


async def over_grpc(servicer: SglangServicer, access: Access, key: str, request: AbortRequest) -> Code:
    server = Server([servicer], access=access)
    await server.start("127.0.0.1", 0)
    try:
        async with SglangServiceClient(f"127.0.0.1:{server.port}", api_key=key or None) as client:
            await client.abort(request)
    except RpcError as error:
        return error.code
    finally:
        await server.close()
    return Code.OK


async def over_http(servicer: SglangServicer, access: Access, key: str, request: AbortRequest) -> Code:
    app = build_endpoint(servicer, routes=ROUTES, handlers=http_handlers(servicer), access=access)
    headers = {"authorization": f"Bearer {key}"} if key else {}
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 50000))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        body = {"rid": request.rid, "abort_all": request.abort_all}
        reply = await client.post("/abort_request", json=body, headers=headers)
    return {200: Code.OK, 401: Code.UNAUTHENTICATED, 403: Code.PERMISSION_DENIED}[reply.status_code]


@pytest.mark.parametrize("call", [over_grpc, over_http])
@pytest.mark.parametrize(
    ("users", "admins", "key", "one", "every"),
    [
        ((USER,), (ADMIN,), USER, Code.OK, Code.PERMISSION_DENIED),
        ((USER,), (ADMIN,), ADMIN, Code.OK, Code.OK),
        ((USER,), (ADMIN,), "", Code.UNAUTHENTICATED, Code.UNAUTHENTICATED),
        ((), (ADMIN,), "", Code.OK, Code.UNAUTHENTICATED),
        ((USER,), (), USER, Code.OK, Code.OK),
        ((), (), "", Code.OK, Code.OK),
    ],
)
async def test_on_this_machine(
    servicer: SglangServicer,
    call: object,
    users: tuple[str, ...],
    admins: tuple[str, ...],
    key: str,
    one: Code,
    every: Code,
) -> None:
    access = Access(KeyRing(users, admins), local=True)
    assert callable(call)
    assert await call(servicer, access, key, AbortRequest(rid="nobody")) is one
    assert await call(servicer, access, key, AbortRequest(abort_all=True)) is every


@pytest.mark.parametrize("call", [over_grpc, over_http])
async def test_from_elsewhere_without_an_admin_key(servicer: SglangServicer, call: object) -> None:
    access = Access(KeyRing((USER,)), local=False)
    assert callable(call)
    assert await call(servicer, access, USER, AbortRequest(rid="nobody")) is Code.OK
    assert await call(servicer, access, USER, AbortRequest(abort_all=True)) is Code.PERMISSION_DENIED

"""Serves and calls the generated greeter, over gRPC and over HTTP; generate it first:

tokenwire gen examples/greeter --out build/greeter
PYTHONPATH=build/greeter python examples/greeter/greeter_demo.py
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from greeter.v1 import (
    CountRequest,
    CountResponse,
    GreeterBase,
    GreeterClient,
    GreetRequest,
    GreetResponse,
)
from greeter.v1.greeter_http import ROUTES
from starlette.testclient import TestClient
from tokenwire import Context, Server
from tokenwire.http.asgi import build_app

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Greeter(GreeterBase):
    """The greeter."""

    async def greet(self, request: GreetRequest, context: Context) -> GreetResponse:
        """Greet one person."""
        return GreetResponse(text=f"Hello, {request.name}!")

    async def count(self, request: CountRequest, context: Context) -> AsyncIterator[CountResponse]:
        """Count up."""
        for number in range(1, request.to + 1):
            yield CountResponse(number=number)


async def over_grpc() -> None:
    """Serve on a free port and call both methods."""
    server = Server([Greeter()])
    await server.start("127.0.0.1", 0)
    async with GreeterClient(f"127.0.0.1:{server.port}") as client:
        print("gRPC:", (await client.greet(GreetRequest(name="Ada"))).text)
        print("gRPC:", *[message.number async for message in client.count(CountRequest(to=5))])
    await server.close()


def over_http() -> None:
    """Call the ASGI application, which any ASGI server can run."""
    app = build_app(Greeter(), routes=ROUTES)
    print("HTTP:", TestClient(app).post("/v1/greet", json={"name": "Bob"}).text)


if __name__ == "__main__":
    asyncio.run(over_grpc())
    over_http()

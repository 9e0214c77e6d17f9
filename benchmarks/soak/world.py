"""The clients of the soak: four kinds of client libraries, some connections of each."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import grpc.aio
import httpx
import openai
from tokenwire_gen.sglang.runtime.v1 import sglang_grpc
from tokenwire_gen.sglang.runtime.v1.sglang_grpc import SglangServiceClient

if TYPE_CHECKING:
    from random import Random

    from tokenwire.method import Method

__all__ = ["METHODS", "World"]

METHODS: Final[dict[str, Method[Any, Any]]] = {
    method.name: method for method in sglang_grpc.SGLANG_SERVICE.methods
}


@dataclass
class World:
    """The server's ports and clients of every library; a context manager that closes them."""

    http: int
    grpc: int
    connections: int

    async def __aenter__(self) -> Self:
        self._stack = AsyncExitStack()
        base, enter = f"http://127.0.0.1:{self.http}", self._stack.enter_async_context
        target, count = f"127.0.0.1:{self.grpc}", range(self.connections)
        self._ours = [await enter(SglangServiceClient(target)) for _ in count]
        options = [("grpc.use_local_subchannel_pool", 1)]
        self._channels = [await enter(grpc.aio.insecure_channel(target, options=options)) for _ in count]
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=30)
        self._webs = [
            await enter(httpx.AsyncClient(base_url=base, limits=limits, timeout=None, trust_env=False))
            for _ in count
        ]
        self._openais = [
            openai.AsyncOpenAI(base_url=f"{base}/v1", api_key="none", max_retries=0, http_client=web)
            for web in self._webs
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def ours(self, random: Random) -> SglangServiceClient:
        """A client of our own."""
        return random.choice(self._ours)

    def web(self, random: Random) -> httpx.AsyncClient:
        """A client of HTTP."""
        return random.choice(self._webs)

    def openai(self, random: Random) -> openai.AsyncOpenAI:
        """The OpenAI SDK."""
        return random.choice(self._openais)

    def stock(self, random: Random, name: str) -> Any:
        """A method of stock gRPC."""
        channel, method = random.choice(self._channels), METHODS[name]
        make = channel.unary_stream if method.server_streaming else channel.unary_unary
        return make(method.path, request_serializer=bytes, response_deserializer=method.response.parse)

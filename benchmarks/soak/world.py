"""The clients of the soak: four kinds of client libraries, some connections of each."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self

import grpc.aio
import httpx
import openai
from tokenwire.tls import client_context
from tokenwire_gen.sglang.runtime.v1 import sglang_grpc
from tokenwire_gen.sglang.runtime.v1 import sglang_pb as pb
from tokenwire_gen.sglang.runtime.v1.sglang_grpc import SglangServiceClient

from .windows import Windows

if TYPE_CHECKING:
    import ssl
    from pathlib import Path
    from random import Random

    from tokenwire.method import Method

__all__ = ["METHODS", "World"]

METHODS: Final[dict[str, Method[Any, Any]]] = {
    method.name: method for method in sglang_grpc.SGLANG_SERVICE.methods
}


_OPTIONS: Final = [
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 500),
]


@dataclass
class World:
    """The server's ports and clients of every library; a context manager that closes them.

    Attributes:
        key: What they show.
        admin: What they show for what only an admin may do.
        ca: Whom they trust; they speak without TLS where it is None.
        windows: What happens to the server.
    """

    http: int
    grpc: int
    connections: int
    key: str = ""
    ca: Path | None = None
    admin: str = ""
    windows: Windows = field(default_factory=Windows)

    async def __aenter__(self) -> Self:
        self._stack = AsyncExitStack()
        enter, count = self._stack.enter_async_context, range(self.connections)
        target = f"127.0.0.1:{self.grpc}"
        base = f"{'https' if self.ca else 'http'}://127.0.0.1:{self.http}"
        key = self.key or None
        self._ours = [await enter(SglangServiceClient(target, tls=self._tls(), api_key=key)) for _ in count]
        self._channels = [await enter(self._channel(target)) for _ in count]
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=30)
        headers = {"authorization": f"Bearer {key}"} if key else {}
        self._metadata = tuple(headers.items())
        web = partial(
            httpx.AsyncClient,
            base_url=base,
            headers=headers,
            limits=limits,
            verify=self._tls(),
            timeout=None,
            trust_env=False,
        )
        self._webs = [await enter(web()) for _ in count]
        self._openais = [
            openai.AsyncOpenAI(
                base_url=f"{base}/v1", api_key=key or "none", max_retries=0, http_client=client
            )
            for client in self._webs
        ]
        return self

    def _tls(self) -> ssl.SSLContext | bool:
        """A context for one client: each sets the protocols that it speaks in its own."""
        return self.ca is not None and client_context(self.ca)

    def _channel(self, target: str) -> grpc.aio.Channel:
        if self.ca is None:
            return grpc.aio.insecure_channel(target, options=_OPTIONS)
        trusted = grpc.ssl_channel_credentials(self.ca.read_bytes())
        return grpc.aio.secure_channel(target, trusted, options=_OPTIONS)

    async def connect(self) -> None:
        """Have the connections of gRPC, which otherwise begin with their first call."""
        for client, channel in zip(self._ours, self._channels, strict=True):
            await client.health_check(pb.HealthCheckRequest())
            await channel.channel_ready()

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def ours(self, random: Random) -> SglangServiceClient:
        """A client of our own."""
        return random.choice(self._ours)

    def as_admin(self, random: Random) -> SglangServiceClient:
        """One that shows the admin's key."""
        return self.ours(random).with_options(api_key=self.admin or None)

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
        call = make(method.path, request_serializer=bytes, response_deserializer=method.response.parse)
        return partial(call, metadata=self._metadata)

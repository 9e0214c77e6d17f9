"""A whole server over the null engine, in this process and on free ports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest_asyncio
from tokenwire.limits import Limits
from tokenwire_serve.engines import EngineOptions, create
from tokenwire_serve.process.listeners import address_of, listen
from tokenwire_serve.process.servers import Servers
from tokenwire_serve.servicer.service import SglangServicer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclass(frozen=True)
class NullServer:
    """Where it listens, and what answers."""

    http: str
    grpc: str
    servicer: SglangServicer
    servers: Servers


@pytest_asyncio.fixture
async def server() -> AsyncIterator[NullServer]:
    engine = create("null", EngineOptions(served_model_name="null"))
    servicer = SglangServicer(engine)
    with listen("127.0.0.1", 0, "--port") as http, listen("127.0.0.1", 0, "--grpc-port") as grpc:
        servers = Servers(servicer, http, grpc, limits=Limits(max_message_size=1 << 20))
        await servers.start()
        await engine.start()
        yield NullServer(address_of(http), address_of(grpc), servicer, servers)
        await engine.close()
        await servers.close()

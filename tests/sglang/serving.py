"""A whole server over a real SGLang in this process, and calls to it."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
from tokenwire.limits import Limits
from tokenwire_gen.sglang.runtime.v1.sglang_grpc import SglangServiceClient
from tokenwire_gen.sglang.runtime.v1.sglang_pb import AbortRequest, OpenAIRequest
from tokenwire_serve.process.listeners import address_of, listen
from tokenwire_serve.process.servers import Servers
from tokenwire_serve.servicer.service import SglangServicer

from tests.serve.calls import context

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tokenwire.streams import PushStream
    from tokenwire_serve.engine import Engine

USER = [{"role": "user", "content": "What does os.path.join do?"}]
ENDLESS = {"max_tokens": 1900, "ignore_eos": True}
"""What makes an OpenAI call run for as long as a test needs it."""
_PATIENCE_S = 60.0


@dataclass(frozen=True)
class Served:
    """An engine and what answers for it."""

    engine: Any
    servicer: SglangServicer
    grpc: SglangServiceClient
    http: httpx.AsyncClient

    @property
    def manager(self) -> Any:
        """SGLang's TokenizerManager."""
        return self.engine._manager

    @property
    def running(self) -> int:
        """Requests within SGLang."""
        return len(self.manager.rid_to_state)

    def chat(self, **body: Any) -> PushStream[Any]:
        """A chat over the servicer."""
        raw = json.dumps({"messages": USER, "temperature": 0, **body}).encode()
        return self.servicer.chat_complete(OpenAIRequest(json_body=raw), context("ChatComplete"))

    def complete(self, **body: Any) -> PushStream[Any]:
        """A text completion over the servicer."""
        raw = json.dumps({"prompt": "Return the path", "temperature": 0, **body}).encode()
        return self.servicer.complete(OpenAIRequest(json_body=raw), context("Complete"))

    async def abort(self, rid: str) -> bool:
        """Whether an abort found the request."""
        reply = await self.servicer.abort(AbortRequest(rid=rid), context("Abort"))
        return reply.success


@asynccontextmanager
async def serve(engine: Engine) -> AsyncIterator[Served]:
    """Start an engine and serve it on free ports."""
    servicer = SglangServicer(engine)
    with listen("127.0.0.1", 0, "--port") as http, listen("127.0.0.1", 0, "--grpc-port") as grpc:
        servers = Servers(servicer, http, grpc, limits=Limits(max_message_size=1 << 24))
        await servers.start()
        await engine.start()
        client = httpx.AsyncClient(base_url=f"http://{address_of(http)}", timeout=_PATIENCE_S)
        async with client, SglangServiceClient(address_of(grpc)) as stub:
            yield Served(engine, servicer, stub, client)
        await engine.close()
        await servers.close()


async def until(holds: Callable[[], object], patience: float = _PATIENCE_S) -> None:
    """Wait until something holds."""
    end = asyncio.get_running_loop().time() + patience
    while not holds():
        assert asyncio.get_running_loop().time() < end, "it never came about"
        await asyncio.sleep(0.005)


async def idle(served: Served) -> None:
    """Wait until nothing is left of any request."""
    await until(lambda: not served.running and not served.servicer.active_requests)
    assert not served.engine._active
    assert not served.engine._runs
    assert not served.engine.openai._jobs
    await until(lambda: not served.engine.loads()[0].num_running_reqs)


def whole(chunks: list[Any]) -> Any:
    """The answer of a call that was not streamed."""
    (chunk,) = chunks
    assert chunk.finished
    return json.loads(chunk.json_chunk)


def events(chunks: list[Any]) -> list[Any]:
    """The events of a streamed call."""
    return [json.loads(chunk.json_chunk) for chunk in chunks if chunk.json_chunk]


def text_of(events: list[Any]) -> str:
    """The text that chunks of a chat add up to."""
    return "".join(e["choices"][0]["delta"].get("content") or "" for e in events if e["choices"])

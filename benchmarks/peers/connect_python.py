"""connect-python with protobuf-py's messages; pyvoy, the server its documentation names, runs `app`."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from connect_stubs.sglang.runtime.v1 import sglang_pb as pb
from connect_stubs.sglang.runtime.v1.sglang_connect import SglangService, SglangServiceASGIApplication
from null_engine import CONTEXT, EMBEDDING, IDS, MODEL_INFO, SERVER_INFO, TEXT, MetaInfo, NullEngine, compact

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from asgiref.typing import ASGIReceiveCallable, ASGIReceiveEvent, ASGISendCallable, Scope
    from connectrpc.request import RequestContext


class Service(SglangService):
    def __init__(self) -> None:
        self.engine = NullEngine()

    async def text_generate(
        self, request: pb.TextGenerateRequest, ctx: RequestContext
    ) -> AsyncIterator[pb.TextGenerateResponse]:
        info = MetaInfo(len(request.text.encode()))
        limit = request.sampling_params.max_new_tokens
        async for text, meta_info, finished in self.engine.generate(info, TEXT, limit):
            yield pb.TextGenerateResponse(text=text, meta_info=meta_info, finished=finished)

    async def generate(
        self, request: pb.GenerateRequest, ctx: RequestContext
    ) -> AsyncIterator[pb.GenerateResponse]:
        info = MetaInfo(len(request.input_ids))
        limit = request.sampling_params.max_new_tokens
        async for ids, meta_info, finished in self.engine.generate(info, IDS, limit):
            yield pb.GenerateResponse(output_ids=ids, meta_info=meta_info, finished=finished)

    async def chat_complete(
        self, request: pb.OpenAIRequest, ctx: RequestContext
    ) -> AsyncIterator[pb.OpenAIStreamChunk]:
        async for chunk in self.engine.chat(json.loads(request.json_body)):
            yield pb.OpenAIStreamChunk(json_chunk=compact(chunk).encode())
        yield pb.OpenAIStreamChunk(finished=True)

    async def text_embed(self, request: pb.TextEmbedRequest, ctx: RequestContext) -> pb.TextEmbedResponse:
        info = MetaInfo(len(request.text.encode()))
        return pb.TextEmbedResponse(embedding=EMBEDDING, meta_info=info.of_embedding())

    async def tokenize(self, request: pb.TokenizeRequest, ctx: RequestContext) -> pb.TokenizeResponse:
        tokens = self.engine.tokenize(request.text)
        return pb.TokenizeResponse(
            tokens=tokens, count=len(tokens), max_model_len=CONTEXT, input_text=request.text
        )

    async def health_check(
        self, request: pb.HealthCheckRequest, ctx: RequestContext
    ) -> pb.HealthCheckResponse:
        return pb.HealthCheckResponse(healthy=True)

    async def watch_engine_state(
        self, request: pb.WatchEngineStateRequest, ctx: RequestContext
    ) -> AsyncIterator[pb.EngineStateSnapshot]:
        yield pb.EngineStateSnapshot(
            instance_id=1,
            revision=1,
            healthy=True,
            server_status=pb.ServerStatus.UP,
            model_info=pb.GetModelInfoResponse(model_path="null", json_info=MODEL_INFO),
            server_info=pb.GetServerInfoResponse(json_info=SERVER_INFO),
        )
        await self.engine.state_changed.wait()


_NEVER = asyncio.Event()
service = SglangServiceASGIApplication(Service())


async def app(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """The service, with `receive` held back once the request has been read.

    ASGI says that it then waits for the client to leave. That of pyvoy 1.3.0 answers at once each time,
    and connect-python 0.13.0, which waits for the client to leave, would keep a core busy for as long
    as a stream is open. A client that leaves is noticed by the next `send`.
    """
    complete = False

    async def receive_once() -> ASGIReceiveEvent:
        nonlocal complete
        if complete:
            await _NEVER.wait()
        event = await receive()
        complete = event["type"] == "http.request" and not event.get("more_body", False)
        return event

    await service(scope, receive_once, send)

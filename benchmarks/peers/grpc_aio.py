"""grpc.aio with google.protobuf's messages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import grpc
from null_engine import CONTEXT, EMBEDDING, IDS, MODEL_INFO, SERVER_INFO, TEXT, MetaInfo, NullEngine, compact
from running import run
from sglang.runtime.v1 import sglang_pb2 as pb
from sglang.runtime.v1 import sglang_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from grpc.aio import ServicerContext


class Servicer(sglang_pb2_grpc.SglangServiceServicer):
    def __init__(self) -> None:
        self.engine = NullEngine()

    async def TextGenerate(  # noqa: N802
        self, request: pb.TextGenerateRequest, context: ServicerContext
    ) -> AsyncIterator[pb.TextGenerateResponse]:
        info = MetaInfo(len(request.text.encode()))
        limit = request.sampling_params.max_new_tokens
        async for text, meta_info, finished in self.engine.generate(info, TEXT, limit):
            yield pb.TextGenerateResponse(text=text, meta_info=meta_info, finished=finished)

    async def Generate(  # noqa: N802
        self, request: pb.GenerateRequest, context: ServicerContext
    ) -> AsyncIterator[pb.GenerateResponse]:
        info = MetaInfo(len(request.input_ids))
        limit = request.sampling_params.max_new_tokens
        async for ids, meta_info, finished in self.engine.generate(info, IDS, limit):
            yield pb.GenerateResponse(output_ids=ids, meta_info=meta_info, finished=finished)

    async def ChatComplete(  # noqa: N802
        self, request: pb.OpenAIRequest, context: ServicerContext
    ) -> AsyncIterator[pb.OpenAIStreamChunk]:
        async for chunk in self.engine.chat(json.loads(request.json_body)):
            yield pb.OpenAIStreamChunk(json_chunk=compact(chunk).encode())
        yield pb.OpenAIStreamChunk(finished=True)

    async def TextEmbed(  # noqa: N802
        self, request: pb.TextEmbedRequest, context: ServicerContext
    ) -> pb.TextEmbedResponse:
        info = MetaInfo(len(request.text.encode()))
        return pb.TextEmbedResponse(embedding=EMBEDDING, meta_info=info.of_embedding())

    async def Tokenize(  # noqa: N802
        self, request: pb.TokenizeRequest, context: ServicerContext
    ) -> pb.TokenizeResponse:
        tokens = self.engine.tokenize(request.text)
        return pb.TokenizeResponse(
            tokens=tokens, count=len(tokens), max_model_len=CONTEXT, input_text=request.text
        )

    async def HealthCheck(  # noqa: N802
        self, request: pb.HealthCheckRequest, context: ServicerContext
    ) -> pb.HealthCheckResponse:
        return pb.HealthCheckResponse(healthy=True)

    async def WatchEngineState(  # noqa: N802
        self, request: pb.WatchEngineStateRequest, context: ServicerContext
    ) -> AsyncIterator[pb.EngineStateSnapshot]:
        yield pb.EngineStateSnapshot(
            instance_id=1,
            revision=1,
            healthy=True,
            server_status=pb.SERVER_STATUS_UP,
            model_info=pb.GetModelInfoResponse(model_path="null", json_info=MODEL_INFO),
            server_info=pb.GetServerInfoResponse(json_info=SERVER_INFO),
        )
        await self.engine.state_changed.wait()


# With the defaults, calls are refused when 2,048 come at once.
OPTIONS = (
    ("grpc.server.max_pending_requests", 4096),
    ("grpc.server.max_pending_requests_hard_limit", 8192),
)


async def serve(port: int) -> None:
    server = grpc.aio.server(options=OPTIONS)
    sglang_pb2_grpc.add_SglangServiceServicer_to_server(Servicer(), server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    run(serve)

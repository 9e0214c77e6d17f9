"""Stock grpclib with betterproto2's messages and service base."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from betterproto2_stubs.sglang.runtime import v1 as pb
from grpclib.server import Server
from null_engine import CONTEXT, EMBEDDING, IDS, MODEL_INFO, SERVER_INFO, TEXT, MetaInfo, NullEngine, compact
from running import run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Service(pb.SglangServiceBase):
    def __init__(self) -> None:
        self.engine = NullEngine()

    async def text_generate(self, message: pb.TextGenerateRequest) -> AsyncIterator[pb.TextGenerateResponse]:
        info = MetaInfo(len(message.text.encode()))
        limit = message.sampling_params.max_new_tokens
        async for text, meta_info, finished in self.engine.generate(info, TEXT, limit):
            yield pb.TextGenerateResponse(text=text, meta_info=meta_info, finished=finished)

    async def generate(self, message: pb.GenerateRequest) -> AsyncIterator[pb.GenerateResponse]:
        info = MetaInfo(len(message.input_ids))
        limit = message.sampling_params.max_new_tokens
        async for ids, meta_info, finished in self.engine.generate(info, IDS, limit):
            yield pb.GenerateResponse(output_ids=ids, meta_info=meta_info, finished=finished)

    async def chat_complete(self, message: pb.OpenAiRequest) -> AsyncIterator[pb.OpenAiStreamChunk]:
        async for chunk in self.engine.chat(json.loads(message.json_body)):
            yield pb.OpenAiStreamChunk(json_chunk=compact(chunk).encode())
        yield pb.OpenAiStreamChunk(finished=True)

    async def text_embed(self, message: pb.TextEmbedRequest) -> pb.TextEmbedResponse:
        info = MetaInfo(len(message.text.encode()))
        return pb.TextEmbedResponse(embedding=EMBEDDING, meta_info=info.of_embedding())

    async def tokenize(self, message: pb.TokenizeRequest) -> pb.TokenizeResponse:
        tokens = self.engine.tokenize(message.text)
        return pb.TokenizeResponse(
            tokens=tokens, count=len(tokens), max_model_len=CONTEXT, input_text=message.text
        )

    async def health_check(self, message: pb.HealthCheckRequest) -> pb.HealthCheckResponse:
        return pb.HealthCheckResponse(healthy=True)

    async def watch_engine_state(
        self, message: pb.WatchEngineStateRequest
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


async def serve(port: int) -> None:
    server = Server([Service()])
    await server.start("127.0.0.1", port)
    await server.wait_closed()


if __name__ == "__main__":
    run(serve)

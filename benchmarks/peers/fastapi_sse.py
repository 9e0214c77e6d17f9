"""FastAPI: a chat completion as server-sent events; uvicorn runs `app`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from null_engine import NullEngine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

app = FastAPI()
engine = NullEngine()


@app.post("/v1/chat/completions")
async def chat(body: dict[str, Any]) -> StreamingResponse:
    async def events() -> AsyncIterator[str]:
        async for chunk in engine.chat(body):
            yield f"data: {json.dumps(chunk, separators=(',', ':'))}\n\n"
        yield "data: [DONE]\n\n"

    return StreamingResponse(events(), media_type="text/event-stream")

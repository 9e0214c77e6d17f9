"""The HTTP answers that are not simply the JSON of a message: one function per handler name."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

from tokenwire.codes import Code
from tokenwire.details import bad_request
from tokenwire.errors import RpcError
from tokenwire.http.large_answers import dump_large_json
from tokenwire.http.openai import list_models, retrieve_model
from tokenwire.http.values import HttpReply
from tokenwire_gen.sglang.runtime.v1.sglang_grpc import (
    CLASSIFY,
    CONTINUE_GENERATION,
    EMBED,
    FLUSH_CACHE,
    GET_LOAD,
    GET_MODEL_INFO,
    GET_SERVER_INFO,
    LIST_MODELS,
    PAUSE_GENERATION,
    TEXT_EMBED,
    UPDATE_WEIGHTS_FROM_DISK,
)
from tokenwire_gen.sglang.runtime.v1.sglang_pb import (
    ClassifyRequest,
    ContinueGenerationRequest,
    EmbedRequest,
    FlushCacheRequest,
    GetLoadRequest,
    GetModelInfoRequest,
    GetServerInfoRequest,
    PauseGenerationRequest,
    TextEmbedRequest,
    UpdateWeightsRequest,
)

from tokenwire_serve.openai.fields import Fields
from tokenwire_serve.servicer.control import PAUSED_REQUESTS
from tokenwire_serve.servicer.ranges import Problems

from .generate import HttpGeneration, together
from .inputs import prompts_of, refuse_unknown
from .shared import Shared
from .tokenizer import HttpTokenizer

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from tokenwire.http.values import HttpCall, HttpHandler

    from tokenwire_serve.servicer.service import SglangServicer

__all__ = ["http_handlers"]

OWNER: Final = "tokenwire"
_POOLED: Final = frozenset({"text", "input_ids", "rid", "routing_key"})


def http_handlers(servicer: SglangServicer) -> dict[str, HttpHandler]:
    """The handlers that routes of sglang.proto name, over one servicer."""
    shapes, tokenizer, now = _Shapes(servicer), HttpTokenizer(servicer), int(time.time())
    return {
        "classify": shapes.classify,
        "continue_generation": shapes.continue_generation,
        "detokenize": tokenizer.detokenize,
        "encode": shapes.encode,
        "flush_cache": shapes.flush_cache,
        "generate": HttpGeneration(servicer),
        "get_load": shapes.get_load,
        "health": shapes.health,
        "health_generate": shapes.health_generate,
        "livez": shapes.livez,
        "loads": shapes.loads,
        "model_info": shapes.model_info,
        "models": list_models(LIST_MODELS, owner=OWNER, created=now),
        "pause_generation": shapes.pause_generation,
        "retrieve_model": retrieve_model(LIST_MODELS, owner=OWNER, created=now),
        "server_info": shapes.server_info,
        "tokenize": tokenizer.tokenize,
        "update_weights": shapes.update_weights,
    }


class _Shapes:
    def __init__(self, servicer: SglangServicer) -> None:
        self._servicer = servicer
        self._probe = Shared(lambda: servicer.engine.probe())

    async def encode(self, call: HttpCall) -> HttpReply:
        """`{embedding, meta_info}`, a list of them for a list."""

        async def one(prompt: str | list[int], shared: Mapping[str, Any]) -> dict[str, Any]:
            if isinstance(prompt, str):
                return _pooled(await call.unary(TEXT_EMBED, TextEmbedRequest(text=prompt, **shared)))
            return _pooled(await call.unary(EMBED, EmbedRequest(input_ids=prompt, **shared)))

        return await _each(call, one)

    async def classify(self, call: HttpCall) -> HttpReply:
        """`{embedding, meta_info}` with the class scores, a list of them for a list."""

        async def one(prompt: str | list[int], shared: Mapping[str, Any]) -> dict[str, Any]:
            given: dict[str, Any] = {"text" if isinstance(prompt, str) else "input_ids": prompt}
            return _pooled(await call.unary(CLASSIFY, ClassifyRequest(**given, **shared)))

        return await _each(call, one)

    async def health(self, call: HttpCall) -> HttpReply:
        """Readiness: 200 without a body, or 503 with the reason."""
        self._require_healthy()
        return HttpReply()

    async def health_generate(self, call: HttpCall) -> HttpReply:
        """The same, proven by one token through the whole engine."""
        self._require_healthy()
        await self._probe()
        return HttpReply()

    async def livez(self, call: HttpCall) -> HttpReply:
        """The process lives: it has just answered."""
        return HttpReply()

    def _require_healthy(self) -> None:
        if self._servicer.healthy:
            return
        state = self._servicer.engine.state
        reason = "the server is draining" if state.healthy else f"the engine is {state.status.value}"
        raise RpcError(Code.UNAVAILABLE, f"{reason}: {state.reason}" if state.reason else reason)

    async def model_info(self, call: HttpCall) -> HttpReply:
        """The object of `json_info`."""
        response = await call.unary(GET_MODEL_INFO, GetModelInfoRequest())
        return HttpReply.raw_json(response.json_info.encode())

    async def server_info(self, call: HttpCall) -> HttpReply:
        """The object of `json_info`."""
        response = await call.unary(GET_SERVER_INFO, GetServerInfoRequest())
        return HttpReply.raw_json(response.json_info.encode())

    async def get_load(self, call: HttpCall) -> HttpReply:
        """The list of `json_info`."""
        response = await call.unary(GET_LOAD, _load_request(call))
        return HttpReply.raw_json(response.json_info.encode())

    async def loads(self, call: HttpCall) -> HttpReply:
        """The same list with a timestamp and the server's version."""
        response = await call.unary(GET_LOAD, _load_request(call))
        version = self._servicer.settings.version
        loads = json.loads(response.json_info)
        return HttpReply.json({"timestamp": time.time(), "version": version, "loads": loads})

    async def flush_cache(self, call: HttpCall) -> HttpReply:
        """`{success, message}`, 400 if it was not flushed."""
        response = await call.unary(FLUSH_CACHE, FlushCacheRequest())
        body = {"success": response.success, "message": response.message}
        return HttpReply.json(body, 200 if response.success else 400)

    async def pause_generation(self, call: HttpCall) -> HttpReply:
        """`{message, status}`."""
        problems = Problems()
        mode = Fields(call.json_object(), problems).text("mode")
        problems.settle()
        response = await call.unary(PAUSE_GENERATION, PauseGenerationRequest(mode=mode or ""))
        return HttpReply.json({"message": response.message, "status": "ok"})

    async def continue_generation(self, call: HttpCall) -> HttpReply:
        """`{message, status}`."""
        response = await call.unary(CONTINUE_GENERATION, ContinueGenerationRequest())
        return HttpReply.json({"message": response.message, "status": "ok"})

    async def update_weights(self, call: HttpCall) -> HttpReply:
        """`{success, message, num_paused_requests}`, 400 on failure."""
        problems = Problems()
        fields = Fields(call.json_object(), problems)
        request = UpdateWeightsRequest(
            model_path=fields.text("model_path") or "", load_format=fields.text("load_format")
        )
        problems.settle()
        context = call.context(UPDATE_WEIGHTS_FROM_DISK)
        response = await call.invoker.unary(UPDATE_WEIGHTS_FROM_DISK, request, context)
        body = {
            "success": response.success,
            "message": response.message,
            "num_paused_requests": int(context.trailing_metadata.get(PAUSED_REQUESTS, 0)),
        }
        return HttpReply.json(body, 200 if response.success else 400)


async def _each(
    call: HttpCall, one: Callable[[str | list[int], Mapping[str, Any]], Coroutine[Any, Any, dict[str, Any]]]
) -> HttpReply:
    """The answer for each prompt of the body, side by side."""
    problems = Problems()
    fields = Fields(call.json_object(), problems)
    prompts = prompts_of(fields)
    refuse_unknown(fields, _POOLED, "a field of this route")
    rid, routing_key = fields.text("rid"), fields.text("routing_key")
    problems.settle()
    assert prompts is not None
    if prompts.single:
        return HttpReply.json(await one(prompts.items[0], {"rid": rid, "routing_key": routing_key}))
    answers = await together(
        *(
            one(prompt, {"rid": None if rid is None else f"{rid}_{place}", "routing_key": routing_key})
            for place, prompt in enumerate(prompts.items)
        )
    )
    return HttpReply.raw_json(await dump_large_json(answers))


def _pooled(response: Any) -> dict[str, Any]:
    facts = {name: json.loads(value) for name, value in response.meta_info.items()}
    return {"embedding": response.embedding, "meta_info": facts}


def _load_request(call: HttpCall) -> GetLoadRequest:
    """The request of a load route; `dp_rank` is a query parameter."""
    rank = dict(call.query).get("dp_rank")
    if rank is None:
        return GetLoadRequest()
    if not rank.isdecimal() or len(rank) > 9:
        raise bad_request("dp_rank", f"must be a rank, 0 or more, not {rank!r}")
    return GetLoadRequest(dp_rank=int(rank))

"""Calls that compute or tell without changing anything: tokenizer, vectors, health, model, load."""

from __future__ import annotations

from typing import Final

from tokenwire_gen.sglang.runtime.v1 import (
    CLASSIFY,
    DETOKENIZE,
    EMBED,
    FLUSH_CACHE,
    GET_LOAD,
    GET_MODEL_INFO,
    GET_SERVER_INFO,
    HEALTH_CHECK,
    LIST_MODELS,
    TEXT_EMBED,
    TOKENIZE,
)
from tokenwire_gen.sglang.runtime.v1.sglang_pb import (
    ClassifyRequest,
    DetokenizeRequest,
    EmbedRequest,
    FlushCacheRequest,
    GetLoadRequest,
    GetModelInfoRequest,
    GetServerInfoRequest,
    HealthCheckRequest,
    ListModelsRequest,
    TextEmbedRequest,
    TokenizeRequest,
)

from .case import http, rpc, sdk

GREETING: Final = "Grüße,\n  日本 🎉<|eos|>"

CASES: Final = (
    # First of all, so that both begin with an empty prefix cache.
    rpc("at the start", FLUSH_CACHE, FlushCacheRequest()),
    rpc("up", HEALTH_CHECK, HealthCheckRequest()),
    rpc("all", GET_MODEL_INFO, GetModelInfoRequest()),
    rpc("all", GET_SERVER_INFO, GetServerInfoRequest()),
    rpc("all", LIST_MODELS, ListModelsRequest()),
    rpc("every rank", GET_LOAD, GetLoadRequest()),
    rpc("first rank", GET_LOAD, GetLoadRequest(dp_rank=0)),
    rpc("rank that is not there", GET_LOAD, GetLoadRequest(dp_rank=7)),
    rpc("words", TOKENIZE, TokenizeRequest(text="Return the path.")),
    rpc("with special tokens", TOKENIZE, TokenizeRequest(text="Return", add_special_tokens=True)),
    rpc("without special tokens", TOKENIZE, TokenizeRequest(text="Return", add_special_tokens=False)),
    rpc("other scripts", TOKENIZE, TokenizeRequest(text=GREETING)),
    rpc("nothing", TOKENIZE, TokenizeRequest(text="")),
    rpc("words", DETOKENIZE, DetokenizeRequest(tokens=[417, 271, 1113])),
    rpc("special tokens", DETOKENIZE, DetokenizeRequest(tokens=[1, 417, 2])),
    rpc("half a character", DETOKENIZE, DetokenizeRequest(tokens=[5, 200, 201])),
    rpc("nothing", DETOKENIZE, DetokenizeRequest(tokens=[])),
    rpc("negative", DETOKENIZE, DetokenizeRequest(tokens=[-1])),
    rpc("beyond the vocabulary", DETOKENIZE, DetokenizeRequest(tokens=[5, 4096])),
    rpc("not an embedding model", TEXT_EMBED, TextEmbedRequest(text="a path")),
    rpc("nothing", TEXT_EMBED, TextEmbedRequest(text="")),
    rpc("not an embedding model", EMBED, EmbedRequest(input_ids=[5, 6])),
    rpc("nothing", EMBED, EmbedRequest(input_ids=[])),
    rpc("text, not a classifier", CLASSIFY, ClassifyRequest(text="a path")),
    rpc("ids, not a classifier", CLASSIFY, ClassifyRequest(input_ids=[5, 6])),
    rpc("nothing", CLASSIFY, ClassifyRequest()),
    rpc("both", CLASSIFY, ClassifyRequest(text="a", input_ids=[5])),
    http("up", "GET", "/health"),
    http("up", "GET", "/health_generate"),
    http("up", "GET", "/livez"),
    http("all", "GET", "/get_model_info"),
    http("all", "GET", "/model_info"),
    http("all", "GET", "/get_server_info"),
    http("all", "GET", "/server_info"),
    http("all", "GET", "/v1/models"),
    http("one", "GET", "/v1/models/tiny"),
    http("unknown", "GET", "/v1/models/nobody"),
    http("unknown, with a slash", "GET", "/v1/models/nobody/tiny"),
    http("all", "GET", "/get_load"),
    http("all", "GET", "/v1/loads"),
    http("first rank", "GET", "/v1/loads", params={"dp_rank": 0}),
    http("rank that is not there", "GET", "/v1/loads", params={"dp_rank": 7}),
    http("rank that is not a number", "GET", "/v1/loads", params={"dp_rank": "x"}),
    sdk("models", lambda client: client.models.list()),
)

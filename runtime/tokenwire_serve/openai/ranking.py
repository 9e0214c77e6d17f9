"""Scores of label tokens, and documents in order of relevance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from tokenwire.codes import Code
from tokenwire.errors import RpcError

from tokenwire_serve.engine import EmbedRequest, ScoreRequest
from tokenwire_serve.servicer.ranges import Problems, check_count, check_token_ids
from tokenwire_serve.servicer.renaming import renaming

from .common import MOST_INPUTS, read_id, read_inputs, read_model, together
from .fields import Fields, is_ids, kind_of
from .pooled import prompt_usage, softmax
from .sampling import read_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tokenwire_serve.engine import Embedding, RequestOptions
    from tokenwire_serve.servicer.core import Core

__all__ = ["rerank", "score"]

_UNSUPPORTED_SCORE: Final[dict[str, tuple[Any, ...]]] = {
    "query_embed_overrides": ([],),
    "item_embed_overrides": ([],),
    "return_pooled_hidden_states": (False,),
}
_UNSUPPORTED_RERANK: Final[dict[str, tuple[Any, ...]]] = {"instruct": ("",)}
_MOST_LABELS: Final = 4096
_RELEVANT: Final = 1
_BINARY: Final = 2


async def score(body: Mapping[str, Any], core: Core, trace: Mapping[str, str]) -> dict[str, Any]:
    """The answer of /v1/score: per item, the probability of each label token as the next.

    Raises:
        RpcError: The body is wrong, the model unknown, or the engine failed.
    """
    fields = Fields(body, Problems())
    model = read_model(fields, core)
    fields.refuse(_UNSUPPORTED_SCORE, core.engine.name)
    prompts = _read_prompts(fields, core)
    labels = fields.ids("label_token_ids")
    fields.problems.expect(bool(labels), "label_token_ids", "must have at least one token id")
    if check_count(labels, "label_token_ids", fields.problems, _MOST_LABELS):
        check_token_ids(labels, "label_token_ids", fields.problems, core.engine.model.vocab_size)
    request = ScoreRequest(
        rid=read_id(fields, "score-"),
        prompts=prompts,
        label_token_ids=labels,
        apply_softmax=fields.boolean("apply_softmax") or False,
        options=read_options(fields, trace),
    )
    fields.problems.settle()
    with renaming({"prompt": "items"}):
        found = await core.active.run(request.rid, core.engine.score(request))
    usage = prompt_usage(found.prompt_tokens)
    return {"object": "scoring", "scores": found.rows, "model": model, "usage": usage}


async def rerank(body: Mapping[str, Any], core: Core, trace: Mapping[str, str]) -> list[dict[str, Any]]:
    """The answer of /v1/rerank: documents, the most relevant first.

    A classifier reads query and document together; any other model compares their embeddings.

    Raises:
        RpcError: The body is wrong, the model unknown or has too many classes, or the engine failed.
    """
    fields = Fields(body, Problems())
    read_model(fields, core)
    fields.refuse(_UNSUPPORTED_RERANK, core.engine.name)
    query = _read_query(fields)
    documents = _read_documents(fields)
    top = fields.integer("top_n", low=1)
    shown = fields.boolean("return_documents") is not False
    request_id = read_id(fields, "rerank-")
    options = read_options(fields, trace)
    fields.problems.settle()
    method = _cross_encode if core.engine.model.kind == "classify" else _compare
    with renaming({"prompt": "documents"}):
        found = await core.active.run(request_id, method(core, request_id, query, documents, options))
    order = sorted(range(len(documents)), key=lambda place: found[place][0], reverse=True)
    return [
        {
            "score": found[place][0],
            **({"document": documents[place]} if shown else {}),
            "index": place,
            "meta_info": {"id": request_id, "prompt_tokens": found[place][1]},
        }
        for place in order[:top]
    ]


async def _cross_encode(
    core: Core, rid: str, query: str, documents: Sequence[str], options: RequestOptions
) -> list[tuple[float, int]]:
    """Relevance by a classifier: of one class its sigmoid, of two the probability of the second."""

    async def one(place: int, document: str) -> Embedding:
        return await core.engine.classify(
            EmbedRequest(f"{rid}-{place}", query, pair=document, options=options)
        )

    found = await together(documents, one)
    return [(_relevance(item.values), item.prompt_tokens) for item in found]


def _relevance(logits: Sequence[float]) -> float:
    if len(logits) == 1:
        return softmax([0.0, logits[0]])[_RELEVANT]
    if len(logits) == _BINARY:
        return softmax(logits)[_RELEVANT]
    raise RpcError(
        Code.UNIMPLEMENTED,
        f"rerank needs a model with one or two classes; the one served has {len(logits)}",
    )


async def _compare(
    core: Core, rid: str, query: str, documents: Sequence[str], options: RequestOptions
) -> list[tuple[float, int]]:
    """Relevance by the cosine of the embeddings, which have length 1."""

    async def one(place: int, text: str) -> Embedding:
        return await core.engine.embed(EmbedRequest(f"{rid}-{place}", text, options=options))

    wanted, *found = await together([query, *documents], one)
    return [(_cosine(wanted.values, item.values), item.prompt_tokens) for item in found]


def _cosine(left: Sequence[float], right: Sequence[float]) -> float:
    """Of vectors of length 1; kept within its range against rounding."""
    return max(-1.0, min(1.0, math.fsum(a * b for a, b in zip(left, right, strict=True))))


def _read_prompts(fields: Fields, core: Core) -> list[str | list[int]]:
    """The query joined with each item, all as texts or all as token ids."""
    items = read_inputs(fields, "items", core.engine.model)
    query = fields.values.get("query")
    first = fields.boolean("item_first") or False
    if not fields.require("query") or not items:
        return []
    if isinstance(query, str) and isinstance(items[0], str):
        return [f"{item}{query}" if first else f"{query}{item}" for item in items]
    if is_ids(query) and isinstance(items[0], list):
        check_token_ids(query, "query", fields.problems, core.engine.model.vocab_size)
        return [[*item, *query] if first else [*query, *item] for item in items]
    fields.wrong("query", "must be a string or an array of token ids, whichever the items are")
    return []


def _read_query(fields: Fields) -> str:
    query = fields.text("query")
    if fields.require("query") and query is not None and not query.strip():
        fields.wrong("query", "must not be blank")
    return query or ""


def _read_documents(fields: Fields) -> list[str]:
    documents = fields.array("documents")
    if not fields.require("documents") or documents is None:
        return []
    if not 0 < len(documents) <= MOST_INPUTS:
        fields.wrong("documents", f"must have from 1 to {MOST_INPUTS} items")
        return []
    for place, document in enumerate(documents):
        if not isinstance(document, str):
            fields.wrong(f"documents[{place}]", f"must be a string, not {kind_of(document)}")
        elif not document.strip():
            fields.wrong(f"documents[{place}]", "must not be blank")
    return documents

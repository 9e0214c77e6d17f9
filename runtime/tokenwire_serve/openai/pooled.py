"""Embeddings and classification."""

from __future__ import annotations

import base64
import math
import struct
import time
from typing import TYPE_CHECKING, Any

from tokenwire_serve.engine import EmbedRequest
from tokenwire_serve.servicer.ranges import Problems
from tokenwire_serve.servicer.renaming import renaming

from .common import read_id, read_inputs, read_model, together
from .fields import Fields
from .sampling import read_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tokenwire_serve.engine import Embedding
    from tokenwire_serve.servicer.core import Core

__all__ = ["classify", "embed", "prompt_usage", "softmax"]


async def embed(body: Mapping[str, Any], core: Core, trace: Mapping[str, str]) -> dict[str, Any]:
    """The answer of /v1/embeddings.

    Raises:
        RpcError: The body is wrong, the model unknown, or the engine failed.
    """
    fields = Fields(body, Problems())
    model = read_model(fields, core)
    inputs = read_inputs(fields, "input", core.engine.model)
    _refuse_empty(fields, inputs)
    dimensions = fields.integer("dimensions", low=1)
    encoding = fields.choice("encoding_format", ("float", "base64"))
    request_id = read_id(fields, "embd-")
    options = read_options(fields, trace)
    fields.problems.settle()

    async def one(place: int, prompt: str | list[int]) -> Embedding:
        rid = f"{request_id}-{place}"
        return await core.engine.embed(EmbedRequest(rid, prompt, dimensions=dimensions, options=options))

    with renaming({"prompt": "input"}):
        found = await core.active.run(request_id, together(inputs, one))
    pack = _base64 if encoding == "base64" else list
    data = [
        {"object": "embedding", "index": index, "embedding": pack(embedding.values)}
        for index, embedding in enumerate(found)
    ]
    return {
        "object": "list",
        "data": data,
        "model": model,
        "usage": prompt_usage(sum(item.prompt_tokens for item in found)),
    }


async def classify(body: Mapping[str, Any], core: Core, trace: Mapping[str, str]) -> dict[str, Any]:
    """The answer of /v1/classify: the likeliest label and the probability of each.

    Raises:
        RpcError: The body is wrong, the model unknown, or the engine failed.
    """
    fields = Fields(body, Problems())
    model = read_model(fields, core)
    inputs = read_inputs(fields, "input", core.engine.model)
    _refuse_empty(fields, inputs)
    request_id = read_id(fields, "classify-")
    options = read_options(fields, trace)
    fields.problems.settle()

    async def one(place: int, prompt: str | list[int]) -> Embedding:
        return await core.engine.classify(EmbedRequest(f"{request_id}-{place}", prompt, options=options))

    with renaming({"prompt": "input"}):
        found = await core.active.run(request_id, together(inputs, one))
    labels = core.engine.model.labels
    return {
        "id": request_id,
        "object": "list",
        "created": int(time.time()),
        "model": model,
        "data": [_classified(index, scores.values, labels) for index, scores in enumerate(found)],
        "usage": prompt_usage(sum(item.prompt_tokens for item in found)),
    }


def prompt_usage(tokens: int) -> dict[str, int]:
    """`usage` of an answer without new tokens."""
    return {"prompt_tokens": tokens, "completion_tokens": 0, "total_tokens": tokens}


def softmax(logits: Sequence[float]) -> list[float]:
    """Probabilities of logits."""
    highest = max(logits)
    powers = [math.exp(logit - highest) for logit in logits]
    total = math.fsum(powers)
    return [power / total for power in powers]


def _classified(index: int, logits: Sequence[float], labels: Sequence[str]) -> dict[str, Any]:
    probabilities = softmax(logits)
    best = probabilities.index(max(probabilities))
    label = labels[best] if best < len(labels) else f"LABEL_{best}"
    return {"index": index, "label": label, "probs": probabilities, "num_classes": len(probabilities)}


def _refuse_empty(fields: Fields, inputs: Sequence[str | list[int]]) -> None:
    for place, text in enumerate(inputs):
        if text == "":
            fields.wrong("input" if len(inputs) == 1 else f"input[{place}]", "must not be empty")


def _base64(values: Sequence[float]) -> str:
    """Little-endian 32-bit floats, as the OpenAI API packs them."""
    return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()

"""Reads text completion bodies."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from tokenwire_serve.servicer.ranges import Problems

from .common import (
    MOST_INPUTS,
    MOST_TOP_LOGPROBS,
    UNSUPPORTED,
    read_id,
    read_inputs,
    read_model,
    read_stream_options,
)
from .fields import Fields
from .job import Job
from .sampling import field_names, read_options, read_sampling

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokenwire_serve.servicer.core import Core

__all__ = ["read_completion"]

_DEFAULT_MAX_TOKENS: Final = 16
_UNSUPPORTED_COMPLETION: Final[dict[str, tuple[Any, ...]]] = {**UNSUPPORTED, "suffix": ("",)}


async def read_completion(body: Mapping[str, Any], core: Core, trace: Mapping[str, str]) -> Job:
    """The job of a text completion.

    Raises:
        RpcError: INVALID_ARGUMENT with every violation; NOT_FOUND, an unknown model.
    """
    engine = core.engine
    fields = Fields(body, Problems())
    model = read_model(fields, core)
    fields.refuse(_UNSUPPORTED_COMPLETION, engine.name)
    prompts = read_inputs(fields, "prompt", engine.model)
    limits = ("max_tokens",)
    sampling = read_sampling(fields, engine.model, limit_names=limits, default_limit=_DEFAULT_MAX_TOKENS)
    if len(prompts) * sampling.n > MOST_INPUTS:
        fields.wrong("n", f"must be at most {MOST_INPUTS} divided by the number of prompts")
    best_of = fields.integer("best_of")
    if best_of is not None and best_of != sampling.n:
        fields.wrong("best_of", f"must equal n: engine {engine.name} does not choose among more choices")
    top = fields.integer("logprobs", low=0, high=MOST_TOP_LOGPROBS)
    echo = fields.boolean("echo") or False
    request_id = read_id(fields, "cmpl-")
    options = read_options(fields, trace)
    stream, include_usage, running_usage = read_stream_options(fields)
    fields.problems.settle()
    echoes = [p if isinstance(p, str) else await engine.detokenize(p) for p in prompts] if echo else []
    return Job(
        id=request_id,
        model=model,
        created=int(time.time()),
        chat=False,
        prompts=prompts,
        sampling=sampling,
        options=options,
        stream=stream,
        include_usage=include_usage,
        running_usage=running_usage,
        logprobs=top is not None,
        top_logprobs=top or 0,
        echoes=echoes,
        names=field_names(fields, limits),
    )

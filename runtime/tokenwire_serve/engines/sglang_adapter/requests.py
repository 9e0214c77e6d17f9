"""From the engine's plain requests to the arguments of SGLang's own."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenwire_serve.engine import Constraint, GenerateRequest, RequestOptions, Sampling

__all__ = ["embed_arguments", "engine_rid", "generate_arguments", "prompt_argument", "sampling_arguments"]

_SAME_NAME: Final = (
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "frequency_penalty",
    "presence_penalty",
    "repetition_penalty",
    "max_new_tokens",
    "min_new_tokens",
    "ignore_eos",
)
_OPTIONS: Final = (
    "lora_path",
    "routing_key",
    "routed_dp_rank",
    "session_id",
    "priority",
    "require_reasoning",
    "max_thinking_tokens",
    "bootstrap_host",
    "bootstrap_port",
    "bootstrap_room",
)
_EMBED_OPTIONS: Final = ("lora_path", "routing_key", "priority")


def engine_rid() -> str:
    """An id for a request within SGLang.

    Its scheduler aborts every request whose id begins with the one that it is given, so ids of
    callers never get there: these have one length, and none begins with another.
    """
    return uuid.uuid4().hex


def prompt_argument(prompt: str | Sequence[int]) -> dict[str, Any]:
    """The prompt under its name."""
    return {"text": prompt} if isinstance(prompt, str) else {"input_ids": list(prompt)}


def generate_arguments(request: GenerateRequest, choice: int) -> dict[str, Any]:
    """Arguments of GenerateReqInput for one choice of a request; the rid is a fresh one.

    SGLang has no log-probability for the first position that is asked for, whichever it is: one more is
    asked for, which `DeltaReader` drops.
    """
    return {
        **prompt_argument(request.prompt),
        "rid": engine_rid(),
        "sampling_params": sampling_arguments(request.sampling, choice),
        "stream": request.stream,
        "return_logprob": request.logprobs,
        "logprob_start_len": max(request.logprob_start - 1, min(request.logprob_start, 0)),
        "top_logprobs_num": request.top_logprobs,
        "return_text_in_logprobs": request.text_in_logprobs,
        **_options(request.options, _OPTIONS),
    }


def embed_arguments(prompt: str | Sequence[int], options: RequestOptions) -> dict[str, Any]:
    """Arguments of EmbeddingReqInput."""
    return {**prompt_argument(prompt), "rid": engine_rid(), **_options(options, _EMBED_OPTIONS)}


def _options(options: RequestOptions, names: Sequence[str]) -> dict[str, Any]:
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    if options.trace_headers:
        given["external_trace_header"] = dict(options.trace_headers)
    return given


def sampling_arguments(sampling: Sampling, choice: int = 0) -> dict[str, Any]:
    """`sampling_params` of one choice; of several, each draws with a seed of its own."""
    params: dict[str, Any] = {name: getattr(sampling, name) for name in _SAME_NAME}
    if sampling.stop:
        params["stop"] = list(sampling.stop)
    if sampling.stop_token_ids:
        params["stop_token_ids"] = list(sampling.stop_token_ids)
    if sampling.logit_bias:
        params["logit_bias"] = {str(token): bias for token, bias in sampling.logit_bias.items()}
    if sampling.seed is not None:
        params["sampling_seed"] = sampling.seed + choice
    if sampling.constraint is not None:
        params.update(_constraint(sampling.constraint))
    return params


def _constraint(constraint: Constraint) -> dict[str, str]:
    value = constraint.value
    if isinstance(value, tuple):
        return {"ebnf": "root ::= " + " | ".join(json.dumps(text, ensure_ascii=False) for text in value)}
    if constraint.kind == "json_object":
        return {"json_schema": '{"type": "object"}'}
    return {constraint.kind: value}

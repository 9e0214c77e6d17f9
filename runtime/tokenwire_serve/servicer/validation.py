"""Reads and checks the typed requests: generated messages in, the engine's plain values out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tokenwire_serve.engine import Constraint, EmbedRequest, GenerateRequest, RequestOptions, Sampling

from .core import fresh_id, trace_headers
from .ranges import MOST_RID, Problems, check_constraint, check_prompt_ids, check_sampling, shortest_float

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenwire.context import Context
    from tokenwire_gen.sglang.runtime.v1 import sglang_pb as pb

    from tokenwire_serve.engine import ModelInfo

__all__ = ["field_names", "read_embed", "read_generate"]

_PREFIX: Final = "sampling_params."
_FLOATS: Final = (
    "temperature",
    "top_p",
    "min_p",
    "frequency_penalty",
    "presence_penalty",
    "repetition_penalty",
)
_PLAIN: Final = ("top_k", "min_new_tokens", "ignore_eos", "n", "seed")
_OPTIONS: Final = (
    "lora_path",
    "routing_key",
    "routed_dp_rank",
    "session_id",
    "priority",
    "require_reasoning",
    "max_thinking_tokens",
)
_TEXT_CONSTRAINTS: Final = ("json_schema", "regex", "ebnf", "structural_tag")
_LAST_PORT: Final = 65535


def read_generate(
    request: pb.TextGenerateRequest | pb.GenerateRequest,
    prompt: str | Sequence[int],
    context: Context,
    model: ModelInfo,
    *,
    text_in_logprobs: bool = False,
) -> GenerateRequest:
    """The engine's request of a TextGenerate or a Generate call.

    Raises:
        RpcError: INVALID_ARGUMENT with every violation.
    """
    problems = Problems()
    if not isinstance(prompt, str):
        _check_prompt_ids(prompt, "input_ids", problems, model)
    sampling = _read_sampling(request.sampling_params, problems, model)
    top = request.top_logprobs_num or 0
    start = -1 if request.logprob_start_len is None else request.logprob_start_len
    if top < 0 or (model.vocab_size and top > model.vocab_size):
        limit = f"from 0 to {model.vocab_size}" if model.vocab_size else "at least 0"
        problems.add("top_logprobs_num", f"must be {limit}, not {top}")
    if start < -1:
        problems.add("logprob_start_len", f"must be -1 or a position in the prompt, not {start}")
    rid = _read_rid(request.rid, problems)
    options = _read_options(request, context, problems)
    problems.settle()
    logprobs = bool(request.return_logprob)
    return GenerateRequest(
        rid=rid,
        prompt=prompt,
        sampling=sampling,
        logprobs=logprobs,
        top_logprobs=top if logprobs else 0,
        logprob_start=start if logprobs else -1,
        text_in_logprobs=text_in_logprobs,
        stream=bool(request.stream),
        options=options,
    )


def field_names(
    request: pb.TextGenerateRequest | pb.GenerateRequest, prompt: str | Sequence[int]
) -> dict[str, str]:
    """What the request calls the fields that an engine may complain of."""
    params = request.sampling_params
    old = params is not None and (params.json_schema is not None or params.regex is not None)
    constraints = _PREFIX if old else f"{_PREFIX}guided_decoding."
    return {
        "prompt": "text" if isinstance(prompt, str) else "input_ids",
        "stop": f"{_PREFIX}stop",
        "stop_token_ids": f"{_PREFIX}stop_token_ids",
        "max_new_tokens": f"{_PREFIX}max_new_tokens",
        "choice": f"{constraints}choice",
        **{kind: constraints + kind for kind in _TEXT_CONSTRAINTS},
    }


def read_embed(
    request: pb.TextEmbedRequest | pb.EmbedRequest | pb.ClassifyRequest,
    *,
    text: str | None,
    input_ids: Sequence[int] | None,
    context: Context,
    model: ModelInfo,
) -> EmbedRequest:
    """The engine's request of a call that embeds or classifies; one of the inputs is given.

    Raises:
        RpcError: INVALID_ARGUMENT with every violation.
    """
    problems = Problems()
    if text is not None and input_ids is not None:
        problems.expect(bool(text) or bool(input_ids), "text", "must not be empty, or else input_ids")
        problems.expect(not (text and input_ids), "input_ids", "must not be combined with text")
    elif text is not None:
        problems.expect(bool(text), "text", "must not be empty")
    if input_ids is not None and not text and (input_ids or text is None):
        _check_prompt_ids(input_ids, "input_ids", problems, model)
    rid = _read_rid(request.rid, problems)
    options = RequestOptions(
        routing_key=request.routing_key, trace_headers=trace_headers(request.trace_headers, context)
    )
    problems.settle()
    return EmbedRequest(rid=rid, prompt=text or list(input_ids or ()), options=options)


def _read_rid(rid: str | None, problems: Problems) -> str:
    """The id of a request, a fresh one where none was given."""
    if rid is None:
        return fresh_id()
    problems.expect(bool(rid[:MOST_RID].strip()), "rid", "must not be blank")
    problems.expect(len(rid) <= MOST_RID, "rid", f"must have at most {MOST_RID} characters, not {len(rid)}")
    return rid


def _check_prompt_ids(ids: Sequence[int], name: str, problems: Problems, model: ModelInfo) -> None:
    problems.expect(bool(ids), name, "must not be empty")
    check_prompt_ids(ids, name, problems, model)


def _read_sampling(params: pb.SamplingParams | None, problems: Problems, model: ModelInfo) -> Sampling:
    sampling = Sampling(clip=True)
    if params is None:
        return sampling
    for name in _FLOATS:
        value = getattr(params, name)
        if value is not None:
            setattr(sampling, name, shortest_float(value))
    for name in _PLAIN:
        value = getattr(params, name)
        if value is not None:
            setattr(sampling, name, value)
    if params.max_new_tokens is not None:
        sampling.max_new_tokens = params.max_new_tokens
        sampling.clip = False
    sampling.stop = tuple(params.stop)
    sampling.stop_token_ids = tuple(params.stop_token_ids)
    sampling.constraint = _read_constraint(params, problems)
    check_sampling(sampling, problems, vocab_size=model.vocab_size, prefix=_PREFIX)
    return sampling


def _read_constraint(params: pb.SamplingParams, problems: Problems) -> Constraint | None:
    """The one constraint of a request, from its old fields or from `guided_decoding`."""
    found: list[tuple[str, Constraint]] = []
    if params.json_schema is not None:
        found.append(("json_schema", Constraint("json_schema", params.json_schema)))
    if params.regex is not None:
        found.append(("regex", Constraint("regex", params.regex)))
    guided = params.guided_decoding
    if guided is not None:
        found.extend(_read_guided(guided))
        problems.expect(
            guided.choice is not None or any(getattr(guided, kind) is not None for kind in _TEXT_CONSTRAINTS),
            f"{_PREFIX}guided_decoding",
            "must have a constraint",
        )
    for name, constraint in found:
        check_constraint(constraint, _PREFIX + name, problems)
    for name, _ in found[1:]:
        problems.add(_PREFIX + name, f"must not be combined with {found[0][0]}: one constraint applies")
    return found[0][1] if found else None


def _read_guided(guided: pb.GuidedDecoding) -> list[tuple[str, Constraint]]:
    if guided.choice is not None:
        return [("guided_decoding.choice.values", Constraint("choice", tuple(guided.choice.values)))]
    for kind in _TEXT_CONSTRAINTS:
        value = getattr(guided, kind)
        if value is not None:
            return [(f"guided_decoding.{kind}", Constraint(kind, value))]
    return []


def _read_options(
    request: pb.TextGenerateRequest | pb.GenerateRequest, context: Context, problems: Problems
) -> RequestOptions:
    options = RequestOptions(trace_headers=trace_headers(request.trace_headers, context))
    for name in _OPTIONS:
        value = getattr(request, name)
        if value is not None:
            setattr(options, name, value)
    problems.expect(options.lora_path != "", "lora_path", "must not be empty")
    rank = options.routed_dp_rank
    if rank is not None and rank < 0:
        problems.add("routed_dp_rank", f"must be at least 0, not {rank}")
    meeting = request.disaggregated_params
    if meeting is not None:
        port = meeting.bootstrap_port
        problems.expect(
            0 < port <= _LAST_PORT,
            "disaggregated_params.bootstrap_port",
            f"must be from 1 to {_LAST_PORT}, not {port}",
        )
        options.bootstrap_host = meeting.bootstrap_host
        options.bootstrap_port = port
        options.bootstrap_room = meeting.bootstrap_room
    return options

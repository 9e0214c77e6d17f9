"""Reads the JSON bodies of `/generate`, `/encode` and `/classify` into RPC requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tokenwire_gen.sglang.runtime.v1.sglang_pb import (
    ChoiceConstraint,
    DisaggregatedParams,
    GenerateRequest,
    GuidedDecoding,
    SamplingParams,
    TextGenerateRequest,
)

from tokenwire_serve.openai.common import MOST_INPUTS
from tokenwire_serve.openai.fields import Fields, is_ids, kind_of
from tokenwire_serve.servicer.ranges import Problems, check_count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["GenerateInput", "Prompts", "prompts_of", "read_generate_inputs", "refuse_unknown"]

_INT32: Final = (-(2**31), 2**31 - 1)
_UINT32: Final = (0, 2**32 - 1)
_FLOATS: Final = (
    "temperature",
    "top_p",
    "min_p",
    "frequency_penalty",
    "presence_penalty",
    "repetition_penalty",
)
_INTEGERS: Final = ("top_k", "max_new_tokens", "min_new_tokens", "n")
_TEXT_CONSTRAINTS: Final = ("json_schema", "regex", "ebnf", "structural_tag")
_GUIDED: Final = ("ebnf", "structural_tag", "choice")
_SAMPLING: Final = frozenset(
    {*_FLOATS, *_INTEGERS, *_TEXT_CONSTRAINTS, *_GUIDED}
    | {"seed", "sampling_seed", "ignore_eos", "stop", "stop_token_ids", "guided_decoding"}
)
_ONLY_DEFAULT: Final[dict[str, tuple[bool, str]]] = {
    "skip_special_tokens": (True, "must be true: special tokens are never part of the text"),
    "spaces_between_special_tokens": (True, "must be true: special tokens are never part of the text"),
    "no_stop_trim": (False, "must be false: a matched stop string is never part of the text"),
}
_OPTIONS: Final = frozenset(
    {"sampling_params", "stream", "rid", "return_logprob", "top_logprobs_num", "logprob_start_len"}
    | {"return_text_in_logprobs", "lora_path", "routing_key", "routed_dp_rank", "session_id", "priority"}
    | {"require_reasoning", "max_thinking_tokens", "trace_headers", "disaggregated_params"}
    | {"bootstrap_host", "bootstrap_port", "bootstrap_room", "external_trace_header"}
)
_OF_EACH: Final = (
    *("return_logprob", "top_logprobs_num", "logprob_start_len", "lora_path"),
    *("bootstrap_host", "bootstrap_port", "bootstrap_room"),
)
"""Options of which there may be an array, one for each prompt."""
_IGNORED: Final = frozenset({"log_metrics", "background"})
_NOT_GIVEN: Final[tuple[Any, ...]] = (None, False, "", [], {})


@dataclass(frozen=True, slots=True)
class Prompts:
    """The inputs of a call.

    Attributes:
        items: One or more, all texts or all token ids.
        single: There is one, and it was not in a list: neither is its answer.
    """

    items: Sequence[str | list[int]]
    single: bool


@dataclass(frozen=True, slots=True)
class GenerateInput:
    """One prompt of a `/generate` call, as a request that is still to be checked for ranges."""

    prompt: str | list[int]
    request: TextGenerateRequest | GenerateRequest
    text_in_logprobs: bool


def prompts_of(fields: Fields) -> Prompts | None:
    """What `text` or `input_ids` hold; None, and a problem noted, where they hold nothing usable."""
    if ("text" in fields) == ("input_ids" in fields):
        fields.wrong("text", "or input_ids must be given, and not both")
        return None
    if "text" in fields:
        return _texts(fields)
    return _token_ids(fields)


def _texts(fields: Fields) -> Prompts | None:
    value = fields.values["text"]
    if isinstance(value, str):
        return Prompts([value], single=True)
    if isinstance(value, list) and not check_count(value, "text", fields.problems, MOST_INPUTS):
        return None
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return Prompts(value, single=False)
    fields.wrong("text", f"must be a string or an array of strings with at least one, not {kind_of(value)}")
    return None


def _token_ids(fields: Fields) -> Prompts | None:
    value = fields.values["input_ids"]
    if is_ids(value):
        return Prompts([value], single=True)
    lists = isinstance(value, list) and bool(value) and isinstance(value[0], list)
    if lists and not check_count(value, "input_ids", fields.problems, MOST_INPUTS):
        return None
    if lists and all(is_ids(item) for item in value):
        return Prompts(value, single=False)
    fields.wrong("input_ids", "must be an array of token ids, or an array of such arrays, none empty")
    return None


def read_generate_inputs(body: Mapping[str, Any]) -> tuple[list[GenerateInput], bool]:
    """The prompts of a `/generate` body with their requests, and whether there is just one.

    Raises:
        RpcError: INVALID_ARGUMENT with every violation.
    """
    problems = Problems()
    fields = Fields(body, problems)
    prompts = prompts_of(fields)
    refuse_unknown(fields, _OPTIONS | {"text", "input_ids"}, "a field of this route")
    count = len(prompts.items) if prompts is not None else 1
    options = _options_of_each(fields, count)
    rids = _rids(fields, count)
    sampling = _sampling_of_each(fields, count)
    if count > 1 and sum((params and params.n) or 1 for params in sampling) > MOST_INPUTS:
        fields.wrong("sampling_params", f"must ask for at most {MOST_INPUTS} choices of all prompts together")
    text_in_logprobs = bool(fields.boolean("return_text_in_logprobs"))
    problems.settle()
    assert prompts is not None
    inputs = [
        _input(prompt, {**given, "rid": rid, "sampling_params": params}, text_in_logprobs)
        for prompt, given, rid, params in zip(prompts.items, options, rids, sampling, strict=True)
    ]
    return inputs, prompts.single


def _input(prompt: str | list[int], given: dict[str, Any], text_in_logprobs: bool) -> GenerateInput:
    if isinstance(prompt, str):
        return GenerateInput(prompt, TextGenerateRequest(text=prompt, **given), text_in_logprobs)
    return GenerateInput(prompt, GenerateRequest(input_ids=prompt, **given), text_in_logprobs)


def refuse_unknown(fields: Fields, known: frozenset[str], what: str) -> None:
    """Note each field that is not known, unless it says nothing."""
    for name, value in fields.values.items():
        if name not in known and name not in _IGNORED and value not in _NOT_GIVEN:
            fields.wrong(name, f"is not {what}")


def _options_of_each(fields: Fields, count: int) -> list[dict[str, Any]]:
    """The options of each prompt, most of which all share."""
    arrays = {name: fields.values[name] for name in _OF_EACH if isinstance(fields.values.get(name), list)}
    for name, values in arrays.items():
        if len(values) != count:
            fields.wrong(name, f"must be one value, or an array of {count}, one for each prompt")
            return [{}] * count
    if not arrays:
        return [_options(fields)] * count
    own = [{name: values[place] for name, values in arrays.items()} for place in range(count)]
    return [_options(Fields({**fields.values, **given}, fields.problems)) for given in own]


def _options(fields: Fields) -> dict[str, Any]:
    """The options of a prompt."""
    return {
        "stream": fields.boolean("stream"),
        "return_logprob": fields.boolean("return_logprob"),
        "top_logprobs_num": fields.integer("top_logprobs_num", *_INT32),
        "logprob_start_len": fields.integer("logprob_start_len", *_INT32),
        "lora_path": fields.text("lora_path"),
        "routing_key": fields.text("routing_key"),
        "routed_dp_rank": fields.integer("routed_dp_rank", *_INT32),
        "session_id": fields.text("session_id"),
        "priority": fields.integer("priority", *_INT32),
        "require_reasoning": fields.boolean("require_reasoning"),
        "max_thinking_tokens": fields.integer("max_thinking_tokens", *_UINT32),
        "trace_headers": _trace_headers(fields),
        "disaggregated_params": _disaggregated(fields),
    }


def _trace_headers(fields: Fields) -> dict[str, str]:
    name = "trace_headers" if "trace_headers" in fields else "external_trace_header"
    given = fields.mapping(name) or {}
    if all(isinstance(value, str) for value in given.values()):
        return given
    fields.wrong(name, "must be an object of strings")
    return {}


def _disaggregated(fields: Fields) -> DisaggregatedParams | None:
    nested = fields.mapping("disaggregated_params")
    source = fields if nested is None else Fields(nested, fields.problems, "disaggregated_params.")
    host = source.text("bootstrap_host")
    port = source.integer("bootstrap_port", *_INT32)
    room = source.integer("bootstrap_room")
    if nested is None and host is None and port is None and room is None:
        return None
    return DisaggregatedParams(bootstrap_host=host or "", bootstrap_port=port or 0, bootstrap_room=room or 0)


def _rids(fields: Fields, count: int) -> list[str | None]:
    """An id for each prompt; one text for several prompts gets their places appended."""
    value = fields.values.get("rid")
    if isinstance(value, list):
        if len(value) == count and all(isinstance(item, str) for item in value):
            return list(value)
        fields.wrong("rid", f"must be a string or an array of {count} strings, one for each prompt")
        return [None] * count
    rid = fields.text("rid")
    if rid is None or count == 1:
        return [rid] * count
    return [f"{rid}_{place}" for place in range(count)]


def _sampling_of_each(fields: Fields, count: int) -> list[SamplingParams | None]:
    value = fields.values.get("sampling_params")
    if not isinstance(value, list):
        given = fields.mapping("sampling_params")
        params = None if given is None else _sampling(Fields(given, fields.problems, "sampling_params."))
        return [params] * count
    if len(value) != count or not all(isinstance(item, dict) for item in value):
        fields.wrong(
            "sampling_params", f"must be an object or an array of {count} objects, one for each prompt"
        )
        return [None] * count
    return [
        _sampling(Fields(item, fields.problems, f"sampling_params[{place}]."))
        for place, item in enumerate(value)
    ]


def _sampling(fields: Fields) -> SamplingParams:
    refuse_unknown(fields, _SAMPLING | _ONLY_DEFAULT.keys(), "a sampling parameter")
    for name, (default, description) in _ONLY_DEFAULT.items():
        if name in fields and fields.values[name] is not default:
            fields.wrong(name, description)
    seed = "seed" if "seed" in fields else "sampling_seed"
    numbers: dict[str, Any] = {name: fields.number(name) for name in _FLOATS}
    numbers |= {name: fields.integer(name, *_INT32) for name in _INTEGERS}
    return SamplingParams(
        **numbers,
        seed=fields.integer(seed),
        ignore_eos=fields.boolean("ignore_eos"),
        stop=list(fields.texts("stop")),
        stop_token_ids=list(fields.ids("stop_token_ids")),
        json_schema=fields.text("json_schema"),
        regex=fields.text("regex"),
        guided_decoding=_guided(fields),
    )


def _guided(fields: Fields) -> GuidedDecoding | None:
    """The constraint of `guided_decoding`, or of the fields that have no older place of their own."""
    nested = fields.mapping("guided_decoding")
    inner = fields if nested is None else Fields(nested, fields.problems, "sampling_params.guided_decoding.")
    kinds = _GUIDED if nested is None else (*_TEXT_CONSTRAINTS, "choice")
    if nested is not None:
        refuse_unknown(inner, frozenset(kinds), "a constraint")
    given = [kind for kind in kinds if kind in inner]
    for kind in given[1:]:
        inner.wrong(kind, f"must not be combined with {given[0]}: at most one constraint applies")
    if not given:
        return None if nested is None else GuidedDecoding()
    if given[0] == "choice":
        return GuidedDecoding(choice=ChoiceConstraint(values=list(_choices(inner))))
    constraint: dict[str, Any] = {given[0]: inner.text(given[0])}
    return GuidedDecoding(**constraint)


def _choices(fields: Fields) -> tuple[str, ...]:
    """The values of `choice`, an array or, as in the RPC's message, an object that holds one."""
    if isinstance(fields.values["choice"], dict):
        return Fields(fields.values["choice"], fields.problems, "choice.").texts("values")
    return fields.texts("choice")

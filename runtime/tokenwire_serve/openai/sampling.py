"""The sampling settings of a chat or text completion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tokenwire_serve.engine import Constraint, RequestOptions, Sampling
from tokenwire_serve.servicer.meta_info import json_text
from tokenwire_serve.servicer.ranges import MOST_BIASES, check_constraint, check_count, check_sampling

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tokenwire_serve.engine import ConstraintKind, ModelInfo

    from .fields import Fields

__all__ = ["field_names", "read_options", "read_sampling"]

_NUMBERS: Final = (
    "temperature",
    "top_p",
    "min_p",
    "frequency_penalty",
    "presence_penalty",
    "repetition_penalty",
)
_INTEGERS: Final = ("top_k", "seed", "n")
_MOST_BIAS: Final = 100
_OWN_CONSTRAINTS: Final[tuple[ConstraintKind, ...]] = ("json_schema", "regex", "ebnf")
_FORMATS: Final = ("text", "json_object", "json_schema", "structural_tag")


def read_sampling(
    fields: Fields, model: ModelInfo, *, limit_names: Sequence[str], default_limit: int | None
) -> Sampling:
    """The sampling of a body, checked.

    Args:
        fields: The body.
        model: For the vocabulary.
        limit_names: Fields that limit the new tokens; the first that is there counts.
        default_limit: The limit where there is none of them; None is all that the context leaves.
    """
    sampling = Sampling(max_new_tokens=default_limit, clip=True)
    for name in _NUMBERS:
        number = fields.number(name)
        if number is not None:
            setattr(sampling, name, number)
    for name in _INTEGERS:
        integer = fields.integer(name)
        if integer is not None:
            setattr(sampling, name, integer)
    sampling.min_new_tokens = fields.integer("min_tokens") or 0
    limits = [fields.integer(name) for name in limit_names]
    limit = next((limit for limit in limits if limit is not None), None)
    if limit is not None:
        sampling.max_new_tokens = limit
        sampling.clip = False
    sampling.stop = fields.texts("stop")
    sampling.stop_token_ids = fields.ids("stop_token_ids")
    sampling.ignore_eos = fields.boolean("ignore_eos") or False
    sampling.logit_bias = _read_bias(fields)
    sampling.constraint = _read_constraint(fields)
    names = field_names(fields, limit_names)
    check_sampling(sampling, fields.problems, vocab_size=model.vocab_size, names=names)
    return sampling


def field_names(fields: Fields, limit_names: Sequence[str]) -> dict[str, str]:
    """What a body calls the attributes of `Sampling` and the kinds of constraints."""
    limit = next((name for name in limit_names if name in fields), limit_names[-1])
    names = {"max_new_tokens": limit, "min_new_tokens": "min_tokens"}
    if "response_format" in fields:
        names |= dict.fromkeys(_FORMATS[1:], "response_format")
    return names


def read_options(fields: Fields, trace: Mapping[str, str]) -> RequestOptions:
    """What steers a request beside its sampling: SGLang's extensions of the OpenAI API."""
    return RequestOptions(
        lora_path=fields.text("lora_path") or None,
        routed_dp_rank=fields.integer("routed_dp_rank", low=0),
        session_id=fields.text("session_id"),
        priority=fields.integer("priority"),
        bootstrap_host=fields.text("bootstrap_host"),
        bootstrap_port=fields.integer("bootstrap_port", low=1, high=65535),
        bootstrap_room=fields.integer("bootstrap_room"),
        trace_headers=trace,
    )


def _read_bias(fields: Fields) -> dict[int, float]:
    bias: dict[int, float] = {}
    given = fields.mapping("logit_bias") or {}
    if not check_count(given, "logit_bias", fields.problems, MOST_BIASES):
        return bias
    for key, value in given.items():
        if not (key.isascii() and key.isdecimal() and len(key) <= 10):
            fields.wrong("logit_bias", f"must have token ids as keys, not {key!r}")
        elif type(value) not in (int, float) or not -_MOST_BIAS <= value <= _MOST_BIAS:
            fields.wrong(
                "logit_bias", f"must have numbers from -{_MOST_BIAS} to {_MOST_BIAS}, also for {key}"
            )
        else:
            bias[int(key)] = float(value)
    return bias


def _read_constraint(fields: Fields) -> Constraint | None:
    """The one constraint of a body, from `response_format` or from SGLang's own fields."""
    found = [("response_format", constraint) for constraint in _read_format(fields)]
    for kind in _OWN_CONSTRAINTS:
        value = fields.text(kind)
        if value is not None:
            constraint = Constraint(kind, value)
            check_constraint(constraint, kind, fields.problems)
            found.append((kind, constraint))
    for name, _ in found[1:]:
        fields.wrong(name, f"must not be combined with {found[0][0]}: at most one constraint applies")
    return found[0][1] if found else None


def _read_format(fields: Fields) -> list[Constraint]:
    value = fields.mapping("response_format")
    if value is None:
        return []
    kind = value.get("type")
    if kind not in _FORMATS:
        fields.wrong("response_format.type", f"must be {' or '.join(_FORMATS)}")
    elif kind == "json_object":
        return [Constraint("json_object")]
    elif kind == "structural_tag":
        return [Constraint("structural_tag", json_text(value))]
    elif kind == "json_schema":
        return _read_schema(fields, value.get("json_schema"))
    return []


def _read_schema(fields: Fields, named: Any) -> list[Constraint]:
    schema = named.get("schema") if isinstance(named, dict) else None
    if not isinstance(schema, dict | bool):
        fields.wrong("response_format.json_schema", "must be an object whose schema is a JSON schema")
        return []
    return [Constraint("json_schema", json_text(schema))]

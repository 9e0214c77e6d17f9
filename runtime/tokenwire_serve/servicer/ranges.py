"""The ranges of a request, checked on plain values whichever way the request came in."""

from __future__ import annotations

import json
import math
import struct
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

from tokenwire.details import invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence, Sized

    from tokenwire_serve.engine import Constraint, ModelInfo, Sampling

__all__ = [
    "MAX_CHOICES",
    "MOST_BIASES",
    "MOST_IDS",
    "MOST_RID",
    "Problems",
    "check_constraint",
    "check_count",
    "check_prompt_ids",
    "check_sampling",
    "check_token_ids",
    "shortest_float",
]

MAX_CHOICES: Final = 1024
"""Most choices of one request: each holds memory while the request lives."""

MOST_IDS: Final = 1 << 20
"""Most token ids of a prompt where the model has no limit."""
MOST_RID: Final = 1024
"""Most characters of an id, which each message of the answer carries."""
MOST_BIASES: Final = 4096
_MOST_STOPS: Final = 1024
_MOST_STOP_IDS: Final = 4096
_MOST_VALUES: Final = 4096
_MOST_CHARACTERS: Final = 1 << 20
"""Most items of what a request may list, and characters of a constraint: to look at each takes its time."""

_FLOAT32_MAX: Final = 3.4028234663852886e38
_DIGITS: Final = (6, 7, 8, 9)
"""Significant digits that may be needed to tell one 32-bit float from the next."""


class _Span(NamedTuple):
    """The values that a number may have, both ends included; one that is not a number never holds."""

    low: float
    high: float
    text: str


_ABOVE_ZERO: Final = math.nextafter(0, 1)
_SPANS: Final = {
    "temperature": _Span(0, sys.float_info.max, "finite and at least 0"),
    "top_p": _Span(_ABOVE_ZERO, 1, "above 0 and at most 1"),
    "min_p": _Span(0, 1, "from 0 to 1"),
    "frequency_penalty": _Span(-2, 2, "from -2 to 2"),
    "presence_penalty": _Span(-2, 2, "from -2 to 2"),
    "repetition_penalty": _Span(_ABOVE_ZERO, 2, "above 0 and at most 2"),
    "n": _Span(1, MAX_CHOICES, f"from 1 to {MAX_CHOICES}"),
}

_MOST_PROBLEMS: Final = 32


class Problems:
    """What is wrong with a request, all of it, by field; where there is very much, the first of it.

    A body of some kilobytes can be wrong in thousands of places, and the answer would be larger than the
    request and take seconds to make.
    """

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []

    def add(self, field: str, description: str) -> None:
        """Note one problem; `description` completes a sentence that starts with the field.

        Raises:
            RpcError: INVALID_ARGUMENT, when there are as many as an answer tells.
        """
        self.found.append((field, description))
        if len(self.found) >= _MOST_PROBLEMS:
            self.settle()

    def expect(self, holds: bool, field: str, description: str) -> None:
        """Note a problem unless something holds."""
        if not holds:
            self.add(field, description)

    def settle(self) -> None:
        """End the request if there were problems.

        Raises:
            RpcError: INVALID_ARGUMENT with every problem as a field violation.
        """
        if self.found:
            raise invalid(self.found)


def shortest_float(value: float) -> float:
    """The shortest decimal that is the same 32-bit float, which is what the caller wrote.

    A proto float turns 0.7 into 0.699999988; this gives 0.7 back, so that a request draws the
    same tokens over every transport.
    """
    if not math.isfinite(value) or abs(value) > _FLOAT32_MAX:
        return value
    narrow = struct.pack("<f", value)
    for digits in _DIGITS:
        short = float(f"{value:.{digits}g}")
        if struct.pack("<f", short) == narrow:
            return short
    return value


def check_sampling(
    sampling: Sampling,
    problems: Problems,
    *,
    vocab_size: int,
    names: Mapping[str, str] | None = None,
    prefix: str = "",
) -> None:
    """Note everything about `sampling` that is out of range.

    Args:
        sampling: What is checked.
        problems: Takes the findings.
        vocab_size: Token ids are below it; 0 is not checked.
        names: What the caller calls an attribute where that differs.
        prefix: Comes before each name.
    """
    renamed = names or {}

    def add(attribute: str, description: str) -> None:
        problems.add(prefix + renamed.get(attribute, attribute), description)

    for attribute, (low, high, text) in _SPANS.items():
        value = getattr(sampling, attribute)
        if not low <= value <= high:
            add(attribute, f"must be {text}, not {value:g}")
    top_k = sampling.top_k
    if top_k != -1 and top_k < 1:
        add("top_k", f"must be -1 (all) or at least 1, not {top_k}")
    _check_lengths(sampling, add, renamed.get("max_new_tokens", "max_new_tokens"))
    stop = prefix + renamed.get("stop", "stop")
    if check_count(sampling.stop, stop, problems, _MOST_STOPS) and "" in sampling.stop:
        problems.add(stop, "must not hold an empty string")
    stop_ids = prefix + renamed.get("stop_token_ids", "stop_token_ids")
    if check_count(sampling.stop_token_ids, stop_ids, problems, _MOST_STOP_IDS):
        check_token_ids(sampling.stop_token_ids, stop_ids, problems, vocab_size)
    wrong = [key for key in sampling.logit_bias if not _is_token_id(key, vocab_size)]
    if wrong:
        add("logit_bias", f"has the key {wrong[0]}, not {_token_id_text(vocab_size)}")


def _check_lengths(sampling: Sampling, add: Callable[[str, str], None], high_name: str) -> None:
    low, high = sampling.min_new_tokens, sampling.max_new_tokens
    if low < 0:
        add("min_new_tokens", f"must be at least 0, not {low}")
    if high is not None and high < 0:
        add("max_new_tokens", f"must be at least 0, not {high}")
    elif high is not None and low > high:
        add("min_new_tokens", f"must be at most {high_name} ({high}), not {low}")


def check_count(items: Sized, name: str, problems: Problems, most: int) -> bool:
    """Whether there are no more items than there may be; noted as a problem if not."""
    if len(items) <= most:
        return True
    problems.add(name, f"must have at most {most} items, not {len(items)}")
    return False


def check_prompt_ids(ids: Sequence[int], name: str, problems: Problems, model: ModelInfo) -> None:
    """Note what is wrong with a prompt of token ids; one that is too long is not looked at."""
    if model.max_model_len and not model.truncates and len(ids) > model.max_model_len:
        problems.add(name, f"its {len(ids)} tokens exceed the context of {model.max_model_len} tokens")
    elif check_count(ids, name, problems, max(MOST_IDS, model.max_model_len)):
        check_token_ids(ids, name, problems, model.vocab_size)


def check_token_ids(ids: Sequence[int], name: str, problems: Problems, vocab_size: int) -> None:
    """Note the first token id that is not in the vocabulary."""
    if not ids or (_is_token_id(min(ids), vocab_size) and _is_token_id(max(ids), vocab_size)):
        return
    place, wrong = next((p, token) for p, token in enumerate(ids) if not _is_token_id(token, vocab_size))
    problems.add(f"{name}[{place}]", f"must be {_token_id_text(vocab_size)}, not {wrong}")


def _is_token_id(token_id: int, vocab_size: int) -> bool:
    return token_id >= 0 and (token_id < vocab_size or not vocab_size)


def _token_id_text(vocab_size: int) -> str:
    return f"a token id from 0 to {vocab_size - 1}" if vocab_size else "a token id of at least 0"


def check_constraint(constraint: Constraint, name: str, problems: Problems) -> None:
    """Note what is wrong with a constraint as far as can be told without compiling it."""
    value = constraint.value
    if isinstance(value, tuple):
        if check_count(value, name, problems, _MOST_VALUES):
            _check_choices(value, name, problems)
    elif len(value) > _MOST_CHARACTERS:
        problems.add(name, f"must have at most {_MOST_CHARACTERS} characters, not {len(value)}")
    elif constraint.kind != "json_object":
        problems.expect(bool(value.strip()), name, "must not be empty")
        if value.strip() and constraint.kind in {"json_schema", "structural_tag"}:
            _check_json(value, name, problems)


def _check_choices(values: Sequence[str], name: str, problems: Problems) -> None:
    problems.expect(bool(values), name, "must have at least one value")
    problems.expect(all(values), name, "must not hold an empty value")


def _check_json(text: str, name: str, problems: Problems) -> None:
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError) as error:
        problems.add(name, f"is not JSON: {error}")
    else:
        problems.expect(isinstance(schema, dict | bool), name, "must be a JSON object")

"""What keeps SGLang and this process from ending each other."""

from __future__ import annotations

import math
import re
import signal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Signals", "guard_requests"]

_INT32: Final = 2**31 - 1


class Signals:
    """In place of SGLang's signal handlers, which end the process in ways of their own."""

    def __init__(self, failed: Callable[[str], None]) -> None:
        self._failed = failed

    def sigterm_handler(self, signum: Any = None, frame: Any = None) -> None:
        """Pass it on to whoever owns the process, as the other signal that asks for an end."""
        signal.raise_signal(signal.SIGINT)

    def running_phase_sigquit_handler(self, signum: Any = None, frame: Any = None) -> None:
        """A process of SGLang's has failed."""
        self._failed("one of its processes has failed; the log above may say why")


def guard_requests(manager: Any) -> None:
    """Refuse what SGLang's scheduler does not survive, whichever way it comes."""
    validate, size = manager._validate_one_request, int(manager.model_config.vocab_size)
    tokenizer = manager.tokenizer
    beyond = tokenizer is not None and len(tokenizer) > size

    def check(obj: Any, input_ids: Sequence[int] | None) -> None:
        if obj.input_embeds is None and not obj.contains_mm_input():
            if not input_ids and not getattr(obj, "session_params", None):
                raise ValueError("the prompt is empty: it has no tokens")
            if input_ids and (beyond or obj.input_ids is not None):
                _check_ids(input_ids, "input_ids", size)
        _check_sampling(obj, size)
        validate(obj, input_ids)

    manager._validate_one_request = check


def _check_ids(ids: Sequence[int], name: str, size: int) -> None:
    low, high = min(ids), max(ids)
    if low < 0 or high >= size:
        wrong = low if low < 0 else high
        raise ValueError(f"{name} has {wrong}, which is not a token id from 0 to {size - 1}")


def _check_sampling(obj: Any, size: int) -> None:
    top = getattr(obj, "top_logprobs_num", None)
    if isinstance(top, int) and top > size:
        raise ValueError(f"top_logprobs_num must be at most {size}, the size of the vocabulary, not {top}")
    params = obj.sampling_params if isinstance(obj.sampling_params, dict) else {}
    stops = [token for token in params.get("stop_token_ids") or () if token is not None]
    if stops:
        _check_ids(stops, "stop_token_ids", size)
    for name in ("top_k", "min_new_tokens"):
        value = params.get(name)
        if isinstance(value, int) and value > _INT32:
            raise ValueError(f"{name} must be at most {_INT32}, not {value}")
    for token, bias in (params.get("logit_bias") or {}).items():
        if not math.isfinite(bias):
            raise ValueError(f"logit_bias of {token} must be a finite number, not {bias}")
    patterns = params.get("stop_regex") or ()
    for pattern in (patterns,) if isinstance(patterns, str) else patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"stop_regex: {pattern!r} is not a pattern: {error}") from None

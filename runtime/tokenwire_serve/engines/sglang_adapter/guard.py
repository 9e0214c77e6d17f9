"""What keeps SGLang and this process from ending each other."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Signals", "guard_prompts"]


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


def guard_prompts(manager: Any) -> None:
    """Refuse prompts that SGLang's scheduler does not survive: empty ones, and ids beyond the vocabulary."""
    validate, size = manager._validate_one_request, int(manager.model_config.vocab_size)

    def check(obj: Any, input_ids: Sequence[int] | None) -> None:
        plain = obj.input_embeds is None and not obj.contains_mm_input()
        if plain and not input_ids and not getattr(obj, "session_params", None):
            raise ValueError("the prompt is empty: it has no tokens")
        if plain and input_ids and obj.input_ids is not None:
            low, high = min(input_ids), max(input_ids)
            if low < 0 or high >= size:
                wrong = low if low < 0 else high
                raise ValueError(f"input_ids has {wrong}, which is not a token id from 0 to {size - 1}")
        validate(obj, input_ids)

    manager._validate_one_request = check

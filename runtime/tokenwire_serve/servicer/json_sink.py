"""Makes the messages for HTTP as JSON that grows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .meta_info import COUNTER, json_string
from .output import Generated, Output
from .sinks import GenerationSink

if TYPE_CHECKING:
    from tokenwire_serve.engine import Delta, GenerateRequest

    from .sinks import Shape

__all__ = ["GrowingJsonSink"]

_NONE: Final = Output()


class GrowingJsonSink(GenerationSink[Any, Any]):
    """The messages of `CumulativeSink` for one choice without log-probabilities, written as JSON.

    A message is written from the one before: text and ids go on, of its facts one counter changes.
    """

    __slots__ = ("_facts", "_facts_of", "_ids", "_text")

    def __init__(self, shape: Shape[Any, Any], request: GenerateRequest, *rest: Any, **named: Any) -> None:
        super().__init__(shape, request, *rest, **named)
        self._text = '{"text":"'
        self._ids = ""
        self._facts = ""
        self._facts_of = (-1, -1)

    def push(self, delta: Delta) -> None:
        """Take what is new."""
        if not self._facts:
            self._begin()
        self._text += json_string(delta.text)[1:-1]
        for token in delta.token_ids:
            self._ids += f",{token}"
        if delta.finish is not None:
            facts = _members(self._choices[0].facts.full(delta))
        else:
            if self._facts_of != (delta.prompt_tokens, delta.cached_tokens):
                self._write_facts(delta)
            facts = f"{self._facts}{delta.completion_tokens}"
        written = f'{self._text}","output_ids":[{self._ids[1:]}],"meta_info":{{{facts}}}'
        self.stream.push(Generated(_NONE, {}, self._count_finish(delta), written))

    def _write_facts(self, delta: Delta) -> None:
        self._facts_of = (delta.prompt_tokens, delta.cached_tokens)
        facts = self._choices[0].facts.full(delta)
        del facts[COUNTER]
        self._facts = f'{_members(facts)},"{COUNTER}":'

    def merge(self, old: Generated, new: Generated) -> Generated:
        """The newest message says all that an older one said."""
        return new


def _members(facts: dict[str, str]) -> str:
    return ",".join(f'"{name}":{value}' for name, value in facts.items())

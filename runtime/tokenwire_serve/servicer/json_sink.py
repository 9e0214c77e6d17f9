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


class _Grown:
    """What all messages of a stream begin with, so far: the text, opened and not closed, and the ids."""

    __slots__ = ("ids", "text")

    def __init__(self) -> None:
        self.text = '{"text":"'
        self.ids = ""

    def add(self, delta: Delta) -> None:
        """Take what is new; where nobody else holds a text, it grows in its place."""
        text, self.text = self.text, ""
        text += json_string(delta.text)[1:-1]
        self.text = text
        ids, self.ids = self.ids, ""
        for token in delta.token_ids:
            ids += f",{token}"
        self.ids = ids


class _Growth(Generated):
    """A message that is written when it is sent: most of those for a client that is behind never are."""

    __slots__ = ("_facts", "_grown", "_ids_end", "_text_end")

    def __init__(self, grown: _Grown, facts: str, finished: bool) -> None:
        self.output = _NONE
        self.meta_info = {}
        self.finished = finished
        self._grown = grown
        self._text_end = len(grown.text)
        self._ids_end = len(grown.ids)
        self._facts = facts

    def json(self) -> str:
        """The JSON object without its closing brace."""
        text, ids = self._grown.text[: self._text_end], self._grown.ids[1 : self._ids_end]
        return f'{text}","output_ids":[{ids}],"meta_info":{{{self._facts}}}'


class GrowingJsonSink(GenerationSink[Any, Any]):
    """The messages of `CumulativeSink` for one choice without log-probabilities, written as JSON.

    A message is written from what all before it had: text and ids go on, of its facts one counter changes.
    """

    __slots__ = ("_facts", "_facts_of", "_grown")

    def __init__(self, shape: Shape[Any, Any], request: GenerateRequest, *rest: Any, **named: Any) -> None:
        super().__init__(shape, request, *rest, **named)
        self._grown = _Grown()
        self._facts = ""
        self._facts_of = (-1, -1)

    def push(self, delta: Delta) -> None:
        """Take what is new."""
        if not self._facts:
            self._begin(delta)
        self._grown.add(delta)
        if delta.finish is not None:
            facts = _members(self._choices[0].facts.full(delta))
        else:
            if self._facts_of != (delta.prompt_tokens, delta.cached_tokens):
                self._write_facts(delta)
            facts = f"{self._facts}{delta.completion_tokens}"
        self.stream.push(_Growth(self._grown, facts, self._count_finish(delta)))

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

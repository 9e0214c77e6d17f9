"""Turns the deltas of a request into the messages of a typed stream, in one of two modes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar, cast

from tokenwire.growing import Growing, field_writer
from tokenwire.streams import PushStream

from .active import aborted
from .meta_info import COUNTER, OUTPUT_KEYS, ChoiceFacts, LogprobTexts, join_lists
from .renaming import renamed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tokenwire.record import CallRecord
    from tokenwire_gen.sglang.runtime.v1 import sglang_pb as pb

    from tokenwire_serve.engine import Delta, GenerateRequest

__all__ = [
    "CumulativeSink",
    "DeltaSink",
    "GenerationSink",
    "GrowingSink",
    "Message",
    "Part",
    "Shape",
    "is_plain",
]


class Message(Protocol):
    """What both response messages have besides their output."""

    meta_info: dict[str, str]
    finished: bool


class Part(Protocol):
    """Output that can be joined with what comes later."""

    def __add__(self, later: Self, /) -> Self: ...


M = TypeVar("M", bound=Message)
P = TypeVar("P", bound=Part)


@dataclass(frozen=True, slots=True, eq=False)
class Shape(Generic[M, P]):
    """How a message carries output, as text or as token ids.

    Attributes:
        empty: No output.
        part: The output that a delta adds.
        read: The output of a message.
        make: A message of output, facts and whether it is the last.
        kind: Class of the messages, where they are protobuf's and the output is one field.
        field: That field.
    """

    empty: P
    part: Callable[[Delta], P]
    read: Callable[[M], P]
    make: Callable[[P, dict[str, str], bool], M]
    kind: type[pb.TextGenerateResponse | pb.GenerateResponse] | None = None
    field: str = ""


def is_plain(request: GenerateRequest) -> bool:
    """Whether all that a request is told beside its output is the same in every message, counters aside."""
    return request.sampling.n == 1 and request.stream and not request.logprobs


class _Choice(Generic[P]):
    """What is kept of one choice between its messages.

    Attributes:
        tokens: How many it has so far; None before its first delta.
    """

    __slots__ = ("facts", "inputs", "output", "outputs", "tokens")

    def __init__(self, facts: ChoiceFacts, request: GenerateRequest, empty: P) -> None:
        self.facts = facts
        self.output = empty
        self.tokens: int | None = None
        with_top = request.top_logprobs > 0
        self.inputs = LogprobTexts("input", with_top=with_top) if request.logprobs else None
        self.outputs = LogprobTexts("output", with_top=with_top) if request.logprobs else None

    def take(self, delta: Delta) -> None:
        """Note a delta; the prompt's log-probabilities come with the first."""
        self.tokens = delta.completion_tokens
        if self.inputs is not None and delta.input_logprobs:
            self.inputs.add(delta.input_logprobs)

    def full(self, delta: Delta) -> dict[str, str]:
        """Every fact but the output's log-probabilities."""
        facts = self.facts.full(delta)
        if self.inputs is not None:
            self.inputs.write(facts)
        return facts


class GenerationSink(ABC, Generic[M, P]):
    """The sink of one request and the stream of messages made from it.

    Args:
        shape: How messages carry output.
        request: The request.
        weight_version: For `meta_info`.
        started: When the request came (time.monotonic).
        names: Tells what the caller calls the fields that the engine may complain of.
        on_end: Called once when the engine is done with the request.
        on_leave: Called if the consumer leaves first.
        record: Gets to know the times and the tokens.
    """

    __slots__ = (
        "_aborted",
        "_choices",
        "_names",
        "_on_end",
        "_open",
        "_record",
        "_request",
        "_shape",
        "_single",
        "stream",
    )

    def __init__(
        self,
        shape: Shape[M, P],
        request: GenerateRequest,
        weight_version: str,
        started: float,
        names: Callable[[], Mapping[str, str]],
        on_end: Callable[[], None],
        on_leave: Callable[[], None],
        record: CallRecord | None = None,
    ) -> None:
        decode: Any = None if shape.kind is None else shape.kind.parse
        self.stream: PushStream[M] = PushStream(merge=self.merge, on_cancel=on_leave, decode=decode)
        self._shape = shape
        self._request = request
        self._names = names
        self._on_end = on_end
        self._aborted = False
        self._record = record
        if record is not None:
            record.hold(request.rid)
        count = request.sampling.n
        self._single = count == 1
        self._open = count
        self._choices = [
            _Choice(ChoiceFacts(request.rid, index, count, weight_version, started), request, shape.empty)
            for index in range(count)
        ]

    @abstractmethod
    def push(self, delta: Delta) -> None:
        """Take what is new in one choice."""

    @abstractmethod
    def merge(self, old: M, new: M) -> M | None:
        """Join two waiting messages of one choice."""

    def close(self, error: BaseException | None = None) -> None:
        """End the stream; with CANCELLED when a choice was aborted."""
        self._on_end()
        if error is None and self._aborted:
            error = aborted(self._request.rid)
        self.stream.close(renamed(error, self._names))
        record, self._record = self._record, None
        if record is not None:
            record.release()

    def _begin(self, delta: Delta) -> None:
        """Note the first delta of a choice, unless that is the end of one without tokens."""
        if delta.came_to_nothing:
            return
        if self._record is not None and (self._request.stream or self._request.first_token):
            self._record.first(self._request.admitted, self._request.first_token)

    def _count_finish(self, delta: Delta) -> bool:
        """Whether `delta` ends the last open choice."""
        if delta.finish is None:
            return False
        if self._record is not None:
            first = self._open == self._request.sampling.n
            prompt, cached = (delta.prompt_tokens, delta.cached_tokens) if first else (0, 0)
            self._record.finished(prompt, cached, delta.completion_tokens)
            self._record.admitted = self._record.admitted or self._request.admitted  # some tell it late
        self._open -= 1
        self._aborted = self._aborted or delta.finish.kind == "abort"
        return self._open == 0

    def _message(self, message: M | bytes) -> M:
        if isinstance(message, bytes) and self._shape.kind is not None:
            return cast("M", self._shape.kind.parse(message))
        return cast("M", message)

    def _same_choice(self, old: M, new: M) -> bool:
        return self._single or old.meta_info.get("index") == new.meta_info.get("index")


class CumulativeSink(GenerationSink[M, P]):
    """Each message has all output so far; without `stream`, one message per choice."""

    __slots__ = ()

    def push(self, delta: Delta) -> None:
        """Take what is new in one choice."""
        choice = self._choices[delta.index]
        if choice.tokens is None:
            self._begin(delta)
        choice.take(delta)
        choice.output = choice.output + self._shape.part(delta)
        if choice.outputs is not None:
            choice.outputs.add(delta.output_logprobs or ())
        finished = self._count_finish(delta)
        if not self._request.stream and delta.finish is None:
            return
        facts = choice.full(delta)
        if choice.outputs is not None:
            choice.outputs.write(facts)
        self.stream.push(self._shape.make(choice.output, facts, finished))

    def merge(self, old: M, new: M) -> M | None:
        """The newest message of a choice says all that an older one said."""
        return new if self._same_choice(old, new) else None


class GrowingSink(GenerationSink[Any, Any]):
    """The messages of `CumulativeSink` for one choice without log-probabilities, written as bytes.

    A message is written from the one before: its output goes on, of its facts one counter changes.
    """

    __slots__ = ("_facts", "_facts_of", "_output")

    def __init__(self, shape: Shape[Any, Any], request: GenerateRequest, *rest: Any, **named: Any) -> None:
        super().__init__(shape, request, *rest, **named)
        assert shape.kind is not None
        self._output = Growing(shape.kind, shape.field)
        self._facts = b""
        self._facts_of = (-1, -1)

    def push(self, delta: Delta) -> None:
        """Take what is new."""
        if not self._facts:
            self._begin(delta)
        self._output.add(self._shape.part(delta))
        if delta.finish is not None:
            facts = self._choices[0].facts.full(delta)
            rest = bytes(self._shape.make(self._shape.empty, facts, self._count_finish(delta)))
        else:
            if self._facts_of != (delta.prompt_tokens, delta.cached_tokens):
                self._write_facts(delta)
            rest = self._facts + _counter(self._shape, delta.completion_tokens)
        self.stream.push_bytes(self._output.message(rest))

    def _write_facts(self, delta: Delta) -> None:
        self._facts_of = (delta.prompt_tokens, delta.cached_tokens)
        facts = self._choices[0].facts.full(delta)
        del facts[COUNTER]
        self._facts = bytes(self._shape.make(self._shape.empty, facts, False))

    def merge(self, old: Any, new: Any) -> Any:
        """The newest message says all that an older one said."""
        return new


@lru_cache(4096)
def _counter(shape: Shape[Any, Any], tokens: int) -> bytes:
    """The entry of `meta_info` that changes with every token: a part of a message, as bytes."""
    return bytes(shape.make(shape.empty, {COUNTER: str(tokens)}, False))


class DeltaSink(GenerationSink[M, P]):
    """Each message has what is new; between the first and the last only what it needs."""

    __slots__ = ("_only", "_part", "_write")

    def __init__(self, shape: Shape[M, P], request: GenerateRequest, *rest: Any, **named: Any) -> None:
        super().__init__(shape, request, *rest, **named)
        plain = is_plain(request) and shape.kind is not None
        self._write = field_writer(shape.kind, shape.field) if plain and shape.kind is not None else None
        self._part = shape.part
        self._only = self._choices[0]

    def push(self, delta: Delta) -> None:
        """Take what is new in one choice."""
        only = self._only
        if self._write is not None and delta.finish is None and only.tokens is not None:
            only.tokens = delta.completion_tokens
            part = self._part(delta)
            if part:
                self.stream.push_bytes(self._write(part))
            return
        choice = self._choices[delta.index]
        if choice.tokens is None:
            self._begin(delta)
        if delta.finish is None and choice.tokens is not None:
            choice.tokens = delta.completion_tokens
            part = self._part(delta)
            if not part and not delta.output_logprobs:
                return
            facts = {} if self._single else dict(choice.facts.id_only)
        else:
            choice.take(delta)
            part = self._part(delta)
            facts = choice.full(delta)
        if self._request.logprobs:
            self._new_logprobs(delta).write(facts)
        self.stream.push(self._shape.make(part, facts, self._count_finish(delta)))

    def merge(self, old: M | bytes, new: M | bytes) -> M | None:
        """Output and log-probabilities in a row, the newer facts, and counters as they stand."""
        old, new = self._message(old), self._message(new)
        if not self._same_choice(old, new):
            return None
        facts = {**old.meta_info, **new.meta_info}
        for key in OUTPUT_KEYS & old.meta_info.keys() & new.meta_info.keys():
            facts[key] = join_lists(old.meta_info[key], new.meta_info[key])
        tokens = self._choices[int(facts.get("index", "0"))].tokens
        if tokens is not None and COUNTER in facts:
            facts[COUNTER] = str(tokens)
        return self._shape.make(self._shape.read(old) + self._shape.read(new), facts, new.finished)

    def _new_logprobs(self, delta: Delta) -> LogprobTexts:
        texts = LogprobTexts("output", with_top=self._request.top_logprobs > 0)
        texts.add(delta.output_logprobs or ())
        return texts

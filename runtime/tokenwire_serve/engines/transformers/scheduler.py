"""Decides what the model computes next: admits, prefills, decodes, ends; model thread only.

Rows 0, 1, 2, ... of the cache hold the sequences that decode; the next row holds the one whose
prompt is being computed. When a sequence ends, the last one moves into its row.
"""

from __future__ import annotations

import logging
import time
from bisect import insort
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import torch
from tokenwire.codes import Code
from tokenwire.errors import RpcError

from tokenwire_serve.engine import Finish

from .logprobs import measure
from .sampling import draw

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Sequence as SequenceOf

    from torch import Tensor

    from tokenwire_serve.engine import Delta, PauseMode

    from .logprobs import Measured
    from .sequence import Generation, Sequence

__all__ = ["Event", "Runner", "Scheduler"]

_LOG: Final = logging.getLogger(__name__)


class Runner(Protocol):
    """What computes: `SlotRunner`, or `LoneRunner` for models that have no cache of rows."""

    def prefill(self, row: int, ids: SequenceOf[int], start: int, *, all_logits: bool = False) -> Tensor:
        """Compute tokens of one row; logits after the last, or after each: [tokens, vocabulary]."""

    def decode(self, ids: SequenceOf[int], positions: SequenceOf[int]) -> Tensor:
        """Compute one token of each of the first rows: [rows, vocabulary]."""

    def copy(self, source: int, target: int, length: int) -> None:
        """Copy what is cached of a row's first tokens to another row."""


class Event(NamedTuple):
    """What the event loop is to do for a request: push the delta, then close if it is the last."""

    generation: Generation
    delta: Delta | None
    last: bool = False
    error: RpcError | None = None


class Scheduler:
    """The running and the waiting sequences.

    Attributes:
        rows: Those that decode, in the order of their rows.
        prefilling: The one whose prompt is being computed.
        waiting: Those without a row, in the order in which they get one.
        outbox: What has happened since it was last emptied.
        prompt_failures: Prompts in a row that failed, through no fault of their request.
        decode_failures: Decode steps in a row that failed.
    """

    def __init__(self, runner: Runner, rows: int, chunk: int) -> None:
        self._runner = runner
        self._size = rows
        self._chunk = chunk
        self.rows: list[Sequence] = []
        self.prefilling: Sequence | None = None
        self.waiting: list[Sequence] = []
        self.outbox: list[Event] = []
        self.paused = False
        self.prompt_failures = 0
        self.decode_failures = 0

    @property
    def idle(self) -> bool:
        """Whether a step would do nothing."""
        return self.paused or not (self.rows or self.prefilling or self.waiting)

    @property
    def failures(self) -> int:
        """Prompts, or decode steps, that failed one after the other."""
        return max(self.prompt_failures, self.decode_failures)

    def forgive(self) -> None:
        """Count failures anew."""
        self.prompt_failures = self.decode_failures = 0

    @property
    def running(self) -> list[Sequence]:
        """The sequences that have a row."""
        prefilling = self.prefilling
        return [*self.rows] if prefilling is None else [*self.rows, prefilling]

    def add(self, sequences: Iterable[Sequence]) -> None:
        """Take in the choices of a request."""
        for sequence in sequences:
            sequence.generation.open += 1
            self._wait(sequence)

    def abort(self, generation: Generation, message: str) -> None:
        """End the open choices of a request."""
        for sequence in self._open(generation):
            try:
                self._emit(sequence, sequence.finish(Finish("abort", message=message)))
            except Exception as error:
                self.fail(generation, error)
                return
        self._drop_done()

    def fail(self, generation: Generation, error: Exception) -> None:
        """End a request with an error."""
        for sequence in self._open(generation):
            sequence.done = True
        self._report(generation, error)
        self._drop_done()

    def fail_all(self, error: Exception) -> None:
        """End every request, without touching the cache."""
        generations = _generations((*self.running, *self.waiting))
        self.rows.clear()
        self.waiting.clear()
        self.prefilling = None
        for generation in generations:
            self._report(generation, error)

    def _report(self, generation: Generation, error: Exception) -> None:
        """Close a request; what is not meant for the caller goes to the log."""
        if not isinstance(error, RpcError):
            _LOG.error("request %s failed", generation.request.rid, exc_info=error)
            error = RpcError(Code.INTERNAL, "engine transformers failed on this request; its log says why")
        generation.open = 0
        self.outbox.append(Event(generation, None, last=True, error=error))

    def pause(self, mode: PauseMode) -> None:
        """Stop; see `Engine.pause`."""
        self.paused = True
        if mode == "abort":
            for generation in _generations(self.running):
                self.abort(generation, "aborted by a pause of the engine")
        elif mode == "retract":
            for sequence in self.running:
                sequence.retract()
                self._wait(sequence)
            self.rows.clear()
            self.prefilling = None

    def resume(self) -> None:
        """Go on."""
        self.paused = False

    def step(self) -> None:
        """Compute up to a chunk of prompts, then the next token of every row."""
        budget = self._chunk
        while budget > 0 and (sequence := self._admitted()) is not None:
            try:
                budget -= self._prefill(sequence)
            except Exception as error:
                self.prompt_failures += not isinstance(error, RpcError)
                self.fail(sequence.generation, error)
                break
            self.prompt_failures = 0
        if self.rows:
            self._decode()

    def _wait(self, sequence: Sequence) -> None:
        insort(self.waiting, sequence, key=lambda s: (*s.generation.order, s.index))

    def _admitted(self) -> Sequence | None:
        if self.prefilling is None and self.waiting and len(self.rows) < self._size:
            self.prefilling = self.waiting.pop(0)
            request = self.prefilling.generation.request
            request.admitted = request.admitted or time.monotonic()
        return self.prefilling

    def _prefill(self, sequence: Sequence) -> int:
        """Compute the next chunk of a prompt; the number of tokens in it."""
        chunk = sequence.tokens[sequence.computed : sequence.computed + self._chunk]
        wanted = sequence.wants_prompt_logprobs
        logits = self._runner.prefill(len(self.rows), chunk, sequence.computed, all_logits=wanted)
        if wanted:
            sequence.read_prompt(logits)
        sequence.computed += len(chunk)
        if sequence.computed == len(sequence.tokens):
            self._begin(sequence, logits[-1])
        return len(chunk)

    def _begin(self, sequence: Sequence, logits: Tensor) -> None:
        """Let a sequence decode, and with it the choices of its request that wait for a row."""
        self.prefilling = None
        group = [sequence]
        row = len(self.rows)
        if sequence.made == 0:
            request = sequence.generation.request
            request.first_token = request.first_token or time.monotonic()
            free = self._size - row - 1
            group += [s for s in self.waiting if s.generation is sequence.generation and not s.made][:free]
        for place, sibling in enumerate(group[1:], row + 1):
            self.waiting.remove(sibling)
            self._runner.copy(row, place, sequence.computed)
            sibling.share_prompt(sequence)
        self.rows += group
        if sequence.generation.limit == 0:
            for member in group:
                self._emit(member, member.finish(Finish("length")))
            self._drop_done()
        else:
            self._advance(group, logits.expand(len(group), -1).clone())

    def _decode(self) -> None:
        rows = list(self.rows)
        try:
            logits = self._runner.decode([s.tokens[-1] for s in rows], [s.computed for s in rows])
        except Exception as error:
            self.decode_failures += 1
            for generation in _generations(rows):
                self.fail(generation, error)
            return
        self.decode_failures = 0
        for sequence in rows:
            sequence.computed += 1
        self._advance(rows, logits)

    def _advance(self, sequences: SequenceOf[Sequence], logits: Tensor) -> None:
        """Draw and hand out a token for each row of logits; an error ends its own request only."""
        wanted = [row for row, sequence in enumerate(sequences) if sequence.wants_logprobs]
        raw = torch.log_softmax(logits[wanted], -1) if wanted else None
        for sequence, row in zip(sequences, logits, strict=True):
            if not sequence.shaper.idle:
                try:
                    sequence.shaper.shape(row)
                except Exception as error:
                    self.fail(sequence.generation, error)
        tokens = draw(logits, [sequence.chooser for sequence in sequences])
        measured: dict[int, Measured] = {}
        if raw is not None:
            most = max(sequences[row].reader.top for row in wanted)
            found = measure(raw, [max(tokens[row], 0) for row in wanted], most)
            measured = dict(zip(wanted, found, strict=True))
        for row, (sequence, token) in enumerate(zip(sequences, tokens, strict=True)):
            if sequence.done:
                continue
            try:
                delta = _take(sequence, token, measured.get(row))
            except Exception as error:
                self.fail(sequence.generation, error)
            else:
                if delta is not None:
                    self._emit(sequence, delta)
        self._drop_done()

    def _emit(self, sequence: Sequence, delta: Delta) -> None:
        generation = sequence.generation
        generation.open -= sequence.done
        self.outbox.append(Event(generation, delta, last=generation.open == 0))

    def _open(self, generation: Generation) -> list[Sequence]:
        members = [s for s in (*self.running, *self.waiting) if s.generation is generation]
        return [s for s in members if not s.done]

    def _drop_done(self) -> None:
        """Take ended sequences out, and close the gaps that they leave in the rows."""
        self.waiting = [s for s in self.waiting if not s.done]
        if self.prefilling is not None and self.prefilling.done:
            self.prefilling = None
        before = len(self.rows)
        for row in reversed(range(before)):
            if self.rows[row].done:
                last = len(self.rows) - 1
                if row < last:
                    self._runner.copy(last, row, self.rows[last].computed)
                    self.rows[row] = self.rows[last]
                self.rows.pop()
        if self.prefilling is not None and len(self.rows) < before:
            self._runner.copy(before, len(self.rows), self.prefilling.computed)


def _take(sequence: Sequence, token: int, measured: Measured | None) -> Delta | None:
    if token < 0:
        raise RpcError(Code.INTERNAL, "the model gave no usable probabilities for the next token")
    logprob = None if measured is None else sequence.reader.shown(token, measured)
    return sequence.advance(token, logprob)


def _generations(sequences: Iterable[Sequence]) -> list[Generation]:
    return list(dict.fromkeys(sequence.generation for sequence in sequences))

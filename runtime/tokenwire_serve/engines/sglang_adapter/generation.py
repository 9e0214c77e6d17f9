"""A request of the engine: one run within SGLang per choice."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, Final

from tokenwire.codes import Code
from tokenwire.details import BadRequest
from tokenwire.errors import RpcError

from .deltas import DeltaReader, admitted_at
from .errors import refusal
from .requests import generate_arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tokenwire.streams import Sink

    from tokenwire_serve.engine import Delta, GenerateRequest

    from .runs import Receiver, Run

__all__ = ["Generation"]

_LOG: Final = logging.getLogger(__name__)


class Generation:
    """What is under way for one `GenerateRequest`.

    Args:
        request: The request.
        sink: Takes the deltas.
        start: Starts a run of a request with such arguments of GenerateReqInput.
        on_end: Called once, when the last choice has ended.
        share_prompt: With several choices, the prompt is computed once, before the others start, for
            them to find it in the prefix cache.
    """

    def __init__(
        self,
        request: GenerateRequest,
        sink: Sink[Delta],
        start: Callable[[Mapping[str, Any], Receiver], Run],
        on_end: Callable[[], None],
        *,
        share_prompt: bool,
    ) -> None:
        self._request = request
        self._sink = sink
        self._start_run = start
        self._on_end = on_end
        self._share_prompt = share_prompt
        self._readers = [DeltaReader(request, index) for index in range(request.sampling.n)]
        self._runs: dict[int, Run] = {}
        self._open = set(range(request.sampling.n))
        self._refilled: set[int] = set()
        self._warm: Run | None = None
        self._started = time.monotonic()
        self.begun = False

    def __len__(self) -> int:
        return self._request.sampling.n

    def start(self) -> None:
        """Start all choices; what goes wrong at once comes through the sink, too."""
        try:
            self._start()
        except Exception as error:
            self.fail(refusal(error))

    def _start(self) -> None:
        if len(self._open) > 1 and self._share_prompt:
            arguments = generate_arguments(self._request, 0)
            arguments["sampling_params"] = {"max_new_tokens": 0, "temperature": 0.0}
            arguments.update(stream=False, return_logprob=False)
            self._warm = self._start_run(arguments, _Warm(self))
        else:
            self.start_choices()

    def start_choices(self, error: BaseException | None = None) -> None:
        """Start the choices, unless the prompt was refused."""
        self._warm = None
        if error is not None:
            self.fail(error)
            return
        try:
            for index in sorted(self._open):
                if index in self._open:
                    self._run(index, generate_arguments(self._request, index))
        except Exception as raised:
            self.fail(refusal(raised))

    def _run(self, index: int, arguments: Mapping[str, Any]) -> None:
        choice = _Choice(self, index, self._readers[index], self._sink)
        self._runs[index] = self._start_run(arguments, choice)

    def abort(self, message: str) -> None:
        """End every open choice with an abort finish, then the request."""
        self._stop()
        try:
            for index in sorted(self._open):
                self._sink.push(self._readers[index].aborted(message))
        except Exception:
            _LOG.exception("the sink of request %s failed", self._request.rid)
        self._finish(None)

    def fail(self, error: BaseException) -> None:
        """End the request with an error."""
        self._stop()
        self._finish(error)

    def take(self, index: int, chunk: Mapping[str, Any]) -> None:
        """Pass on what one choice has that is new."""
        self.begun = True
        delta = self._readers[index].read(chunk)
        request = self._request
        request.admitted = request.admitted or admitted_at(self._started, chunk["meta_info"])
        if delta.finish is not None:
            self._open.discard(index)
        self._sink.push(delta)

    def choice_ended(self, index: int, error: BaseException | None) -> None:
        """A run has ended; an error ends the other choices too."""
        self._runs.pop(index, None)
        if error is None and index in self._open:
            error = RpcError(Code.INTERNAL, "SGLang ended the request before it was complete")
        if error is not None:
            if not self._retry_clipped(index, error):
                self.fail(error)
        elif not self._open:
            self._finish(None)

    def _retry_clipped(self, index: int, error: BaseException) -> bool:
        """Fill what the context leaves, where that is less than a limit that the caller did not set.

        SGLang refuses such a request instead, before it has made anything.
        """
        if index in self._refilled or not (self._request.sampling.clip and _complains_of_limit(error)):
            return False
        self._refilled.add(index)
        arguments = generate_arguments(self._request, index)
        arguments["sampling_params"]["max_new_tokens"] = None
        self._run(index, arguments)
        return True

    def _stop(self) -> None:
        if self._warm is not None:
            self._warm.stop()
        for run in list(self._runs.values()):
            run.stop()
        self._runs.clear()

    def _finish(self, error: BaseException | None) -> None:
        self._open.clear()
        self._on_end()
        try:
            self._sink.close(error)
        except Exception:
            _LOG.exception("the sink of request %s failed", self._request.rid)


def _complains_of_limit(error: BaseException) -> bool:
    if not isinstance(error, RpcError) or error.code is not Code.INVALID_ARGUMENT:
        return False
    found = [detail for detail in error.details if isinstance(detail, BadRequest)]
    return any(v.field == "max_new_tokens" for detail in found for v in detail.field_violations)


class _Choice:
    """Receives the chunks of one choice."""

    __slots__ = ("_generation", "_index", "_part", "_push")

    def __init__(self, generation: Generation, index: int, reader: DeltaReader, sink: Sink[Delta]) -> None:
        self._generation = generation
        self._index = index
        self._part = reader.part
        self._push = sink.push

    def take(self, chunk: Mapping[str, Any], /) -> None:
        self._generation.take(self._index, chunk)

    def take_part(self, text: str, ids: Sequence[int], counts: tuple[int, int, int], /) -> None:
        self._push(self._part(text, ids, counts))

    def end(self, error: BaseException | None, /) -> None:
        self._generation.choice_ended(self._index, error)


class _Warm:
    """Waits for the prompt to be computed."""

    __slots__ = ("_generation",)

    def __init__(self, generation: Generation) -> None:
        self._generation = generation

    def take(self, chunk: Mapping[str, Any], /) -> None:
        """It makes no output."""

    def take_part(self, text: str, ids: Sequence[int], counts: tuple[int, int, int], /) -> None:
        """Nor this."""

    def end(self, error: BaseException | None, /) -> None:
        self._generation.start_choices(error)

"""From SGLang's chunks to the deltas of one choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tokenwire_serve.engine import Delta, Finish, TokenLogprob
from tokenwire_serve.engines.stop_strings import StopMatcher, StopStrings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tokenwire_serve.engine import GenerateRequest

__all__ = ["DeltaReader", "admitted_at", "came_to_nothing", "finish_of", "new_part"]

_KINDS: Final = frozenset({"stop", "length", "abort"})


def finish_of(reason: Mapping[str, Any] | None) -> Finish | None:
    """`finish_reason` of a chunk."""
    if reason is None:
        return None
    kind = reason["type"]
    return Finish(
        kind if kind in _KINDS else "stop",
        matched=reason.get("matched"),
        length=reason.get("length", 0),
        message=reason.get("message") or "",
    )


def admitted_at(started: float, info: Mapping[str, Any]) -> float:
    """When SGLang took a request from its queue; 0 where it does not say, as it does with --enable-metrics.

    Args:
        started: When it was given the request.
        info: `meta_info` of a chunk.
    """
    queued = info.get("queue_time")
    return started + queued if isinstance(queued, float) and queued >= 0 else 0.0


def came_to_nothing(info: Mapping[str, Any]) -> bool:
    """Whether a chunk ends a request that was aborted before its first token; `info` is its `meta_info`."""
    reason = info.get("finish_reason")
    return reason is not None and reason["type"] == "abort" and not info.get("completion_tokens", 0)


def new_part(chunk: Mapping[str, Any], text_given: int, ids_given: int) -> tuple[str, list[int]]:
    """The text and the ids of a chunk that were not given before.

    A request that SGLang drops from its queue, after it was retracted say, ends with a chunk of its
    own make: all the text, and the last token once more. Such a chunk has no count of the prompt.
    """
    text, ids = chunk.get("text") or "", chunk["output_ids"]
    if "prompt_tokens" in chunk["meta_info"]:
        return text, ids
    missing = chunk["meta_info"].get("completion_tokens", ids_given) - ids_given
    return text[text_given:], list(ids)[: max(missing, 0)]


class DeltaReader:
    """Reads the chunks of one choice, which are deltas; of an answer in one piece there is one.

    What may be the start of a stop string is held back: SGLang cuts a stop string off its text when
    it has found it, but a start of it may have been sent before.
    """

    __slots__ = ("_counts", "_first", "_index", "_logprobs", "_skipped", "_stops", "_text", "_tokens")

    def __init__(self, request: GenerateRequest, index: int) -> None:
        self._index = index
        self._logprobs = request.logprobs
        self._skipped = 1 if request.logprob_start > 0 else 0
        self._first = True
        self._text = self._tokens = 0
        self._counts = (0, 0, 0)
        stops = request.sampling.stop if request.stream else ()
        self._stops = StopMatcher(StopStrings(stops)) if stops else None

    def read(self, chunk: Mapping[str, Any]) -> Delta:
        """What a chunk says."""
        info = chunk["meta_info"]
        text, ids = new_part(chunk, self._text, self._tokens)
        self._text += len(text)
        self._tokens += len(ids)
        if "prompt_tokens" in info:
            self._counts = (info["prompt_tokens"], info["completion_tokens"], info["cached_tokens"])
        else:
            self._counts = (self._counts[0], self._tokens, self._counts[2])
        reason = info["finish_reason"]
        finish = None if reason is None else finish_of(reason)
        if self._stops is not None:
            text = self._held(text, finish)
        delta = Delta(self._index, ids, text, *self._counts, finish)
        if self._logprobs:
            self._add_logprobs(delta, info)
        return delta

    def part(self, text: str, ids: Sequence[int], counts: tuple[int, int, int]) -> Delta:
        """What a token's part of a stream says."""
        self._text += len(text)
        self._tokens += len(ids)
        self._counts = counts
        if self._stops is not None:
            text = self._held(text, None)
        return Delta(self._index, list(ids), text, counts[0], counts[1], counts[2])

    def aborted(self, message: str) -> Delta:
        """The last delta of a choice that is ended here: it has nothing new."""
        text = "" if self._stops is None else self._stops.flush()
        return Delta(self._index, [], text, *self._counts, Finish("abort", message=message))

    def _held(self, text: str, finish: Finish | None) -> str:
        assert self._stops is not None
        free, found = self._stops.feed(text)
        if finish is None or found is not None or isinstance(finish.matched, str):
            return free
        return free + self._stops.flush()

    def _add_logprobs(self, delta: Delta, info: Mapping[str, Any]) -> None:
        delta.output_logprobs = _positions(info.get("output_token_logprobs"), info.get("output_top_logprobs"))
        if self._first:
            self._first = False
            found = _positions(info.get("input_token_logprobs"), info.get("input_top_logprobs"))
            delta.input_logprobs = found[self._skipped :]


def _positions(tokens: Sequence[Any] | None, tops: Sequence[Any] | None) -> list[TokenLogprob]:
    if not tokens:
        return []
    return [
        TokenLogprob(logprob, token, text, _alternatives(tops, place))
        for place, (logprob, token, text) in enumerate(tokens)
    ]


def _alternatives(tops: Sequence[Any] | None, place: int) -> tuple[tuple[float, int, str | None], ...]:
    found = tops[place] if tops and place < len(tops) else None
    return tuple((logprob, token, text) for logprob, token, text in found or ())

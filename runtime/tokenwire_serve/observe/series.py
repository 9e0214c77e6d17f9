"""Counts of calls, kept as plain numbers: a call costs a few additions, a scrape does the rest."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final

from tokenwire.codes import Code

from . import names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokenwire.record import CallRecord

    from .names import Metric

__all__ = ["CallSeries", "Histogram", "Row"]

Row = tuple["Metric", tuple[str, ...], "float | Histogram"]
"""A metric, the values of its labels, and its value."""

_UNKNOWN: Final = "unknown"
_AT_ONCE: Final = 32
_SECONDS: Final = names.DURATION.buckets
_TOKEN: Final = names.PER_TOKEN.buckets
assert names.FIRST_TOKEN.buckets == names.QUEUE.buckets == _SECONDS


class Histogram:
    """Observations by bucket.

    Args:
        bounds: Upper bounds of the buckets, which belong to them; one more bucket has no bound.

    Attributes:
        counts: Observations in each bucket.
        total: Sum of the observations.
    """

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Take an observation."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def copy(self) -> Histogram:
        """The same as of now."""
        other = Histogram(self.bounds)
        other.counts = self.counts.copy()
        other.total = self.total
        return other


class _Group:
    """What is counted of the calls of one method over one transport."""

    __slots__ = ("cached", "codes", "completion", "duration", "first", "per_token", "prompt", "queue")

    def __init__(self) -> None:
        self.codes = [0] * len(Code)
        self.prompt = self.cached = self.completion = 0
        self.duration = Histogram(names.DURATION.buckets)
        self.first = Histogram(names.FIRST_TOKEN.buckets)
        self.per_token = Histogram(names.PER_TOKEN.buckets)
        self.queue = Histogram(names.QUEUE.buckets)


class CallSeries:
    """Takes the records of calls that have ended; event loop only.

    They are counted some at a time: what counts them is in the processor's cache then.
    """

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str], _Group] = {}
        self._waiting: list[CallRecord] = []

    def add(self, record: CallRecord) -> None:
        """Have a call counted."""
        waiting = self._waiting
        waiting.append(record)
        if len(waiting) >= _AT_ONCE:
            self._count_all()

    def _count_all(self) -> None:
        for record in self._waiting:
            self._count(record)
        self._waiting.clear()

    def _count(self, record: CallRecord) -> None:
        key = (record.method, record.transport)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _Group()
        code = record.code
        group.codes[1 if code is None else code] += 1  # An index of its own: CANCELLED is 1.
        taken = record.ended - record.started
        duration = group.duration
        duration.counts[bisect_left(_SECONDS, taken)] += 1
        duration.total += taken
        if record.choices or record.first_token:
            self._add_tokens(group, record)

    def _add_tokens(self, group: _Group, record: CallRecord) -> None:
        """Count times and tokens; `Histogram.add` is written out, for this is done once per call."""
        group.prompt += record.prompt_tokens
        group.cached += record.cached_tokens
        queued = record.queue_time
        if queued is not None:
            series = group.queue
            series.counts[bisect_left(_SECONDS, queued)] += 1
            series.total += queued
        if record.completion_tokens:
            group.completion += record.completion_tokens
            if record.first_token:
                waited = record.first_token - record.started
                series = group.first
                series.counts[bisect_left(_SECONDS, waited)] += 1
                series.total += waited
                per_token = record.time_per_token
                if per_token is not None:
                    series = group.per_token
                    series.counts[bisect_left(_TOKEN, per_token)] += 1
                    series.total += per_token

    def rows(self) -> Iterator[Row]:
        """The series that there are, as of now."""
        self._count_all()
        for (path, transport), group in sorted(self._groups.items()):
            labels = (path.lstrip("/") or _UNKNOWN, transport)
            for code, count in zip(Code, group.codes, strict=True):
                if count:
                    yield names.REQUESTS, (*labels, code.name), count
            yield names.DURATION, labels, group.duration.copy()
            yield from self._token_rows(labels, group)

    def _token_rows(self, labels: tuple[str, ...], group: _Group) -> Iterator[Row]:
        """Of methods that take prompts or make tokens."""
        if any(group.queue.counts):
            yield names.QUEUE, labels, group.queue.copy()
        if group.prompt or group.completion:
            yield names.PROMPT_TOKENS, labels, group.prompt
            yield names.CACHED_TOKENS, labels, group.cached
        if group.completion:
            yield names.GENERATION_TOKENS, labels, group.completion
            yield names.FIRST_TOKEN, labels, group.first.copy()
            yield names.PER_TOKEN, labels, group.per_token.copy()

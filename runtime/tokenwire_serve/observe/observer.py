"""What is done with the record of a call: counted, written down, traced."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tokenwire.record import CallRecord

    from .tracing import CallTracer

__all__ = ["Observer"]


class Observer:
    """Passes the records of calls on; see `tokenwire.record.CallObserver`.

    Args:
        takers: Each is given every record.
        tracer: Makes spans; None makes none.
        timed: Callers are told how the time was spent.
    """

    def __init__(
        self,
        takers: tuple[Callable[[CallRecord], None], ...] = (),
        *,
        tracer: CallTracer | None = None,
        timed: bool = True,
    ) -> None:
        self._takers = takers
        self._tracer = tracer
        self.timed = timed
        self.traced = tracer is not None

    def trace(self, record: CallRecord, parent: Mapping[str, str]) -> Mapping[str, str]:
        """Begin the span of a call; the W3C trace context of it."""
        return {} if self._tracer is None else self._tracer.begin(record, parent)

    def ended(self, record: CallRecord) -> None:
        """Give a record to whoever takes it."""
        if self._tracer is not None:
            self._tracer.end(record)
        for take in self._takers:
            take(record)

"""Everything that observes one server, made from its settings."""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
from typing import TYPE_CHECKING, Any, Final

from .exposition import MULTIPROCESS, PATH, Exposition
from .lag import LoopLag
from .log_lines import ACCESS
from .observer import Observer
from .series import CallSeries
from .sources import engine_rows, loop_rows, server_rows
from .tracing import CallTracer, exporting_provider, most_traces, wants_traces

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokenwire.http.values import HttpHandler
    from tokenwire.record import CallRecord

    from tokenwire_serve.process.groups import ObserveSettings
    from tokenwire_serve.servicer.service import SglangServicer

    from .log_writer import LogWriter

__all__ = ["Observation", "share_engine_metrics"]

_LOG: Final = logging.getLogger("tokenwire.serve")
_EXPORT: Final = 5.0
"""Seconds that the last spans get to leave."""


class Observation:
    """Metrics, traces and access lines of a server; made before anything is bound or loaded.

    Args:
        settings: What is wanted.
        version: The server's.
        writer: Of the log; None writes no access lines.
        engine_metrics: The engine has metrics in prometheus_client, see `share_engine_metrics`.

    Attributes:
        observer: For the listeners.
        exposition: The metrics; None where they are off.

    Raises:
        MissingTracingError: Traces are wanted, and OpenTelemetry is not installed.
    """

    def __init__(
        self,
        settings: ObserveSettings,
        version: str,
        writer: LogWriter | None = None,
        *,
        engine_metrics: bool = False,
    ) -> None:
        self._servicer: SglangServicer | None = None
        self._lag = LoopLag()
        self._provider: Any = None
        self.exposition: Exposition | None = None
        takers: list[Callable[[CallRecord], None]] = []
        if settings.enable_metrics:
            series = CallSeries()
            takers.append(series.add)
            self.exposition = Exposition(
                [series.rows, self._lag.rows, loop_rows], engine_metrics=engine_metrics
            )
        if writer is not None:
            if settings.access_log and logging.getLogger(ACCESS).isEnabledFor(logging.INFO):
                takers.append(writer.put)
            if self.exposition is not None:
                self.exposition.add(writer.rows)
        tracer = None
        if wants_traces(settings.otlp_traces_endpoint):
            self._provider = exporting_provider(settings.otlp_traces_endpoint, version)
            tracer = CallTracer(self._provider, version, self._model, most=most_traces())
        self.observer = Observer(tuple(takers), tracer=tracer, timed=settings.server_timing)

    @property
    def pages(self) -> dict[str, HttpHandler]:
        """The paths that show it."""
        return {} if self.exposition is None else {PATH: self.exposition.page}

    def start(self, servicer: SglangServicer) -> None:
        """Observe a servicer and the loop that runs."""
        self._servicer = servicer
        self._lag.start()
        if self.exposition is not None:
            self.exposition.add(lambda: engine_rows(servicer.engine))
            self.exposition.add(lambda: server_rows(servicer))

    async def close(self) -> None:
        """Stop, once the last spans have left."""
        self._lag.stop()
        provider, self._provider = self._provider, None
        if provider is None:
            return
        try:
            async with asyncio.timeout(_EXPORT):
                await asyncio.to_thread(provider.force_flush, int(_EXPORT * 1000))
                await asyncio.to_thread(provider.shutdown)
        except TimeoutError:
            _LOG.warning("the last traces were not taken within %g s: leaving them", _EXPORT)

    def _model(self) -> str:
        servicer = self._servicer
        if servicer is None:
            return ""
        return next(iter(servicer.settings.served_model_names), servicer.engine.model.served_model_name)


def share_engine_metrics() -> None:
    """Have prometheus_client keep metrics in files, which an engine of several processes needs.

    It decides that when it is imported, so this comes before.
    """
    if MULTIPROCESS not in os.environ:
        os.environ[MULTIPROCESS] = tempfile.mkdtemp(prefix="tokenwire-metrics-")

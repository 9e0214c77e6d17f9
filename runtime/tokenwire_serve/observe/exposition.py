"""`/metrics`: what the server counts, in the formats of Prometheus."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any, Final

from tokenwire.http.values import HttpReply

from .names import METRICS
from .series import Histogram

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tokenwire.http.values import HttpCall

    from .names import Metric
    from .series import Row

__all__ = ["MULTIPROCESS", "PATH", "Exposition"]

PATH: Final = "/metrics"
MULTIPROCESS: Final = "PROMETHEUS_MULTIPROC_DIR"


class Exposition:
    """Gathers rows where they are kept and writes them down.

    Rows are read on the event loop, which makes them one moment's, and written in a thread.

    Args:
        sources: Each gives its rows; see `series.Row`.
        engine_metrics: The engine keeps metrics of its own in prometheus_client, in several processes;
            they are shown too.
    """

    def __init__(
        self, sources: Iterable[Callable[[], Iterable[Row]]] = (), *, engine_metrics: bool = False
    ) -> None:
        self._sources = list(sources)
        self._engine_metrics = engine_metrics
        self._process: Any = None

    def add(self, source: Callable[[], Iterable[Row]]) -> None:
        """Ask another source as well."""
        self._sources.append(source)

    def rows(self) -> dict[str, list[Row]]:
        """All rows as of now, by the name of their metric; rows of equal labels are added up."""
        found: dict[str, dict[tuple[str, ...], Row]] = {metric.name: {} for metric in METRICS}
        for source in self._sources:
            for metric, labels, value in source():
                rows = found[metric.name]
                before = rows.get(labels)
                if before is not None and not isinstance(before[2], Histogram):
                    assert not isinstance(value, Histogram)
                    value += before[2]
                rows[labels] = (metric, labels, value)
        return {name: list(rows.values()) for name, rows in found.items()}

    async def write(self, accept: str = "") -> tuple[str, bytes]:
        """The content type and the text, in the format that `accept` (of HTTP) prefers."""
        rows = self.rows()
        return await asyncio.to_thread(self._write, rows, accept)

    async def page(self, call: HttpCall) -> HttpReply:
        """Answer a scrape."""
        kind, body = await self.write(call.headers.get("accept", ""))
        return HttpReply(200, body, {"content-type": kind})

    def _write(self, rows: dict[str, list[Row]], accept: str) -> tuple[str, bytes]:
        from prometheus_client.exposition import choose_encoder

        encode, kind = choose_encoder(accept)
        return kind, encode(_Families(rows, self._others()))

    def _others(self) -> list[Any]:
        """Collectors of what others count: the process, Python, and the engine."""
        from prometheus_client import (
            CollectorRegistry,
            GCCollector,
            PlatformCollector,
            ProcessCollector,
            multiprocess,
        )

        if self._process is None:
            self._process = CollectorRegistry()
            ProcessCollector(registry=self._process)
            PlatformCollector(registry=self._process)
            GCCollector(registry=self._process)
        folder = os.environ.get(MULTIPROCESS)
        if not self._engine_metrics or not folder:
            return [self._process]
        collect_all: Any = multiprocess.MultiProcessCollector
        return [self._process, collect_all(CollectorRegistry(), path=folder)]


class _Families:
    """What an encoder takes for a registry: families of samples."""

    def __init__(self, rows: dict[str, list[Row]], others: list[Any]) -> None:
        self._rows = rows
        self._others = others

    def collect(self) -> Iterator[Any]:
        """The families."""
        for metric in METRICS:
            rows = self._rows[metric.name]
            if rows:
                yield _family(metric, rows)
        for other in self._others:
            yield from other.collect()


def _family(metric: Metric, rows: list[Row]) -> Any:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

    kinds = {"counter": CounterMetricFamily, "gauge": GaugeMetricFamily, "histogram": HistogramMetricFamily}
    family: Any = kinds[metric.kind](metric.name, metric.help, labels=metric.labels)
    for _, labels, value in rows:
        if isinstance(value, Histogram):
            family.add_metric(labels, list(_cumulative(value)), value.total)
        else:
            family.add_metric(labels, value)
    return family


def _cumulative(histogram: Histogram) -> Iterator[tuple[str, float]]:
    """Buckets as Prometheus counts: each has what is in those before as well."""
    seen = 0
    for bound, count in zip([*map(str, histogram.bounds), "+Inf"], histogram.counts, strict=True):
        seen += count
        yield bound, seen

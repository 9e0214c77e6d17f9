"""Writes deploy/grafana/tokenwire.json from the rows below: `python tools/dashboard.py`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

__all__ = ["FILE", "dashboard"]

FILE: Final = Path(__file__).parents[1] / "deploy" / "grafana" / "tokenwire.json"

_SELECT: Final = 'job=~"$job", instance=~"$instance"'
_WIDTH, _HEIGHT, _COLUMNS = 8, 8, 24

Query = tuple[str, str]
"""PromQL and the legend of its series."""


def _rate(metric: str, by: str, more: str = "") -> str:
    labels = f"{_SELECT}, {more}" if more else _SELECT
    return f"sum by ({by}) (rate({metric}{{{labels}}}[$__rate_interval]))"


def _gauge(metric: str, by: str = "instance") -> str:
    return f"sum by ({by}) ({metric}{{{_SELECT}}})"


def _quantiles(metric: str) -> list[Query]:
    rate = f'sum by (le) (rate({metric}_bucket{{{_SELECT}, method=~"$method"}}[$__rate_interval]))'
    return [(f"histogram_quantile({q}, {rate})", f"p{int(100 * q)}") for q in (0.5, 0.9, 0.99)]


def _p99_by_method(metric: str) -> list[Query]:
    rate = f"sum by (le, method) (rate({metric}_bucket{{{_SELECT}}}[$__rate_interval]))"
    return [(f"histogram_quantile(0.99, {rate})", "{{method}}")]


ROWS: Final[list[tuple[str, list[tuple[str, str, str, list[Query]]]]]] = [
    (
        "Calls",
        [
            ("Calls per second", "reqps", "By RPC, both transports.", [
                (_rate("tokenwire_requests_total", "method", 'method=~"$method"'), "{{method}}")]),
            ("Errors per second", "reqps", "Calls that ended otherwise than OK, by status.", [
                (_rate("tokenwire_requests_total", "code", 'code!="OK", method=~"$method"'), "{{code}}")]),
            ("Refused per second", "reqps", "Before a handler saw them: limits, keys, floods, a drain.", [
                (_rate("tokenwire_refused_total", "reason"), "{{reason}}")]),
        ],
    ),
    (
        "Latency",
        [
            ("Time to first token", "s", "From the first header of a call to its first token.",
             _quantiles("tokenwire_time_to_first_token_seconds")),
            ("Time per output token", "s", "Mean of each call.",
             _quantiles("tokenwire_time_per_output_token_seconds")),
            ("Time in the queue", "s", "Until the engine took the request.",
             _quantiles("tokenwire_queue_seconds")),
            ("Duration of calls, p99", "s", "From the first header to the end of the answer.",
             _p99_by_method("tokenwire_request_duration_seconds")),
        ],
    ),
    (
        "Engine",
        [
            ("Running and waiting", "short", "Requests that are computed, and those in the queue.", [
                (_gauge("tokenwire_requests_running"), "running {{instance}}"),
                (_gauge("tokenwire_requests_waiting"), "waiting {{instance}}")]),
            ("Tokens per second", "short", "Made, and read in prompts.", [
                (_rate("tokenwire_generation_tokens_total", "instance"), "made {{instance}}"),
                (_rate("tokenwire_prompt_tokens_total", "instance"), "prompts {{instance}}")]),
            ("Key-value cache", "percentunit", "The part that is in use, and the prompts found in it.", [
                (f"max by (instance) (tokenwire_kv_cache_usage_ratio{{{_SELECT}}})", "in use {{instance}}"),
                (f"max by (instance) (tokenwire_prefix_cache_hit_ratio{{{_SELECT}}})", "hits {{instance}}")]),
            ("Engine up", "bool_yes_no", "Whether it can make a token.", [
                (f"min by (instance) (tokenwire_engine_up{{{_SELECT}}})", "{{instance}}")]),
        ],
    ),
    (
        "Server",
        [
            ("Connections", "short", "Open, by transport.", [
                (_gauge("tokenwire_connections", "transport"), "{{transport}}")]),
            ("Bytes per second", "Bps", "Received and sent.", [
                (_rate("tokenwire_received_bytes_total", "transport"), "received {{transport}}"),
                (_rate("tokenwire_sent_bytes_total", "transport"), "sent {{transport}}")]),
            ("Resets per second", "short", "HTTP/2 streams, by whom; many by clients may be an attack.", [
                (_rate("tokenwire_stream_resets_total", "side"), "{{side}}")]),
            ("Event loop lag, p99", "s", "Above a tenth of a second something blocks the loop.", [
                ("histogram_quantile(0.99, sum by (le, instance) "
                 f"(rate(tokenwire_event_loop_lag_seconds_bucket{{{_SELECT}}}[$__rate_interval])))",
                 "{{instance}}")]),
            ("CPU and memory", "short", "Cores, and resident memory in GiB.", [
                (f"sum by (instance) (rate(process_cpu_seconds_total{{{_SELECT}}}[$__rate_interval]))",
                 "cores {{instance}}"),
                (f"{_gauge('process_resident_memory_bytes')} / 2^30", "GiB {{instance}}")]),
            ("Log lines dropped", "short", "Nobody read them in time.", [
                (_rate("tokenwire_logs_dropped_total", "instance"), "{{instance}}")]),
        ],
    ),
]  # fmt: skip
"""Headings, and below each its panels: title, unit, what it says, queries."""


def dashboard() -> dict[str, Any]:
    """The dashboard as Grafana imports it."""
    panels: list[dict[str, Any]] = []
    y = 0
    for heading, row in ROWS:
        panels.append(_place(len(panels) + 1, "row", heading, 0, y, _COLUMNS, 1) | {"collapsed": False})
        y += 1
        for index, (title, unit, text, queries) in enumerate(row):
            x = index * _WIDTH % _COLUMNS
            if index and not x:
                y += _HEIGHT
            panel = _place(len(panels) + 1, "timeseries", title, x, y, _WIDTH, _HEIGHT)
            panels.append(panel | _graph(unit, text, queries))
        y += _HEIGHT
    return {
        "title": "tokenwire",
        "uid": "tokenwire",
        "tags": ["llm", "grpc", "sglang"],
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": _variables()},
        "panels": panels,
    }


def _place(number: int, kind: str, title: str, x: int, y: int, width: int, height: int) -> dict[str, Any]:
    place = {"x": x, "y": y, "w": width, "h": height}
    return {"id": number, "type": kind, "title": title, "gridPos": place}


def _graph(unit: str, text: str, queries: list[Query]) -> dict[str, Any]:
    return {
        "description": text,
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0, "custom": {"fillOpacity": 8}}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": [
            {"refId": chr(65 + index), "expr": expr, "legendFormat": legend}
            for index, (expr, legend) in enumerate(queries)
        ],
    }


def _variables() -> list[dict[str, Any]]:
    source: dict[str, Any] = {"name": "datasource", "type": "datasource", "query": "prometheus"}
    return [
        source,
        *(
            {
                "name": name,
                "type": "query",
                "datasource": {"type": "prometheus", "uid": "${datasource}"},
                "query": f"label_values({metric}, {name})",
                "includeAll": True,
                "allValue": ".*",
                "multi": True,
                "refresh": 2,
            }
            for name, metric in (
                ("job", "tokenwire_build_info"),
                ("instance", 'tokenwire_build_info{job=~"$job"}'),
                ("method", "tokenwire_requests_total"),
            )
        ),
    ]


if __name__ == "__main__":
    FILE.write_text(json.dumps(dashboard(), indent=2) + "\n")

"""Every metric of the server, in one table: names, labels, buckets and what they say.

Beside these, `/metrics` has `process_*`, `python_gc_*` and `python_info` of prometheus_client.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["METRICS", "Metric"]

_SECONDS: Final = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
    60.0,
    300.0,
)
_TOKEN: Final = (
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.015,
    0.02,
    0.03,
    0.04,
    0.05,
    0.075,
    0.1,
    0.25,
    0.5,
    1.0,
)
_LAG: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_CALL: Final = ("method", "transport")
_RANK: Final = ("dp_rank",)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        name: As samples have it; a histogram's samples add `_bucket`, `_sum` and `_count`.
        kind: Its type.
        help: What it says.
        labels: Names of its labels.
        buckets: Upper bounds of a histogram's buckets, without the last, which is infinite.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


REQUESTS: Final = Metric(
    "tokenwire_requests_total",
    "counter",
    "Calls that have ended, by RPC, transport and gRPC status, or what the HTTP status stands for.",
    ("method", "transport", "code"),
)
DURATION: Final = Metric(
    "tokenwire_request_duration_seconds",
    "histogram",
    "Seconds from a call's first header to the end of its answer.",
    _CALL,
    _SECONDS,
)
FIRST_TOKEN: Final = Metric(
    "tokenwire_time_to_first_token_seconds",
    "histogram",
    "Seconds from a call's first header to its first token.",
    _CALL,
    _SECONDS,
)
PER_TOKEN: Final = Metric(
    "tokenwire_time_per_output_token_seconds",
    "histogram",
    "Seconds from one token of a choice to the next: the mean of each call.",
    _CALL,
    _TOKEN,
)
QUEUE: Final = Metric(
    "tokenwire_queue_seconds",
    "histogram",
    "Seconds from the complete request until the engine took it.",
    _CALL,
    _SECONDS,
)
PROMPT_TOKENS: Final = Metric(
    "tokenwire_prompt_tokens_total", "counter", "Tokens of the prompts of calls that have ended.", _CALL
)
CACHED_TOKENS: Final = Metric(
    "tokenwire_cached_prompt_tokens_total",
    "counter",
    "How many of the prompts' tokens were found in the engine's cache.",
    _CALL,
)
GENERATION_TOKENS: Final = Metric(
    "tokenwire_generation_tokens_total", "counter", "Tokens made for calls that have ended.", _CALL
)
REQUESTS_ACTIVE: Final = Metric(
    "tokenwire_requests_active", "gauge", "Requests to the engine that have not ended, as the server counts."
)
RUNNING: Final = Metric("tokenwire_requests_running", "gauge", "Requests that the engine computes.", _RANK)
WAITING: Final = Metric("tokenwire_requests_waiting", "gauge", "Requests in the engine's queue.", _RANK)
KV_USAGE: Final = Metric(
    "tokenwire_kv_cache_usage_ratio", "gauge", "The part of the key-value cache that is in use.", _RANK
)
KV_TOKENS: Final = Metric(
    "tokenwire_kv_cache_tokens", "gauge", "Tokens in the key-value cache of running requests.", _RANK
)
HIT_RATIO: Final = Metric(
    "tokenwire_prefix_cache_hit_ratio", "gauge", "The part of prompts found in the prefix cache.", _RANK
)
THROUGHPUT: Final = Metric(
    "tokenwire_generation_tokens_per_second", "gauge", "Tokens per second that the engine makes now.", _RANK
)
ENGINE_UP: Final = Metric("tokenwire_engine_up", "gauge", "1 while the engine can make a token.")
ENGINE_PAUSED: Final = Metric("tokenwire_engine_paused", "gauge", "1 while generation is paused.")
CONNECTIONS: Final = Metric("tokenwire_connections", "gauge", "Connections that are open.", ("transport",))
ACCEPTED: Final = Metric(
    "tokenwire_connections_accepted_total", "counter", "Connections that were accepted.", ("transport",)
)
RECEIVED: Final = Metric(
    "tokenwire_received_bytes_total", "counter", "Bytes received on connections.", ("transport",)
)
SENT: Final = Metric("tokenwire_sent_bytes_total", "counter", "Bytes sent on connections.", ("transport",))
RESETS: Final = Metric(
    "tokenwire_stream_resets_total", "counter", "HTTP/2 streams that were reset, by whom.", ("side",)
)
REFUSED: Final = Metric(
    "tokenwire_refused_total",
    "counter",
    "Connections and calls that were refused before a handler saw them, by reason.",
    ("transport", "reason"),
)
ENDED: Final = Metric(
    "tokenwire_connections_ended_total",
    "counter",
    "Connections that the server sent away, by reason.",
    ("transport", "reason"),
)
LOOP_LAG: Final = Metric(
    "tokenwire_event_loop_lag_seconds",
    "histogram",
    "How late the event loop ran a timer; above a tenth of a second something blocks it.",
    (),
    _LAG,
)
LOOP_TASKS: Final = Metric("tokenwire_event_loop_tasks", "gauge", "Tasks of the event loop.")
LOGS_DROPPED: Final = Metric(
    "tokenwire_logs_dropped_total", "counter", "Log lines that were dropped: nobody read them in time."
)
BUILD: Final = Metric(
    "tokenwire_build_info", "gauge", "1, with the versions of the server.", ("version", "engine", "python")
)
MODEL: Final = Metric(
    "tokenwire_model_info", "gauge", "1, with the model that is served.", ("model", "kind", "weight_version")
)

METRICS: Final = (
    REQUESTS,
    DURATION,
    FIRST_TOKEN,
    PER_TOKEN,
    QUEUE,
    PROMPT_TOKENS,
    CACHED_TOKENS,
    GENERATION_TOKENS,
    REQUESTS_ACTIVE,
    RUNNING,
    WAITING,
    KV_USAGE,
    KV_TOKENS,
    HIT_RATIO,
    THROUGHPUT,
    ENGINE_UP,
    ENGINE_PAUSED,
    CONNECTIONS,
    ACCEPTED,
    RECEIVED,
    SENT,
    RESETS,
    REFUSED,
    ENDED,
    LOOP_LAG,
    LOOP_TASKS,
    LOGS_DROPPED,
    BUILD,
    MODEL,
)
"""All of them, in the order in which they are shown."""

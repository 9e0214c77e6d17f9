"""Rows of what others keep: the engine, the listeners, the event loop and the log."""

from __future__ import annotations

import asyncio
import platform
from typing import TYPE_CHECKING, Final

from tokenwire.errors import RpcError

from . import names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenwire.grpc.stats import ServerStats

    from tokenwire_serve.engine import Engine
    from tokenwire_serve.process.http_listener import WebStats
    from tokenwire_serve.servicer.service import SglangServicer

    from .series import Row

__all__ = ["engine_rows", "grpc_rows", "http_rows", "loop_rows", "server_rows"]

_GRPC: Final = ("grpc",)
_HTTP: Final = ("http",)


def engine_rows(engine: Engine) -> Iterator[Row]:
    """How the engine is, and how busy; the latter only while it says so."""
    state = engine.state
    yield names.ENGINE_UP, (), int(state.healthy)
    yield names.ENGINE_PAUSED, (), int(state.paused)
    if not state.healthy:
        return
    try:
        loads, model = engine.loads(), engine.model
    except RpcError:
        return
    yield names.MODEL, (model.served_model_name, model.kind, model.weight_version), 1
    for load in loads:
        rank = (str(load.dp_rank),)
        yield names.RUNNING, rank, load.num_running_reqs
        yield names.WAITING, rank, load.num_waiting_reqs
        yield names.KV_USAGE, rank, load.token_usage
        yield names.KV_TOKENS, rank, load.num_used_tokens
        yield names.HIT_RATIO, rank, load.cache_hit_rate
        yield names.THROUGHPUT, rank, load.gen_throughput


def server_rows(servicer: SglangServicer) -> Iterator[Row]:
    """The server itself."""
    yield names.REQUESTS_ACTIVE, (), servicer.active_requests
    yield names.BUILD, (servicer.settings.version, servicer.engine.name, platform.python_version()), 1


def grpc_rows(stats: ServerStats) -> Iterator[Row]:
    """What the gRPC server has counted."""
    yield names.CONNECTIONS, _GRPC, stats.connections_open
    yield names.ACCEPTED, _GRPC, stats.connections
    yield names.RECEIVED, _GRPC, stats.bytes_received
    yield names.SENT, _GRPC, stats.bytes_sent
    yield names.RESETS, ("client",), stats.resets_received
    yield names.RESETS, ("server",), stats.resets_sent
    yield names.REFUSED, ("grpc", "connections"), stats.connections_refused
    for reason, count in stats.calls_refused.items():
        yield names.REFUSED, ("grpc", reason), count
    for reason, count in stats.connections_ended.items():
        yield names.ENDED, ("grpc", reason), count


def http_rows(stats: WebStats) -> Iterator[Row]:
    """What the HTTP server has counted."""
    yield names.CONNECTIONS, _HTTP, stats.connections
    yield names.ACCEPTED, _HTTP, stats.accepted
    yield names.RECEIVED, _HTTP, stats.bytes_in
    yield names.SENT, _HTTP, stats.bytes_out
    for reason, count in stats.refused.items():
        yield names.REFUSED, ("http", reason), count


def loop_rows() -> Iterator[Row]:
    """The event loop that runs."""
    yield names.LOOP_TASKS, (), len(asyncio.all_tasks())

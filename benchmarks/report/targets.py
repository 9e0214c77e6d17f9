"""What the project wants to reach, as one table, and whether it did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from benchmarks.serving.cases import ALL_ON
from benchmarks.serving.servers import ON, TRACED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["GENERAL", "PER_LOOP", "Target", "codec_limit", "ratio", "verdict"]

Results = dict[str, Any]
_FLAT_FROM: Final = "streams-32"
_FLAT_TO: Final = ("streams-64", "streams-512-on-8", "streams-2048-on-8")
_FEW_FIELDS: Final = 8
_SMALL: Final = 0.1


@dataclass(frozen=True)
class Target:
    """A number and what it may be at most.

    Attributes:
        what: What is compared.
        limit: The most that it may be.
        find: Takes the number from results; None when it was not measured.
        unit: Its unit; a ratio has none.
        case: The case of a ratio of CPU times, and `peer`, the server it is to; for cells of tables.
    """

    what: str
    limit: float
    find: Callable[[Results], float | None]
    unit: str = ""
    case: str = ""
    peer: str = ""


def ratio(results: Results, case: str, peer: str) -> float | None:
    """Our CPU time by a peer's."""
    servers = results.get("cases", {}).get(case, {}).get("servers", {})
    if not {"tokenwire", peer} <= servers.keys():
        return None
    return servers["tokenwire"]["median_us"] / servers[peer]["median_us"]


def verdict(target: Target, results: Results) -> str:
    """The number and whether it is met."""
    value = target.find(results)
    if value is None:
        return "not measured"
    shown = f"{value:.3f}" if 0 < value < _SMALL else f"{value:.2f}"
    return f"{shown}{target.unit} {'met' if value <= target.limit else 'not met'}"


def _cost(what: str, case: str, peer: str, title: str, limit: float) -> Target:
    return Target(
        f"{what}: CPU, ours / {title}",
        limit,
        lambda results: ratio(results, case, peer),
        case=case,
        peer=peer,
    )


def _own(what: str, variant: str) -> Target:
    """What our server costs with something on, by what it costs with all off, in turns side by side."""

    def find(results: Results) -> float | None:
        servers = results.get("cases", {}).get(ALL_ON, {}).get("servers")
        return servers[variant]["ratio"] if servers else None

    return Target(f"TextGenerate, 32 streams: CPU, {what} / all off", 1.05, find)


def _growth(results: Results) -> float | None:
    """The most that a token costs from 64 to 2,048 streams, by what it costs at 32."""
    cases = results.get("cases", {})
    if not {_FLAT_FROM, *_FLAT_TO} <= cases.keys():
        return None
    costs = {key: cases[key]["servers"]["tokenwire"]["median_us"] for key in (_FLAT_FROM, *_FLAT_TO)}
    return max(costs[key] for key in _FLAT_TO) / costs[_FLAT_FROM]


def _of_servers(section: str, field: str, peer: str) -> Callable[[Results], float | None]:
    def find(results: Results) -> float | None:
        servers = results.get(section, {}).get("servers", {})
        return servers["tokenwire"][field] / servers[peer][field] if servers else None

    return find


PER_LOOP: Final = (
    _cost("TextGenerate, 32 streams", "streams-32", "native", "SGLang native", 0.80),
    _cost("TextGenerate, 32 streams", "streams-32", "grpc-aio", "grpc.aio", 0.20),
    _cost("TextGenerate, 32 streams", "streams-32", "grpclib", "grpclib + betterproto2", 0.08),
    _own("keys, metrics, log, timing", ON),
    _own("these and 5 traces per second", TRACED),
    Target("TextGenerate, 64 to 2,048 streams: CPU, by that at 32", 1.30, _growth),
    _cost("ChatComplete, 32 streams", "chat", "native", "SGLang native", 0.80),
    _cost("chat over SSE, 1 connection", "sse-1", "fastapi", "FastAPI", 0.50),
    _cost("chat over SSE, 32 connections", "sse-32", "fastapi", "FastAPI", 0.50),
    _cost("Tokenize", "tokenize", "grpc-aio", "grpc.aio", 0.80),
    _cost("Tokenize", "tokenize", "grpclib", "grpclib + betterproto2", 0.50),
    _cost("HealthCheck", "health", "grpc-aio", "grpc.aio", 0.80),
    _cost("HealthCheck", "health", "grpclib", "grpclib + betterproto2", 0.50),
    _cost("Generate, cumulative to 2,048 tokens", "cumulative", "native", "SGLang native", 0.50),
    Target(
        "first chunk beside 256 streams: p99, ours / SGLang native",
        1.00,
        _of_servers("first-chunk", "busy_p99_ms", "native"),
    ),
    Target(
        "memory per idle stream, ours / grpc.aio", 0.50, _of_servers("memory", "stream_bytes", "grpc-aio")
    ),
)


def _import_ratio(results: Results) -> float | None:
    imports = results.get("start", {}).get("imports")
    if not imports:
        return None
    return imports["tokenwire"]["cpu_s"] / imports["betterproto2 + grpclib.client"]["cpu_s"]


def _unwanted(results: Results) -> float | None:
    return len(results["start"]["unwanted_modules"]) if "start" in results else None


def _ready(results: Results) -> float | None:
    return results["start"]["ready"]["tokenwire"]["wall_s"] if "start" in results else None


def codec_limit(row: dict[str, Any]) -> float:
    """What our time for a message may be, by upb's."""
    if "floats" in row["case"]:
        return 1.0
    return 2.0 if row["fields"] <= _FEW_FIELDS else 3.0


def _codec(
    peer: str, wanted: Callable[[dict[str, Any]], bool], pick: Callable[[Iterable[float]], float] = max
) -> Callable[[Results], float | None]:
    """The worst ratio, ours by a peer's, over the rows of the codec benchmark that are wanted."""

    def find(results: Results) -> float | None:
        rows = [row for row in results.get("codec", ()) if wanted(row) and peer in row["times"]]
        return pick(row["times"]["tokenwire"] / row["times"][peer] for row in rows) if rows else None

    return find


def _ids_decoded(row: dict[str, Any]) -> bool:
    return "8,192 ids" in row["case"] and row["job"].startswith("decode")


def _floats_encoded(row: dict[str, Any]) -> bool:
    return "4,096 floats" in row["case"] and row["job"].endswith("encode")


GENERAL: Final = (
    Target("request of 8,192 ids: decode, ours / betterproto2", 0.10, _codec("betterproto2", _ids_decoded)),
    Target("request of 8,192 ids: decode, ours / upb", 3.00, _codec("upb", _ids_decoded)),
    Target("embedding of 4,096 floats: encode, ours / upb", 1.50, _codec("upb", _floats_encoded)),
    Target(
        "codec, up to 8 fields: worst, ours / upb", 2.00, _codec("upb", lambda row: codec_limit(row) == 2.0)
    ),
    Target("codec, more fields: worst, ours / upb", 3.00, _codec("upb", lambda row: codec_limit(row) == 3.0)),
    Target(
        "codec, packed floats: worst, ours / upb", 1.00, _codec("upb", lambda row: codec_limit(row) == 1.0)
    ),
    Target("codec: worst, ours / betterproto2", 0.10, _codec("betterproto2", lambda row: True)),
    Target("client import: CPU, ours / betterproto2 + grpclib.client", 1.10, _import_ratio),
    Target("client import: numpy, Starlette, google.protobuf loaded", 0.00, _unwanted),
    Target("server ready, `--engine null`", 1.50, _ready, unit=" s"),
)

"""Every metric, after traffic that is known."""

from __future__ import annotations

import asyncio
import platform
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from prometheus_client.openmetrics import parser as openmetrics_parser
from tokenwire.auth import Access, KeyRing
from tokenwire.errors import RpcError
from tokenwire_gen.sglang.runtime.v1 import sglang_grpc
from tokenwire_gen.sglang.runtime.v1.sglang_pb import (
    OpenAIRequest,
    SamplingParams,
    TextEmbedRequest,
    TextGenerateRequest,
)
from tokenwire_serve.observe import names
from tokenwire_serve.observe.exposition import Exposition
from tokenwire_serve.observe.series import Histogram

from tests.http.fakes import until

from .conftest import SERVICE, observed

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import ObservedServer

TEXT = f"{SERVICE}/TextGenerate"
CHAT = f"{SERVICE}/ChatComplete"


def text(tokens: int, **more: Any) -> TextGenerateRequest:
    params = SamplingParams(max_new_tokens=tokens, **more)
    return TextGenerateRequest(text="hello", stream=True, sampling_params=params)


def samples(found: dict[tuple[str, ...], float], name: str) -> dict[tuple[str, ...], float]:
    return {key[1:]: value for key, value in found.items() if key[0] == name}


async def test_calls_and_tokens_over_grpc(server: ObservedServer) -> None:
    async with sglang_grpc.SglangServiceClient(server.grpc) as client:
        for tokens in (1, 4, 7):
            assert [m async for m in client.text_generate(text(tokens))]
        assert [m async for m in client.text_generate(text(3, n=2))]
        with pytest.raises(RpcError):
            assert [m async for m in client.text_generate(text(1, top_p=3.0))]
        await client.text_embed(TextEmbedRequest(text="hello"))
        body = b'{"messages":[{"role":"user","content":"hello"}],"max_tokens":5}'
        assert [m async for m in client.chat_complete(OpenAIRequest(json_body=body))]
    found = await server.scrape()
    requests = samples(found, "tokenwire_requests_total")
    assert requests == {
        ("OK", TEXT, "grpc"): 4,
        ("INVALID_ARGUMENT", TEXT, "grpc"): 1,
        ("OK", f"{SERVICE}/TextEmbed", "grpc"): 1,
        ("OK", CHAT, "grpc"): 1,
    }
    assert found["tokenwire_generation_tokens_total", TEXT, "grpc"] == 1 + 4 + 7 + 2 * 3
    assert found["tokenwire_prompt_tokens_total", TEXT, "grpc"] == 4 * 5
    assert found["tokenwire_cached_prompt_tokens_total", TEXT, "grpc"] == 0
    assert found["tokenwire_generation_tokens_total", CHAT, "grpc"] == 5
    assert found["tokenwire_request_duration_seconds_count", TEXT, "grpc"] == 5
    assert found["tokenwire_time_to_first_token_seconds_count", TEXT, "grpc"] == 4
    assert found["tokenwire_time_to_first_token_seconds_count", CHAT, "grpc"] == 1
    assert found["tokenwire_time_per_output_token_seconds_count", TEXT, "grpc"] == 3
    assert found["tokenwire_queue_seconds_count", TEXT, "grpc"] == 4
    assert ("tokenwire_generation_tokens_total", f"{SERVICE}/TextEmbed", "grpc") not in found
    assert found["tokenwire_prompt_tokens_total", f"{SERVICE}/TextEmbed", "grpc"] == 5


async def test_calls_and_tokens_over_http(server: ObservedServer) -> None:
    chat = {"messages": [{"role": "user", "content": "hello"}], "max_tokens": 6}
    async with httpx.AsyncClient(base_url=f"http://{server.http}") as client:
        for stream in (False, True):
            reply = await client.post("/v1/chat/completions", json={**chat, "stream": stream})
            assert reply.status_code == 200
        body = {"text": ["a", "bc"], "sampling_params": {"max_new_tokens": 3}}
        assert (await client.post("/generate", json=body)).status_code == 200
        assert (await client.post("/v1/embeddings", json={"input": ["abc"]})).status_code == 200
        assert (await client.post("/v1/chat/completions", json={})).status_code == 400
        assert (await client.get("/nothing")).status_code == 404
        assert (await client.get("/v1/chat/completions")).status_code == 405
        assert (await client.get("/health")).status_code == 200
    found = await server.scrape()
    assert samples(found, "tokenwire_requests_total") == {
        ("OK", CHAT, "http"): 2,
        ("INVALID_ARGUMENT", CHAT, "http"): 1,
        ("OK", TEXT, "http"): 1,
        ("OK", f"{SERVICE}/OpenAIEmbed", "http"): 1,
        ("OK", f"{SERVICE}/HealthCheck", "http"): 1,
        ("NOT_FOUND", "unknown", "http"): 1,
        ("UNIMPLEMENTED", "unknown", "http"): 1,
    }
    assert found["tokenwire_generation_tokens_total", CHAT, "http"] == 12
    assert found["tokenwire_prompt_tokens_total", CHAT, "http"] == 10
    assert found["tokenwire_generation_tokens_total", TEXT, "http"] == 6
    assert found["tokenwire_prompt_tokens_total", TEXT, "http"] == 3
    assert found["tokenwire_time_to_first_token_seconds_count", CHAT, "http"] == 2


async def test_buckets_add_up_and_sums_are_of_what_was_seen(server: ObservedServer) -> None:
    async with sglang_grpc.SglangServiceClient(server.grpc) as client:
        for _ in range(3):
            assert [m async for m in client.text_generate(text(2))]
    found = await server.scrape()
    taken = [line["duration"] for line in server.lines() if line.get("method") == TEXT]
    buckets = [
        value
        for key, value in found.items()
        if key[:2] == ("tokenwire_request_duration_seconds_bucket", "+Inf")
    ]
    assert buckets == [3]
    for bound in names.DURATION.buckets:
        seen = found["tokenwire_request_duration_seconds_bucket", str(bound), TEXT, "grpc"]
        assert seen == sum(duration <= bound for duration in taken)
    total = found["tokenwire_request_duration_seconds_sum", TEXT, "grpc"]
    assert total == pytest.approx(sum(taken), abs=1e-5)


async def test_a_request_that_is_left_is_counted_with_its_tokens(server: ObservedServer) -> None:
    async with sglang_grpc.SglangServiceClient(server.grpc) as client:
        call = client.text_generate(text(10**6))
        await anext(call)
        during = await server.scrape()
        await call.aclose()
        await until(lambda: not server.servicer.active_requests)
        found = await server.scrape()
    assert during["tokenwire_requests_active",] == during["tokenwire_requests_running", "0"] == 1
    assert found["tokenwire_requests_active",] == found["tokenwire_requests_running", "0"] == 0
    assert found["tokenwire_requests_total", "CANCELLED", TEXT, "grpc"] == 1
    assert found["tokenwire_generation_tokens_total", TEXT, "grpc"] >= 1
    assert found["tokenwire_stream_resets_total", "client"] >= 1


async def test_the_engine_and_its_queue(server: ObservedServer) -> None:
    await server.servicer.engine.pause("abort")
    async with sglang_grpc.SglangServiceClient(server.grpc) as client:
        waiting = asyncio.ensure_future(anext(client.text_generate(text(2))))
        await until(lambda: server.servicer.active_requests == 1)
        paused = await server.scrape()
        with pytest.raises(RpcError):
            await anext(client.text_generate(text(2)))
        await asyncio.sleep(0.05)
        await server.servicer.engine.resume()
        await waiting
        found = await server.scrape()
    assert paused["tokenwire_engine_paused",] == paused["tokenwire_requests_waiting", "0"] == 1
    assert found["tokenwire_engine_paused",] == found["tokenwire_requests_waiting", "0"] == 0
    assert found["tokenwire_engine_up",] == 1
    assert found["tokenwire_requests_total", "RESOURCE_EXHAUSTED", TEXT, "grpc"] == 1
    assert found["tokenwire_queue_seconds_sum", TEXT, "grpc"] >= 0.05


async def test_listeners_process_and_names(server: ObservedServer) -> None:
    async with sglang_grpc.SglangServiceClient(server.grpc) as client:
        assert [m async for m in client.text_generate(text(2))]
        found = await server.scrape()
    assert found["tokenwire_connections", "grpc"] == 1
    assert found["tokenwire_connections_accepted_total", "grpc"] == 1
    assert found["tokenwire_received_bytes_total", "grpc"] > 100
    assert found["tokenwire_sent_bytes_total", "grpc"] > 100
    assert found["tokenwire_connections", "http"] == 1  # the scrape's own
    assert found["tokenwire_build_info", "null", platform.python_version(), ""] == 1
    assert found["tokenwire_model_info", "generate", "null", "default"] == 1
    assert found["tokenwire_logs_dropped_total",] == 0
    assert found["tokenwire_event_loop_tasks",] >= 1
    assert found["process_resident_memory_bytes",] > 1 << 20
    known = {metric.name for metric in names.METRICS}
    ours = {key[0] for key in found if key[0].startswith("tokenwire_")}
    assert {_base(name) for name in ours} <= known


def _base(name: str) -> str:
    for end in ("_bucket", "_count", "_sum"):
        if name.endswith(f"_seconds{end}"):
            return name.removesuffix(end)
    return name


@pytest.mark.parametrize("metric", names.METRICS, ids=lambda metric: metric.name)
def test_names_follow_the_conventions(metric: names.Metric) -> None:
    assert metric.name.startswith("tokenwire_")
    assert metric.name.endswith("_total") == (metric.kind == "counter")
    assert bool(metric.buckets) == (metric.kind == "histogram")
    assert list(metric.buckets) == sorted(set(metric.buckets))
    assert metric.help.endswith(".")


async def test_both_formats_are_well_formed(server: ObservedServer) -> None:
    async with httpx.AsyncClient(base_url=f"http://{server.http}") as client:
        await client.get("/health")
        plain = await client.get("/metrics")
        wanted = {"accept": "application/openmetrics-text; version=1.0.0"}
        openmetrics = await client.get("/metrics", headers=wanted)
    assert plain.headers["content-type"].startswith("text/plain; version=")
    assert openmetrics.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert openmetrics.text.endswith("# EOF\n")
    parse: Any = openmetrics_parser.text_string_to_metric_families
    families = {family.name for family in parse(openmetrics.text)}
    assert {"tokenwire_requests", "tokenwire_request_duration_seconds", "process_cpu_seconds"} <= families


async def test_a_port_of_their_own(tmp_path: Path) -> None:
    async with observed(tmp_path / "log", own_port=True) as server:
        assert (await server.scrape())["tokenwire_engine_up",] == 1
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"http://{server.http}/metrics")).status_code == 404
            assert (await client.get(f"http://{server.metrics}/v1/models")).status_code == 404


async def test_a_key_is_needed_where_there_are_keys(tmp_path: Path) -> None:
    access = Access(KeyRing(user=["secret-key"]))
    async with observed(tmp_path / "log", access=access) as server, httpx.AsyncClient() as client:
        assert (await client.get(f"http://{server.http}/metrics")).status_code == 401
        found = await server.scrape(authorization="Bearer secret-key")
        assert found["tokenwire_requests_total", "UNAUTHENTICATED", "metrics", "http"] == 1
        assert "secret-key" not in server.log.read_text()
    async with observed(tmp_path / "log", access=access, own_port=True) as server:
        assert (await server.scrape())["tokenwire_engine_up",] == 1


async def test_metrics_can_be_off(tmp_path: Path) -> None:
    async with observed(tmp_path / "log", enable_metrics=False) as server, httpx.AsyncClient() as client:
        assert (await client.get(f"http://{server.http}/metrics")).status_code == 404


def test_a_histogram_counts_bounds_as_their_own() -> None:
    histogram = Histogram((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 2.0, 2.5):
        histogram.add(value)
    assert (histogram.counts, histogram.total) == ([2, 2, 1], 7.5)


async def test_rows_of_the_same_labels_are_added() -> None:
    exposition = Exposition(
        [lambda: [(names.REFUSED, ("http", "x"), 2)], lambda: [(names.REFUSED, ("http", "x"), 3)]]
    )
    _, text = await exposition.write()
    assert b'tokenwire_refused_total{reason="x",transport="http"} 5.0' in text

"""Spans of calls: their parents, their parts and what they say, also as a receiver gets them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from opentelemetry.sdk.resources import ProcessResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased, Sampler
from opentelemetry.trace import SpanKind, StatusCode
from tokenwire.auth import Access, KeyRing
from tokenwire.errors import RpcError
from tokenwire.missing import how_to_install
from tokenwire.record import Caller, CallRecord
from tokenwire_gen.sglang.runtime.v1 import sglang_grpc
from tokenwire_gen.sglang.runtime.v1.sglang_pb import (
    HealthCheckRequest,
    OpenAIRequest,
    SamplingParams,
    TextGenerateRequest,
)
from tokenwire_serve.observe.observer import Observer
from tokenwire_serve.observe.tracing import CallTracer, _Allowance, exporting_provider, most_traces

from tests.http.fakes import until
from tests.support.otlp import receiver

from .conftest import SERVICE, observed

if TYPE_CHECKING:
    from pathlib import Path

    from tokenwire_serve.engine import GenerateRequest

    from .conftest import ObservedServer

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
GIVEN = f"00-{TRACE}-{PARENT}-01"
OTHER = f"00-{'1' * 32}-{'2' * 16}-01"
TEXT = f"{SERVICE}/TextGenerate"
HEALTH = f"{SERVICE}/HealthCheck"


def text(tokens: int = 3, **more: Any) -> TextGenerateRequest:
    return TextGenerateRequest(
        text="the prompt", stream=True, sampling_params=SamplingParams(max_new_tokens=tokens), **more
    )


class Traced:
    """A server whose spans are kept here, and the requests that its engine got."""

    def __init__(
        self, server: ObservedServer, sampler: Sampler = ALWAYS_ON, most: float | None = None
    ) -> None:
        self.exporter = InMemorySpanExporter()
        provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        observer = server.observation.observer
        self.tracer = CallTracer(provider, "1.2.3", lambda: "null", most=most)
        observer._tracer = self.tracer
        observer.traced = True
        self.requests: list[GenerateRequest] = []
        engine = server.servicer.engine
        generate = engine.generate

        def keep(request: GenerateRequest, sink: Any) -> None:
            self.requests.append(request)
            generate(request, sink)

        engine.generate = keep  # type: ignore[method-assign]

    def exhaust_strangers(self) -> None:
        """Leave strangers no trace."""
        self.tracer._strangers = _Allowance(0.0)

    def spans(self) -> dict[str, ReadableSpan]:
        """Those that have ended, by name."""
        return {span.name: span for span in self.exporter.get_finished_spans()}


def traceparent(span: ReadableSpan) -> str:
    context = span.get_span_context()
    assert context is not None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-01"


def begin_of(span: ReadableSpan) -> int:
    assert span.start_time is not None
    return span.start_time


def end_of(span: ReadableSpan) -> int:
    assert span.end_time is not None
    return span.end_time


async def test_a_call_and_its_parts(server: ObservedServer) -> None:
    traced = Traced(server)
    async with sglang_grpc.SglangServiceClient(server.grpc) as client:
        messages = client.text_generate(text(rid="r-1"), metadata={"traceparent": GIVEN, "tracestate": "a=b"})
        assert [m async for m in messages]
    spans = traced.spans()
    assert spans.keys() == {TEXT, "queue", "prefill", "decode"}
    span = spans[TEXT]
    assert (span.kind, span.status.status_code) == (SpanKind.SERVER, StatusCode.UNSET)
    assert span.parent is not None
    assert (f"{span.parent.trace_id:032x}", f"{span.parent.span_id:016x}") == (TRACE, PARENT)
    attributes = dict(span.attributes or {})
    assert attributes.pop("client.port") and attributes.pop("user_agent.original")
    assert attributes.pop("gen_ai.response.time_to_first_chunk")
    assert attributes == {
        "tokenwire.request_id": "r-1",
        "client.address": "127.0.0.1",
        "rpc.system": "grpc",
        "rpc.service": SERVICE,
        "rpc.method": "TextGenerate",
        "rpc.grpc.status_code": 0,
        "gen_ai.operation.name": "text_completion",
        "gen_ai.response.model": "null",
        "gen_ai.response.id": "r-1",
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 3,
    }
    queue, prefill, decode = (spans[name] for name in ("queue", "prefill", "decode"))
    assert {part.parent and part.parent.span_id for part in (queue, prefill, decode)} == {
        span.context.span_id
    }
    begins, ends = ({found.name: at(found) for found in spans.values()} for at in (begin_of, end_of))
    assert begins[TEXT] <= begins["queue"] <= ends["queue"] == begins["prefill"]
    assert ends["prefill"] == begins["decode"] <= ends["decode"] <= ends[TEXT]
    (request,) = traced.requests
    assert request.options.trace_headers == {"traceparent": traceparent(span), "tracestate": "a=b"}


async def test_a_call_without_a_token_has_no_parts(server: ObservedServer) -> None:
    traced = Traced(server)
    await server.servicer.engine.pause("in_place")
    async with sglang_grpc.SglangServiceClient(server.grpc) as client:
        call = asyncio.ensure_future(anext(client.text_generate(text())))
        await until(lambda: server.servicer.active_requests == 1)
        server.servicer._core.active.abort_all()
        assert (await call).finished
        await until(lambda: bool(traced.spans()))
    assert traced.spans().keys() == {TEXT}
    attributes = traced.spans()[TEXT].attributes or {}
    assert attributes["gen_ai.usage.output_tokens"] == 0
    assert "gen_ai.response.time_to_first_chunk" not in attributes


async def test_metadata_wins_over_what_the_request_carries(server: ObservedServer) -> None:
    traced = Traced(server)
    async with sglang_grpc.SglangServiceClient(server.grpc) as client:
        request = text(trace_headers={"traceparent": OTHER})
        assert [m async for m in client.text_generate(request, metadata={"traceparent": GIVEN})]
        assert f"{traced.spans()[TEXT].context.trace_id:032x}" == TRACE
        traced.exporter.clear()
        assert [m async for m in client.text_generate(request)]
        assert f"{traced.spans()[TEXT].context.trace_id:032x}" == "1" * 32
        traced.exporter.clear()
        assert [m async for m in client.text_generate(text())]
        assert traced.spans()[TEXT].parent is None


async def test_http_headers_and_openai_calls(server: ObservedServer) -> None:
    traced = Traced(server)
    body = {"messages": [{"role": "user", "content": "secret words"}], "max_tokens": 2}
    async with httpx.AsyncClient() as client:
        headers = {"traceparent": GIVEN, "authorization": "Bearer secret"}
        await client.post(f"http://{server.http}/v1/chat/completions?key=secret", json=body, headers=headers)
    span = traced.spans()[f"{SERVICE}/ChatComplete"]
    assert span.parent is not None
    assert f"{span.parent.span_id:016x}" == PARENT
    attributes = span.attributes or {}
    assert attributes["http.request.method"] == "POST"
    assert attributes["url.path"] == "/v1/chat/completions"
    assert attributes["http.response.status_code"] == 200
    assert attributes["gen_ai.operation.name"] == "chat"
    assert attributes["gen_ai.usage.output_tokens"] == 2
    assert "secret" not in "".join(found.to_json() for found in traced.spans().values())
    (request,) = traced.requests
    assert request.options.trace_headers["traceparent"] == traceparent(span)


async def test_openai_over_grpc_takes_the_headers_of_its_request(server: ObservedServer) -> None:
    traced = Traced(server)
    body = b'{"messages":[{"role":"user","content":"x"}],"max_tokens":2,"n":2}'
    async with sglang_grpc.SglangServiceClient(server.grpc) as client:
        request = OpenAIRequest(json_body=body, trace_headers={"Traceparent": GIVEN})
        assert [m async for m in client.chat_complete(request)]
    assert f"{traced.spans()[f'{SERVICE}/ChatComplete'].context.trace_id:032x}" == TRACE


async def test_calls_that_never_reach_the_engine(server: ObservedServer) -> None:
    traced = Traced(server)
    async with sglang_grpc.SglangServiceClient(server.grpc) as client:
        with pytest.raises(RpcError):
            assert [m async for m in client.text_generate(text(rid=" "), metadata={"traceparent": GIVEN})]
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"http://{server.http}/nothing")).status_code == 404
    spans = traced.spans()
    assert spans.keys() == {TEXT, "unknown"}
    assert f"{spans[TEXT].context.trace_id:032x}" == TRACE
    assert (spans[TEXT].attributes or {})["rpc.grpc.status_code"] == 3
    assert spans[TEXT].status.status_code is StatusCode.UNSET


async def test_faults_of_the_server_are_errors(server: ObservedServer) -> None:
    traced = Traced(server)
    await server.servicer.engine.close()
    async with sglang_grpc.SglangServiceClient(server.grpc) as client:
        with pytest.raises(RpcError):
            assert [m async for m in client.text_generate(text())]
    span = traced.spans()[TEXT]
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["error.type"] == "UNAVAILABLE"


async def test_what_is_not_sampled_is_passed_on_and_not_made(server: ObservedServer) -> None:
    traced = Traced(server, ALWAYS_OFF)
    async with sglang_grpc.SglangServiceClient(server.grpc) as client:
        assert [m async for m in client.text_generate(text(), metadata={"traceparent": GIVEN})]
    assert traced.spans() == {}
    (request,) = traced.requests
    version, trace, _, flags = request.options.trace_headers["traceparent"].split("-")
    assert (version, trace, flags) == ("00", TRACE, "00")


async def test_the_line_of_a_call_names_its_trace(server: ObservedServer) -> None:
    traced = Traced(server)
    async with sglang_grpc.SglangServiceClient(server.grpc) as client:
        assert [m async for m in client.text_generate(text())]
    (line,) = server.lines()
    assert line["trace_id"] == f"{traced.spans()[TEXT].context.trace_id:032x}"


@pytest.mark.parametrize("path", ["", "/", "/own/path"])
async def test_a_receiver_gets_all_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test")
    with receiver() as (url, got):
        async with (
            observed(tmp_path / "log", otlp_traces_endpoint=url + path) as server,
            sglang_grpc.SglangServiceClient(server.grpc) as client,
        ):
            assert [m async for m in client.text_generate(text(), metadata={"traceparent": GIVEN})]
    assert {where for where, _ in got} == {path if path == "/own/path" else "/v1/traces"}
    resources = [resource for _, request in got for resource in request.resource_spans]
    about = {item.key: item.value.string_value for item in resources[0].resource.attributes}
    assert about["service.name"] == "tokenwire"
    assert about["service.version"] == "1.2.3"
    assert about["deployment.environment"] == "test"
    spans = [span for resource in resources for scope in resource.scope_spans for span in scope.spans]
    assert sorted(span.name for span in spans) == ["decode", "prefill", "queue", TEXT]
    assert {span.trace_id.hex() for span in spans} == {TRACE}


async def test_a_busy_server_traces_some_calls_and_those_of_callers_who_do(server: ObservedServer) -> None:
    traced = Traced(server, ParentBased(ALWAYS_ON), 5.0)
    async with httpx.AsyncClient(base_url=f"http://{server.http}") as client:
        for _ in range(5):
            await client.get("/livez")
        assert len(traced.exporter.get_finished_spans()) == 5
        began = time.monotonic()
        for _ in range(60):
            await client.get("/livez")
        made = len(traced.exporter.get_finished_spans())
        assert made <= 10 + (time.monotonic() - began) * 5 + 1
        traced.exporter.clear()
        for _ in range(20):
            await client.get("/livez", headers={"traceparent": GIVEN})
        assert len(traced.exporter.get_finished_spans()) == 20
        traced.exporter.clear()
        await client.get("/livez", headers={"traceparent": GIVEN[:-1] + "0"})
        assert not traced.exporter.get_finished_spans()
    lines = server.lines()
    assert len([line for line in lines if "trace_id" in line]) == made + 20 + 1


class Counted:
    """A tracer, and how many of the calls that it is told of got spans."""

    def __init__(self, most: float | None = 5.0) -> None:
        self.exporter = InMemorySpanExporter()
        provider = TracerProvider(sampler=ParentBased(ALWAYS_ON), shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = CallTracer(provider, "1", lambda: "null", most=most)
        self.observer = Observer(tracer=self.tracer)
        self.now = time.monotonic()

    def of(self, calls: int, caller: Caller, given: str = "", *, at: float = 0.0) -> int:
        """How many spans so many calls get that begin at the same moment."""
        self.exporter.clear()
        headers = {"traceparent": given} if given else {}
        for _ in range(calls):
            record = CallRecord(self.observer, "http", "", headers, "GET /livez")
            record.started, record.caller = self.now + at, caller
            record.end()
        return len(self.exporter.get_finished_spans())


def test_strangers_share_a_few_traces_whatever_they_send() -> None:
    tracer = Counted()
    assert tracer.of(50, Caller.STRANGER, GIVEN) == 10
    assert tracer.of(50, Caller.STRANGER) == 0
    assert tracer.of(50, Caller.STRANGER, GIVEN, at=1.0) == 5
    assert tracer.of(50, Caller.ANYBODY) == 10
    assert tracer.of(50, Caller.HOLDER, GIVEN) == 50


def test_callers_without_keys_cannot_force_traces_for_ever() -> None:
    tracer = Counted()
    assert tracer.of(300, Caller.ANYBODY, GIVEN) == 200
    assert tracer.of(300, Caller.ANYBODY, GIVEN, at=1.0) == 100
    assert tracer.of(300, Caller.HOLDER, GIVEN, at=1.0) == 300
    assert tracer.of(50, Caller.HOLDER, at=1.0) == 10


def test_a_context_that_is_none_or_is_not_sampled_forces_nothing() -> None:
    tracer = Counted()
    assert tracer.of(50, Caller.HOLDER, "00-nonsense-01") == 10
    assert tracer.of(300, Caller.ANYBODY, GIVEN[:-1] + "0") == 0
    assert tracer.of(300, Caller.ANYBODY, GIVEN) == 200


def test_strangers_are_bounded_where_the_sampler_decides_of_others() -> None:
    tracer = Counted(most=None)
    assert tracer.of(300, Caller.ANYBODY, GIVEN) == tracer.of(300, Caller.ANYBODY) == 300
    assert tracer.of(50, Caller.STRANGER, GIVEN) == 10


async def test_strangers_are_known_by_their_keys(tmp_path: Path) -> None:
    key = {"authorization": "Bearer right"}
    wrong = {"authorization": "Bearer wrong"}
    given = {"traceparent": GIVEN}
    async with observed(tmp_path / "log", access=Access(KeyRing(user=["right"]))) as server:
        traced = Traced(server, ParentBased(ALWAYS_ON), 5.0)
        traced.exhaust_strangers()
        async with httpx.AsyncClient(base_url=f"http://{server.http}") as client:
            for path, headers in (
                ("/v1/models", {}),
                ("/v1/models", wrong),
                ("/nothing", key),
                ("/livez", {}),
                ("/livez", wrong),
            ):
                await client.get(path, headers=headers | given)
            assert not traced.exporter.get_finished_spans()
            for path in ("/v1/models", "/livez"):
                await client.get(path, headers=key | given)
            assert len(traced.exporter.get_finished_spans()) == 2
        traced.exporter.clear()
        async with sglang_grpc.SglangServiceClient(server.grpc) as stub:
            for headers in ({}, wrong):
                with pytest.raises(RpcError):
                    assert [m async for m in stub.text_generate(text(), metadata=headers | given)]
                await stub.health_check(HealthCheckRequest(), metadata=headers | given)
            assert not traced.exporter.get_finished_spans()
            assert [m async for m in stub.text_generate(text(), metadata=key | given)]
            await stub.health_check(HealthCheckRequest(), metadata=key | given)
        assert traced.spans().keys() == {TEXT, HEALTH, "queue", "prefill", "decode"}


async def test_the_engine_gets_the_callers_context_where_a_call_has_no_span(server: ObservedServer) -> None:
    traced = Traced(server, ParentBased(ALWAYS_ON), 5.0)
    traced.tracer._forced = _Allowance(0.0)
    async with sglang_grpc.SglangServiceClient(server.grpc) as client:
        assert [m async for m in client.text_generate(text(), metadata={"traceparent": GIVEN})]
    assert traced.spans() == {}
    (request,) = traced.requests
    assert request.options.trace_headers == {"traceparent": GIVEN}
    (line,) = server.lines()
    assert line["trace_id"] == TRACE


def test_a_sampler_of_the_variables_is_asked_about_every_call(monkeypatch: pytest.MonkeyPatch) -> None:
    assert most_traces() == 5
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_on")
    assert most_traces() is None


async def test_standard_variables_are_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as (url, got):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        monkeypatch.setenv("OTEL_SERVICE_NAME", "mine")
        async with observed(tmp_path / "log") as server, httpx.AsyncClient() as client:
            await client.get(f"http://{server.http}/health")
        ((path, request),) = got
        assert path == "/v1/traces"
        about = {item.key: item.value.string_value for item in request.resource_spans[0].resource.attributes}
        assert about["service.name"] == "mine"
        monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
        async with observed(tmp_path / "log") as server:
            assert not server.observation.observer.traced


def test_the_command_line_is_no_part_of_the_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags may hold keys, and older versions of OpenTelemetry tell all of them."""
    found: dict[str, Any] = {
        "process.pid": 7,
        "process.command": "tokenwire",
        "process.command_line": "tokenwire serve --api-key planted",
        "process.command_args": ("tokenwire", "serve", "--api-key", "planted"),
    }
    monkeypatch.setattr(ProcessResourceDetector, "detect", lambda _: Resource(found))
    monkeypatch.setenv("OTEL_EXPERIMENTAL_RESOURCE_DETECTORS", "process")
    provider = exporting_provider("http://127.0.0.1:9", "1.2.3")
    try:
        attributes = provider.resource.attributes
    finally:
        provider.shutdown()
    assert attributes["process.pid"] == 7
    assert attributes["service.version"] == "1.2.3"
    assert not [name for name in attributes if name.startswith("process.command")]
    assert "planted" not in repr(attributes)


def test_opentelemetry_is_not_imported_without_traces() -> None:
    code = "import sys, tokenwire_serve.process.supervisor; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not [name for name in out.split() if name.startswith(("opentelemetry", "prometheus_client"))]


def test_a_missing_package_is_one_error_that_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['opentelemetry'] = None\n"
        "from tokenwire_serve.app import main\n"
        "main(['--engine', 'null', '--port', '0', '--otlp-traces-endpoint', 'http://127.0.0.1:1'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    error = f"error: --otlp-traces-endpoint needs opentelemetry: {how_to_install('tracing')}\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", error)


def test_an_observer_without_a_tracer_traces_nothing() -> None:
    assert not Observer().traced

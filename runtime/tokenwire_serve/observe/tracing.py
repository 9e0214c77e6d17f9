"""Spans of calls, for OpenTelemetry: one per call, with its time in the queue, of prompt and of output.

OpenTelemetry is imported when tracing is on, and not before.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from tokenwire.codes import Code
from tokenwire.missing import how_to_install
from tokenwire.record import Caller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from opentelemetry.context import Context
    from opentelemetry.trace import Span, TracerProvider
    from tokenwire.record import CallRecord

__all__ = [
    "CallTracer",
    "MissingTracingError",
    "exporting_provider",
    "most_traces",
    "wants_traces",
    "wrong_endpoint",
]

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PARENT: Final = ("traceparent", "tracestate")
_FAILED: Final = frozenset(
    {
        Code.UNKNOWN,
        Code.DEADLINE_EXCEEDED,
        Code.UNIMPLEMENTED,
        Code.INTERNAL,
        Code.UNAVAILABLE,
        Code.DATA_LOSS,
    }
)
"""Codes that are the server's fault, by OpenTelemetry's conventions for gRPC."""

_OPERATIONS: Final = {
    "TextGenerate": "text_completion",
    "Generate": "text_completion",
    "Complete": "text_completion",
    "ChatComplete": "chat",
    "TextEmbed": "embeddings",
    "Embed": "embeddings",
    "OpenAIEmbed": "embeddings",
}
_MOST_TRACES: Final = 5.0
_MOST_FORCED: Final = 100.0
"""Traces per second that callers of whom no key is asked may have, because they send a sampled context."""
_BURST_SECONDS: Final = 2.0
"""A server that had little to do may begin what so many seconds allow at once."""
_COMMAND: Final = "process.command"
"""How the attributes begin that hold the command line, and so the keys of flags."""
_NS: Final = 1_000_000_000
_UNKNOWN: Final = "unknown"


class MissingTracingError(Exception):
    """OpenTelemetry is not installed; the message says how to install it."""


def wants_traces(endpoint: str | None) -> bool:
    """Whether spans are to be exported: to `endpoint`, or to where the standard variables say."""
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    return bool(endpoint) or any(os.environ.get(name) for name in _ENDPOINTS)


def wrong_endpoint(endpoint: str | None) -> str:
    """A sentence that names the flag or variable whose URL no span can be sent to; empty if all is well.

    Args:
        endpoint: What the flag says; a variable counts where it says nothing.
    """
    said = {"--otlp-traces-endpoint": endpoint}
    if not endpoint and wants_traces(None):
        said = {name: os.environ.get(name) for name in _ENDPOINTS}
    name, url = next(((name, value) for name, value in said.items() if value), ("", ""))
    if not url or _is_http(url):
        return ""
    return f"{name} must be a URL such as http://127.0.0.1:4318, not {url!r}"


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def most_traces() -> float | None:
    """Traces per second that a server begins of its own; None leaves that to the sampler of the variables."""
    return None if os.environ.get("OTEL_TRACES_SAMPLER") else _MOST_TRACES


def exporting_provider(endpoint: str | None, version: str) -> Any:
    """A provider of tracers that exports in the background, over OTLP/HTTP.

    `OTEL_*` variables choose the sampler, the batches, headers and attributes of the resource; the command
    line is never among these.

    Args:
        endpoint: URL of the receiver, with or without the path `/v1/traces`; None is what the variables say.
        version: The server's.

    Raises:
        MissingTracingError: The packages are not installed.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError as error:
        missing = (error.name or "opentelemetry").partition(".")[0]
        raise MissingTracingError(
            f"--otlp-traces-endpoint needs {missing}: {how_to_install('tracing')}"
        ) from None
    attributes = {"service.version": version}
    if not _names_service():
        attributes["service.name"] = "tokenwire"
    found = Resource.create(attributes)
    shown = {name: value for name, value in found.attributes.items() if not name.startswith(_COMMAND)}
    resource = Resource(shown, found.schema_url)
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=_full(endpoint)) if endpoint else OTLPSpanExporter()
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def _names_service() -> bool:
    attributes = os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    return bool(os.environ.get("OTEL_SERVICE_NAME")) or "service.name=" in attributes


def _full(endpoint: str) -> str:
    path = urlsplit(endpoint).path
    return endpoint if path.strip("/") else f"{endpoint.rstrip('/')}/v1/traces"


class _CallSpan(Mapping[str, str]):
    """The span of a call, and its context as headers, which are written when somebody reads them."""

    __slots__ = ("_headers", "span")

    def __init__(self, span: Span) -> None:
        self.span = span
        self._headers: dict[str, str] | None = None

    @property
    def trace_id(self) -> str:
        """The id of its trace."""
        return f"{self.span.get_span_context().trace_id:032x}"

    def _written(self) -> dict[str, str]:
        if self._headers is None:
            context = self.span.get_span_context()
            parent = f"00-{self.trace_id}-{context.span_id:016x}-{context.trace_flags:02x}"
            self._headers = {"traceparent": parent}
            if context.trace_state:
                self._headers["tracestate"] = context.trace_state.to_header()
        return self._headers

    def __getitem__(self, name: str) -> str:
        return self._written()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._written())

    def __len__(self) -> int:
        return len(self._written())


class _Untraced:
    """Stands for the span of a call that has none."""

    trace_id = ""


_UNTRACED: Final = _Untraced()


class _Allowance:
    """So many traces per second, and what two seconds bring at once after a rest."""

    __slots__ = ("_burst", "_filled", "_left", "_rate")

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._burst = self._left = rate * _BURST_SECONDS
        self._filled = time.monotonic()

    def takes(self, now: float) -> bool:
        """Whether a trace may be begun; it counts then."""
        self._left = min(self._burst, self._left + max(0.0, now - self._filled) * self._rate)
        self._filled = max(now, self._filled)
        if self._left < 1:
            return False
        self._left -= 1
        return True


class CallTracer:
    """Makes the spans of calls.

    A call's span begins when the engine is about to be asked, with the time at which the call began; its
    children are made at its end, from the record, and only where the span is sampled. Neither prompts nor
    metadata are put into spans.

    A sampled context of the caller makes a span, whatever `most` says: of who has shown a key always, of who
    needs none at most 100 times per second, unless `most` is None. Strangers' calls have an allowance of
    their own, whatever they send: they can neither cost much nor take the place of the others' spans.

    Args:
        provider: OpenTelemetry's.
        version: The server's.
        model: Tells the name of the model that is served.
        most: Traces per second that are begun for calls whose caller gives no trace context; further such
            calls have no span. A server that has little to do traces every call, a busy one does not spend
            its time on spans. None asks the provider's sampler about every call of who was let in.
    """

    def __init__(
        self,
        provider: TracerProvider,
        version: str,
        model: Callable[[], str],
        *,
        most: float | None = None,
    ) -> None:
        from opentelemetry.context import Context
        from opentelemetry.trace import (
            SpanKind,
            Status,
            StatusCode,
            get_current_span,
            set_span_in_context,
        )
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._own = None if most is None else _Allowance(most)
        self._forced = _Allowance(_MOST_FORCED)
        self._strangers = _Allowance(_MOST_TRACES)
        self._tracer = provider.get_tracer("tokenwire", version)
        self._model = model
        self._extract = TraceContextTextMapPropagator().extract
        self._root = Context()
        self._server = SpanKind.SERVER
        self._failed = Status(StatusCode.ERROR)
        self._below = set_span_in_context
        self._span_of = get_current_span

    def begin(self, record: CallRecord, parent: Mapping[str, str]) -> Mapping[str, str]:
        """Begin the span of a call below a W3C trace context.

        Returns:
            The context of the span as headers; what was given where there is no span.
        """
        call: _CallSpan | None = record.span
        if record.span is _UNTRACED:
            return parent
        if call is None:
            context = self._allowed(record, parent)
            if context is None:
                record.span = _UNTRACED
                return parent
            start = int((record.started + time.time() - time.monotonic()) * _NS)
            name = record.method.lstrip("/") or _UNKNOWN
            span = self._tracer.start_span(name, context, self._server, start_time=start)
            call = record.span = _CallSpan(span)
        return call

    def _allowed(self, record: CallRecord, parent: Mapping[str, str]) -> Context | None:
        """The context below which a call has its span; None where it gets none."""
        stranger, now = record.caller is Caller.STRANGER, record.started
        if stranger and not self._strangers.takes(now):
            return None
        context = self._extract(parent, self._root) if parent else self._root
        if stranger or self._own is None:
            return context
        allowance: _Allowance | None = self._own
        if parent and (given := self._span_of(context).get_span_context()).is_valid:
            forced = given.trace_flags.sampled and record.caller is Caller.ANYBODY
            allowance = self._forced if forced else None
        return context if allowance is None or allowance.takes(now) else None

    def end(self, record: CallRecord) -> None:
        """End the span of a call; one that never reached an engine gets its span here."""
        if record.span is None:
            given = {name: record.metadata.get(name) for name in _PARENT}
            self.begin(record, {name: value for name, value in given.items() if isinstance(value, str)})
        if record.span is _UNTRACED:
            return
        span: Span = record.span.span
        if not span.is_recording():
            return
        offset = time.time() - time.monotonic()
        span.set_attributes(_attributes(record, self._model))
        if record.code in _FAILED:
            span.set_status(self._failed)
        self._parts(record, span, offset)
        span.end(int((record.ended + offset) * _NS))

    def _parts(self, record: CallRecord, span: Span, offset: float) -> None:
        """The children: queue, prefill and decode."""
        if not record.first_token:
            return
        context = self._below(span, self._root)
        begin = record.received or record.started
        parts = [("prefill", begin, record.first_token), ("decode", record.first_token, record.last_token)]
        if record.admitted:
            parts[0] = ("prefill", record.admitted, record.first_token)
            parts.insert(0, ("queue", begin, record.admitted))
        for name, start, end in parts:
            if end >= start and (name != "decode" or record.completion_tokens):
                child = self._tracer.start_span(name, context, start_time=int((start + offset) * _NS))
                child.end(int((end + offset) * _NS))


def _attributes(record: CallRecord, model: Callable[[], str]) -> dict[str, str | int | float]:
    """What is said of a call, by the semantic conventions for RPC, HTTP and generative AI."""
    code = Code.CANCELLED if record.code is None else record.code
    service, _, name = record.method.lstrip("/").rpartition("/")
    host, _, port = record.peer.rpartition(":")
    found: dict[str, str | int | float] = {"tokenwire.request_id": record.request_id}
    if host:
        found |= {"client.address": host.strip("[]"), "client.port": int(port)}
    if isinstance(agent := record.metadata.get("user-agent"), str):
        found["user_agent.original"] = agent[:256]
    if record.transport == "http":
        verb, _, path = record.path.partition(" ")
        found |= {"http.request.method": verb, "url.path": path.partition("?")[0][:256]}
        if record.http_status:
            found["http.response.status_code"] = record.http_status
    else:
        found |= {"rpc.system": "grpc", "rpc.grpc.status_code": int(code)}
    if name:
        found |= {"rpc.service": service, "rpc.method": name}
    if code in _FAILED:
        found["error.type"] = code.name
    return found | _generation(record, name, model)


def _generation(record: CallRecord, name: str, model: Callable[[], str]) -> dict[str, str | int | float]:
    if not record.choices:
        return {}
    found: dict[str, str | int | float] = {
        "gen_ai.operation.name": _OPERATIONS.get(name, name),
        "gen_ai.response.model": record.model or model(),
        "gen_ai.usage.input_tokens": record.prompt_tokens,
        "gen_ai.usage.output_tokens": record.completion_tokens,
    }
    if record.rid:
        found["gen_ai.response.id"] = record.rid
    if record.first_token and record.completion_tokens:
        found["gen_ai.response.time_to_first_chunk"] = record.first_token - record.started
    return found

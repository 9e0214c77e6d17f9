"""TextGenerate and Generate: typed streams over the engine's deltas."""

from __future__ import annotations

import time
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Final, Literal

from tokenwire.details import bad_request
from tokenwire.errors import RpcError
from tokenwire_gen.sglang.runtime.v1.sglang_pb import GenerateResponse, TextGenerateResponse

from .core import failed
from .json_sink import GrowingJsonSink
from .large_logprobs import LogprobWriter
from .output import Generated, Output
from .sinks import CumulativeSink, DeltaSink, GrowingSink, Shape, is_plain
from .validation import field_names, read_generate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tokenwire.context import Context
    from tokenwire.streams import PushStream, Sink
    from tokenwire_gen.sglang.runtime.v1 import sglang_pb as pb

    from tokenwire_serve.engine import Delta, GenerateRequest

    from .core import Core
    from .sinks import GenerationSink, M, P

__all__ = ["STREAM_MODE", "TEXT", "TextGeneration"]

STREAM_MODE: Final = "x-tokenwire-stream"
"""Metadata in which a caller asks for a mode and the server announces the one it took."""

Mode = Literal["cumulative", "delta"]

TEXT: Final[Shape[TextGenerateResponse, str]] = Shape(
    empty="",
    part=attrgetter("text"),
    read=lambda message: message.text,
    make=lambda part, facts, finished: TextGenerateResponse(text=part, meta_info=facts, finished=finished),
    kind=TextGenerateResponse,
    field="text",
)
"""Messages that carry text."""

_IDS: Final[Shape[GenerateResponse, list[int]]] = Shape(
    empty=[],
    part=attrgetter("token_ids"),
    read=lambda message: message.output_ids,
    make=lambda part, facts, finished: GenerateResponse(output_ids=part, meta_info=facts, finished=finished),
    kind=GenerateResponse,
    field="output_ids",
)
_BOTH: Final[Shape[Generated, Output]] = Shape(
    empty=Output(),
    part=lambda delta: Output(delta.text, delta.token_ids),
    read=lambda message: message.output,
    make=Generated,
)


class TextGeneration:
    """Answers the typed generation calls."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def from_text(
        self, request: pb.TextGenerateRequest, context: Context
    ) -> PushStream[TextGenerateResponse]:
        """TextGenerate."""
        try:
            self._core.admit(context)
            model, with_text = self._core.engine.model, bool(request.return_text_in_logprobs)
            read = read_generate(request, request.text, context, model, text_in_logprobs=with_text)
            return self._start(TEXT, read, context, partial(field_names, request, request.text))
        except RpcError as error:
            return failed(error)

    def from_ids(self, request: pb.GenerateRequest, context: Context) -> PushStream[GenerateResponse]:
        """Generate."""
        try:
            self._core.admit(context)
            read = read_generate(request, request.input_ids, context, self._core.engine.model)
            return self._start(_IDS, read, context, partial(field_names, request, request.input_ids))
        except RpcError as error:
            return failed(error)

    def both(
        self,
        request: pb.TextGenerateRequest | pb.GenerateRequest,
        prompt: str | Sequence[int],
        context: Context,
        *,
        text_in_logprobs: bool = False,
    ) -> PushStream[Generated]:
        """The same with text and token ids in each message."""
        try:
            self._core.admit(context)
            model = self._core.engine.model
            read = read_generate(request, prompt, context, model, text_in_logprobs=text_in_logprobs)
            return self._start(_BOTH, read, context, partial(field_names, request, prompt))
        except RpcError as error:
            return failed(error)

    def _start(
        self,
        shape: Shape[M, P],
        request: GenerateRequest,
        context: Context,
        names: Callable[[], Mapping[str, str]],
    ) -> PushStream[M]:
        mode = self._mode(context)
        engine, active, rid = self._core.engine, self._core.active, request.rid

        def leave() -> None:
            engine.abort(rid)

        def fail(error: RpcError) -> None:
            sink.close(error)

        active.claim(rid, lambda: engine.abort(rid), request.sampling.n, fail)
        context.initial_metadata[STREAM_MODE] = mode
        sink: GenerationSink[M, P] = _sink_kind(mode, shape, request)(
            shape,
            request,
            engine.model.weight_version,
            time.monotonic(),
            names,
            on_end=lambda: active.release(rid),
            on_leave=leave,
            record=context.record,
        )
        try:
            engine.generate(request, _entrance(sink, request))
        except BaseException as error:
            sink.close(error)  # Nobody reads it, but the rid is free again, and the call's record can end.
            raise
        return sink.stream

    def _mode(self, context: Context) -> Mode:
        """The mode that the caller asks for, else the server's."""
        asked = context.text(STREAM_MODE).strip().lower()
        if asked == "delta":
            return "delta"
        if asked == "cumulative":
            return "cumulative"
        if asked:
            raise bad_request(STREAM_MODE, f"must be delta or cumulative, not {asked!r}")
        return "delta" if self._core.settings.incremental_streaming_output else "cumulative"


def _entrance(sink: GenerationSink[M, P], request: GenerateRequest) -> Sink[Delta]:
    """Where the engine puts the deltas of a request."""
    if not request.logprobs:
        return sink
    return LogprobWriter(sink, sink.stream, with_top=request.top_logprobs > 0)


def _sink_kind(
    mode: Mode, shape: Shape[M, P], request: GenerateRequest
) -> type[DeltaSink[M, P] | CumulativeSink[M, P] | GrowingSink | GrowingJsonSink]:
    """What makes the messages of a request."""
    if mode == "delta" and request.stream:
        return DeltaSink
    if not is_plain(request):
        return CumulativeSink
    return GrowingJsonSink if shape.kind is None else GrowingSink

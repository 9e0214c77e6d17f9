"""`/generate`: text or token ids in, both out, one answer or events."""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.http.failures import failure_event
from tokenwire.http.values import EventStream, HttpReply, leave, take_first
from tokenwire.streams import PushStream
from tokenwire_gen.sglang.runtime.v1.sglang_grpc import GENERATE, TEXT_GENERATE

from tokenwire_serve.servicer.generate import STREAM_MODE

from .inputs import read_generate_inputs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from typing import Any, TypeVar

    from tokenwire.context import Context
    from tokenwire.http.values import HttpCall

    from tokenwire_serve.servicer.output import Generated
    from tokenwire_serve.servicer.service import SglangServicer

    from .inputs import GenerateInput

    T = TypeVar("T")

__all__ = ["HttpGeneration", "together"]


async def together(*calls: Coroutine[Any, Any, T]) -> list[T]:
    """The results of calls that run side by side; the first failure ends the others."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


class _Placed(NamedTuple):
    """A message of one of several prompts."""

    place: int
    message: Generated


class HttpGeneration:
    """Answers `/generate`."""

    def __init__(self, servicer: SglangServicer) -> None:
        self._servicer = servicer

    async def __call__(self, call: HttpCall) -> HttpReply:
        """A JSON object for one prompt, a list for a list or for several choices; or events."""
        inputs, single = read_generate_inputs(call.json_object())
        context = call.context(TEXT_GENERATE if isinstance(inputs[0].prompt, str) else GENERATE)
        streams = self._start(inputs, context)
        if inputs[0].request.stream:
            reply = await _events(streams, inputs, single)
            reply.headers[STREAM_MODE] = str(context.initial_metadata.get(STREAM_MODE, "cumulative"))
            return reply
        try:
            collected = await together(*map(_collect, streams))
        finally:
            _cancel(streams)  # Tasks that are cancelled before they begin leave no stream.
        answers = [f"{message.json()}}}".encode() for messages in collected for message in messages]
        if single and _choices(inputs[0]) == 1:
            return HttpReply.raw_json(answers[0])
        return HttpReply.raw_json(b"[" + b",".join(answers) + b"]")

    def _start(self, inputs: list[GenerateInput], context: Context) -> list[PushStream[Generated]]:
        """A stream for each input; none where one cannot be started."""
        streams: list[PushStream[Generated]] = []
        try:
            for item in inputs:
                with_text = item.text_in_logprobs
                streams.append(
                    self._servicer.generate_both(
                        item.request, item.prompt, context, text_in_logprobs=with_text
                    )
                )
        except BaseException:
            _cancel(streams)
            raise
        return streams


def _cancel(streams: list[PushStream[Generated]]) -> None:
    for stream in streams:
        stream.cancel()


def _choices(item: GenerateInput) -> int:
    params = item.request.sampling_params
    return params.n if params is not None and params.n is not None else 1


async def _collect(stream: PushStream[Generated]) -> list[Generated]:
    """All messages of a stream, one per choice, in the order of the choices."""
    messages: list[Generated] = []
    try:
        while (message := await anext(stream, None)) is not None:
            messages.append(message)
    except RpcError as error:
        if not (_is_abort(error) and messages):
            raise
    finally:
        stream.cancel()
    if not messages:
        raise RpcError(Code.INTERNAL, "the request ended without an answer")
    return sorted(messages, key=lambda message: int(message.meta_info["index"]))


async def _events(
    streams: list[PushStream[Generated]], inputs: list[GenerateInput], single: bool
) -> HttpReply:
    source: AsyncIterator[Any] = streams[0] if single else _fan_in(streams)
    frame = _frame_of(inputs, single)
    first = await take_first(source)
    if first is None:
        await leave(source)
        raise RpcError(Code.INTERNAL, "the request ended without an answer")
    return HttpReply(body=EventStream(source, frame, _failure, head=frame(first)))


def _is_abort(error: BaseException) -> bool:
    return isinstance(error, RpcError) and error.code is Code.CANCELLED


def _failure(error: Exception) -> bytes:
    """The event of an error; of an abort none, for the finish reason of the last message tells it."""
    return b"" if _is_abort(error) else failure_event(error)


def _frame_of(inputs: list[GenerateInput], single: bool) -> Callable[[Any], bytes]:
    """What makes an event; where there are several choices, `index` counts those of all prompts."""
    if single:
        return _frame if _choices(inputs[0]) == 1 else _indexed_frame
    firsts = list(accumulate((_choices(item) for item in inputs), initial=0))
    return lambda placed: _indexed_frame(placed.message, firsts[placed.place])


def _frame(message: Generated) -> bytes:
    return f"data: {message.json()}}}\n\n".encode()


def _indexed_frame(message: Generated, first: int = 0) -> bytes:
    index = first + int(message.meta_info.get("index", "0"))
    return f'data: {message.json()},"index":{index}}}\n\n'.encode()


class _Branch:
    """The sink of one of several streams that flow into one; `fail` ends them all."""

    def __init__(
        self,
        place: int,
        joined: PushStream[_Placed],
        open_branches: set[int],
        fail: Callable[[BaseException], None],
    ) -> None:
        self._place = place
        self._joined = joined
        self._open = open_branches
        self._fail = fail
        open_branches.add(place)

    def push(self, message: Generated, /) -> None:
        self._joined.push(_Placed(self._place, message))

    def close(self, error: BaseException | None = None, /) -> None:
        self._open.discard(self._place)
        if error is not None and not _is_abort(error):
            self._fail(error)
        elif not self._open:
            self._joined.close()


def _fan_in(streams: list[PushStream[Generated]]) -> PushStream[_Placed]:
    """One stream of all; it ends with the last, or at the first error, which ends the others."""

    def merge(old: _Placed, new: _Placed) -> _Placed | None:
        inner = streams[new.place].merge
        if old.place != new.place or inner is None:
            return None
        message = inner(old.message, new.message)
        return None if message is None else _Placed(new.place, message)

    def fail(error: BaseException) -> None:
        joined.close(error)
        _cancel(streams)

    joined: PushStream[_Placed] = PushStream(merge=merge, on_cancel=partial(_cancel, streams))
    open_branches: set[int] = set()
    branches = [_Branch(place, joined, open_branches, fail) for place in range(len(streams))]
    for stream, branch in zip(streams, branches, strict=True):
        stream.subscribe(branch)
    return joined

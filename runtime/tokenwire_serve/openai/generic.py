"""The OpenAI API over any engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tokenwire.http.large_answers import dump_large_json

from tokenwire_serve.servicer.core import trace_headers

from .backend import OpenAIReply
from .chat import read_chat
from .chunks import ChunkWriter
from .completions import read_completion
from .fields import parse_object
from .job import EngineRun
from .pooled import classify, embed
from .ranking import rerank, score
from .whole import answer_whole

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from tokenwire.context import Context
    from tokenwire.record import CallRecord
    from tokenwire.streams import PushStream

    from tokenwire_serve.servicer.core import Core

    from .backend import Desk, Operation
    from .job import Job

    Reader = Callable[[Mapping[str, Any], Core, Mapping[str, str]], Awaitable[Any]]

__all__ = ["GenericBackend"]

_COMPLETIONS: Final[dict[Operation, Reader]] = {"chat": read_chat, "completion": read_completion}
_ANSWERS: Final[dict[Operation, Reader]] = {
    "embedding": embed,
    "classify": classify,
    "score": score,
    "rerank": rerank,
}


class GenericBackend:
    """Reads the body, runs the engine and writes the answer; see `OpenAIBackend`."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def call(
        self, operation: Operation, body: bytes, headers: Mapping[str, str], context: Context, desk: Desk
    ) -> OpenAIReply | PushStream[bytes]:
        """Answer one call."""
        values = parse_object(body)
        trace = trace_headers(headers, context)
        reader = _COMPLETIONS.get(operation)
        if reader is None:
            answer = await _ANSWERS[operation](values, self._core, trace)
            _note_pooled(answer, context.record)
            return OpenAIReply(await dump_large_json(answer))
        job: Job = await reader(values, self._core, trace)
        if context.record is not None:
            context.record.model = job.model
        if job.stream:
            return self._stream(job, context.record)
        return await answer_whole(self._core, job, context.record)

    def _stream(self, job: Job, record: CallRecord | None) -> PushStream[bytes]:
        def leave() -> None:
            run.abort()

        writer = ChunkWriter(job, leave)
        run = EngineRun(self._core, job, writer, record)
        run.start()
        return writer.stream


def _note_pooled(answer: Any, record: CallRecord | None) -> None:
    """Note the prompts of an answer without new tokens."""
    if record is None:
        return
    if isinstance(answer, dict):
        tokens = answer["usage"]["prompt_tokens"]
    else:
        tokens = sum(item["meta_info"]["prompt_tokens"] for item in answer)
    record.first()
    record.finished(tokens, 0, 0)

"""Answers that are not streamed: the choices gathered, then one JSON object."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.heavy import in_thread
from tokenwire.http.large_answers import dump_large_json

from tokenwire_serve.servicer.large_logprobs import MANY_LOGPROBS, logprobs_of
from tokenwire_serve.servicer.meta_info import json_text

from .backend import OpenAIReply
from .job import EngineRun, Usage
from .logprobs import chat_logprobs, completion_logprobs

if TYPE_CHECKING:
    from tokenwire.record import CallRecord

    from tokenwire_serve.engine import Delta, Finish, TokenLogprob
    from tokenwire_serve.servicer.core import Core

    from .job import Job

__all__ = ["answer_whole"]

_LOGPROB_BYTES: Final = 64


async def answer_whole(core: Core, job: Job, record: CallRecord | None = None) -> OpenAIReply:
    """Run a job to its end; cancelling this aborts it.

    Args:
        core: The engine.
        job: The job.
        record: Gets to know the times and the tokens.

    Raises:
        RpcError: The engine refused it or failed.
    """
    gathering = _Gathering(job)
    run = EngineRun(core, job, gathering, record)
    run.start()
    try:
        await gathering.done
    except RpcError as error:
        if error.code is not Code.CANCELLED or not gathering.complete:
            raise
        return OpenAIReply(await gathering.body(), error=error)
    finally:
        run.abort()
    return OpenAIReply(await gathering.body())


class _Choice:
    """What one choice has so far."""

    __slots__ = ("finish", "positions", "texts")

    def __init__(self, echo: str) -> None:
        self.texts = [echo] if echo else []
        self.positions: list[TokenLogprob] = []
        self.finish: Finish | None = None


class _Gathering:
    """Takes the deltas of a job until all its choices have ended."""

    def __init__(self, job: Job) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._job = job
        self._usage = Usage(job.sampling.n)
        self._logprobs = 0
        self._choices = [_Choice(job.echo(index)) for index in range(job.choices)]

    @property
    def complete(self) -> bool:
        """Whether every choice has its finish."""
        return all(choice.finish is not None for choice in self._choices)

    def take(self, index: int, delta: Delta) -> None:
        """What is new in one choice."""
        choice = self._choices[index]
        choice.texts.append(delta.text)
        self._logprobs += logprobs_of(delta)
        choice.positions.extend(delta.input_logprobs or ())
        choice.positions.extend(delta.output_logprobs or ())
        if delta.finish is not None:
            choice.finish = delta.finish
            self._usage.note(index, delta)

    def end(self, error: BaseException | None) -> None:
        """All choices have ended, or the job has failed."""
        if self.done.done():
            return
        if error is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(error)

    async def body(self) -> bytes:
        """The answer; in a thread where there are very many log-probabilities."""
        if self._logprobs <= MANY_LOGPROBS:
            return json_text(self._answer()).encode()
        return await dump_large_json(await in_thread(self._logprobs * _LOGPROB_BYTES, self._answer))

    def _answer(self) -> dict[str, Any]:
        job = self._job
        return {
            "id": job.id,
            "object": "chat.completion" if job.chat else "text_completion",
            "created": job.created,
            "model": job.model,
            "choices": [self._choice(index) for index in range(job.choices)],
            "usage": self._usage.shown(),
        }

    def _choice(self, index: int) -> dict[str, Any]:
        choice, job = self._choices[index], self._job
        text = "".join(choice.texts)
        shown: dict[str, Any] = {"index": index}
        if job.chat:
            shown["message"] = {"role": "assistant", "content": text, "refusal": None}
            shown["logprobs"] = chat_logprobs(choice.positions) if job.logprobs else None
        else:
            shown["text"] = text
            rows = completion_logprobs(choice.positions, 0, job.top_logprobs)
            shown["logprobs"] = rows if job.logprobs else None
        finish = choice.finish
        shown["finish_reason"] = None if finish is None else finish.kind
        shown["matched_stop"] = None if finish is None else finish.matched
        return shown

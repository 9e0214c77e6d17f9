"""One chat or text completion: what was asked, and the engine requests that answer it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from tokenwire_serve.engine import GenerateRequest, RequestOptions, Sampling
from tokenwire_serve.servicer.active import aborted
from tokenwire_serve.servicer.renaming import renamed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tokenwire.errors import RpcError
    from tokenwire.record import CallRecord

    from tokenwire_serve.engine import Delta
    from tokenwire_serve.servicer.core import Core

__all__ = ["EngineRun", "Job", "Listener", "Usage"]


@dataclass(frozen=True, slots=True)
class Job:
    """A completion call, read and checked.

    Attributes:
        id: What the answer carries as `id`, by which it can be aborted.
        model: What the answer carries as `model`.
        created: Unix time in seconds.
        chat: A chat completion; otherwise a text completion.
        prompts: One engine request each; the choices of all are numbered in a row.
        echoes: Text that each choice of a prompt begins with; empty where nothing is echoed.
        include_usage: A stream ends with a chunk that has the usage.
        running_usage: Every chunk of a stream has the usage so far.
        names: What the body calls the fields that an engine may complain of.
    """

    id: str
    model: str
    created: int
    chat: bool
    prompts: Sequence[str | Sequence[int]]
    sampling: Sampling
    options: RequestOptions = field(default_factory=RequestOptions)
    stream: bool = False
    include_usage: bool = False
    running_usage: bool = False
    logprobs: bool = False
    top_logprobs: int = 0
    echoes: Sequence[str] = ()
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def choices(self) -> int:
        """How many choices the answer has."""
        return len(self.prompts) * self.sampling.n

    def echo(self, index: int) -> str:
        """What choice `index` begins with."""
        return self.echoes[index // self.sampling.n] if self.echoes else ""


class Listener(Protocol):
    """Takes the deltas of all choices of a job."""

    def take(self, index: int, delta: Delta, /) -> None:
        """What is new in one choice, by its number in the whole answer."""

    def end(self, error: BaseException | None, /) -> None:
        """All choices have ended, or the job has failed; called once."""


class EngineRun:
    """The engine requests of a job, a rid each; the job's id stands for them all.

    Args:
        core: The engine.
        job: The job.
        listener: Takes the deltas and the end.
        record: Gets to know the times and the tokens.
    """

    def __init__(self, core: Core, job: Job, listener: Listener, record: CallRecord | None = None) -> None:
        self._core = core
        self._record = record
        self._job = job
        self._listener = listener
        single = len(job.prompts) == 1
        self._rids = [job.id if single else f"{job.id}-{place}" for place in range(len(job.prompts))]
        self._open = set(self._rids)
        self._counted: set[int] = set()
        self._aborted = False
        self._error: BaseException | None = None

    def start(self) -> None:
        """Start all requests; one that the engine does not even take ends the job.

        Raises:
            RpcError: ALREADY_EXISTS, the job's id is in use.
        """
        job = self._job
        self._core.active.claim(job.id, self.abort, fail=self.fail)
        if self._record is not None:
            self._record.hold(job.id)
        for place, prompt in enumerate(job.prompts):
            if self._error is not None:
                self.close(self._rids[place])
                continue
            request = GenerateRequest(
                rid=self._rids[place],
                prompt=prompt,
                sampling=job.sampling,
                logprobs=job.logprobs,
                top_logprobs=job.top_logprobs,
                logprob_start=0 if job.echoes and job.logprobs else -1,
                text_in_logprobs=True,
                stream=job.stream,
                options=job.options,
            )
            try:
                self._core.engine.generate(request, _PromptSink(self, place * job.sampling.n, request))
            except Exception as error:
                self.close(request.rid, error)

    def abort(self) -> bool:
        """End all requests; whether one was still running."""
        found = [self._core.engine.abort(rid) for rid in list(self._open)]
        return any(found)

    def fail(self, error: RpcError) -> None:
        """End all requests with an error."""
        rids = list(self._open)
        for rid in rids:
            self.close(rid, error)
        for rid in rids:
            self._core.engine.abort(rid)

    def take(self, index: int, delta: Delta) -> None:
        """Pass a delta on."""
        if delta.finish is not None:
            self._aborted = self._aborted or delta.finish.kind == "abort"
            self._note(index, delta)
        self._listener.take(index, delta)

    def begin(self, request: GenerateRequest, delta: Delta) -> None:
        """Note the first delta of a prompt."""
        record = self._record
        if record is None:
            return
        if delta.came_to_nothing:
            record.admitted = record.admitted or request.admitted
        elif request.stream or request.first_token:
            record.first(request.admitted, request.first_token)

    def _note(self, index: int, delta: Delta) -> None:
        if self._record is not None:
            prompt = index // self._job.sampling.n
            first = prompt not in self._counted
            self._counted.add(prompt)
            tokens = (delta.prompt_tokens, delta.cached_tokens) if first else (0, 0)
            self._record.finished(*tokens, delta.completion_tokens)

    def close(self, rid: str, error: BaseException | None = None) -> None:
        """Note the end of one request; the first that fails takes the others with it."""
        self._open.discard(rid)
        if error is not None and self._error is None:
            self._error = renamed(error, self._job.names)
            self.abort()
        if not self._open:
            self._core.active.release(self._job.id)
            cancelled = aborted(self._job.id) if self._aborted else None
            self._listener.end(self._error or cancelled)
            record, self._record = self._record, None
            if record is not None:
                record.release()


class _PromptSink:
    """Where the engine puts the deltas of one prompt."""

    __slots__ = ("_begun", "_first", "_request", "_run")

    def __init__(self, run: EngineRun, first: int, request: GenerateRequest) -> None:
        self._run = run
        self._first = first
        self._request = request
        self._begun = False

    def push(self, delta: Delta) -> None:
        if not self._begun:
            self._begun = True
            self._run.begin(self._request, delta)
        self._run.take(self._first + delta.index, delta)

    def close(self, error: BaseException | None = None) -> None:
        self._run.close(self._request.rid, error)


class Usage:
    """The token counts of a job: prompts once each, completions per choice."""

    def __init__(self, per_prompt: int) -> None:
        self._per_prompt = per_prompt
        self._prompts: dict[int, tuple[int, int]] = {}
        self._completions: dict[int, int] = {}

    def note(self, index: int, delta: Delta) -> None:
        """Take the counters of a delta."""
        self._prompts.setdefault(index // self._per_prompt, (delta.prompt_tokens, delta.cached_tokens))
        self._completions[index] = delta.completion_tokens

    def shown(self) -> dict[str, Any]:
        """`usage` of an answer."""
        prompt = sum(tokens for tokens, _ in self._prompts.values())
        completion = sum(self._completions.values())
        return {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "prompt_tokens_details": {"cached_tokens": sum(cached for _, cached in self._prompts.values())},
        }

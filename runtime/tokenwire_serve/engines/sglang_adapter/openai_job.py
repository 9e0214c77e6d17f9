"""One OpenAI call within SGLang: its requests go by ids of ours, and it can be aborted."""

from __future__ import annotations

import asyncio
import copy
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from tokenwire.errors import RpcError

from tokenwire_serve.servicer.active import aborted

from .deltas import admitted_at, came_to_nothing
from .requests import engine_rid

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator, Mapping

    from tokenwire.record import CallRecord

    from .toolkit import Toolkit

__all__ = ["Job", "ManagerOfJobs", "RawRequest"]

_ABORT_S: Final = 1.0
"""How long SGLang gets to end an aborted request by itself."""
_NOTHING: Final = {
    "prompt_tokens": 0,
    "completion_tokens": 0,
    "cached_tokens": 0,
    "input_token_logprobs": [],
    "output_token_logprobs": [],
    "output_token_logprobs_length": 0,
}
"""What is known of a choice before SGLang has said anything of it."""


class _Headers(dict[str, str]):
    """HTTP headers by lower-case name."""

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)


class RawRequest:
    """Stands for the HTTP request that SGLang's serving classes are given beside the body."""

    def __init__(self, headers: Mapping[str, str], job: Job) -> None:
        self.headers = _Headers(headers)
        self.state = type("State", (), {})()
        self.job = job

    async def is_disconnected(self) -> bool:
        """A caller that leaves cancels the call instead."""
        return False


class ManagerOfJobs:
    """SGLang's TokenizerManager, but requests go through the job that they belong to."""

    def __init__(self, manager: Any) -> None:
        self._manager = manager

    def __getattr__(self, name: str) -> Any:
        return getattr(self._manager, name)

    async def score_request(self, **given: Any) -> Any:
        """As of the manager."""
        job, items = getattr(given.get("request"), "job", None), given.get("items")
        if job is not None:
            job.admit(len(items) if isinstance(items, list) and items else 1)
        return await self._manager.score_request(**given)

    def generate_request(self, obj: Any, request: Any = None) -> AsyncGenerator[Any, None]:
        """As of the manager."""
        job = getattr(request, "job", None)
        made: AsyncGenerator[Any, None] = (
            self._manager.generate_request(obj, None) if job is None else job.generate(obj)
        )
        return made


class Job:
    """One call under way.

    Args:
        toolkit: SGLang.
        shown: The id that the answer carries.
        record: Gets to know the times and the tokens, until `close`.

    Attributes:
        aborted: Someone has aborted it; SGLang may still be ending it.
    """

    def __init__(self, toolkit: Toolkit, shown: str, record: CallRecord | None = None) -> None:
        self.shown = shown
        self._record = record
        self._started = time.monotonic()
        if record is not None:
            record.hold(shown)
        self.aborted = False
        self._toolkit = toolkit
        self._rids: list[str] = []
        self._parts: list[AsyncGenerator[Any, None]] = []
        self._leave: Callable[[], None] | None = None
        self._task: asyncio.Task[Any] | None = None
        self._error: BaseException | None = None
        self._generating = self._gave_up = False
        self._per_prompt = 1
        self._ended: set[int] = set()
        self._infos: dict[int, Mapping[str, Any]] = {}

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Let `fail` end what the body awaits.

        Raises:
            RpcError: What `fail` was given.
        """
        self.check()
        task = self._task = asyncio.current_task()
        try:
            yield
        except asyncio.CancelledError:
            if self._error is None or task is None or task.uncancel() > 0:
                raise
            raise self._error from None
        finally:
            self._task = None

    def check(self) -> None:
        """Raise what the call was refused or ended with."""
        if self._error is not None:
            raise self._error

    def fail(self, error: BaseException) -> None:
        """End the call with an error."""
        if self._error is None:
            self._error = error
            if self._task is not None:
                self._task.cancel()

    def abort(self) -> bool:
        """End the call as aborted: SGLang finishes the answer if it does so soon."""
        if self.aborted:
            return True
        self.aborted = True
        manager = self._toolkit.manager
        states = [manager.rid_to_state.get(rid) for rid in self._rids]
        if any(state is not None and getattr(state, "dispatched", True) for state in states):
            for rid in self._rids:
                manager.abort_request(rid)
            asyncio.get_running_loop().call_later(_ABORT_S, self._give_up)
        else:
            self._give_up()
        return True

    def _give_up(self) -> None:
        """Wait no longer for SGLang to end the call."""
        if not self._generating:
            self.fail(self.cancelled())
            return
        self._gave_up = True
        if self._task is not None:
            self._task.cancel()

    def cancelled(self) -> RpcError:
        """What an aborted call ends with."""
        return aborted(self.shown)

    async def close(self) -> None:
        """Leave what SGLang still does for the call."""
        if self._leave is not None:
            self._leave()
            self._leave = None
        try:
            for part in self._parts:
                await part.aclose()
        finally:
            self._close_record()

    def _close_record(self) -> None:
        """Note what was made, whole or not."""
        record, self._record = self._record, None
        if record is None:
            return
        for index, info in self._infos.items():
            new = index % self._per_prompt == 0  # the choices of a prompt come in a row
            prompt, cached = (info.get(name, 0) if new else 0 for name in ("prompt_tokens", "cached_tokens"))
            record.finished(prompt, cached, info.get("completion_tokens", 0))
            record.admitted = record.admitted or admitted_at(self._started, info)
        record.release()

    async def generate(self, obj: Any) -> AsyncGenerator[Any, None]:
        """Run a request of SGLang's under ids of ours, and show the call's id in what it says.

        Of a stream that is aborted, choices that SGLang does not end are ended here.
        """
        self._per_prompt = _choices(obj)
        choices = (_count(obj) or 1) * self._per_prompt
        self._generating = True
        try:
            async for answer in self._answers(obj):
                self._note(answer)
                yield answer
                if self._gave_up:
                    break
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._gave_up or task is None:
                raise
            if not obj.stream:
                self._error = self.cancelled()
                raise
            if task.uncancel() > 0:
                raise
        finally:
            self._generating = False
        if self.aborted and obj.stream:
            for index in sorted({*range(choices)} - self._ended):
                yield self._finish(index)

    def admit(self, count: int) -> None:
        """Count the call's sequences as active; what SGLang's class makes of a refusal is not looked at.

        Raises:
            ValueError: They would be too many.
        """
        try:
            self._leave = self._toolkit.admit(count)
        except RpcError as error:
            self._error = error
            raise ValueError(error.message) from None

    async def _answers(self, obj: Any) -> AsyncGenerator[Any, None]:
        self.admit((_count(obj) or 1) * _choices(obj))
        if self._toolkit.is_generate(obj):
            await self._spread(obj)
        count = _count(obj)
        rids = [engine_rid() for _ in range(count or 1)]
        obj.rid = rids[0] if count is None else rids
        self._rids += rids
        part = self._toolkit.manager.generate_request(obj, None)
        self._parts.append(part)
        async for answer in part:
            yield answer

    def _note(self, answer: Any) -> None:
        """Look at what SGLang says, and show the call's id in it."""
        for item in answer if isinstance(answer, list) else (answer,):
            info, index = item["meta_info"], item.get("index", 0)
            info["id"] = self.shown
            if self._record is not None and not self._record.first_token and _tells_first(item):
                self._record.first(admitted_at(self._started, info))
            self._infos[index] = info
            reason = info.get("finish_reason")
            if reason is not None:
                self._ended.add(index)
                self.aborted = self.aborted or reason["type"] == "abort"

    def _finish(self, index: int) -> dict[str, Any]:
        """The last chunk of a choice that SGLang did not end itself."""
        info = self._infos.get(index, {**_NOTHING, "id": self.shown})
        info = {**info, "finish_reason": {"type": "abort", "message": "aborted"}}
        return {"text": "", "output_ids": [], "meta_info": info, "index": index}

    async def _spread(self, obj: Any) -> None:
        """Make the choices of a prompt prompts of their own, whose ids are known.

        The prompt is computed once before, as SGLang does it, for the prefix cache. Prompts with
        images and the like, and beams, are left to SGLang.
        """
        params, count = obj.sampling_params, _choices(obj)
        if count == 1 or (params.get("beam_width") or 1) > 1 or obj.contains_mm_input():
            return
        name = "text" if obj.text is not None else "input_ids"
        prompts = getattr(obj, name)
        single = isinstance(prompts, str) or not isinstance(prompts[0], str | list)
        prompts = [prompts] if single else prompts
        warm = copy.copy(obj)
        setattr(warm, name, list(prompts))
        warm.rid = [engine_rid() for _ in prompts]
        warm.sampling_params = {"max_new_tokens": 0, "temperature": 0.0}
        warm.stream = warm.return_logprob = False
        part = self._toolkit.manager.generate_request(warm, None)
        self._parts.append(part)
        await anext(part)
        setattr(obj, name, [prompt for prompt in prompts for _ in range(count)])
        obj.sampling_params = [
            {**params, "n": 1, **_seed(params, choice)} for _ in prompts for choice in range(count)
        ]


def _tells_first(item: Mapping[str, Any]) -> bool:
    """Whether an answer of SGLang's comes at its first token: it has made one, or it makes none."""
    info = item["meta_info"]
    return bool(info.get("completion_tokens", 0) <= 1) and not came_to_nothing(info)


def _seed(params: Mapping[str, Any], choice: int) -> dict[str, int]:
    seed = params.get("sampling_seed")
    return {} if seed is None else {"sampling_seed": seed + choice}


def _choices(obj: Any) -> int:
    """How many choices each prompt of a request has."""
    params = getattr(obj, "sampling_params", None)
    return (params.get("n") or 1) if isinstance(params, dict) else 1


def _count(obj: Any) -> int | None:
    """How many prompts a request has; None is one that is not in a list."""
    for name in ("text", "input_ids"):
        prompts = getattr(obj, name, None)
        if prompts is not None:
            single = isinstance(prompts, str) or not prompts or not isinstance(prompts[0], str | list)
            return None if single else len(prompts)
    return None

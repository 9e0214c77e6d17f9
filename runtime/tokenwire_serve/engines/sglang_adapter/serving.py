"""The OpenAI API as SGLang's own serving classes answer it."""

from __future__ import annotations

import asyncio
import copy
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from tokenwire.codes import Code
from tokenwire.details import invalid
from tokenwire.errors import RpcError

from tokenwire_serve.openai.backend import OpenAIReply
from tokenwire_serve.openai.fields import parse_object

from .chat_lane import ChatStream, is_plain
from .errors import of_status, refusal
from .requests import engine_rid

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping

    from tokenwire.context import Context
    from tokenwire.streams import PushStream

    from tokenwire_serve.openai.backend import Desk, Operation

    from .toolkit import Toolkit

__all__ = ["SglangServing"]

_LONG_BODY: Final = 8192
"""Bytes of a body from which a chat is rendered and tokenized in a thread."""
_ABORT_S: Final = 1.0
"""How long SGLang gets to end an aborted request by itself."""
_MOST_PROBLEMS: Final = 5
_ERROR: Final = '{"error"'


class _Headers(dict[str, str]):
    """HTTP headers by lower-case name."""

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)


class _Raw:
    """Stands for the HTTP request that SGLang's serving classes are given beside the body."""

    def __init__(self, headers: Mapping[str, str], job: _Job) -> None:
        self.headers = _Headers(headers)
        self.state = type("State", (), {})()
        self.job = job

    async def is_disconnected(self) -> bool:
        """A caller that leaves cancels the call instead."""
        return False


class _Manager:
    """SGLang's TokenizerManager, but requests go through the job that they belong to."""

    def __init__(self, manager: Any) -> None:
        self._manager = manager

    def __getattr__(self, name: str) -> Any:
        return getattr(self._manager, name)

    def generate_request(self, obj: Any, request: Any = None) -> AsyncGenerator[Any, None]:
        """As of the manager."""
        job = getattr(request, "job", None)
        made: AsyncGenerator[Any, None] = (
            self._manager.generate_request(obj, None) if job is None else job.generate(obj)
        )
        return made


class _Job:
    """One call under way.

    Attributes:
        aborted: Someone has aborted it; SGLang may still be ending it.
    """

    def __init__(self, toolkit: Toolkit, shown: str) -> None:
        self.shown = shown
        self.aborted = False
        self._toolkit = toolkit
        self._rids: list[str] = []
        self._parts: list[AsyncGenerator[Any, None]] = []
        self._leave: Callable[[], None] | None = None
        self._task: asyncio.Task[Any] | None = None
        self._error: BaseException | None = None

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
            asyncio.get_running_loop().call_later(_ABORT_S, self.fail, self.cancelled())
        else:
            self.fail(self.cancelled())
        return True

    def cancelled(self) -> RpcError:
        """What an aborted call ends with."""
        return RpcError(Code.CANCELLED, f"request {self.shown!r} was aborted")

    async def close(self) -> None:
        """Leave what SGLang still does for the call."""
        if self._leave is not None:
            self._leave()
            self._leave = None
        for part in self._parts:
            await part.aclose()

    async def generate(self, obj: Any) -> AsyncGenerator[Any, None]:
        """Run a request of SGLang's under ids of ours, and show the call's id in what it says."""
        if self._toolkit.is_generate(obj):
            await self._spread(obj)
        count = _count(obj)
        try:
            self._leave = self._toolkit.admit(count or 1)
        except RpcError as error:
            self._error = error
            raise ValueError(error.message) from None
        rids = [engine_rid() for _ in range(count or 1)]
        obj.rid = rids[0] if count is None else rids
        self._rids += rids
        part = self._toolkit.manager.generate_request(obj, None)
        self._parts.append(part)
        async for answer in part:
            for item in answer if isinstance(answer, list) else (answer,):
                item["meta_info"]["id"] = self.shown
            yield answer

    async def _spread(self, obj: Any) -> None:
        """Make the choices of a prompt prompts of their own, whose ids are known.

        The prompt is computed once before, as SGLang does it, for the prefix cache. Prompts with
        images and the like, and beams, are left to SGLang.
        """
        params = obj.sampling_params
        count = (params.get("n") or 1) if isinstance(params, dict) else 1
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


def _seed(params: Mapping[str, Any], choice: int) -> dict[str, int]:
    seed = params.get("sampling_seed")
    return {} if seed is None else {"sampling_seed": seed + choice}


def _count(obj: Any) -> int | None:
    """How many prompts a request has; None is one that is not in a list."""
    for name in ("text", "input_ids"):
        prompts = getattr(obj, name, None)
        if prompts is not None:
            single = isinstance(prompts, str) or not prompts or not isinstance(prompts[0], str | list)
            return None if single else len(prompts)
    return None


class SglangServing:
    """Answers OpenAI calls through SGLang; see `OpenAIBackend`."""

    def __init__(self, toolkit: Toolkit) -> None:
        self._toolkit = toolkit
        self._servings = toolkit.servings(_Manager(toolkit.manager))
        self._jobs: set[_Job] = set()

    def fail_all(self, error: BaseException) -> None:
        """End every call with an error."""
        for job in list(self._jobs):
            job.fail(error)

    async def call(
        self, operation: Operation, body: bytes, headers: Mapping[str, str], context: Context, desk: Desk
    ) -> OpenAIReply | PushStream[bytes] | AsyncIterator[bytes]:
        """Answer one call."""
        request = self._read(operation, body, desk)
        shown = _given_rid(request) or engine_rid()
        if operation == "chat" and is_plain(self._servings["chat"], request, self._toolkit):
            stream = await self._plain_chat(request, shown, headers, desk, len(body))
            if stream is not None:
                return stream
        job = _Job(self._toolkit, shown)
        desk.claim(shown, job.abort)
        self._jobs.add(job)
        streams = False
        try:
            with job.interruptible():
                serving = self._servings[operation]
                result = await serving.handle_request(request, _Raw(headers, job))
            job.check()
            streams = hasattr(result, "body_iterator")
            if streams:
                return self._events(job, result.body_iterator, desk)
            error = job.cancelled() if job.aborted else None
            return OpenAIReply(_body(result), error=error)
        finally:
            if not streams:
                await self._done(job, desk)

    async def _done(self, job: _Job, desk: Desk) -> None:
        self._jobs.discard(job)
        desk.release(job.shown)
        await job.close()

    def _read(self, operation: Operation, body: bytes, desk: Desk) -> Any:
        """The body as SGLang's model of it, with the name of the model resolved.

        Raises:
            RpcError: INVALID_ARGUMENT, it breaks a rule; NOT_FOUND, an unknown model.
        """
        values = parse_object(body)
        asked = values.get("model")
        named = desk.find_model(asked if isinstance(asked, str) else None)
        try:
            request = self._toolkit.requests[operation](**values)
        except ValueError as error:
            raise _invalid(error) from None
        request.model = named.shown
        if named.adapter and hasattr(request, "lora_path"):
            request.lora_path = named.adapter
        return request

    async def _plain_chat(
        self, request: Any, shown: str, headers: Mapping[str, str], desk: Desk, size: int
    ) -> PushStream[bytes] | None:
        """The events of a plain chat; None when SGLang made more of it than its body shows."""
        serving = self._servings["chat"]
        raw = _Raw(headers, _Job(self._toolkit, shown))
        problem = serving._validate_request(request)
        if problem:
            raise of_status(400, problem)
        convert = serving._convert_to_internal_request
        try:
            if size < _LONG_BODY:
                adapted, request = convert(request, raw)
            else:
                adapted, request = await asyncio.to_thread(convert, request, raw)
        except Exception as error:
            raise refusal(error) from error
        if not is_plain(serving, request, self._toolkit) or adapted.contains_mm_input():
            return None
        adapted.rid = engine_rid()
        leave = self._toolkit.admit(1)

        def on_end() -> None:
            desk.release(shown)
            leave()

        chat = ChatStream(self._toolkit, serving, request, shown, on_end)

        def abort() -> bool:
            chat.abort(RpcError(Code.CANCELLED, f"request {shown!r} was aborted"))
            return True

        try:
            desk.claim(shown, abort)
        except RpcError:
            leave()
            raise
        chat.start(adapted)
        return chat.stream

    async def _events(
        self, job: _Job, events: AsyncGenerator[str | bytes, None], desk: Desk
    ) -> AsyncIterator[bytes]:
        """The JSON of each event, without its framing."""
        try:
            while True:
                with job.interruptible():
                    event = await anext(events, None)
                if event is None:
                    break
                payload = _payload(event)
                if payload.startswith(_ERROR):
                    raise _error_event(payload)
                if payload and payload != "[DONE]":
                    yield payload.encode()
        finally:
            await events.aclose()
            await self._done(job, desk)
        if job.aborted:
            raise job.cancelled()


def _given_rid(request: Any) -> str | None:
    rid = getattr(request, "rid", None)
    if rid is None:
        return None
    if not isinstance(rid, str):
        raise invalid([("rid", "must be a string: the id of the call")])
    if not rid.strip():
        raise invalid([("rid", "must not be blank")])
    return rid


def _payload(event: str | bytes) -> str:
    """The data of a server-sent event."""
    text = event.decode(errors="replace") if isinstance(event, bytes) else event
    if text.startswith("data: ") and text.find("\n") == len(text) - 2:
        return text[6:-2]
    lines = [line[5:].removeprefix(" ") for line in text.splitlines() if line.startswith("data:")]
    return "\n".join(lines)


def _error_event(payload: str) -> RpcError:
    try:
        error = json.loads(payload)["error"]
        return of_status(int(error.get("code") or 500), str(error.get("message") or ""))
    except (AttributeError, KeyError, TypeError, ValueError):
        return RpcError(Code.INTERNAL, "SGLang ended the stream with an error")


def _body(result: Any) -> bytes:
    """The JSON of an answer.

    Raises:
        RpcError: The answer is an error.
    """
    status = getattr(result, "status_code", None) or getattr(result, "code", None) or 200
    if hasattr(result, "body"):
        body = bytes(result.body)
    elif isinstance(result, list):
        body = b"[" + b",".join(_body(item) for item in result) + b"]"
    elif hasattr(result, "model_dump_json"):
        body = result.model_dump_json().encode()
    else:
        body = json.dumps(result, ensure_ascii=False).encode()
    if isinstance(status, int) and status >= 400:
        raise _error_of(status, body)
    return body


def _error_of(status: int, body: bytes) -> RpcError:
    """An error answer as a status; what SGLang says of a bug of its own stays here."""
    if status == 500:
        return RpcError(Code.INTERNAL, "SGLang failed on this request")
    try:
        parsed = json.loads(body)
        inner = parsed.get("error", parsed)
        return of_status(status, str(inner.get("message") or "SGLang refuses the request"))
    except (AttributeError, ValueError):
        return of_status(status, "SGLang refuses the request")


def _invalid(error: ValueError) -> RpcError:
    """What a body breaks of SGLang's model of it, field by field."""
    listed = getattr(error, "errors", None)
    if listed is None:
        return of_status(400, str(error))
    found: dict[str, str] = {}
    for problem in listed(include_url=False, include_context=False, include_input=False):
        found.setdefault(_path(problem["loc"]) or "body", str(problem["msg"]).removeprefix("Value error, "))
    return invalid(list(found.items())[:_MOST_PROBLEMS])


def _path(place: tuple[str | int, ...]) -> str:
    """Where a problem is, "messages[0].content"; the types that SGLang tried there are left out."""
    path = ""
    for part in place:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part.isidentifier() and part == part.lower() and part not in {"str", "int", "float", "bool"}:
            path += f".{part}" if path else part
    return path

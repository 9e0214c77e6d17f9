"""The OpenAI API as SGLang's own serving classes answer it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final

from tokenwire.codes import Code
from tokenwire.details import invalid
from tokenwire.errors import RpcError

from tokenwire_serve.engine import RequestOptions
from tokenwire_serve.openai.backend import OpenAIReply
from tokenwire_serve.openai.fields import parse_object
from tokenwire_serve.servicer.ranges import MAX_CHOICES, Problems
from tokenwire_serve.servicer.renaming import renaming

from .admission import cannot_generate
from .chat_lane import ChatStream, is_plain
from .errors import of_status, refusal
from .openai_bodies import invalid_body
from .openai_job import Job, ManagerOfJobs, RawRequest
from .requests import engine_rid

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping

    from tokenwire.context import Context
    from tokenwire.record import CallRecord
    from tokenwire.streams import PushStream

    from tokenwire_serve.openai.backend import Desk, Operation

    from .toolkit import Toolkit

__all__ = ["SglangServing"]

_LONG_BODY: Final = 8192
"""Bytes of a body from which a chat is rendered and tokenized in a thread."""
_GENERATE: Final = frozenset({"chat", "completion"})
_ERROR: Final = '{"error"'
_RESERVED: Final = frozenset({"tokenize", "conversation", "tools", "add_generation_prompt", "return_dict"})
"""Names that are arguments of the call that renders a template, not variables of it."""
_LIMIT: Final = {"max_new_tokens": "max_tokens", "min_new_tokens": "min_tokens"}
_NAMES: Final[dict[Operation, dict[str, str]]] = {
    "chat": {"prompt": "messages", "top_logprobs_num": "top_logprobs", **_LIMIT},
    "completion": {"top_logprobs_num": "logprobs", **_LIMIT},
    "embedding": {"prompt": "input"},
    "classify": {"prompt": "input"},
    "score": {"prompt": "items"},
    "rerank": {"prompt": "documents"},
}
"""What callers call the fields that SGLang may complain of."""


class SglangServing:
    """Answers OpenAI calls through SGLang; see `OpenAIBackend`."""

    def __init__(self, toolkit: Toolkit) -> None:
        self._toolkit = toolkit
        self._servings = toolkit.servings(ManagerOfJobs(toolkit.manager))
        self._jobs: set[Job] = set()

    def fail_all(self, error: BaseException) -> None:
        """End every call with an error."""
        for job in list(self._jobs):
            job.fail(error)

    async def call(
        self, operation: Operation, body: bytes, headers: Mapping[str, str], context: Context, desk: Desk
    ) -> OpenAIReply | PushStream[bytes] | AsyncIterator[bytes]:
        """Answer one call."""
        with renaming(_NAMES[operation]):
            return await self._call(operation, body, headers, desk, context.record)

    async def _call(
        self,
        operation: Operation,
        body: bytes,
        headers: Mapping[str, str],
        desk: Desk,
        record: CallRecord | None,
    ) -> OpenAIReply | PushStream[bytes] | AsyncIterator[bytes]:
        if operation in _GENERATE and not self._toolkit.manager.is_generation:
            raise cannot_generate()  # SGLang's scheduler would die of it
        request = self._read(operation, body, desk)
        shown = _given_rid(request) or engine_rid()
        if record is not None:
            record.model = str(getattr(request, "model", None) or "")
        if operation == "chat" and is_plain(self._servings["chat"], request, self._toolkit):
            stream = await self._plain_chat(request, shown, headers, desk, len(body), record)
            if stream is not None:
                return stream
        job = Job(self._toolkit, shown, record)
        try:
            desk.claim(shown, job.abort)
        except RpcError:
            await job.close()
            raise
        self._jobs.add(job)
        streams = False
        try:
            with job.interruptible():
                serving = self._servings[operation]
                result = await serving.handle_request(request, RawRequest(headers, job))
            job.check()
            streams = hasattr(result, "body_iterator")
            if streams:
                return self._events(job, result.body_iterator, desk)
            error = job.cancelled() if job.aborted else None
            return OpenAIReply(_body(result), error=error)
        finally:
            if not streams:
                await self._done(job, desk)

    async def _done(self, job: Job, desk: Desk) -> None:
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
            raise invalid_body(error) from None
        known = type(request).model_fields
        _check_body(request)
        if "model" in known:
            request.model = named.shown
        if named.adapter and "lora_path" in known:
            request.lora_path = named.adapter
        if getattr(request, "lora_path", None):  # SGLang ignores it where it has no adapters
            self._toolkit.check(RequestOptions(lora_path=str(request.lora_path)))
        return request

    async def _plain_chat(
        self,
        request: Any,
        shown: str,
        headers: Mapping[str, str],
        desk: Desk,
        size: int,
        record: CallRecord | None,
    ) -> PushStream[bytes] | None:
        """The events of a plain chat; None when SGLang made more of it than its body shows."""
        serving = self._servings["chat"]
        raw = RawRequest(headers, Job(self._toolkit, shown))
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
            if isinstance(error, ValueError) or hasattr(error, "status_code"):
                raise refusal(error) from error
            return None  # SGLang's class knows what to answer
        if not is_plain(serving, request, self._toolkit) or adapted.contains_mm_input():
            return None
        adapted.rid = engine_rid()
        leave = self._toolkit.admit(1)

        def on_end() -> None:
            desk.release(shown)
            leave()

        chat = ChatStream(self._toolkit, serving, request, shown, on_end, record)

        def abort() -> bool:
            chat.abort()
            return True

        try:
            desk.claim(shown, abort)
        except RpcError:
            leave()
            raise
        chat.start(adapted)
        return chat.stream

    async def _events(
        self, job: Job, events: AsyncGenerator[str | bytes, None], desk: Desk
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


def _check_body(request: Any) -> None:
    """What SGLang's model of a body lets pass, and its class does not handle."""
    problems = Problems()
    choices = getattr(request, "n", None)
    if choices is not None and not 1 <= choices <= MAX_CHOICES:
        problems.add("n", f"must be from 1 to {MAX_CHOICES}, not {choices}")
    reserved = _RESERVED & (getattr(request, "chat_template_kwargs", None) or {}).keys()
    for name in sorted(reserved):
        problems.add(f"chat_template_kwargs.{name}", "is not a variable of the template")
    problems.settle()


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

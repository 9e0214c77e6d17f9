"""The lines of the log, as JSON or for people."""

from __future__ import annotations

import json
import re
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Protocol

from tokenwire.codes import Code

if TYPE_CHECKING:
    import logging

    from tokenwire.record import CallRecord

__all__ = ["ACCESS", "ConsoleLines", "JsonLines", "Lines", "lines_of"]

ACCESS: Final = "tokenwire.access"
"""The logger whose name access lines carry, and whose level turns them off."""

_CALL: Final = (
    f'{{"time":"%s","level":"info","logger":"{ACCESS}","request_id":"%s",%s,'
    '"duration":%.6f,"received_bytes":%d,"sent_bytes":%d'
)
_COUNTS: Final = ',"prompt_tokens":%d,"cached_tokens":%d,"completion_tokens":%d'
_FIRST: Final = ',"ttft":%.6f'
_QUEUE: Final = ',"queue":%.6f'
"""Parts of an access line; filled in with %, which is quicker with numbers than a format string."""
_GENERATED: Final = _CALL + _COUNTS + _FIRST + _QUEUE
"""All of them, filled in at once: what nearly every call has that makes tokens."""

_LONGEST: Final = 256
"""Characters of what a caller wrote that are shown."""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_NAMES: Final = tuple(code.name for code in Code)
_CANCELLED: Final = int(Code.CANCELLED)
_quote: Final = json.encoder.encode_basestring_ascii


class Lines(Protocol):
    """How lines are written; `now` is Unix time."""

    def log(self, record: logging.LogRecord) -> str:
        """The line of a log record whose message is made."""

    def call(self, record: CallRecord, now: float) -> str:
        """The access line of a call that ended at `now`."""


def lines_of(kind: str) -> Lines:
    """The lines of `--log-format`."""
    return JsonLines() if kind == "json" else ConsoleLines()


_MILLISECONDS: Final = tuple(f".{count:03d}Z" for count in range(1000))


class _Clock:
    """Unix time as text; the seconds are written once for all that fall into them."""

    def __init__(self, layout: str) -> None:
        self._layout = layout
        self._second = -1
        self._text = ""

    def text(self, now: float) -> str:
        """UTC, to the millisecond."""
        second = int(now)
        if second != self._second:
            self._second, self._text = second, time.strftime(self._layout, time.gmtime(second))
        return self._text + _MILLISECONDS[int((now - second) * 1000)]


class JsonLines:
    """An object per line; times are RFC 3339, durations seconds."""

    def __init__(self) -> None:
        self._clock = _Clock("%Y-%m-%dT%H:%M:%S")

    def log(self, record: logging.LogRecord) -> str:
        """See `Lines`."""
        shown: dict[str, Any] = {
            "time": self._clock.text(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.message,
        }
        if record.exc_text:
            shown["exception"] = record.exc_text
        if record.stack_info:
            shown["stack"] = record.stack_info
        return json.dumps(shown, separators=(",", ":"))

    def call(self, record: CallRecord, now: float) -> str:
        """See `Lines`; a call's facts that are not known are left out."""
        started, first, queued = record.started, record.first_token, record.queue_time
        metadata, request_id = record.metadata, record.request_id
        facts = (
            self._clock.text(now),
            request_id,
            _who(record.method, record.transport, record.peer, record.code),
            record.ended - started,
            record.received_bytes,
            record.sent_bytes,
        )
        counts = (record.prompt_tokens, record.cached_tokens, record.completion_tokens)
        if first and record.completion_tokens and queued is not None:
            line = _GENERATED % (*facts, *counts, first - started, queued)
        else:
            line = _CALL % facts
            if record.choices:
                line += _COUNTS % counts
            if _has_first(record):
                line += _FIRST % (first - started)
            if queued is not None:
                line += _QUEUE % queued
        if record.transport == "http" or not record.method:
            line += f',"path":{_quote(_cut(_path(record)))}'
        if record.http_status:
            line += f',"http_status":{record.http_status}'
        if record.rid and record.rid != request_id:
            line += f',"rid":{_quote(_cut(record.rid))}'
        if (record.span is not None or "traceparent" in metadata) and (trace := _trace_id(record)):
            line += f',"trace_id":"{trace}"'
        return line + _end(_agent(metadata.get("user-agent")))


class ConsoleLines:
    """A line for people: the same facts in columns."""

    def __init__(self) -> None:
        self._clock = _Clock("%Y-%m-%d %H:%M:%S")

    def log(self, record: logging.LogRecord) -> str:
        """See `Lines`; what follows the first line of a message is indented."""
        text = record.message
        for more in (record.exc_text, record.stack_info):
            if more:
                text += f"\n{more}"
        shown = "\n    ".join(_plain(line) for line in text.split("\n"))
        return f"{self._clock.text(record.created)} {record.levelname:<7} {record.name}: {shown}"

    def call(self, record: CallRecord, now: float) -> str:
        """See `Lines`."""
        method = _method(record.method).rpartition("/")[2]
        status = f" {record.http_status}" if record.http_status else ""
        line = (
            f"{self._clock.text(now)} INFO    {ACCESS}: {record.transport:<4} {method:<18} "
            f"{_code(record.code) + status:<17} {(record.ended - record.started) * 1000:>10.1f} ms"
        )
        if _has_first(record):
            line += f"  first {(record.first_token - record.started) * 1000:.1f} ms"
        if record.choices:
            line += f"  tokens {record.prompt_tokens}+{record.completion_tokens}"
        line += f"  bytes {record.received_bytes}+{record.sent_bytes}  from {_plain(record.peer) or '-'}"
        if record.transport == "http" or not record.method:
            line += f"  {_plain(_cut(_path(record)))}"
        line += f"  id {record.request_id}"
        if trace := _trace_id(record):
            line += f"  trace {trace}"
        if agent := _agent(record.metadata.get("user-agent")):
            line += f'  "{_plain(agent)}"'
        return line


def _has_first(record: CallRecord) -> bool:
    """Whether a first token is known, and was one: of a stream that fails midway, tokens are not counted."""
    return bool(record.first_token and (record.completion_tokens or not record.choices))


def _method(path: str) -> str:
    return path.lstrip("/") or "unknown"


@lru_cache(1024)
def _who(path: str, transport: str, peer: str, code: Code | None) -> str:
    """What many calls have in common."""
    method = _quote(_method(path))
    return f'"method":{method},"transport":"{transport}","peer":{_quote(peer)},"code":"{_code(code)}"'


@lru_cache(1024)
def _end(agent: str) -> str:
    """The end of a line, which many calls have in common too."""
    return f',"user_agent":{_quote(agent)}}}' if agent else "}"


def _code(code: Code | None) -> str:
    return _NAMES[_CANCELLED if code is None else code]


def _path(record: CallRecord) -> str:
    """What was asked for, without a query, which may hold anything."""
    return record.path.partition("?")[0]


def _agent(agent: str | bytes | None) -> str:
    return _cut(agent) if isinstance(agent, str) else ""


def _trace_id(record: CallRecord) -> str:
    """The id of the call's trace: of its span, else as the caller gave it."""
    if record.span is not None and record.span.trace_id:
        return str(record.span.trace_id)
    given = record.metadata.get("traceparent")
    if not isinstance(given, str) or len(given) < 55 or not _TRACE.match(given):
        return ""
    return given[3:35]


_TRACE: Final = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-")


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _plain(text: str) -> str:
    """The same without characters that could end the line or steer a terminal."""
    return _CONTROL.sub(lambda found: _quote(found[0])[1:-1], text)

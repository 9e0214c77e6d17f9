"""Streamed chunks, written from skeletons.

The chunks of one choice differ from each other in little more than the new text, so the bytes around
it are made once per request. Their layout, which joining two waiting chunks relies on:

    head, content (a JSON string), before_logprobs, logprobs, AFTER_LOGPROBS, usage and the end

The separators hold quotes without a backslash, so they cannot occur within the content.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tokenwire.streams import PushStream

from tokenwire_serve.servicer.meta_info import json_string, json_text

from .job import Usage
from .logprobs import chat_logprobs, completion_logprobs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tokenwire_serve.engine import Delta, Finish, TokenLogprob

    from .job import Job

__all__ = ["ChunkWriter"]

_NULL: Final = b"null"
_AFTER_LOGPROBS: Final = b',"finish_reason":null}]'
_LONGEST_INDEX: Final = 24
_MERGE_LIMIT: Final = 1 << 16
"""Bytes of a waiting chunk with lists of log-probabilities from which it is left as it is: joining
parses them."""


class _Parts(NamedTuple):
    """A chunk with content, cut up."""

    head: bytes
    content: bytes
    logprobs: bytes
    end: bytes


class ChunkWriter:
    """Takes the deltas of a job and writes its stream; each item is the JSON of one event.

    Args:
        job: The job.
        on_leave: Called if the reader leaves first.
    """

    def __init__(self, job: Job, on_leave: Callable[[], None]) -> None:
        self.stream: PushStream[bytes] = PushStream(merge=self.merge, on_cancel=on_leave)
        self._job = job
        self._usage = Usage(job.sampling.n)
        kind = "chat.completion.chunk" if job.chat else "text_completion"
        start = {"id": job.id, "object": kind, "created": job.created, "model": job.model}
        self._start = json_text(start)[:-1].encode() + b',"choices":['
        self._before_content = b',"delta":{"content":' if job.chat else b',"text":'
        self._before_logprobs = b'},"logprobs":' if job.chat else b',"logprobs":'
        self._end = b',"usage":null}' if job.include_usage else b"}"
        self._tail = self._before_logprobs + _NULL + _AFTER_LOGPROBS + self._end
        self._heads: dict[int, bytes] = {}
        self._offsets: dict[int, int] = {}
        self._plain = not (job.logprobs or job.running_usage)

    def take(self, index: int, delta: Delta) -> None:
        """Write what is new in one choice."""
        if self.stream.closed:
            return
        head = self._heads.get(index) or self._open(index, delta)
        if self._plain:
            if delta.text:
                self.stream.push(head + json_string(delta.text).encode() + self._tail)
        elif delta.text or delta.output_logprobs:
            self._content(index, head, delta.text, delta.output_logprobs or (), delta)
        if delta.finish is not None:
            self._usage.note(index, delta)
            self._finish(index, delta.finish)

    def end(self, error: BaseException | None) -> None:
        """Write the usage if it was asked for, and end the stream."""
        if error is None and self._job.include_usage and not self.stream.closed:
            usage = json_text(self._usage.shown()).encode()
            self.stream.push(self._start + b'],"usage":' + usage + b"}")
        self.stream.close(error)

    def merge(self, old: bytes, new: bytes) -> bytes | None:
        """Join two waiting chunks of one choice that both have content."""
        before, after = self._cut(old), self._cut(new)
        if before is None or after is None or before.head != after.head:
            return None
        logprobs = self._join_logprobs(before.logprobs, after.logprobs)
        if logprobs is None:
            return None
        content = before.content[:-1] + after.content[1:]
        return before.head + content + self._before_logprobs + logprobs + _AFTER_LOGPROBS + after.end

    def _open(self, index: int, delta: Delta) -> bytes:
        """Begin a choice: the role of a chat, the echo of a text completion."""
        place = self._start + b'{"index":' + str(index).encode()
        head = self._heads[index] = place + self._before_content
        if self._job.chat:
            self.stream.push(place + b',"delta":{"role":"assistant","content":""' + self._tail)
        echo = self._job.echo(index)
        if echo or delta.input_logprobs:
            self._content(index, head, echo, delta.input_logprobs or (), delta)
        return head

    def _content(
        self, index: int, head: bytes, text: str, positions: Sequence[TokenLogprob], delta: Delta
    ) -> None:
        end = self._end
        if self._job.running_usage:
            self._usage.note(index, delta)
            end = b',"usage":' + json_text(self._usage.shown()).encode() + b"}"
        content = json_string(text).encode() + self._before_logprobs
        logprobs = self._logprobs(index, positions) if self._job.logprobs else _NULL
        self.stream.push(head + content + logprobs + _AFTER_LOGPROBS + end)

    def _logprobs(self, index: int, positions: Sequence[TokenLogprob]) -> bytes:
        if self._job.chat:
            return json_text(chat_logprobs(positions)).encode()
        offset = self._offsets.get(index, 0)
        self._offsets[index] = offset + sum(len(position.text or "") for position in positions)
        return json_text(completion_logprobs(positions, offset, self._job.top_logprobs)).encode()

    def _finish(self, index: int, finish: Finish) -> None:
        choice: dict[str, Any] = {"index": index}
        if self._job.chat:
            choice["delta"] = {}
        else:
            choice["text"] = ""
        choice |= {"logprobs": None, "finish_reason": finish.kind, "matched_stop": finish.matched}
        self.stream.push(self._start + json_text(choice).encode() + b"]" + self._end)

    def _cut(self, chunk: bytes) -> _Parts | None:
        """The parts of a chunk; None when it has no content, as the first and the last of a choice."""
        begin = len(self._start)
        mark = chunk.find(self._before_content, begin, begin + _LONGEST_INDEX + len(self._before_content))
        content = mark + len(self._before_content)
        logprobs = chunk.find(self._before_logprobs, content)
        end = chunk.rfind(_AFTER_LOGPROBS)
        if mark < 0 or logprobs < 0 or end < logprobs:
            return None
        after = logprobs + len(self._before_logprobs)
        rest = end + len(_AFTER_LOGPROBS)
        return _Parts(chunk[:content], chunk[content:logprobs], chunk[after:end], chunk[rest:])

    def _join_logprobs(self, old: bytes, new: bytes) -> bytes | None:
        if old == new == _NULL:
            return _NULL
        if len(old) > _MERGE_LIMIT or _NULL in (old, new):
            return None
        head, tail = json.loads(old), json.loads(new)
        return json_text({key: _row(head[key], tail[key]) for key in head}).encode()


def _row(head: list[Any] | None, tail: list[Any] | None) -> list[Any] | None:
    return None if head is None or tail is None else head + tail

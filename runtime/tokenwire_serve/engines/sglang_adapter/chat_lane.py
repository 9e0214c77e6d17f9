"""The fast lane of plain streamed chats: SGLang prepares the request, the chunks come from a skeleton.

All that is particular to a chat (template, defaults, limits) is done by SGLang's own serving class, and
the skeleton is a chunk of its own making; only its loop per token is not run. A chat that needs more of
it, for tools, reasoning, log-probabilities or several choices, does not come here.
"""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any, Final

from tokenwire.streams import PushStream

from tokenwire_serve.servicer.active import aborted

from .deltas import admitted_at, came_to_nothing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tokenwire.errors import RpcError
    from tokenwire.record import CallRecord

    from .runs import Run
    from .toolkit import Toolkit

__all__ = ["ChatStream", "is_plain"]

_EXTRAS: Final = (
    "logprobs",
    "return_hidden_states",
    "return_routed_experts",
    "return_cached_tokens_details",
    "return_spec_tokens_details",
    "return_prompt_token_ids",
    "return_token_ids",
    "return_meta_info",
    "return_input_ids_in_sglext",
    "return_output_ids_in_sglext",
    "return_sampling_mask",
    "return_flat_raw_output_top_logprobs",
    "_response_parser_grammar_start",
    "_response_parser_tool_grammar",
)
"""Fields of a chat request that put more than text into its chunks."""


def is_plain(serving: Any, request: Any, toolkit: Toolkit) -> bool:
    """Whether the chunks of a chat hold nothing but its text; False where that cannot be told."""
    try:
        return (
            type(serving) is toolkit.chat_class
            and bool(request.stream)
            and request.n == 1
            and not any(getattr(request, name, False) for name in _EXTRAS)
            and not serving.reasoning_parser
            and not serving._tool_call_parsing_active(request)
            and (not hasattr(serving, "_encoding_output") or serving._encoding_output() is None)
            and not toolkit.wants_usage(request)[1]
        )
    except AttributeError:
        return False


class ChatStream:
    """Receives the chunks of a run and writes the events of a chat.

    Args:
        toolkit: SGLang.
        serving: Its chat.
        request: The body of the call.
        shown: The id that the answer carries.
        on_end: Called once when the chat has ended, in whatever way.
        record: Gets to know the times and the tokens.
    """

    def __init__(
        self,
        toolkit: Toolkit,
        serving: Any,
        request: Any,
        shown: str,
        on_end: Callable[[], None],
        record: CallRecord | None = None,
    ) -> None:
        self.stream: PushStream[bytes] = PushStream(merge=self._merge, on_cancel=self._leave)
        self._toolkit = toolkit
        self._count_prompt = getattr(serving, "_reported_prompt_tokens", None)
        self._common = {
            "chunk_id": shown,
            "created": int(time.time()),
            "model": request.model,
            "index": 0,
        }
        self._include_usage = toolkit.wants_usage(request)[0]
        self._on_end = on_end
        self._record = record
        self._started = time.monotonic()
        self._begun = False
        self._cancelled: RpcError | None = None
        self._info: Mapping[str, Any] = {}
        self._made = 0
        self._run: Run | None = None
        mark = uuid.uuid4().hex
        self._head, self._tail = self._event(content=mark).split(toolkit.quote(mark))

    def start(self, adapted: Any) -> None:
        """Start the request that SGLang made of the body."""
        if self._record is not None:
            self._record.hold(self._common["chunk_id"])
        self._run = self._toolkit.start(adapted, self)

    def take(self, chunk: Mapping[str, Any], /) -> None:
        """Write what is new."""
        self._info = info = chunk["meta_info"]
        if not self._begun:
            if self._record is not None and not came_to_nothing(info):
                self._record.first(admitted_at(self._started, info))
            self._begin()
        whole = "prompt_tokens" in info
        if whole:
            self._made = info.get("completion_tokens", 0)
        text = chunk["text"]
        if text and whole:  # else SGLang says once more what it said, at the end of a request that it drops
            self.stream.push(self._head + self._toolkit.quote(text) + self._tail)
        reason = info["finish_reason"]
        if reason is not None:
            self._finish(reason["type"], reason.get("matched"))

    def take_part(self, text: str, ids: Sequence[int], counts: tuple[int, int, int], /) -> None:
        """The same of a token in between."""
        self._made = counts[1]
        if text:
            self.stream.push(self._head + self._toolkit.quote(text) + self._tail)

    def end(self, error: BaseException | None, /) -> None:
        """The run has ended."""
        self._run = None
        self._on_end()
        self.stream.close(error or self._cancelled)
        self._close_record()

    def abort(self) -> None:
        """End the chat with an abort finish and CANCELLED."""
        self._stop()
        if not self._begun:
            self._begin()
        self._finish("abort", None)
        self.end(None)

    def _leave(self) -> None:
        self._stop()
        self._on_end()
        self._close_record()

    def _close_record(self) -> None:
        """Note what was made, whole or not."""
        record, self._record = self._record, None
        if record is not None:
            if self._begun:
                info = self._info
                record.finished(info.get("prompt_tokens", 0), info.get("cached_tokens", 0), self._made)
                record.admitted = record.admitted or admitted_at(self._started, info)
            record.release()

    def _stop(self) -> None:
        run, self._run = self._run, None
        if run is not None:
            run.stop()

    def _event(self, **given: Any) -> bytes:
        return self._toolkit.event(**self._common, **given).encode()[len(b"data: ") : -len(b"\n\n")]

    def _begin(self) -> None:
        self._begun = True
        self.stream.push(self._event(role="assistant", content=""))

    def _finish(self, kind: str, matched: Any) -> None:
        self.stream.push(self._event(finish_reason=kind, matched_stop=matched))
        if kind == "abort":
            self._cancelled = aborted(self._common["chunk_id"])
        if self._include_usage:
            self.stream.push(self._usage())

    def _usage(self) -> bytes:
        info = self._info
        prompt = self._count_prompt(info) if self._count_prompt is not None else info.get("prompt_tokens", 0)
        counts = {
            "prompt_tokens": prompt,
            "reasoning_tokens": info.get("reasoning_tokens", 0),
            "completion_tokens": self._made,
            "cached_tokens": info.get("cached_tokens", 0),
        }
        common = self._common
        return self._toolkit.usage_event(common["chunk_id"], common["created"], common["model"], counts)

    def _merge(self, old: bytes, new: bytes) -> bytes | None:
        """Two waiting chunks of text as one; the others stand for themselves."""
        head, tail = self._head, self._tail
        for chunk in (old, new):
            if not (chunk.startswith(head) and chunk.endswith(tail)):
                return None
        return old[: -len(tail) - 1] + new[len(head) + 1 :]

"""Log-probabilities of very many tokens, written as JSON in a thread."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.heavy import in_thread

from .meta_info import WrittenLogprobs

if TYPE_CHECKING:
    from tokenwire.streams import PushStream, Sink

    from tokenwire_serve.engine import Delta

__all__ = ["MANY_LOGPROBS", "LogprobWriter", "logprobs_of"]

_LOG: Final = logging.getLogger(__name__)
MANY_LOGPROBS: Final = 5000
"""Log-probabilities, alternatives included, that are written where they are: some milliseconds."""
_LOGPROB_BYTES: Final = 24


class _End(NamedTuple):
    error: BaseException | None


class LogprobWriter:
    """The sink before that of a request: a delta of very many log-probabilities passes when they are written.

    What comes behind such a delta waits for it; all else is passed on at once.

    Args:
        sink: Where deltas go.
        stream: What is made of them; once it is closed nothing more is written.
        with_top: The alternatives are wanted too.
    """

    def __init__(self, sink: Sink[Delta], stream: PushStream[Any], *, with_top: bool) -> None:
        self._sink = sink
        self._stream = stream
        self._with_top = with_top
        self._waiting: deque[Delta | _End] = deque()
        self._work: asyncio.Task[None] | None = None

    def push(self, delta: Delta) -> None:
        """Take what is new in one choice."""
        if self._work is not None:
            self._waiting.append(delta)
        elif logprobs_of(delta) <= MANY_LOGPROBS:
            self._sink.push(delta)
        else:
            self._waiting.append(delta)
            self._work = asyncio.get_running_loop().create_task(self._pass_on())

    def close(self, error: BaseException | None = None) -> None:
        """End the stream behind what waits."""
        if self._work is not None:
            self._waiting.append(_End(error))
        else:
            self._sink.close(error)

    async def _pass_on(self) -> None:
        try:
            while self._waiting:
                item = self._waiting.popleft()
                if isinstance(item, _End):
                    self._sink.close(item.error)
                    continue
                if (count := logprobs_of(item)) > MANY_LOGPROBS and not self._stream.closed:
                    await in_thread(count * _LOGPROB_BYTES, _write, item, self._with_top)
                self._sink.push(item)
        except Exception:
            _LOG.exception("log-probabilities cannot be written")
            self._sink.close(RpcError(Code.INTERNAL, "internal error"))
        finally:
            self._work = None


def logprobs_of(delta: Delta) -> int:
    """About how many log-probabilities a delta has, alternatives included."""
    return sum(
        len(positions) * (1 + len(positions[-1].top))
        for positions in (delta.input_logprobs, delta.output_logprobs)
        if positions
    )


def _write(delta: Delta, with_top: bool) -> None:
    if delta.input_logprobs:
        delta.input_logprobs = WrittenLogprobs(delta.input_logprobs, with_top=with_top)
    if delta.output_logprobs:
        delta.output_logprobs = WrittenLogprobs(delta.output_logprobs, with_top=with_top)

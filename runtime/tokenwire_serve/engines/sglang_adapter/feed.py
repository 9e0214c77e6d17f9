"""What SGLang's processes send, taken to the requests in one step.

SGLang awaits its socket as a coroutine, and makes a dictionary of a dozen facts of every token of every
request. Of a stream of plain text the next token changes three of them, so such streams are served from
the batch itself. All else goes the way that it goes in SGLang: the first and the last token of each
request, and whatever a request needs beside its text.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any, Final, Protocol

from .batches import pick, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Feed", "Served", "TakePart"]

_LOG: Final = logging.getLogger(__name__)
_AT_ONCE: Final = 64
"""Batches that one turn of the loop takes, so that others have theirs."""


class TakePart(Protocol):
    """Takes a token's part of a stream: text, ids, and the counts of the prompt, the output and the cache."""

    def __call__(self, text: str, ids: Sequence[int], counts: tuple[int, int, int], /) -> None:
        """Take the next part."""


Served = tuple[TakePart, "Callable[[], None]"]
"""What takes the parts of a request, and what ends it when that fails."""


class Feed:
    """Takes the batches in place of SGLang's own loop.

    They come through a pipe of our own (`BatchPipe`); what schedulers send is on SGLang's socket.

    Args:
        manager: The TokenizerManager.
        socket: Its socket from the detokenizer, a plain one that is asked and does not wait.
        receive: Takes the next object off the socket; raises `empty` where there is none.
        empty: That exception.
        ready: Whether there is an object; asking resets the socket's signal.
        batch: SGLang's class of a batch of texts.
        batches: All its classes of batches.
        failed: Told once when a batch cannot be handled: nothing can be relied on then.

    Attributes:
        parts: The requests that are served from batches, by rid.
    """

    def __init__(
        self,
        manager: Any,
        file: int,
        receive: Callable[[], Any],
        empty: type[Exception],
        ready: Callable[[], int],
        batch: type[Any],
        batches: tuple[type[Any], ...],
        failed: Callable[[str], None],
    ) -> None:
        self.parts: dict[str, Served] = {}
        self._manager = manager
        self._file = file
        self._receive = receive
        self._empty = empty
        self._ready = ready
        self._batch = batch
        self._batches = batches
        self._failed = failed

    async def run(self) -> None:
        """Read until cancelled; stands for SGLang's `handle_loop`."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._file, self._read)
        try:
            self._read()
            await loop.create_future()
        finally:
            loop.remove_reader(self._file)

    def _read(self) -> None:
        """Take what is there. The socket signals once for all of it, and again after it was asked."""
        for _ in range(_AT_ONCE):
            try:
                received = self._receive()
            except self._empty:
                if not self._ready():
                    return
                continue
            except Exception:
                self._broken()
                return
            self.take(received)
            if not self._ready():
                return
        asyncio.get_running_loop().call_soon(self._read)

    def _broken(self) -> None:
        _LOG.exception("a batch of SGLang's could not be handled")
        self._failed("what it sends cannot be read; the log above says why")

    def take(self, batch: Any) -> None:
        """Take what one of SGLang's processes has sent."""
        try:
            self._take(batch)
        except Exception:
            self._broken()

    def _take(self, batch: Any) -> None:
        manager = self._manager
        if type(batch) is dict:
            rest = self._serve(batch)
            if rest is not None:
                _finish(manager._handle_batch_output(unpack(rest, self._batch)))
        elif isinstance(batch, self._batches):
            _finish(manager._handle_batch_output(batch))
        else:
            manager._result_dispatcher(batch)
        manager.last_receive_tstamp = time.time()
        manager.soft_watchdog.feed()

    def _serve(self, batch: dict[str, Any]) -> dict[str, Any] | None:
        """Serve the streams of plain text; a batch of all else, None when there is nothing else."""
        if batch.get("customized_info"):
            return batch  # it says something of each token
        parts, rids, finished = self.parts, batch["rids"], batch.get("finished_reasons")
        texts, ids = batch["output_strs"], batch["output_ids"]
        prompts, made, cached = batch["prompt_tokens"], batch["completion_tokens"], batch["cached_tokens"]
        others: list[int] = []
        for place, rid in enumerate(rids):
            served = parts.get(rid)
            if served is None or (finished is not None and finished[place] is not None):
                others.append(place)
                continue
            try:
                served[0](texts[place], ids[place], (prompts[place], made[place], cached[place]))
            except Exception:
                served[1]()
        if not others:
            return None
        return batch if len(others) == len(rids) else pick(batch, others)


def _finish(coroutine: Any) -> None:
    """Run a coroutine that lets others have a turn now and then, but waits for nothing."""
    try:
        while True:
            coroutine.send(None)
    except StopIteration:
        return

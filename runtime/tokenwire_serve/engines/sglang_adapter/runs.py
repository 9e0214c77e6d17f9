"""One request within SGLang's TokenizerManager, from its start to its end."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final, Protocol

from tokenwire.codes import Code
from tokenwire.coroutines import rest
from tokenwire.errors import RpcError

from .errors import aborted_by_engine, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .feed import Served

__all__ = ["Receiver", "Run"]

_LOG: Final = logging.getLogger(__name__)


class Receiver(Protocol):
    """Takes what SGLang says of one request."""

    def take(self, chunk: Mapping[str, Any], /) -> None:
        """The next chunk: a delta of a stream, or the whole answer."""

    def take_part(self, text: str, ids: Sequence[int], counts: tuple[int, int, int], /) -> None:
        """What a chunk has that is new, of a stream of plain text; see `feed.TakePart`."""

    def end(self, error: BaseException | None, /) -> None:
        """Nothing follows. Called once, unless the run is stopped."""


class Run:
    """A request under way.

    SGLang hands out chunks through an asynchronous generator, which is a wake-up and a task switch per
    token. The chunks lie ready in the request's state at the moment that its event is set; this takes
    them then and there, and leaves to the generator what is before the first chunk and the end. Where
    a state is not as expected, the generator gives everything.

    Args:
        manager: The TokenizerManager.
        request: A GenerateReqInput or EmbeddingReqInput of one prompt with a rid.
        receiver: Takes the chunks.
        on_end: Called once, when the run has ended or was stopped.
        parts: Where to enter a receiver's `take_part`, for it to be served past SGLang from its second
            chunk to its last but one; None is not to.
    """

    __slots__ = ("_manager", "_on_end", "_parts", "_receiver", "_request", "_task")

    def __init__(
        self,
        manager: Any,
        request: Any,
        receiver: Receiver,
        on_end: Callable[[Run], None],
        parts: dict[str, Served] | None = None,
    ) -> None:
        self._manager = manager
        self._parts = parts
        self._request = request
        self._receiver: Receiver | None = receiver
        self._on_end = on_end
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Give the request to SGLang."""
        self._task = asyncio.ensure_future(self._run())

    def stop(self) -> None:
        """Drop the request, wherever it is; the receiver hears no more of it.

        The generator is left, which takes the request back from a queue or aborts it in the scheduler.
        """
        if self._release() is not None and self._task is not None:
            self._task.cancel()

    def fail(self, error: BaseException) -> None:
        """End it with an error."""
        receiver = self._release()
        if receiver is not None:
            if self._task is not None:
                self._task.cancel()
            _tell(receiver.end, error)

    def take(self, chunk: Mapping[str, Any]) -> None:
        """Pass a chunk on; a receiver that fails ends its own request and no other."""
        receiver = self._receiver
        if receiver is None:
            return
        reason = chunk["meta_info"]["finish_reason"]
        error = None if reason is None else aborted_by_engine(reason)
        if error is not None:
            self.fail(error)
            return
        try:
            receiver.take(chunk)
        except Exception:
            self.broken()

    def follow(self) -> None:
        """Be served past SGLang from now on, if that was wanted."""
        if self._parts is not None and self._receiver is not None:
            self._parts[self._request.rid] = (self._receiver.take_part, self.broken)

    def broken(self) -> None:
        """End it, with the exception that is being handled in the log."""
        _LOG.exception("request %s failed", self._request.rid)
        self.fail(RpcError(Code.INTERNAL, "the request failed in the server"))

    def _release(self) -> Receiver | None:
        """Be done with the receiver; it, if that was not so before."""
        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            if self._parts is not None:
                self._parts.pop(self._request.rid, None)
            self._on_end(self)
        return receiver

    async def _run(self) -> None:
        chunks = self._manager.generate_request(self._request, None)
        error: BaseException | None = None
        try:
            step = chunks.__anext__()
            try:
                waits_for = step.send(None)
            except StopIteration as done:
                self.take(done.value)
            else:
                self._tap()
                self.take(await rest(step, waits_for))
            if getattr(self._request, "stream", False):
                async for chunk in chunks:
                    self.take(chunk)
        except StopAsyncIteration:
            error = RpcError(Code.INTERNAL, "SGLang ended the request without an answer")
        except Exception as raised:
            error = refusal(raised)
        finally:
            await chunks.aclose()
            receiver = self._release()
            if receiver is not None:
                _tell(receiver.end, error)

    def _tap(self) -> None:
        state = self._manager.rid_to_state.get(self._request.rid)
        if all(hasattr(state, name) for name in ("event", "finished", "out_list")):
            state.event = _Tap(self, state)


class _Tap:
    """Stands for the event of a request's state and hands its chunks on when it is set."""

    __slots__ = ("_event", "_run", "_state")

    def __init__(self, run: Run, state: Any) -> None:
        self._run = run
        self._state = state
        self._event: asyncio.Event = state.event

    def set(self) -> None:
        """Take the chunks that are there; the last is the generator's, with the end of the request."""
        state = self._state
        if state.finished:
            self._event.set()
            return
        chunks, state.out_list = state.out_list, []
        for chunk in chunks:
            self._run.take(chunk)
        self._run.follow()

    def clear(self) -> None:
        """As of the event."""
        self._event.clear()

    def is_set(self) -> bool:
        """As of the event."""
        return self._event.is_set()

    async def wait(self) -> bool:
        """As of the event."""
        return await self._event.wait()


def _tell(end: Callable[[BaseException | None], None], error: BaseException | None) -> None:
    try:
        end(error)
    except Exception:
        _LOG.exception("the end of a request could not be told")

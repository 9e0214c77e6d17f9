"""The model's thread: it loads, steps, and hands what happened to the event loop, a batch a step."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Final, TypeVar

import torch

from tokenwire_serve.engines.board import closing

if TYPE_CHECKING:
    from collections.abc import Callable

    from .scheduler import Event, Scheduler

__all__ = ["Worker"]

_LOG: Final = logging.getLogger(__name__)
_UNDELIVERED: Final = 4
"""Batches that the loop may be behind before the model waits for it."""

T = TypeVar("T")


class Worker:
    """Runs a scheduler in a thread of its own. Methods are called on the event loop.

    Args:
        deliver: Called on the event loop with the events of one step.
        threads: Threads of the model's arithmetic.
    """

    def __init__(self, deliver: Callable[[list[Event]], None], threads: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._deliver = deliver
        self._threads = threads
        self._commands: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._jobs: deque[Callable[[], None]] = deque()
        self._credits = threading.Semaphore(_UNDELIVERED)
        self._scheduler: Scheduler | None = None
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="tokenwire-model", daemon=True)
        self._thread.start()

    @property
    def waiting_jobs(self) -> int:
        """Jobs that have not started."""
        return len(self._jobs)

    def attach(self, scheduler: Scheduler) -> None:
        """Step this scheduler from now on."""
        self.post(lambda: setattr(self, "_scheduler", scheduler))

    def post(self, command: Callable[[], None]) -> None:
        """Run a command in the thread before the next step."""
        self._commands.put(command)

    def call(self, function: Callable[[], T]) -> asyncio.Future[T]:
        """Run a function in the thread before the next step.

        Events that it causes are delivered before its result is.
        """
        future: asyncio.Future[T] = self._loop.create_future()
        self.post(lambda: self._settle(future, function))
        return future

    def job(self, function: Callable[[], T]) -> asyncio.Future[T]:
        """Run a function in the thread, at most one between two steps and none while paused.

        A future that is done before that, cancelled for instance, drops it.
        """
        future: asyncio.Future[T] = self._loop.create_future()
        self.post(lambda: self._jobs.append(lambda: self._settle(future, function)))
        return future

    async def close(self) -> None:
        """End the thread after the step it is in."""
        self._commands.put(None)
        self._credits.release()
        await asyncio.to_thread(self._thread.join)

    def _settle(self, future: asyncio.Future[Any], function: Callable[[], Any]) -> None:
        if future.done():
            return
        if self._ended:
            self._tell(_fail, future, closing())
            return
        try:
            result = function()
        except BaseException as error:
            self._tell(_fail, future, _contained(error))
        else:
            self._flush()
            self._tell(_resolve, future, result)

    def _tell(self, call: Callable[..., None], *args: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(call, *args)
        except RuntimeError:
            _LOG.debug("the event loop is closed; nobody is left to tell")

    def _run(self) -> None:
        torch.set_num_threads(self._threads)
        with torch.inference_mode():
            while self._obey():
                self._step()
        self._ended = True
        while not self._commands.empty():
            command = self._commands.get()
            if command is not None:
                command()

    def _obey(self) -> bool:
        """Run the commands that have come, waiting for one if there is nothing else to do."""
        while True:
            try:
                command = self._commands.get(block=self._idle())
            except queue.Empty:
                return True
            if command is None:
                return False
            try:
                command()
            except BaseException:
                _LOG.exception("a command to the model's thread failed")

    def _idle(self) -> bool:
        scheduler = self._scheduler
        if scheduler is None:
            return True
        return scheduler.idle and not scheduler.outbox and (scheduler.paused or not self._jobs)

    def _step(self) -> None:
        scheduler = self._scheduler
        assert scheduler is not None
        if self._jobs and not scheduler.paused:
            self._jobs.popleft()()
        try:
            if not scheduler.idle:
                scheduler.step()
        except BaseException as error:
            scheduler.decode_failures += 1
            scheduler.fail_all(_contained(error))
        self._flush()

    def _flush(self) -> None:
        """Hand over what has happened, if the loop is not too far behind; else wait for it."""
        scheduler = self._scheduler
        if scheduler is not None and scheduler.outbox:
            events, scheduler.outbox = scheduler.outbox, []
            self._credits.acquire()
            self._tell(self._hand_over, events)

    def _hand_over(self, events: list[Event]) -> None:
        self._credits.release()
        self._deliver(events)


def _contained(error: BaseException) -> Exception:
    """The error as one that ends no thread, which panics of Rust libraries and sys.exit() would."""
    if isinstance(error, Exception):
        return error
    contained = RuntimeError(f"{type(error).__name__}: {error}")
    contained.__cause__ = error
    return contained


def _resolve(future: asyncio.Future[Any], result: Any) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: asyncio.Future[Any], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)

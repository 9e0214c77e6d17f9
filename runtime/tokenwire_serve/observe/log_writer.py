"""The thread that writes the log, so that nobody who reads it slowly holds up a call."""

from __future__ import annotations

import copy
import logging
import os
import select
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from tokenwire.record import REQUEST_ID, CallRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .log_lines import Lines
    from .series import Row

from . import names

__all__ = ["LogHandler", "LogWriter"]

_MOST: Final = 10_000
"""Lines that may wait."""

_FEW: Final = 500
"""Of more lines than these, only what is written of a call is kept: its headers may be 32 KiB."""

_SHOWN: Final = ("user-agent", "traceparent", REQUEST_ID)
"""Headers that are written, or a part of them."""

_LONGEST: Final = 1024
"""Characters of a path or a header that are kept then."""

_REST: Final = 0.2
"""Seconds between two rounds of writing, in which lines gather."""

_AT_ONCE: Final = 64
"""Lines that are made in a row; then others get to run."""

_LOGGER: Final = "tokenwire.log"


class LogWriter:
    """Writes lines to a file descriptor in a thread of its own.

    Lines that come while as many wait as may are dropped, and counted; the log says so when it goes on.
    A descriptor that fails (its reader is gone, the disk is full) loses its lines and nothing else.

    Args:
        descriptor: Where to write.
        lines: How.
        most: Lines that may wait.
    """

    def __init__(self, descriptor: int, lines: Lines, *, most: int = _MOST) -> None:
        self._descriptor = descriptor
        self._lines = lines
        self._most = most
        self._waiting: deque[CallRecord | logging.LogRecord] = deque()
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._lock = threading.Lock()
        self._asleep = True
        self._writing = False
        self._closed = False
        self._dropped = 0
        self._told = 0
        self._torn = False
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """Lines that were dropped so far."""
        return self._dropped

    def rows(self) -> Iterator[Row]:
        """The dropped lines, for metrics."""
        yield names.LOGS_DROPPED, (), self._dropped

    def put(self, item: CallRecord | logging.LogRecord) -> None:
        """Have a line written; any thread, and it never waits."""
        waiting = len(self._waiting)
        if waiting >= self._most:
            self._lose(1)
            return
        if waiting >= _FEW and isinstance(item, CallRecord):
            _slim(item)
        self._waiting.append(item)
        if self._asleep:
            self._asleep = False
            self._wake.set()

    def flush(self, timeout: float = 1.0) -> bool:
        """Wait until all that was put is written; False when it takes longer than `timeout` seconds."""
        end = time.monotonic() + timeout
        self._hurry.set()
        try:
            while self._waiting or self._writing:
                if time.monotonic() > end or not self._thread.is_alive():
                    return False
                self._wake.set()
                time.sleep(0.002)
        finally:
            self._hurry.clear()
        return True

    def close(self, timeout: float = 1.0) -> None:
        """Write what waits and end the thread, if that is done within `timeout` seconds."""
        self.flush(timeout)
        self._closed = True
        self._hurry.set()
        self._wake.set()
        self._thread.join(timeout)

    def _lose(self, count: int) -> None:
        with self._lock:
            self._dropped += count

    def _run(self) -> None:
        while not self._closed:
            self._wake.wait()
            self._wake.clear()
            self._writing = True
            try:
                self._round()
            finally:
                self._writing = False
            self._hurry.wait(_REST)
            self._asleep = True
            if self._waiting:
                self._wake.set()

    def _round(self) -> None:
        """Write what waits."""
        waiting = self._waiting
        while waiting:
            offset = time.time() - time.monotonic()
            count = min(_AT_ONCE, len(waiting))
            lines = self._notice()
            lines += [self._line(waiting.popleft(), offset) for _ in range(count)]
            self._write("\n".join(lines) + "\n", len(lines))

    def _notice(self) -> list[str]:
        """A line about those that were dropped since the last."""
        new = self._dropped - self._told
        if not new:
            return []
        self._told += new
        text = f"{new} log lines were dropped: they were not read in time, or could not be written"
        return [self._own("WARNING", text)]

    def _own(self, level: str, text: str) -> str:
        return self._lines.log(
            _made(logging.makeLogRecord({"name": _LOGGER, "levelname": level, "msg": text}))
        )

    def _line(self, item: CallRecord | logging.LogRecord, offset: float) -> str:
        try:
            if isinstance(item, CallRecord):
                return self._lines.call(item, item.ended + offset)
            return self._lines.log(item)
        except Exception as error:  # A line that cannot be made must not end the thread.
            return self._own("ERROR", f"a line was lost: {type(error).__name__}")

    def _write(self, text: str, count: int) -> None:
        data = text.encode(errors="backslashreplace")
        rest: Any = memoryview(b"\n" + data if self._torn else data)
        self._torn = False
        while rest:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:
                select.select([], [self._descriptor], [], 1.0)
            except (OSError, ValueError):
                self._torn = len(rest) < len(data)
                self._lose(count)
                return


class LogHandler(logging.Handler):
    """Gives log records to a `LogWriter`."""

    def __init__(self, writer: LogWriter) -> None:
        super().__init__()
        self._writer = writer

    def createLock(self) -> None:  # noqa: N802 - the name is logging's
        """None is needed: `put` takes lines from any thread."""
        self.lock = None

    def emit(self, record: logging.LogRecord) -> None:
        """Make the message now, for what it is made of may change, and have it written."""
        try:
            self._writer.put(_made(record))
        except Exception:
            self.handleError(record)

    def flush(self) -> None:
        """Wait a moment for what is under way."""
        self._writer.flush()


def _slim(record: CallRecord) -> None:
    """Drop of a call that has ended what is never written of it."""
    given = record.metadata
    record.metadata = {name: given[name][:_LONGEST] for name in _SHOWN if name in given}
    record.path = record.path[:_LONGEST]


_FORMATTER: Final = logging.Formatter()


def _made(record: logging.LogRecord) -> logging.LogRecord:
    """The record with its texts made, and without what they were made of."""
    made = copy.copy(record)  # Others may be given the record as well.
    made.msg = made.message = record.getMessage()
    if record.exc_info and not record.exc_text:
        made.exc_text = _FORMATTER.formatException(record.exc_info)
    made.args = made.exc_info = None
    return made

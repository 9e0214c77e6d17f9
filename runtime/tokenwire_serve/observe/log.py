"""The process's log, while it serves."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from .log_lines import lines_of
from .log_writer import LogHandler, LogWriter

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["STOPPED_EARLY", "logging_to_stderr"]

STOPPED_EARLY: Final = "stopped before it was ready"
"""The last word of a server that a signal ends before its ready line."""
_STDERR: Final = 2


@contextmanager
def logging_to_stderr(level: str, kind: str) -> Iterator[LogWriter]:
    """Write what is logged to stderr while the block runs, and all of it before it ends.

    Args:
        level: Of what is logged, as `--log-level`.
        kind: "console" or "json", as `--log-format`.
    """
    writer = LogWriter(_descriptor(), lines_of(kind))
    handler, root = LogHandler(writer), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(level.upper())
    try:
        yield writer
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
        writer.close()


def _descriptor() -> int:
    try:
        return sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):
        return _STDERR

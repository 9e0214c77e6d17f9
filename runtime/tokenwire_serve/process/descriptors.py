"""File descriptors: as many as the system allows, and what is said when they run out."""

from __future__ import annotations

import errno
import logging
import resource
import time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import asyncio

__all__ = ["Shortage", "raise_limit"]

_LOG: Final = logging.getLogger("tokenwire.serve")
_OWN: Final = 64
"""What a server has open beside its connections, with some to spare."""
_SHORTAGE: Final = frozenset({errno.EMFILE, errno.ENFILE})
_QUIET_S: Final = 10.0
"""Seconds between two lines about a shortage."""


def raise_limit(max_connections: int, listeners: int) -> None:
    """Raise the process's soft limit of open files to the hard one, and warn where that is too low.

    Args:
        max_connections: What each listener may keep open; 0 is no limit.
        listeners: How many listeners there are.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
        except (OSError, ValueError) as error:
            _LOG.debug("the limit of open files stays %d: %s", soft, error)
    needed = max_connections * listeners + _OWN
    if max_connections and soft != resource.RLIM_INFINITY and soft < needed:
        fits = max(1, (soft - _OWN) // listeners)
        _LOG.warning(
            "--max-connections %d does not fit into the limit of %d open files: it needs %d, so raise "
            "the limit (ulimit -n, LimitNOFILE=) or set --max-connections %d",
            max_connections,
            soft,
            needed,
            fits,
        )


class Shortage:
    """Says in one line, and now and then, that there are no descriptors for new connections."""

    def __init__(self) -> None:
        self._said = -_QUIET_S

    def handle(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """The exception handler of a loop: it is told of each connection that could not be accepted."""
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in _SHORTAGE:
            self._tell(error)
        else:
            loop.default_exception_handler(context)

    def _tell(self, error: OSError) -> None:
        now = time.monotonic()
        if now - self._said >= _QUIET_S:
            self._said = now
            _LOG.error("no new connections for now: %s", _reason(error))


def _reason(error: OSError) -> str:
    """What ran out, and what to do."""
    if error.errno == errno.ENFILE:
        return "the system has no file descriptors left (fs.file-max)"
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return (
        f"all {limit} file descriptors of this process are in use; "
        "raise the limit (ulimit -n, LimitNOFILE=) or lower --max-connections"
    )

"""Traces of SGLang's processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tokenwire.codes import Code
from tokenwire.errors import RpcError

__all__ = ["Trace"]


class Trace:
    """The trace that is being written, if one is.

    Args:
        manager: The TokenizerManager.
        request: Makes a ProfileReq.
        activities: What is recorded, "CPU" and "GPU".
    """

    def __init__(self, manager: Any, request: Any, activities: list[str]) -> None:
        self._manager = manager
        self._request = request
        self._activities = activities
        self._directory: Path | None = None
        self._before: set[Path] = set()

    async def start(self, directory: str) -> str:
        """Begin one below a directory.

        Raises:
            RpcError: FAILED_PRECONDITION, SGLang refuses.
        """
        if self._directory is not None:
            raise RpcError(Code.FAILED_PRECONDITION, "a trace is being written already: stop it first")
        request = self._request(output_dir=directory, activities=self._activities)
        await self._tell(self._manager.start_profile(request))
        self._directory = Path(directory)
        self._before = _files(self._directory)
        return f"SGLang records a trace in {directory}"

    async def stop(self) -> str:
        """End it; the sentence names the files.

        Raises:
            RpcError: FAILED_PRECONDITION, none is being written.
        """
        directory, self._directory = self._directory, None
        if directory is None:
            raise RpcError(Code.FAILED_PRECONDITION, "no trace is being written: start one first")
        await self._tell(self._manager.stop_profile())
        found = sorted(map(str, _files(directory) - self._before))
        return f"the trace is in {', '.join(found) or directory}"

    async def _tell(self, call: Any) -> None:
        try:
            await call
        except (RuntimeError, ValueError) as error:
            raise RpcError(Code.FAILED_PRECONDITION, f"SGLang's profiler: {error}") from error


def _files(directory: Path) -> set[Path]:
    return {path for path in directory.rglob("*") if path.is_file()}

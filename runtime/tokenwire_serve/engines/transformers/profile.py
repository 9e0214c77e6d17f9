"""A torch.profiler trace of the model's thread."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from tokenwire.codes import Code
from tokenwire.errors import RpcError
from torch import cuda
from torch.profiler import ProfilerActivity, profile

__all__ = ["Trace"]


class Trace:
    """At most one trace at a time; `start` and `stop` on the model's thread, `save` on any."""

    def __init__(self) -> None:
        self._profiler: Any = None
        self._file = Path()

    @property
    def running(self) -> bool:
        """Whether a trace is being recorded."""
        return self._profiler is not None

    def start(self, directory: str) -> str:
        """Begin to record; a sentence that names the file to come.

        Raises:
            RpcError: FAILED_PRECONDITION, a trace is being recorded already.
        """
        if self._profiler is not None:
            raise RpcError(Code.FAILED_PRECONDITION, f"a profile is running already, for {self._file}")
        activities = [ProfilerActivity.CPU]
        if cuda.is_available():
            activities.append(ProfilerActivity.CUDA)
        self._file = Path(directory) / f"trace-{time.time_ns()}.json"
        profiler = profile(activities=activities)
        profiler.start()
        self._profiler = profiler
        return f"profiling; stop_profile will write {self._file}"

    def stop(self) -> tuple[Any, Path]:
        """End the recording.

        Raises:
            RpcError: FAILED_PRECONDITION, none is running.
        """
        if self._profiler is None:
            raise RpcError(Code.FAILED_PRECONDITION, "no profile is running; start_profile begins one")
        profiler, self._profiler = self._profiler, None
        profiler.stop()
        return profiler, self._file

    @staticmethod
    def save(profiler: Any, file: Path) -> str:
        """Write what was recorded; a sentence that names the file.

        Raises:
            RpcError: FAILED_PRECONDITION, it could not be written.
        """
        try:
            profiler.export_chrome_trace(str(file))
        finally:
            with suppress(OSError):  # what was written before the room was used up
                file.with_name(f"{file.name}.tmp").unlink()
        if not file.is_file():  # the profiler says nothing of a full disk or a directory that is gone
            raise RpcError(Code.FAILED_PRECONDITION, f"the profile could not be written to {file}")
        return f"profile written to {file}; chrome://tracing and ui.perfetto.dev open it"

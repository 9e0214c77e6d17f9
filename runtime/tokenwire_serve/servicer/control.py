"""The calls that steer the engine: abort, cache, pause, profile and weights."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

from tokenwire.codes import Code
from tokenwire.details import bad_request
from tokenwire.errors import RpcError
from tokenwire_gen.sglang.runtime.v1.sglang_pb import (
    AbortResponse,
    ContinueGenerationResponse,
    FlushCacheResponse,
    PauseGenerationResponse,
    StartProfileResponse,
    StopProfileResponse,
    UpdateWeightsResponse,
)

from tokenwire_serve.engine import PauseMode

if TYPE_CHECKING:
    from tokenwire.context import Context
    from tokenwire_gen.sglang.runtime.v1 import sglang_pb as pb

    from .core import Core

__all__ = ["PAUSED_REQUESTS", "Control"]

PAUSED_REQUESTS: Final = "x-tokenwire-paused-requests"
"""Trailing metadata of UpdateWeightsFromDisk: how many requests were held back meanwhile."""

_MODES: Final[dict[str, PauseMode]] = {"": "abort", **{mode: mode for mode in get_args(PauseMode)}}
_PAUSED: Final[dict[PauseMode, str]] = {
    "abort": "generation is paused; running requests were aborted",
    "in_place": "generation is paused; running requests keep their place",
    "retract": "generation is paused; running requests went back to the queue",
}


class Control:
    """Answers the calls that steer the engine."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def abort(self, request: pb.AbortRequest, context: Context) -> AbortResponse:
        """Abort: the request of exactly that id; or all, for those who may make admin calls."""
        if request.abort_all:
            context.require_admin()
            return AbortResponse(success=self._core.active.abort_all())
        if not request.rid.strip():
            raise bad_request("rid", "must not be blank unless abort_all is set")
        return AbortResponse(success=self._core.active.abort(request.rid))

    async def flush_cache(self) -> FlushCacheResponse:
        """FlushCache, with the engine's own reason."""
        self._core.require_up()
        success, message = await self._core.engine.flush_cache()
        return FlushCacheResponse(success=success, message=message)

    async def pause(self, request: pb.PauseGenerationRequest) -> PauseGenerationResponse:
        """PauseGeneration."""
        mode = _MODES.get(request.mode)
        if mode is None:
            raise bad_request("mode", f"must be abort, in_place or retract, not {request.mode!r}")
        self._core.require_up()
        await self._core.engine.pause(mode)
        return PauseGenerationResponse(message=_PAUSED[mode])

    async def resume(self) -> ContinueGenerationResponse:
        """ContinueGeneration."""
        self._core.require_up()
        await self._core.engine.resume()
        return ContinueGenerationResponse(message="generation goes on")

    async def start_profile(self, request: pb.StartProfileRequest) -> StartProfileResponse:
        """StartProfile: the trace goes below the profile directory, which the reply names."""
        self._core.require_up()
        directory, made = _trace_directory(self._core.settings.profile_dir, request.output_dir or "")
        try:
            message = await self._core.engine.start_profile(str(directory))
        except BaseException:
            for path in reversed(made):
                with suppress(OSError):
                    path.rmdir()
            raise
        named = message if str(directory) in message else f"{message} in {directory}"
        return StartProfileResponse(message=named)

    async def stop_profile(self) -> StopProfileResponse:
        """StopProfile: the reply names the file."""
        self._core.require_up()
        return StopProfileResponse(message=await self._core.engine.stop_profile())

    async def update_weights(
        self, request: pb.UpdateWeightsRequest, context: Context
    ) -> UpdateWeightsResponse:
        """UpdateWeightsFromDisk: a failure is a reply, not a status."""
        if not request.model_path.strip():
            raise bad_request("model_path", "must name a directory with weights")
        self._core.require_up()
        update = await self._core.engine.update_weights(request.model_path, request.load_format)
        context.trailing_metadata[PAUSED_REQUESTS] = str(update.num_paused_requests)
        return UpdateWeightsResponse(success=update.success, message=update.message)


def _trace_directory(root: Path | None, output_dir: str) -> tuple[Path, list[Path]]:
    """The directory for a trace, made if it is missing, and the directories made for it."""
    made: list[Path] = []
    try:
        if root is None:
            root = _fresh_directory()
            made.append(root)
        root = root.resolve()
        directory = (root / output_dir).resolve()
    except (RuntimeError, ValueError):
        raise bad_request("output_dir", "is not a path: it has a NUL byte or a loop of links") from None
    if not directory.is_relative_to(root):
        raise bad_request("output_dir", "must stay below the profile directory")
    try:
        missing = [path for path in (directory, *directory.parents) if not path.exists()]
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_make(str(directory), error) from None
    return directory, made + missing[::-1]


def _fresh_directory() -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix="tokenwire-profile-"))
    except OSError as error:
        raise _cannot_make("a temporary directory", error) from None


def _cannot_make(what: str, error: OSError) -> RpcError:
    reason = error.strerror or type(error).__name__
    return RpcError(Code.FAILED_PRECONDITION, f"output_dir: cannot make {what}: {reason}")

"""WatchEngineState: snapshots of the engine, pushed at each change."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from tokenwire.streams import PushStream
from tokenwire_gen.sglang.runtime.v1.sglang_pb import EngineStateSnapshot
from tokenwire_gen.sglang.runtime.v1.sglang_pb import ServerStatus as WireStatus

from tokenwire_serve.engine import ServerStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokenwire_gen.sglang.runtime.v1.sglang_pb import GetModelInfoResponse, GetServerInfoResponse

    from tokenwire_serve.engine import EngineState

    from .core import Core
    from .info import Info

__all__ = ["StateWatch"]

_STATUS: Final = {
    ServerStatus.STARTING: WireStatus.SERVER_STATUS_STARTING,
    ServerStatus.UP: WireStatus.SERVER_STATUS_UP,
    ServerStatus.UNHEALTHY: WireStatus.SERVER_STATUS_UNHEALTHY,
    ServerStatus.STOPPED: WireStatus.SERVER_STATUS_UNHEALTHY,
}

_ABSENT: Final = (ServerStatus.STARTING, ServerStatus.STOPPED)
"""There is no engine to ask: `server_info` says why instead."""


class StateWatch:
    """Those who watch the engine, and the snapshots that they get.

    The engine is listened to from the first watcher on, so nothing is polled and nothing is made
    that nobody reads.
    """

    def __init__(self, core: Core, info: Info) -> None:
        self._core = core
        self._info = info
        self._streams: set[PushStream[EngineStateSnapshot]] = set()
        self._stop: Callable[[], None] | None = None
        self._seen: EngineState | None = None
        self._instance = _instance_id()
        self._revision = 0
        self._model_info: GetModelInfoResponse | None = None
        self._server_info: GetServerInfoResponse | None = None

    def open(self) -> PushStream[EngineStateSnapshot]:
        """A stream of snapshots: the state now, then each change."""
        if self._stop is None and not self._core.draining:
            self._seen = self._core.engine.state
            self._stop = self._core.engine.watch(self._changed)
        stream: PushStream[EngineStateSnapshot] = PushStream(
            merge=_newest, on_cancel=lambda: self._streams.discard(stream)
        )
        self._revision = max(self._revision, 1)
        self._refresh()
        stream.push(self._snapshot())
        if self._core.draining:
            stream.close()
        else:
            self._streams.add(stream)
        return stream

    def close(self) -> None:
        """Tell that the server goes, and end the streams; the core is draining already."""
        if self._stop is not None:
            self._stop()
            self._stop = None
        self.publish()
        for stream in self._streams:
            stream.close()
        self._streams.clear()

    def _changed(self, state: EngineState) -> None:
        before, self._seen = self._seen, state
        if before is not None and _shown(before) == _shown(state):
            return
        starting = ServerStatus.STARTING
        if state.status is starting and before is not None and before.status is not starting:
            self._instance = _instance_id()
            self._revision = 0
        self._refresh()
        self.publish()

    def _refresh(self) -> None:
        """Ask the engine about itself while it is up; what it said last stays while it is unhealthy."""
        state = self._core.engine.state
        if self._core.draining:
            return
        if state.healthy:
            self._model_info = self._info.model()
            self._server_info = self._info.server()
        elif state.status in _ABSENT:
            self._server_info = self._info.absent()

    def publish(self) -> None:
        """Send a snapshot to every watcher."""
        self._revision += 1
        snapshot = self._snapshot()
        for stream in list(self._streams):
            stream.push(snapshot)

    def _snapshot(self) -> EngineStateSnapshot:
        state = self._core.engine.state
        status = WireStatus.SERVER_STATUS_UNHEALTHY if self._core.draining else _STATUS[state.status]
        return EngineStateSnapshot(
            instance_id=self._instance,
            revision=self._revision,
            healthy=self._core.healthy,
            server_status=status,
            is_pause=state.paused,
            model_info=self._model_info,
            server_info=self._server_info,
        )


def _shown(state: EngineState) -> tuple[ServerStatus, bool, str]:
    """What of a state makes a snapshot; a reason only while it tells how far a start has come."""
    return state.status, state.paused, state.reason if state.status is ServerStatus.STARTING else ""


def _newest(_: EngineStateSnapshot, new: EngineStateSnapshot) -> EngineStateSnapshot:
    return new


def _instance_id() -> int:
    return secrets.randbits(64) or 1

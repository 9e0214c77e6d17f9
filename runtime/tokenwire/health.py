"""grpc.health.v1: which services are ready, told on request and at each change."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from ._proto.grpc.health.v1.health_grpc import HealthBase
from ._proto.grpc.health.v1.health_pb import (
    HealthCheckResponse,
    HealthCheckResponseServingStatus,
    HealthListResponse,
)
from .codes import Code
from .errors import RpcError
from .streams import PushStream

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._proto.grpc.health.v1.health_pb import HealthCheckRequest, HealthListRequest
    from .context import Context

__all__ = ["HealthRegistry", "HealthServicer"]

_AT_ONCE: Final = 64
"""Watchers that are told per turn of the loop; each takes some microseconds."""


class HealthRegistry:
    """What is ready now; "" stands for the server as a whole. Used on one event loop.

    Watchers are told some at a time, so that many of them do not hold up others.

    Args:
        services: Full names of services; each, and the whole, begins not ready.
    """

    def __init__(self, services: Iterable[str] = ()) -> None:
        self._serving = dict.fromkeys(["", *services], False)
        self._watchers: dict[str, dict[PushStream[HealthCheckResponse], bool | None]] = {}
        """By service, and what each was told."""
        self._due: dict[PushStream[HealthCheckResponse], str] = {}
        """Those that are still to be told, and of what service."""
        self._closed = False

    @property
    def services(self) -> dict[str, bool]:
        """Whether each service is ready, by its name."""
        return dict(self._serving)

    def serving(self, service: str = "") -> bool | None:
        """Whether a service is ready; None for one that is not known."""
        return self._serving.get(service)

    def set(self, service: str, serving: bool) -> None:
        """Say whether a service is ready; its watchers learn it. After `close` it is not heard."""
        if not self._closed and self._serving.get(service) is not serving:
            self._serving[service] = serving
            self._tell([service])

    def set_all(self, serving: bool) -> None:
        """Say it of every service and of the whole."""
        for service in self._serving:
            self.set(service, serving)

    def close(self) -> None:
        """Nothing is ready from now on, and watches end."""
        if not self._closed:
            self._closed = True
            self._serving = dict.fromkeys(self._serving, False)
            self._tell(list(self._watchers))

    def response(self, service: str) -> HealthCheckResponse:
        """The answer of Check and Watch about a service."""
        status = HealthCheckResponseServingStatus
        serving = self._serving.get(service)
        if serving is None:
            return HealthCheckResponse(status=status.SERVICE_UNKNOWN)
        return HealthCheckResponse(status=status.SERVING if serving else status.NOT_SERVING)

    def watch(self, service: str) -> PushStream[HealthCheckResponse]:
        """The state of a service now and at each change; of changes unread only the last."""
        stream: PushStream[HealthCheckResponse] = PushStream(
            merge=lambda _, newer: newer, on_cancel=lambda: self._forget(service, stream)
        )
        stream.push(self.response(service))
        if self._closed:
            stream.close()
        else:
            self._watchers.setdefault(service, {})[stream] = self._serving.get(service)
        return stream

    def _forget(self, service: str, stream: PushStream[HealthCheckResponse]) -> None:
        """A watcher has left."""
        self._due.pop(stream, None)
        watchers = self._watchers.get(service, {})
        watchers.pop(stream, None)
        if not watchers:
            self._watchers.pop(service, None)

    def _tell(self, services: Iterable[str]) -> None:
        """Tell the watchers of services, a few now and the others in later turns of the loop."""
        waiting = bool(self._due)
        for service in services:
            self._due.update(dict.fromkeys(self._watchers.get(service, ()), service))
        if not waiting:
            self._tell_some()

    def _tell_some(self) -> None:
        try:
            for _ in range(min(_AT_ONCE, len(self._due))):
                stream, service = self._due.popitem()
                self._tell_one(service, stream)
        finally:
            if self._due:
                asyncio.get_running_loop().call_soon(self._tell_some)

    def _tell_one(self, service: str, stream: PushStream[HealthCheckResponse]) -> None:
        """Tell a watcher what is so now, if it was told something else, and whether that was the last."""
        watchers, serving = self._watchers[service], self._serving.get(service)
        if watchers[stream] is not serving:
            watchers[stream] = serving
            stream.push(self.response(service))
        if self._closed:
            self._forget(service, stream)
            stream.close()


class HealthServicer(HealthBase):
    """grpc.health.v1.Health over a registry."""

    def __init__(self, registry: HealthRegistry) -> None:
        self._registry = registry

    async def check(self, request: HealthCheckRequest, context: Context) -> HealthCheckResponse:
        """The state of one service; NOT_FOUND for one that is not known."""
        if self._registry.serving(request.service) is None:
            raise RpcError(Code.NOT_FOUND, f"there is no service {request.service!r}")
        return self._registry.response(request.service)

    async def list_(self, request: HealthListRequest, context: Context) -> HealthListResponse:
        """The state of every service."""
        names = self._registry.services
        return HealthListResponse(statuses={name: self._registry.response(name) for name in names})

    def watch(self, request: HealthCheckRequest, context: Context) -> PushStream[HealthCheckResponse]:
        """The state of one service, now and at each change; one not known may come to be."""
        return self._registry.watch(request.service)

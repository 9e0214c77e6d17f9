# Generated from grpc/health/v1/health.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Server bases and clients of grpc/health/v1/health.proto."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final

from tokenwire.client import Client
from tokenwire.method import AuthScope, Handler, Method, Service

from .health_pb import (
    HealthCheckRequest,
    HealthCheckResponse,
    HealthListRequest,
    HealthListResponse,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tokenwire.client import Metadata, ResponseStream
    from tokenwire.context import Context

CHECK: Final = Method(
    path="/grpc.health.v1.Health/Check",
    request=HealthCheckRequest,
    response=HealthCheckResponse,
    auth=AuthScope.USER,
)
LIST: Final = Method(
    path="/grpc.health.v1.Health/List",
    request=HealthListRequest,
    response=HealthListResponse,
    auth=AuthScope.USER,
)
WATCH: Final = Method(
    path="/grpc.health.v1.Health/Watch",
    request=HealthCheckRequest,
    response=HealthCheckResponse,
    server_streaming=True,
    auth=AuthScope.USER,
)
HEALTH: Final = Service(
    name="grpc.health.v1.Health",
    methods=(
        CHECK,
        LIST,
        WATCH,
    ),
    package=__name__.rpartition(".")[0],
)


class HealthBase(ABC):
    """Tells load balancers and orchestrators which services take requests."""

    def __handlers__(self) -> tuple[Handler, ...]:
        """Every method of the service with the function that answers it."""
        return (
            Handler(CHECK, self.check),
            Handler(LIST, self.list_),
            Handler(WATCH, self.watch),
        )

    @abstractmethod
    async def check(
        self,
        request: HealthCheckRequest,
        context: Context,
    ) -> HealthCheckResponse:
        """Returns the status of one service at this moment.

        A name that the server does not know is answered with NOT_FOUND.
        """

    @abstractmethod
    async def list_(
        self,
        request: HealthListRequest,
        context: Context,
    ) -> HealthListResponse:
        """Returns the status of every service the server knows.

        A server with too many services to list may answer RESOURCE_EXHAUSTED.
        """

    @abstractmethod
    def watch(
        self,
        request: HealthCheckRequest,
        context: Context,
    ) -> AsyncIterator[HealthCheckResponse]:
        """Sends the status of one service at once, and again whenever it changes.

        A name that the server does not know is reported as SERVICE_UNKNOWN, and
        the stream stays open in case it appears later.
        """


class HealthClient(Client):
    """Tells load balancers and orchestrators which services take requests."""

    async def check(
        self,
        request: HealthCheckRequest,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> HealthCheckResponse:
        """Returns the status of one service at this moment.

        A name that the server does not know is answered with NOT_FOUND.
        """
        return await self._unary(CHECK, request, timeout, metadata)

    async def list_(
        self,
        request: HealthListRequest,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> HealthListResponse:
        """Returns the status of every service the server knows.

        A server with too many services to list may answer RESOURCE_EXHAUSTED.
        """
        return await self._unary(LIST, request, timeout, metadata)

    def watch(
        self,
        request: HealthCheckRequest,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> ResponseStream[HealthCheckResponse]:
        """Sends the status of one service at once, and again whenever it changes.

        A name that the server does not know is reported as SERVICE_UNKNOWN, and
        the stream stays open in case it appears later.
        """
        return self._stream(WATCH, request, timeout, metadata)

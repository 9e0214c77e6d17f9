# Generated from grpc/reflection/v1alpha/reflection.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Server bases and clients of grpc/reflection/v1alpha/reflection.proto."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final

from tokenwire.client import Client
from tokenwire.method import AuthScope, Handler, Method, Service

from .reflection_pb import ServerReflectionRequest, ServerReflectionResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Iterable

    from tokenwire.client import Metadata, ResponseStream
    from tokenwire.context import Context

SERVER_REFLECTION_INFO: Final = Method(
    path="/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    request=ServerReflectionRequest,
    response=ServerReflectionResponse,
    client_streaming=True,
    server_streaming=True,
    auth=AuthScope.USER,
)
SERVER_REFLECTION: Final = Service(
    name="grpc.reflection.v1alpha.ServerReflection",
    methods=(SERVER_REFLECTION_INFO,),
    package=__name__.rpartition(".")[0],
)


class ServerReflectionBase(ABC):
    """Answers questions about the server's schema."""

    def __handlers__(self) -> tuple[Handler, ...]:
        """Every method of the service with the function that answers it."""
        return (Handler(SERVER_REFLECTION_INFO, self.server_reflection_info),)

    @abstractmethod
    def server_reflection_info(
        self,
        requests: AsyncIterator[ServerReflectionRequest],
        context: Context,
    ) -> AsyncIterator[ServerReflectionResponse]:
        """Answers each request on the stream with one response, in order."""


class ServerReflectionClient(Client):
    """Answers questions about the server's schema."""

    def server_reflection_info(
        self,
        requests: AsyncIterable[ServerReflectionRequest] | Iterable[ServerReflectionRequest],
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> ResponseStream[ServerReflectionResponse]:
        """Answers each request on the stream with one response, in order."""
        return self._bidi(SERVER_REFLECTION_INFO, requests, timeout, metadata)

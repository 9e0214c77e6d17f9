# Generated from no_package.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Server bases and clients of no_package.proto."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final

from tokenwire import AuthScope, Client, Handler, Method, Service

from .no_package_pb import Unpackaged

if TYPE_CHECKING:
    from tokenwire import Context, Metadata

GET: Final = Method(
    path="/UnpackagedService/Get",
    request=Unpackaged,
    response=Unpackaged,
    auth=AuthScope.USER,
)
UNPACKAGED_SERVICE: Final = Service(
    name="UnpackagedService",
    methods=(GET,),
    package=__name__.rpartition(".")[0],
)


class UnpackagedServiceBase(ABC):
    """A service without a package: its path is "/UnpackagedService/Get"."""

    def __handlers__(self) -> tuple[Handler, ...]:
        """Every method of the service with the function that answers it."""
        return (Handler(GET, self.get),)

    @abstractmethod
    async def get(
        self,
        request: Unpackaged,
        context: Context,
    ) -> Unpackaged:
        """Answers with what it was asked."""


class UnpackagedServiceClient(Client):
    """A service without a package: its path is "/UnpackagedService/Get"."""

    async def get(
        self,
        request: Unpackaged,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> Unpackaged:
        """Answers with what it was asked."""
        return await self._unary(GET, request, timeout, metadata)

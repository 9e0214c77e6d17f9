# Generated from cases/comments/comments.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Server bases and clients of cases/comments/comments.proto."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final

from tokenwire import AuthScope, Client, Handler, Method, Service

from .comments_pb import OneLine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tokenwire import Context, Metadata, ResponseStream

GET: Final = Method(
    path="/cases.comments.CommentedService/Get",
    request=OneLine,
    response=OneLine,
    auth=AuthScope.USER,
)
TRAILING: Final = Method(
    path="/cases.comments.CommentedService/Trailing",
    request=OneLine,
    response=OneLine,
    auth=AuthScope.USER,
)
WATCH: Final = Method(
    path="/cases.comments.CommentedService/Watch",
    request=OneLine,
    response=OneLine,
    server_streaming=True,
    auth=AuthScope.USER,
)
COMMENTED_SERVICE: Final = Service(
    name="cases.comments.CommentedService",
    methods=(
        GET,
        TRAILING,
        WATCH,
    ),
    package=__name__.rpartition(".")[0],
)


class CommentedServiceBase(ABC):
    """Service with \"\"\" and \\"""

    def __handlers__(self) -> tuple[Handler, ...]:
        """Every method of the service with the function that answers it."""
        return (
            Handler(GET, self.get),
            Handler(TRAILING, self.trailing),
            Handler(WATCH, self.watch),
        )

    @abstractmethod
    async def get(
        self,
        request: OneLine,
        context: Context,
    ) -> OneLine:
        """Method with \"\"\" and \\"""

    @abstractmethod
    async def trailing(
        self,
        request: OneLine,
        context: Context,
    ) -> OneLine:
        """After the method."""

    @abstractmethod
    def watch(
        self,
        request: OneLine,
        context: Context,
    ) -> AsyncIterator[OneLine]:
        """Stream with "quotes\""""


class CommentedServiceClient(Client):
    """Service with \"\"\" and \\"""

    async def get(
        self,
        request: OneLine,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> OneLine:
        """Method with \"\"\" and \\"""
        return await self._unary(GET, request, timeout, metadata)

    async def trailing(
        self,
        request: OneLine,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> OneLine:
        """After the method."""
        return await self._unary(TRAILING, request, timeout, metadata)

    def watch(
        self,
        request: OneLine,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> ResponseStream[OneLine]:
        """Stream with "quotes\""""
        return self._stream(WATCH, request, timeout, metadata)

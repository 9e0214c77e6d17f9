# Generated from cases/annotated/annotated.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Server bases and clients of cases/annotated/annotated.proto."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final

from tokenwire import AuthScope, Client, Deltas, Handler, Method, Service

from .annotated_pb import Part, Prompt, RawAnswer, RawCall, RawEvent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tokenwire import Context, Metadata, ResponseStream

SPEAK: Final = Method(
    path="/cases.annotated.AnnotatedService/Speak",
    request=Prompt,
    response=Part,
    server_streaming=True,
    auth=AuthScope.USER,
    deltas=Deltas(
        fields=("text", "audio", "ids", "words"),
        keys={
            "facts": ("logprobs",),
        },
        sequence=("voice",),
    ),
)
SPEAK_ALONE: Final = Method(
    path="/cases.annotated.AnnotatedService/SpeakAlone",
    request=Prompt,
    response=Part,
    server_streaming=True,
    auth=AuthScope.USER,
    deltas=Deltas(
        fields=("text", "audio", "ids", "words"),
        keys={
            "facts": ("logprobs",),
        },
    ),
)
STATUS: Final = Method(
    path="/cases.annotated.AnnotatedService/Status",
    request=Prompt,
    response=Part,
    auth=AuthScope.PUBLIC,
)
SHUTDOWN: Final = Method(
    path="/cases.annotated.AnnotatedService/Shutdown",
    request=Prompt,
    response=Part,
    auth=AuthScope.ADMIN,
)
BOTH: Final = Method(
    path="/cases.annotated.AnnotatedService/Both",
    request=Prompt,
    response=Part,
    auth=AuthScope.USER,
)
RAW: Final = Method(
    path="/cases.annotated.AnnotatedService/Raw",
    request=RawCall,
    response=RawAnswer,
    auth=AuthScope.USER,
)
RAW_STREAM: Final = Method(
    path="/cases.annotated.AnnotatedService/RawStream",
    request=RawCall,
    response=RawEvent,
    server_streaming=True,
    auth=AuthScope.USER,
)
ANNOTATED_SERVICE: Final = Service(
    name="cases.annotated.AnnotatedService",
    methods=(
        SPEAK,
        SPEAK_ALONE,
        STATUS,
        SHUTDOWN,
        BOTH,
        RAW,
        RAW_STREAM,
    ),
    package=__name__.rpartition(".")[0],
)


class AnnotatedServiceBase(ABC):
    """Annotated methods."""

    def __handlers__(self) -> tuple[Handler, ...]:
        """Every method of the service with the function that answers it."""
        return (
            Handler(SPEAK, self.speak),
            Handler(SPEAK_ALONE, self.speak_alone),
            Handler(STATUS, self.status),
            Handler(SHUTDOWN, self.shutdown),
            Handler(BOTH, self.both),
            Handler(RAW, self.raw),
            Handler(RAW_STREAM, self.raw_stream),
        )

    @abstractmethod
    def speak(
        self,
        request: Prompt,
        context: Context,
    ) -> AsyncIterator[Part]:
        """Sequences are told apart by a scalar field."""

    @abstractmethod
    def speak_alone(
        self,
        request: Prompt,
        context: Context,
    ) -> AsyncIterator[Part]:
        """One sequence, and no route."""

    @abstractmethod
    async def status(
        self,
        request: Prompt,
        context: Context,
    ) -> Part:
        """Two routes under different methods, one with a handler."""

    @abstractmethod
    async def shutdown(
        self,
        request: Prompt,
        context: Context,
    ) -> Part:
        """For administrators, without a route."""

    @abstractmethod
    async def both(
        self,
        request: Prompt,
        context: Context,
    ) -> Part:
        """Both kinds of annotation at once."""

    @abstractmethod
    async def raw(
        self,
        request: RawCall,
        context: Context,
    ) -> RawAnswer:
        """A pass-through that answers at once."""

    @abstractmethod
    def raw_stream(
        self,
        request: RawCall,
        context: Context,
    ) -> AsyncIterator[RawEvent]:
        """A pass-through that streams, and leaves the headers."""


class AnnotatedServiceClient(Client):
    """Annotated methods."""

    def speak(
        self,
        request: Prompt,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> ResponseStream[Part]:
        """Sequences are told apart by a scalar field."""
        return self._stream(SPEAK, request, timeout, metadata)

    def speak_alone(
        self,
        request: Prompt,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> ResponseStream[Part]:
        """One sequence, and no route."""
        return self._stream(SPEAK_ALONE, request, timeout, metadata)

    async def status(
        self,
        request: Prompt,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> Part:
        """Two routes under different methods, one with a handler."""
        return await self._unary(STATUS, request, timeout, metadata)

    async def shutdown(
        self,
        request: Prompt,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> Part:
        """For administrators, without a route."""
        return await self._unary(SHUTDOWN, request, timeout, metadata)

    async def both(
        self,
        request: Prompt,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> Part:
        """Both kinds of annotation at once."""
        return await self._unary(BOTH, request, timeout, metadata)

    async def raw(
        self,
        request: RawCall,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> RawAnswer:
        """A pass-through that answers at once."""
        return await self._unary(RAW, request, timeout, metadata)

    def raw_stream(
        self,
        request: RawCall,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> ResponseStream[RawEvent]:
        """A pass-through that streams, and leaves the headers."""
        return self._stream(RAW_STREAM, request, timeout, metadata)

"""The OpenAI RPCs: JSON passed through, errors as the contract places them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.http.json_body import parsed_beforehand
from tokenwire_gen.sglang.runtime.v1.sglang_pb import OpenAIResponse

from tokenwire_serve.servicer.core import trace_headers

from .backend import OpenAIReply
from .errors import error_body, with_body
from .generic import GenericBackend
from .relay import Relay

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tokenwire.context import Context
    from tokenwire.streams import PushStream
    from tokenwire_gen.sglang.runtime.v1 import sglang_pb as pb
    from tokenwire_gen.sglang.runtime.v1.sglang_pb import OpenAIStreamChunk

    from tokenwire_serve.servicer.core import Core

    from .backend import OpenAIBackend, Operation

__all__ = ["OpenAIService"]

_ANSWERED: Final = frozenset(
    {Code.INVALID_ARGUMENT, Code.NOT_FOUND, Code.FAILED_PRECONDITION, Code.OUT_OF_RANGE}
)
"""Errors that a unary call answers with an error body and an OK status: faults of the request."""


class OpenAIService:
    """Answers the OpenAI RPCs through the engine's own backend, or else the generic one."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._generic = GenericBackend(core)

    @property
    def _backend(self) -> OpenAIBackend:
        own: OpenAIBackend | None = getattr(self._core.engine, "openai", None)
        return self._generic if own is None else own

    async def unary(
        self, operation: Operation, request: pb.OpenAIRequest, context: Context
    ) -> OpenAIResponse:
        """A whole answer; a request that is wrong is answered too, with its HTTP status."""
        try:
            self._core.admit(context)
            reply = await self._call(operation, request, context)
            if not isinstance(reply, OpenAIReply):
                raise RpcError(Code.INVALID_ARGUMENT, f"{operation} calls do not stream")
        except RpcError as error:
            if error.code not in _ANSWERED:
                raise with_body(error) from None
            return OpenAIResponse(json_body=error_body(error), status_code=error.http_status)
        return OpenAIResponse(json_body=reply.body, status_code=reply.status)

    def stream(
        self, operation: Operation, request: pb.OpenAIRequest, context: Context
    ) -> PushStream[OpenAIStreamChunk]:
        """The chunks of an answer; a whole answer is one."""
        relay = Relay()
        try:
            self._core.admit(context)
        except RpcError as error:
            relay.close(error)
        else:
            relay.start(lambda: self._call(operation, request, context))
        return relay.stream

    async def _call(
        self, operation: Operation, request: pb.OpenAIRequest, context: Context
    ) -> OpenAIReply | PushStream[bytes] | AsyncIterator[bytes]:
        trace = trace_headers(request.trace_headers, context)
        headers = {name.lower(): value for name, value in request.trace_headers.items()}
        headers.update(trace)
        async with parsed_beforehand(request.json_body):
            return await self._backend.call(operation, request.json_body, headers, context, self._core)

"""What answers the OpenAI API: the engine itself if it can, else `GenericBackend` over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from tokenwire.context import Context
    from tokenwire.errors import RpcError
    from tokenwire.streams import PushStream

    from tokenwire_serve.servicer.names import NamedModel

__all__ = ["Desk", "OpenAIBackend", "OpenAIReply", "Operation"]

Operation = Literal["chat", "completion", "embedding", "classify", "score", "rerank"]


@dataclass(frozen=True, slots=True)
class OpenAIReply:
    """A whole answer.

    Attributes:
        body: UTF-8 JSON; an OpenAI error object where `status` is 400 or above.
        status: HTTP status.
        error: What the call ends with after the answer was given: CANCELLED, when the request was
            aborted and the answer is what there was until then.
    """

    body: bytes
    status: int = 200
    error: RpcError | None = None


class Desk(Protocol):
    """Where a backend signs its calls in, whichever loop it lives on."""

    def find_model(self, asked: str | None) -> NamedModel:
        """The model that a call asks for.

        Raises:
            RpcError: NOT_FOUND, no model goes by that name.
        """

    def claim(self, rid: str, abort: Callable[[], bool]) -> None:
        """Enter a call under the id that its answer carries; `abort` ends it.

        Raises:
            RpcError: ALREADY_EXISTS, an active request goes by that id.
        """

    def release(self, rid: str) -> None:
        """Forget a call that has ended."""


class OpenAIBackend(Protocol):
    """Answers OpenAI calls; an engine that has its own gives it as its attribute `openai`."""

    async def call(
        self, operation: Operation, body: bytes, headers: Mapping[str, str], context: Context, desk: Desk
    ) -> OpenAIReply | PushStream[bytes] | AsyncIterator[bytes]:
        """Answer one call.

        Cancelling the call, the `PushStream` or the iterator's task aborts the request.

        Args:
            operation: What is asked; "chat" and "completion" may answer with a stream.
            body: The JSON body as the caller sent it.
            headers: HTTP headers by lower-case name.
            context: The call.
            desk: Where it signs the call in.

        Returns:
            The whole answer, or a stream with the JSON of one event each, neither framed as SSE
            nor followed by "[DONE]".

        Raises:
            RpcError: The call failed; a stream may end with one too.
        """

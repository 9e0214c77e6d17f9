"""What a handler knows about the call it answers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .errors import RpcError
    from .method import Method
    from .record import CallRecord

__all__ = ["Context", "Transport"]

Transport = Literal["grpc", "http", "memory"]


class Context:
    """One call, as its handler sees it; lives as long as the call.

    A caller that hangs up, a deadline that passes and a server that shuts down all cancel the
    handler's task, or `cancel()` the `PushStream` it returned: there is nothing to poll.

    Attributes:
        method: The method called.
        metadata: What the caller sent: gRPC metadata or HTTP headers, names in lower case,
            `-bin` values as bytes; of repeated names the last value.
        peer: The caller's address, "127.0.0.1:50312" for instance; empty in memory.
        transport: How the call came in.
        initial_metadata: Sent before the first message; changes after that are lost.
        trailing_metadata: Sent after the last message (gRPC only).
        compress: Whether messages are sent compressed to a client that takes that (gRPC only). None
            leaves it to the server, see `Server`. A handler that streams sets it to True before its
            first message, and may change it between messages; what counts is when a message leaves.
            Streamed messages over 64 KiB are never compressed.
        record: What is noted of the call for those who observe the server; None where nobody does.
    """

    __slots__ = (
        "_admin_refusal",
        "_deadline",
        "compress",
        "initial_metadata",
        "metadata",
        "method",
        "peer",
        "record",
        "trailing_metadata",
        "transport",
    )

    def __init__(
        self,
        method: Method[Any, Any],
        *,
        metadata: Mapping[str, str | bytes] | None = None,
        peer: str = "",
        transport: Transport = "memory",
        timeout: float | None = None,
        record: CallRecord | None = None,
        admin_refusal: Callable[[], RpcError | None] | None = None,
    ) -> None:
        self.method = method
        self._admin_refusal = admin_refusal
        self.metadata: Mapping[str, str | bytes] = metadata if metadata is not None else {}
        self.peer = peer
        self.transport: Transport = transport
        self.record = record
        self.initial_metadata: dict[str, str | bytes] = {}
        self.trailing_metadata: dict[str, str | bytes] = {}
        self.compress: bool | None = None
        self._deadline = None if timeout is None else time.monotonic() + timeout

    def require_admin(self) -> None:
        """End the call unless its caller may make calls of scope admin; for requests that ask for more.

        Raises:
            RpcError: UNAUTHENTICATED or PERMISSION_DENIED, as for a method of that scope.
        """
        error = None if self._admin_refusal is None else self._admin_refusal()
        if error is not None:
            raise error

    def time_remaining(self) -> float | None:
        """Seconds until the caller's deadline, at least 0; None when there is none."""
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def text(self, name: str, default: str = "") -> str:
        """The metadata value of that name when it is text, else `default`."""
        value = self.metadata.get(name)
        return value if isinstance(value, str) else default

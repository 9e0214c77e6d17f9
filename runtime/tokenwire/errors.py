"""The errors of a call and of a codec.

```
TokenwireError
├── RpcError       a call ended with a status other than OK
└── DecodeError    bytes are not a message of the expected type (also a ValueError)
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .codes import STATUS, Code

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .message import Message

__all__ = ["DecodeError", "RpcError", "TokenwireError"]


class TokenwireError(Exception):
    """Base of every error that this library raises on purpose."""


class DecodeError(TokenwireError, ValueError):
    """Bytes are not a well-formed message of the expected type."""


class RpcError(TokenwireError):
    """A call that ended with a status other than OK.

    Raised by clients, and by handlers to end a call with a status. On the wire it is
    grpc-status, grpc-message and grpc-status-details-bin (google.rpc.Status).

    Args:
        code: The status.
        message: One sentence for the caller; it reaches the wire as it is.
        details: Messages from google.rpc (`BadRequest`, `ErrorInfo`, `RetryInfo`, ...) or any
            other generated message.
    """

    def __init__(self, code: Code, message: str = "", details: Sequence[Message] = ()) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.details = tuple(details)

    @property
    def http_status(self) -> int:
        """The HTTP status of this code."""
        return STATUS[self.code].http

    def __str__(self) -> str:
        return f"{self.code.name}: {self.message}" if self.message else self.code.name

# Generated from google/rpc/status.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Messages and enums of google/rpc/status.proto."""

from __future__ import annotations

from tokenwire.message import Field, Message
from tokenwire.wkt import Any


class Status(Message, proto="google.rpc.Status"):
    """Outcome of a call: a code, a sentence, and details for programs.

    gRPC carries it in the trailer `grpc-status-details-bin`.
    """

    code: int = 0
    """Numeric value of a google.rpc.Code."""
    message: str = ""
    """What went wrong, in English, for developers."""
    details: list[Any]
    """Further facts, such as the messages of error_details.proto."""

    def __init__(
        self,
        *,
        code: int = 0,
        message: str = "",
        details: list[Any] | None = None,
    ) -> None:
        self.code = code
        self.message = message
        self.details = [] if details is None else details
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("code", 1, "int32"),
            Field("message", 2, "string"),
            Field("details", 3, "message", "repeated", type=Any),
        )

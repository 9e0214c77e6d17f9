# Generated from google/protobuf/source_context.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Messages and enums of google/protobuf/source_context.proto."""

from __future__ import annotations

from tokenwire.message import Field as _twField
from tokenwire.message import Message


class SourceContext(Message, proto="google.protobuf.SourceContext"):
    """Where an element of a schema was declared."""

    file_name: str = ""
    """Path of the .proto file."""

    def __init__(
        self,
        *,
        file_name: str = "",
    ) -> None:
        self.file_name = file_name
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[_twField, ...]:
        return (_twField("file_name", 1, "string"),)

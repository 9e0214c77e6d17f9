# Generated from google/protobuf/any.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Messages and enums of google/protobuf/any.proto."""

from __future__ import annotations

from tokenwire.message import Field as _twField
from tokenwire.wellknown.base import AnyBase


class Any(AnyBase, proto="google.protobuf.Any"):
    """A serialised message together with the name of its type."""

    type_url: str = ""
    """Name of the type, after the last slash: "type.googleapis.com/google.rpc.Status"."""
    value: bytes = b""
    """The message's bytes."""

    def __init__(
        self,
        *,
        type_url: str = "",
        value: bytes = b"",
    ) -> None:
        self.type_url = type_url
        self.value = value
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[_twField, ...]:
        return (
            _twField("type_url", 1, "string"),
            _twField("value", 2, "bytes"),
        )

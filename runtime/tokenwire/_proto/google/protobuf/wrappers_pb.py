# Generated from google/protobuf/wrappers.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Messages and enums of google/protobuf/wrappers.proto."""

from __future__ import annotations

from tokenwire.message import Field as _twField
from tokenwire.wellknown.base import WrapperBase


class DoubleValue(WrapperBase, proto="google.protobuf.DoubleValue"):
    """Holds a double."""

    value: float = 0.0
    """The value."""

    def __init__(
        self,
        *,
        value: float = 0.0,
    ) -> None:
        self.value = value
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[_twField, ...]:
        return (_twField("value", 1, "double"),)


class FloatValue(WrapperBase, proto="google.protobuf.FloatValue"):
    """Holds a float."""

    value: float = 0.0
    """The value."""

    def __init__(
        self,
        *,
        value: float = 0.0,
    ) -> None:
        self.value = value
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[_twField, ...]:
        return (_twField("value", 1, "float"),)


class Int64Value(WrapperBase, proto="google.protobuf.Int64Value"):
    """Holds an int64."""

    value: int = 0
    """The value."""

    def __init__(
        self,
        *,
        value: int = 0,
    ) -> None:
        self.value = value
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[_twField, ...]:
        return (_twField("value", 1, "int64"),)


class UInt64Value(WrapperBase, proto="google.protobuf.UInt64Value"):
    """Holds a uint64."""

    value: int = 0
    """The value."""

    def __init__(
        self,
        *,
        value: int = 0,
    ) -> None:
        self.value = value
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[_twField, ...]:
        return (_twField("value", 1, "uint64"),)


class Int32Value(WrapperBase, proto="google.protobuf.Int32Value"):
    """Holds an int32."""

    value: int = 0
    """The value."""

    def __init__(
        self,
        *,
        value: int = 0,
    ) -> None:
        self.value = value
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[_twField, ...]:
        return (_twField("value", 1, "int32"),)


class UInt32Value(WrapperBase, proto="google.protobuf.UInt32Value"):
    """Holds a uint32."""

    value: int = 0
    """The value."""

    def __init__(
        self,
        *,
        value: int = 0,
    ) -> None:
        self.value = value
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[_twField, ...]:
        return (_twField("value", 1, "uint32"),)


class BoolValue(WrapperBase, proto="google.protobuf.BoolValue"):
    """Holds a bool."""

    value: bool = False
    """The value."""

    def __init__(
        self,
        *,
        value: bool = False,
    ) -> None:
        self.value = value
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[_twField, ...]:
        return (_twField("value", 1, "bool"),)


class StringValue(WrapperBase, proto="google.protobuf.StringValue"):
    """Holds a string."""

    value: str = ""
    """The value."""

    def __init__(
        self,
        *,
        value: str = "",
    ) -> None:
        self.value = value
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[_twField, ...]:
        return (_twField("value", 1, "string"),)


class BytesValue(WrapperBase, proto="google.protobuf.BytesValue"):
    """Holds a bytes."""

    value: bytes = b""
    """The value."""

    def __init__(
        self,
        *,
        value: bytes = b"",
    ) -> None:
        self.value = value
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[_twField, ...]:
        return (_twField("value", 1, "bytes"),)

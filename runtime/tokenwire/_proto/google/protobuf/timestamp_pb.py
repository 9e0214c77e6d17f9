# Generated from google/protobuf/timestamp.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Messages and enums of google/protobuf/timestamp.proto."""

from __future__ import annotations

from tokenwire.message import Field as _twField
from tokenwire.wellknown.base import TimestampBase


class Timestamp(TimestampBase, proto="google.protobuf.Timestamp"):
    """A point in time, exact to the nanosecond, independent of time zones.

    In JSON a string of RFC 3339 in UTC: "2024-01-31T12:00:00.500Z".
    """

    seconds: int = 0
    """Seconds since 1970-01-01T00:00:00Z, from the year 1 to the end of the year 9999."""
    nanos: int = 0
    """Nanoseconds after that second, from 0 to 999,999,999."""

    def __init__(
        self,
        *,
        seconds: int = 0,
        nanos: int = 0,
    ) -> None:
        self.seconds = seconds
        self.nanos = nanos
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[_twField, ...]:
        return (
            _twField("seconds", 1, "int64"),
            _twField("nanos", 2, "int32"),
        )

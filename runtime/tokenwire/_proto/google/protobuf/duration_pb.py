# Generated from google/protobuf/duration.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Messages and enums of google/protobuf/duration.proto."""

from __future__ import annotations

from tokenwire.message import Field as _twField
from tokenwire.wellknown.base import DurationBase


class Duration(DurationBase, proto="google.protobuf.Duration"):
    """A signed span of time, exact to the nanosecond.

    In JSON a string of seconds: "1.500s".
    """

    seconds: int = 0
    """Whole seconds, from -315,576,000,000 to 315,576,000,000, which is 10,000 years."""
    nanos: int = 0
    """Nanoseconds beside them, from -999,999,999 to 999,999,999, of the sign of `seconds`."""

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

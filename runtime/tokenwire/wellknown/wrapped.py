"""Well-known messages that fields present as plain Python values.

`write_*` give the bytes of the message that a value stands for; `read_*` read such a message, merged
into the value that was there before, as parts of a message that comes in pieces are.

A Timestamp becomes a `datetime` in UTC and a Duration a `timedelta`: both hold whole microseconds, so
nanoseconds below that are cut off (towards the past). A Timestamp outside the years 1 to 9999 and a
Duration over 999,999,999 days have no such value: DecodeError. Unknown fields within these messages
are dropped.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tokenwire.codec.wire import (
    BOOL,
    BYTE,
    ZERO4,
    ZERO8,
    f32,
    f64,
    int32,
    int64,
    read_bool,
    read_f32,
    read_f64,
    read_int32,
    read_int64,
    read_size,
    read_tag,
    read_uint32,
    read_uint64,
    skip,
    too_deep,
    truncated,
    uint32,
    uint64,
    varint,
)
from tokenwire.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
T = TypeVar("T")


def split_timestamp(value: datetime) -> tuple[int, int]:
    """Seconds since the epoch, and nanoseconds in [0, 1e9); a naive datetime is local time."""
    return _split((value if value.tzinfo else value.astimezone()) - EPOCH)


def join_timestamp(seconds: int, nanos: int) -> datetime:
    """The datetime in UTC.

    Raises:
        DecodeError: It is outside the years 1 to 9999.
    """
    try:
        return EPOCH + timedelta(seconds=seconds, microseconds=nanos // 1000)
    except OverflowError:
        raise DecodeError(f"a Timestamp of {seconds} seconds is outside the years 1 to 9999") from None


def split_duration(value: timedelta) -> tuple[int, int]:
    """Seconds and nanoseconds, both of the duration's sign."""
    if value < timedelta(0):
        seconds, nanos = _split(-value)
        return -seconds, -nanos
    return _split(value)


def join_duration(seconds: int, nanos: int) -> timedelta:
    """The timedelta.

    Raises:
        DecodeError: It is over 999,999,999 days.
    """
    try:
        return timedelta(seconds=seconds, microseconds=nanos // 1000)
    except OverflowError:
        raise DecodeError(f"a Duration of {seconds} seconds is over 999,999,999 days") from None


def _split(delta: timedelta) -> tuple[int, int]:
    seconds, micros = divmod(delta // MICROSECOND, 1_000_000)
    return seconds, micros * 1000


def write_timestamp(value: datetime) -> bytes:
    """Write a google.protobuf.Timestamp."""
    return _write_pair(*split_timestamp(value))


def write_duration(value: timedelta) -> bytes:
    """Write a google.protobuf.Duration."""
    return _write_pair(*split_duration(value))


def _write_pair(seconds: int, nanos: int) -> bytes:
    raw = b"\x08" + int64(seconds) if seconds else b""
    return raw + b"\x10" + int32(nanos) if nanos else raw


def read_timestamp(data: bytes, pos: int, end: int, depth: int, old: datetime | None = None) -> datetime:
    """Read a google.protobuf.Timestamp."""
    return join_timestamp(*_read_pair(data, pos, end, depth, (0, 0) if old is None else split_timestamp(old)))


def read_duration(data: bytes, pos: int, end: int, depth: int, old: timedelta | None = None) -> timedelta:
    """Read a google.protobuf.Duration."""
    return join_duration(*_read_pair(data, pos, end, depth, (0, 0) if old is None else split_duration(old)))


def _read_pair(data: bytes, pos: int, end: int, depth: int, old: tuple[int, int]) -> tuple[int, int]:
    if depth < 0:
        raise too_deep()
    seconds, nanos = old
    while pos < end:
        tag, pos = read_tag(data, pos)
        if tag == 8:
            seconds, pos = read_int64(data, pos)
        elif tag == 16:
            nanos, pos = read_int32(data, pos)
        else:
            pos = skip(data, pos, tag, depth)
    if pos > end:
        raise truncated()
    return seconds, nanos


def write_bool_value(value: bool) -> bytes:
    """Write a google.protobuf.BoolValue."""
    return b"\x08" + BOOL[value] if value else b""


def write_string_value(value: str) -> bytes:
    """Write a google.protobuf.StringValue."""
    return write_bytes_value(value.encode())


def write_bytes_value(value: bytes) -> bytes:
    """Write a google.protobuf.BytesValue."""
    return b"\x0a" + varint(len(value)) + value if value else b""


def write_float_value(value: float) -> bytes:
    """Write a google.protobuf.FloatValue."""
    raw = f32(value)
    return b"\x0d" + raw if raw != ZERO4 else b""


def write_double_value(value: float) -> bytes:
    """Write a google.protobuf.DoubleValue."""
    raw = f64(value)
    return b"\x09" + raw if raw != ZERO8 else b""


def _integer_writer(write: Callable[[int], bytes], name: str) -> Callable[[int], bytes]:
    def write_value(value: int) -> bytes:
        if not value:
            return b""
        return b"\x08" + (BYTE[value] if 0 <= value < 128 else write(value))

    write_value.__doc__ = f"Write a google.protobuf.{name}."
    return write_value


write_int32_value: Final = _integer_writer(int32, "Int32Value")
write_int64_value: Final = _integer_writer(int64, "Int64Value")
write_uint32_value: Final = _integer_writer(uint32, "UInt32Value")
write_uint64_value: Final = _integer_writer(uint64, "UInt64Value")


def _reader(wanted: int, zero: T, read: Callable[[bytes, int], tuple[T, int]], name: str) -> Callable[..., T]:
    def read_value(data: bytes, pos: int, end: int, depth: int, old: T | None = None) -> T:
        if depth < 0:
            raise too_deep()
        value = zero if old is None else old
        while pos < end:
            tag, pos = read_tag(data, pos)
            if tag == wanted:
                value, pos = read(data, pos)
            else:
                pos = skip(data, pos, tag, depth)
        if pos > end:
            raise truncated()
        return value

    read_value.__doc__ = f"Read a google.protobuf.{name}."
    return read_value


def _read_bytes(data: bytes, pos: int) -> tuple[bytes, int]:
    size, pos = read_size(data, pos)
    return data[pos : pos + size], pos + size


def _read_string(data: bytes, pos: int) -> tuple[str, int]:
    raw, pos = _read_bytes(data, pos)
    return raw.decode(), pos


def _read_float(data: bytes, pos: int) -> tuple[Any, int]:
    return read_f32(data, pos)[0], pos + 4


def _read_double(data: bytes, pos: int) -> tuple[Any, int]:
    return read_f64(data, pos)[0], pos + 8


read_bool_value: Final = _reader(8, False, read_bool, "BoolValue")
read_int32_value: Final = _reader(8, 0, read_int32, "Int32Value")
read_int64_value: Final = _reader(8, 0, read_int64, "Int64Value")
read_uint32_value: Final = _reader(8, 0, read_uint32, "UInt32Value")
read_uint64_value: Final = _reader(8, 0, read_uint64, "UInt64Value")
read_float_value: Final = _reader(13, 0.0, _read_float, "FloatValue")
read_double_value: Final = _reader(9, 0.0, _read_double, "DoubleValue")
read_string_value: Final = _reader(10, "", _read_string, "StringValue")
read_bytes_value: Final = _reader(10, b"", _read_bytes, "BytesValue")

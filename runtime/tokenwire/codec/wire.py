"""The protobuf wire format: what generated codecs call where straight-line code ends.

Writers return the bytes of one value, without its tag, and raise ValueError (TypeError where it is
not a number at all) for what the type cannot hold. Readers take the buffer and a position and return
the value and the position after it; past the end they raise IndexError or struct.error. Whoever
calls a codec from outside goes through `Message`, which turns all of these into one clear error.
"""

from __future__ import annotations

import struct
from math import copysign, inf
from operator import index
from typing import TYPE_CHECKING, Final

from tokenwire.errors import DecodeError

from .long_varints import (
    LOW28,
    MASK64,
    NEGATIVE,
    long_int32,
    long_int64,
    long_size,
    long_tag,
    long_uint32,
    long_uint64,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "BOOL",
    "BYTE",
    "MAX_DEPTH",
    "SIZED_1",
    "SIZED_2",
    "SIZED_3",
    "SIZED_4",
    "UNREADABLE",
    "UNWRITABLE",
    "VARINTS",
    "ZERO4",
    "ZERO8",
    "f32",
    "f64",
    "fixed32",
    "fixed64",
    "int32",
    "int64",
    "read_bool",
    "read_f32",
    "read_f64",
    "read_fixed32",
    "read_fixed64",
    "read_int32",
    "read_int64",
    "read_sfixed32",
    "read_sfixed64",
    "read_sint32",
    "read_sint64",
    "read_size",
    "read_tag",
    "read_uint32",
    "read_uint64",
    "sfixed32",
    "sfixed64",
    "sint32",
    "sint64",
    "skip",
    "too_deep",
    "truncated",
    "uint32",
    "uint64",
    "varint",
]

MAX_DEPTH: Final = 100
"""How deep messages and groups may nest below the outermost message, as in google.protobuf."""

BYTE: Final = tuple(bytes((value,)) for value in range(128))
"""The varints below 128."""

MORE: Final = tuple(bytes((value | 128,)) for value in range(128))
"""The bytes that end in one of these seven bits and go on."""

VARINTS: Final = BYTE + tuple(MORE[value & 127] + BYTE[value >> 7] for value in range(128, 2048))
"""The varints below 2048."""

SIZED_1: Final = tuple(b"\x0a" + size for size in VARINTS[:512])
SIZED_2: Final = tuple(b"\x12" + size for size in VARINTS[:512])
SIZED_3: Final = tuple(b"\x1a" + size for size in VARINTS[:512])
SIZED_4: Final = tuple(b"\x22" + size for size in VARINTS[:512])
"""Lengths below 512 after the tag of a length-delimited field of this number."""

BOOL: Final = {False: b"\x00", True: b"\x01"}
"""The two values of a bool; anything else is a KeyError."""

UNREADABLE: Final = (IndexError, OverflowError, ValueError, struct.error)
UNWRITABLE: Final = (
    *(AttributeError, KeyError, OverflowError, RecursionError),
    *(TypeError, ValueError, struct.error),
)
"""What decoding and encoding raise for bytes and for values that they have to refuse."""

ZERO4: Final = bytes(4)
ZERO8: Final = bytes(8)

LOW56: Final = (1 << 56) - 1

HIGH_BITS: Final = 0x8080808080808080
"""The bits of eight bytes that say that more follow."""


def varint(value: int) -> bytes:
    """Write an unsigned varint of any size, a length for instance."""
    if value < 128:
        return BYTE[value]
    if value < 1 << 14:
        return MORE[value & 127] + BYTE[value >> 7]
    if value < 1 << 21:
        return MORE[value & 127] + MORE[value >> 7 & 127] + BYTE[value >> 14]
    if value < 1 << 28:
        return bytes((value & 127 | 128, value >> 7 & 127 | 128, value >> 14 & 127 | 128, value >> 21))
    return _long(value)


def _long(value: int) -> bytes:
    """Write a varint of at least 5 bytes: groups of 28 bits, of 14, of 7 are moved apart."""
    if value > LOW56:
        rest, value, size, more = varint(value >> 56), value & LOW56, 8, HIGH_BITS
    else:
        size = (value.bit_length() + 6) // 7
        rest, more = b"", HIGH_BITS >> 8 * (9 - size)
    value += (value & 0xFFFFFFF0000000) * 15
    value += (value & 0x0FFFC0000FFFC000) * 3
    value += value & 0x3F803F803F803F80
    return (value | more).to_bytes(size, "little") + rest


def _integer(low: int, high: int, kind: str) -> Callable[[int], bytes]:
    def write(value: int) -> bytes:
        if 128 <= value < 16384:
            return MORE[value & 127] + BYTE[value >> 7]
        if 16384 <= value < 2097152:
            return MORE[value & 127] + MORE[value >> 7 & 127] + BYTE[value >> 14]
        if type(value) is not int:
            value = index(value)
        if not low <= value <= high:
            raise ValueError(f"{value} is out of range for {kind}")
        if value > LOW28:
            return _long(value)
        if -(1 << 28) <= value < 0:
            v = value & LOW28
            ends = v & 127 | 128, v >> 7 & 127 | 128, v >> 14 & 127 | 128, v >> 21 | 128, 255
            return bytes(ends) + NEGATIVE
        return varint(value & MASK64)

    return write


def _zigzag(bits: int, kind: str) -> Callable[[int], bytes]:
    def write(value: int) -> bytes:
        if -64 <= value < 64:
            return BYTE[value << 1 ^ value >> 63]
        value = index(value)
        if value.bit_length() > bits - 1 and value != -1 << bits - 1:
            raise ValueError(f"{value} is out of range for {kind}")
        return varint(value << 1 ^ value >> bits)

    return write


int32: Final = _integer(-(1 << 31), (1 << 31) - 1, "int32")
int64: Final = _integer(-(1 << 63), (1 << 63) - 1, "int64")
uint32: Final = _integer(0, (1 << 32) - 1, "uint32")
uint64: Final = _integer(0, MASK64, "uint64")
sint32: Final = _zigzag(32, "sint32")
sint64: Final = _zigzag(64, "sint64")

_f32, _f64 = struct.Struct("<f"), struct.Struct("<d")
_fixed32, _fixed64 = struct.Struct("<I"), struct.Struct("<Q")
_sfixed32, _sfixed64 = struct.Struct("<i"), struct.Struct("<q")

f64: Final = _f64.pack
fixed32: Final = _fixed32.pack
fixed64: Final = _fixed64.pack
sfixed32: Final = _sfixed32.pack
sfixed64: Final = _sfixed64.pack
read_f32: Final = _f32.unpack_from
read_f64: Final = _f64.unpack_from
read_fixed32: Final = _fixed32.unpack_from
read_fixed64: Final = _fixed64.unpack_from
read_sfixed32: Final = _sfixed32.unpack_from
read_sfixed64: Final = _sfixed64.unpack_from


def f32(value: float) -> bytes:
    """Write a float; what is too big becomes infinite, as a cast in C does."""
    try:
        return _f32.pack(value)
    except OverflowError:
        return _f32.pack(copysign(inf, value))


def read_uint64(data: bytes, pos: int) -> tuple[int, int]:
    """Read a varint of up to 10 bytes; bits beyond the 64th are ignored."""
    value = data[pos]
    return (value, pos + 1) if value < 128 else long_uint64(data, pos + 1, value)


def read_int64(data: bytes, pos: int) -> tuple[int, int]:
    """Read a signed varint."""
    value = data[pos]
    return (value, pos + 1) if value < 128 else long_int64(data, pos + 1, value)


def read_int32(data: bytes, pos: int) -> tuple[int, int]:
    """Read a signed varint and keep its low 32 bits."""
    value = data[pos]
    return (value, pos + 1) if value < 128 else long_int32(data, pos + 1, value)


def read_uint32(data: bytes, pos: int) -> tuple[int, int]:
    """Read a varint and keep its low 32 bits."""
    value = data[pos]
    return (value, pos + 1) if value < 128 else long_uint32(data, pos + 1, value)


def read_sint32(data: bytes, pos: int) -> tuple[int, int]:
    """Read a zigzag varint of 32 bits."""
    value, pos = read_uint64(data, pos)
    value &= 0xFFFFFFFF
    return (value >> 1) ^ -(value & 1), pos


def read_sint64(data: bytes, pos: int) -> tuple[int, int]:
    """Read a zigzag varint of 64 bits."""
    value, pos = read_uint64(data, pos)
    return (value >> 1) ^ -(value & 1), pos


def read_bool(data: bytes, pos: int) -> tuple[bool, int]:
    """Read a bool: any varint but 0 is true."""
    value, pos = read_uint64(data, pos)
    return value != 0, pos


def read_size(data: bytes, pos: int) -> tuple[int, int]:
    """Read a length: a varint of up to 5 bytes below 2 GiB."""
    size = data[pos]
    return (size, pos + 1) if size < 128 else long_size(data, pos + 1, size)


def read_tag(data: bytes, pos: int) -> tuple[int, int]:
    """Read a tag: a varint of up to 5 bytes and 32 bits."""
    tag = data[pos]
    return (tag, pos + 1) if tag < 128 else long_tag(data, pos + 1, tag)


def skip(data: bytes, pos: int, tag: int, depth: int) -> int:
    """Skip the value of a field whose tag ends at `pos`; the end may lie past that of the buffer."""
    if tag < 8:
        raise DecodeError("field number 0 is not allowed")
    if tag & 7 == 3:
        return _skip_group(data, pos, tag + 1, depth)
    return _skip_value(data, pos, tag)


def _skip_value(data: bytes, pos: int, tag: int) -> int:
    wire_type = tag & 7
    if wire_type == 0:
        return read_uint64(data, pos)[1]
    if wire_type == 1:
        return pos + 8
    if wire_type == 2:
        size, pos = read_size(data, pos)
        return pos + size
    if wire_type == 5:
        return pos + 4
    raise DecodeError("an end-group tag without its group" if wire_type == 4 else f"wire type {wire_type}")


def _skip_group(data: bytes, pos: int, end_tag: int, depth: int) -> int:
    """Skip a group; inside it any field number goes, 0 too, as in google.protobuf."""
    waiting = [end_tag]
    while waiting:
        if len(waiting) > depth:
            raise too_deep()
        tag, pos = read_tag(data, pos)
        if tag == waiting[-1]:
            waiting.pop()
        elif tag & 7 == 3:
            waiting.append(tag + 1)
        else:
            pos = _skip_value(data, pos, tag)
    return pos


def truncated() -> DecodeError:
    """The error for a field that runs past the end of its message."""
    return DecodeError("a field runs past the end of its message")


def too_deep() -> DecodeError:
    """The error for messages nested deeper than MAX_DEPTH."""
    return DecodeError(f"messages nest deeper than {MAX_DEPTH} levels")

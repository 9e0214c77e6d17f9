"""Varints of more than one byte: what generated codecs call when the first byte says that more follow.

Each function takes the buffer, the position after the first byte, and that byte. Past the end of the
buffer they raise IndexError.
"""

from __future__ import annotations

from typing import Final

from tokenwire.errors import DecodeError

__all__ = [
    "LOW28",
    "MASK64",
    "NEGATIVE",
    "SECOND",
    "THIRD",
    "long_int32",
    "long_int64",
    "long_size",
    "long_tag",
    "long_uint32",
    "long_uint64",
]

SECOND: Final = tuple((octet & 127) * 128 - 128 for octet in range(256))
"""What the second byte adds to the first as it stands, whose highest bit it takes away."""
THIRD: Final = tuple((octet & 127) << 14 for octet in range(256))
FOURTH: Final = tuple((octet & 127) << 21 for octet in range(256))

LOW28: Final = (1 << 28) - 1
MASK64: Final = (1 << 64) - 1

NEGATIVE: Final = b"\xff\xff\xff\xff\x01"
"""The last bytes of a small negative number, which always has ten."""


def long_uint64(data: bytes, pos: int, value: int) -> tuple[int, int]:
    """Read on to at most 10 bytes; bits beyond the 64th are ignored."""
    octet = data[pos]
    value += SECOND[octet]
    if octet < 128:
        return value, pos + 1
    octet = data[pos + 1]
    value += THIRD[octet]
    if octet < 128:
        return value, pos + 2
    octet = data[pos + 2]
    value += FOURTH[octet]
    if octet < 128:
        return value, pos + 3
    # Four bytes at a time are 28 bits: a number of one machine word.
    high = data[pos + 3]
    if high < 128:
        return value + (high << 28), pos + 4
    if high == 255 and data[pos + 4 : pos + 9] == NEGATIVE:
        return value + (MASK64 ^ LOW28), pos + 9
    octet = data[pos + 4]
    high += SECOND[octet]
    if octet < 128:
        return value + (high << 28), pos + 5
    octet = data[pos + 5]
    high += THIRD[octet]
    if octet < 128:
        return value + (high << 28), pos + 6
    octet = data[pos + 6]
    high += FOURTH[octet]
    if octet < 128:
        return value + (high << 28), pos + 7
    top = data[pos + 7]
    if top < 128:
        return value + (high << 28) + (top << 56), pos + 8
    octet = data[pos + 8]
    if octet < 128:
        return value + (high << 28) + (top + SECOND[octet] << 56) & MASK64, pos + 9
    raise DecodeError("a varint is longer than 10 bytes")


def long_int64(data: bytes, pos: int, value: int) -> tuple[int, int]:
    """Read on in a signed varint."""
    value, pos = long_uint64(data, pos, value)
    return (value, pos) if value < 1 << 63 else (value - (1 << 64), pos)


def long_int32(data: bytes, pos: int, value: int) -> tuple[int, int]:
    """Read on in a signed varint and keep its low 32 bits."""
    second = data[pos]
    if second < 128:
        return value + SECOND[second], pos + 1
    third = data[pos + 1]
    if third < 128:
        return value + SECOND[second] + THIRD[third], pos + 2
    value, pos = long_uint64(data, pos, value)
    if value < 1 << 31:
        return value, pos
    return ((value & 0xFFFFFFFF) ^ 1 << 31) - (1 << 31), pos


def long_uint32(data: bytes, pos: int, value: int) -> tuple[int, int]:
    """Read on in a varint and keep its low 32 bits."""
    second = data[pos]
    if second < 128:
        return value + SECOND[second], pos + 1
    third = data[pos + 1]
    if third < 128:
        return value + SECOND[second] + THIRD[third], pos + 2
    value, pos = long_uint64(data, pos, value)
    return value & 0xFFFFFFFF, pos


def long_size(data: bytes, pos: int, size: int) -> tuple[int, int]:
    """Read on in a length: a varint of up to 5 bytes below 2 GiB."""
    octet = data[pos]
    if octet < 128:
        return size + SECOND[octet], pos + 1
    size, stop = long_uint64(data, pos, size)
    if stop - pos > 4 or size > 0x7FFFFFFF:
        raise DecodeError("a length is over 2 GiB or written in more than 5 bytes")
    return size, stop


def long_tag(data: bytes, pos: int, tag: int) -> tuple[int, int]:
    """Read on in a tag: a varint of up to 5 bytes and 32 bits."""
    octet = data[pos]
    if octet < 128:
        return tag + SECOND[octet], pos + 1
    tag, stop = long_uint64(data, pos, tag)
    if stop - pos > 4 or tag > 0xFFFFFFFF:
        raise DecodeError("a tag is over 32 bits or written in more than 5 bytes")
    return tag, stop

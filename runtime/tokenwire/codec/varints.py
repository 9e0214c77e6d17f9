"""Long runs of varints, many at a time.

Python's big integers serve as vectors. A run of numbers below 2**28 is one integer of 32-bit lanes;
a few shifts and masks over all lanes at once move each number's groups of 7 bits into bytes of their
own, or back. Whatever does not fit (negative and bigger numbers, short runs) is done one by one. The
speed is that of numpy, which a client need not have.
"""

from __future__ import annotations

import struct
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from tokenwire.errors import DecodeError

from .wire import BYTE, MASK64

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["pack_varints", "unpack_varints"]

FEW_NUMBERS: Final = 8
FEW_BYTES: Final = 64
"""Shorter runs are faster one by one."""

SOME: Final = 64
LANES: Final = 1024
"""Numbers encoded at a time, in a short run and in a long one."""

CHUNK: Final = 4096
"""Bytes decoded at a time."""

MULTI_BYTE: Final = bytes(range(128, 256))


class _Masks(NamedTuple):
    """Patterns that come again in each 32-bit lane."""

    packed: tuple[int, int, int, int]
    spread: tuple[int, int, int, int]
    too_big: int
    low: int
    high: int
    high_but_first: int
    high_last_two: int
    high_last: int
    high_first: int


@cache
def _masks(lanes: int) -> _Masks:
    def repeat(pattern: int) -> int:
        return int.from_bytes(pattern.to_bytes(4, "little") * lanes, "little")

    return _Masks(
        packed=(repeat(0x7F), repeat(0x7F << 7), repeat(0x7F << 14), repeat(0x7F << 21)),
        spread=(repeat(0x7F), repeat(0x7F << 8), repeat(0x7F << 16), repeat(0x7F << 24)),
        too_big=repeat(0xF0000000),
        low=repeat(0x7F7F7F7F),
        high=repeat(0x80808080),
        high_but_first=repeat(0x80808000),
        high_last_two=repeat(0x80800000),
        high_last=repeat(0x80000000),
        high_first=repeat(0x80),
    )


def pack_varints(values: Sequence[int], write: Callable[[int], bytes]) -> bytes:
    """Write numbers as varints.

    Args:
        values: The numbers.
        write: Writes one number of 128 or more, or less than 0, or refuses it.
    """
    if len(values) < FEW_NUMBERS:
        return _pack_each(values, write)
    try:
        raw = struct.pack(f"<{len(values)}I", *values)
    except struct.error:
        return _pack_each(values, write)
    if len(values) <= LANES:
        return _pack_lanes(raw, values, write)
    starts = range(0, len(values), LANES)
    runs = ((raw[4 * start : 4 * (start + LANES)], values[start : start + LANES]) for start in starts)
    return b"".join([_pack_lanes(lanes, numbers, write) for lanes, numbers in runs])


def _pack_each(values: Sequence[int], write: Callable[[int], bytes]) -> bytes:
    return b"".join([BYTE[value] if 0 <= value < 128 else write(value) for value in values])


def _pack_lanes(raw: bytes, values: Sequence[int], write: Callable[[int], bytes]) -> bytes:
    width = SOME if len(values) <= SOME else LANES
    m = _masks(width)
    lanes = int.from_bytes(raw, "little")
    if lanes & m.too_big:
        return _pack_each(values, write)
    g0, g1, g2, g3 = m.packed
    spread = lanes & g0 | (lanes & g1) << 1 | (lanes & g2) << 2 | (lanes & g3) << 3
    # High bits: first of each byte that is not zero, then of each byte below such a one in its lane.
    used = (spread + m.low) & m.high
    more = (used & m.high_but_first) >> 8 | (used & m.high_last_two) >> 16 | (used & m.high_last) >> 24
    zeros = (used | more) & m.high_first ^ m.high_first >> 32 * (width - len(values))
    if not zeros:
        return (spread | more).to_bytes(len(raw), "little").translate(None, b"\0")
    # Bytes that are zero go, so a number that is zero stands as four bytes 0x80 meanwhile: nothing
    # else becomes that many in a row.
    marked = spread | more | zeros | zeros << 8 | zeros << 16 | zeros << 24
    return marked.to_bytes(len(raw), "little").translate(None, b"\0").replace(b"\x80\x80\x80\x80", b"\0")


def unpack_varints(raw: bytes, fix: Callable[[int], int] | None = None) -> list[int]:
    """Read varints of up to 64 bits; bits beyond the 64th are ignored.

    Args:
        raw: The varints.
        fix: Makes the field's number of one of 2**28 or more; None leaves it as it is.

    Raises:
        DecodeError: The last one is cut off, or one is longer than 10 bytes.
    """
    if raw.isascii():
        return list(raw)
    if len(raw) < FEW_BYTES:
        return _unpack_each(raw, fix)
    values: list[int] = []
    pos, end = 0, len(raw)
    while pos < end:
        stop = min(pos + CHUNK, end)
        while raw[stop - 1] > 127:
            stop -= 1
            if stop == pos:
                raise DecodeError("a varint is cut off or longer than 10 bytes")
        values += _unpack_lanes(raw[pos:stop], fix)
        pos = stop
    return values


def _unpack_each(raw: bytes, fix: Callable[[int], int] | None) -> list[int]:
    octets = iter(raw)
    take = octets.__next__
    try:
        values = [
            a
            if a < 128
            else a + (b << 7) - 128
            if (b := take()) < 128
            else a + (b << 7) + (c << 14) - 16512
            if (c := take()) < 128
            else _long(a + (b << 7) + (c << 14) - 2113664, take)
            for a in octets
        ]
    except StopIteration:
        raise DecodeError("a varint is cut off") from None
    return values if fix is None else [value if value < 1 << 28 else fix(value) for value in values]


def _long(value: int, take: Callable[[], int]) -> int:
    """The rest of a varint of more than three bytes."""
    for shift in range(21, 70, 7):
        octet = take()
        value |= (octet & 127) << shift
        if octet < 128:
            return value & MASK64
    raise DecodeError("a varint is longer than 10 bytes")


def _unpack_lanes(raw: bytes, fix: Callable[[int], int] | None) -> list[int]:
    planes = _planes(raw)
    if planes is None:
        return _unpack_each(raw, fix)
    count = len(planes[0])
    lanes = bytearray(4 * count)
    for group, plane in enumerate(planes):
        lanes[group::4] = plane
    spread = int.from_bytes(lanes, "little")
    g0, g1, g2, g3 = _masks(CHUNK).spread
    packed = spread & g0 | (spread & g1) >> 1 | (spread & g2) >> 2 | (spread & g3) >> 3
    return list(struct.unpack(f"<{count}I", packed.to_bytes(4 * count, "little")))


def _planes(raw: bytes) -> list[bytes] | None:
    """The first, second, ... groups of 7 bits of all the numbers; None where one has more than four.

    Each plane is the run itself, moved so that at the place of a number's first byte its group
    stands, and then without the other places, which are marked by a high bit.
    """
    size = len(raw)
    m = _masks(CHUNK // 4)
    octets = int.from_bytes(raw, "little")
    high = octets & m.high
    groups = octets & m.low
    goes_on = high - (high >> 7)
    not_first = high << 8
    planes = []
    plane, reach, group = groups, goes_on, 0
    while True:
        marked = (plane | not_first).to_bytes(size + 1, "little")
        planes.append(marked[:size].translate(None, MULTI_BYTE))
        if not reach:
            return planes
        group += 1
        if group == 4:
            return None
        plane = (groups >> 8 * group) & reach
        reach &= goes_on >> 8 * group

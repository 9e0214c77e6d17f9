"""Long runs of varints, many at a time.

Python's big integers serve as vectors. A run of numbers below 2**28 is one integer of 32-bit lanes;
a few shifts and masks over all lanes at once move each number's groups of 7 bits into bytes of their
own, or back. Whatever does not fit (negative and bigger numbers, short runs) is done one by one. The
speed is that of numpy, which a client need not have.
"""

from __future__ import annotations

import struct
import sys
from array import array
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Final

from tokenwire.errors import DecodeError

from .long_varints import MASK64, SECOND, THIRD
from .wire import VARINTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = ["pack_varints", "unpack_varints"]

FEW_NUMBERS: Final = 7
FEW_BYTES: Final = 150
"""Shorter runs are faster one by one."""

SOME: Final = 64
MANY: Final = 256
LANES: Final = 1024
"""Up to `SOME` numbers have masks of their own length; at most `LANES` are encoded at a time."""

NATIVE: Final = sys.byteorder == "little" and array("I").itemsize == 4
"""Whether an `array` holds 32-bit numbers as the wire does."""

CHUNK: Final = 4096
"""Bytes decoded at a time."""

STEP: Final = 32 << 10
"""Numbers of a longer list that are written in one go: other threads of Python wait for that long."""

LONG: Final = 64 << 10
"""Bytes of a run that is read piece by piece, while whoever asked for it takes the numbers."""

MULTI_BYTE: Final = bytes(range(128, 256))


class _Masks:
    """Patterns that come again in each 32-bit lane."""

    __slots__ = (
        *("high", "high_but_first", "high_first", "high_last", "high_last_two", "low"),
        *("over_21_bits", "over_28_bits", "packed", "spread"),
    )

    def __init__(self, lanes: int) -> None:
        def repeat(pattern: int) -> int:
            return int.from_bytes(pattern.to_bytes(4, "little") * lanes, "little")

        self.packed = repeat(0x7F), repeat(0x7F << 7), repeat(0x7F << 14), repeat(0x7F << 21)
        self.spread = repeat(0x7F), repeat(0x7F << 8), repeat(0x7F << 16), repeat(0x7F << 24)
        self.over_21_bits = repeat(0xFFE00000)
        self.over_28_bits = repeat(0xF0000000)
        self.low = repeat(0x7F7F7F7F)
        self.high = repeat(0x80808080)
        self.high_but_first = repeat(0x80808000)
        self.high_last_two = repeat(0x80800000)
        self.high_last = repeat(0x80000000)
        self.high_first = repeat(0x80)


_masks = cache(_Masks)


def pack_varints(values: Sequence[int], write: Callable[[int], bytes]) -> bytes:
    """Write numbers as varints.

    Args:
        values: The numbers.
        write: Writes one number of 2048 or more, or less than 0, or refuses it.
    """
    if len(values) < FEW_NUMBERS:
        return _pack_each(values, write)
    if len(values) > STEP:
        starts = range(0, len(values), STEP)
        return b"".join([pack_varints(values[start : start + STEP], write) for start in starts])
    numbers = values if type(values) is list else list(values)
    try:
        raw = array("I", numbers).tobytes() if NATIVE else struct.pack(f"<{len(numbers)}I", *numbers)
    except (OverflowError, TypeError, struct.error):
        return _pack_each(values, write)
    if len(numbers) <= LANES:
        return _pack_lanes(raw, numbers, write)
    starts = range(0, len(numbers), LANES)
    runs = ((raw[4 * start : 4 * (start + LANES)], numbers[start : start + LANES]) for start in starts)
    return b"".join([_pack_lanes(lanes, some, write) for lanes, some in runs])


def _pack_each(values: Sequence[int], write: Callable[[int], bytes]) -> bytes:
    return b"".join([VARINTS[value] if 0 <= value < 2048 else write(value) for value in values])


def _pack_lanes(raw: bytes, values: list[int], write: Callable[[int], bytes]) -> bytes:
    count = len(values)
    width = count if count <= SOME else MANY if count <= MANY else LANES
    m = _masks(width)
    lanes = int.from_bytes(raw, "little")
    g0, g1, g2, g3 = m.packed
    spread = lanes & g0 | (lanes & g1) << 1 | (lanes & g2) << 2
    four_bytes = lanes & m.over_21_bits
    if four_bytes:
        if lanes & m.over_28_bits:
            return _pack_each(values, write)
        spread |= (lanes & g3) << 3
    # High bits: first of each byte that is not zero, then of each byte below such a one in its lane.
    used = (spread + m.low) & m.high
    more = (used & m.high_but_first) >> 8 | (used & m.high_last_two) >> 16
    if four_bytes:
        more |= (used & m.high_last) >> 24
    firsts = m.high_first if width == count else m.high_first >> 32 * (width - count)
    zeros = (used | more) & m.high_first ^ firsts
    if not zeros:
        return (spread | more).to_bytes(len(raw), "little").translate(None, b"\0")
    # Bytes that are zero go, so a number that is zero stands as four bytes 0x80 meanwhile: nothing
    # else becomes that many in a row.
    marked = spread | more | zeros | zeros << 8 | zeros << 16 | zeros << 24
    return marked.to_bytes(len(raw), "little").translate(None, b"\0").replace(b"\x80\x80\x80\x80", b"\0")


def unpack_varints(raw: bytes, fix: Callable[[int], int] | None = None) -> Iterable[int]:
    """Read varints of up to 64 bits; bits beyond the 64th are ignored.

    Short runs are read at once, into a list. Long ones are read as they are iterated over, so that other
    threads get their turns: to extend a list by another of millions is one step.

    Args:
        raw: The varints.
        fix: Makes the field's number of one of 2**28 or more; None leaves it as it is.

    Raises:
        DecodeError: The last one is cut off, or one is longer than 10 bytes.
    """
    if len(raw) == 3:
        a, b, c = raw
        if a > 127 and b > 127 and c < 128:
            return [a + SECOND[b] + THIRD[c]]
    if raw.isascii():
        return list(raw) if len(raw) <= LONG else chain.from_iterable(_octets(raw))
    if raw[-1] > 127:
        raise DecodeError("a varint is cut off")
    if len(raw) < FEW_BYTES:
        return _unpack_each(raw, fix)
    if len(raw) <= CHUNK:
        return _unpack_lanes(raw, fix)
    numbers = chain.from_iterable(_runs(raw, fix))
    return numbers if len(raw) > LONG else list(numbers)


def _runs(raw: bytes, fix: Callable[[int], int] | None) -> Iterator[list[int]]:
    pos, end = 0, len(raw)
    while pos < end:
        stop = min(pos + CHUNK, end)
        while raw[stop - 1] > 127:
            stop -= 1
            if stop == pos:
                raise DecodeError("a varint is longer than 10 bytes")
        yield _unpack_lanes(raw[pos:stop], fix)
        pos = stop


def _octets(raw: bytes) -> Iterator[bytes]:
    for start in range(0, len(raw), LONG):
        yield raw[start : start + LONG]


def _unpack_each(raw: bytes, fix: Callable[[int], int] | None) -> list[int]:
    """One by one; the last byte must end a number, so that there is always a next one to take.

    A loop that is left at once takes one byte, faster than `next` does.
    """
    values: list[int] = []
    octets = iter(raw)
    for first in octets:
        value = octet = first
        if first > 127:
            for octet in octets:
                value += SECOND[octet]
                break
            if octet > 127:
                for octet in octets:
                    value += THIRD[octet]
                    break
                if octet > 127:
                    value = _long(value, octets, fix)
        values.append(value)
    return values


def _long(value: int, octets: Iterator[int], fix: Callable[[int], int] | None) -> int:
    """The rest of a varint of more than three bytes."""
    for shift, octet in zip(range(21, 70, 7), octets, strict=False):
        value |= (octet & 127) << shift
        if octet < 128:
            value &= MASK64
            return value if fix is None else fix(value)
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
    packed = spread & g0 | (spread & g1) >> 1 | (spread & g2) >> 2
    if len(planes) == 4:
        packed |= (spread & g3) >> 3
    numbers = packed.to_bytes(4 * count, "little")
    return array("I", numbers).tolist() if NATIVE else list(struct.unpack(f"<{count}I", numbers))


def _planes(raw: bytes) -> list[bytes] | None:
    """The first, second, ... groups of 7 bits of all the numbers; None where one has more than four.

    Each plane is the run itself, moved so that at the place of a number's first byte its group
    stands, and then without the other places, which are marked by a high bit. The last byte of the run
    ends a number.
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
        planes.append((plane | not_first).to_bytes(size, "little").translate(None, MULTI_BYTE))
        if not reach:
            return planes
        group += 1
        if group == 4:
            return None
        plane = (groups >> 8 * group) & reach
        reach &= goes_on >> 8 * group

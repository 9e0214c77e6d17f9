"""Packed repeated numbers, without a Python step per element where that can be had.

`pack_*` turn numbers into the bytes of a packed field and raise ValueError or TypeError for what the
type cannot hold; `unpack_*` turn such bytes into a list.
"""

from __future__ import annotations

import struct
import sys
from array import array
from typing import TYPE_CHECKING, Any, Final, TypeVar

from .errors import DecodeError
from .wire import BOOL, BYTE, int32, int64, read_uint64, sint32, sint64, uint32, uint64

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = [
    "pack_bool",
    "pack_f32",
    "pack_f64",
    "pack_fixed32",
    "pack_fixed64",
    "pack_int32",
    "pack_int64",
    "pack_sfixed32",
    "pack_sfixed64",
    "pack_sint32",
    "pack_sint64",
    "pack_uint32",
    "pack_uint64",
    "unpack_bool",
    "unpack_enum",
    "unpack_f32",
    "unpack_f64",
    "unpack_fixed32",
    "unpack_fixed64",
    "unpack_int32",
    "unpack_int64",
    "unpack_sfixed32",
    "unpack_sfixed64",
    "unpack_sint32",
    "unpack_sint64",
    "unpack_uint32",
    "unpack_uint64",
]

NATIVE: Final = sys.byteorder == "little"

EnumT = TypeVar("EnumT")


def _varint_packer(write: Callable[[int], bytes], zigzag: bool = False) -> Callable[[Sequence[int]], bytes]:
    def pack(values: Sequence[int]) -> bytes:
        if zigzag:
            return b"".join([write(value) for value in values])
        return b"".join([BYTE[value] if 0 <= value < 128 else write(value) for value in values])

    return pack


pack_int32: Final = _varint_packer(int32)
pack_int64: Final = _varint_packer(int64)
pack_uint32: Final = _varint_packer(uint32)
pack_uint64: Final = _varint_packer(uint64)
pack_sint32: Final = _varint_packer(sint32, zigzag=True)
pack_sint64: Final = _varint_packer(sint64, zigzag=True)


def pack_bool(values: Sequence[bool]) -> bytes:
    """Write bools."""
    return b"".join([BOOL[value] for value in values])


def _fixed_packer(code: str) -> Callable[[Sequence[Any]], bytes]:
    def pack(values: Sequence[Any]) -> bytes:
        return struct.pack(f"<{len(values)}{code}", *values)

    return pack


pack_f64: Final = _fixed_packer("d")
pack_fixed32: Final = _fixed_packer("I")
pack_fixed64: Final = _fixed_packer("Q")
pack_sfixed32: Final = _fixed_packer("i")
pack_sfixed64: Final = _fixed_packer("q")


def pack_f32(values: Sequence[float]) -> bytes:
    """Write floats; what is too big becomes infinite, as a cast in C does."""
    try:
        return struct.pack(f"<{len(values)}f", *values)
    except OverflowError:
        numbers = array("f", values)
        if not NATIVE:
            numbers.byteswap()
        return numbers.tobytes()


def _fixed_unpacker(code: str) -> Callable[[bytes], list[Any]]:
    size = struct.calcsize(f"<{code}")

    def unpack(raw: bytes) -> list[Any]:
        if len(raw) % size:
            raise DecodeError(f"a packed field of {len(raw)} bytes is not a multiple of {size}")
        if NATIVE:
            view: memoryview[Any] = memoryview(raw)
            return list(view.cast(code))
        return list(struct.unpack(f"<{len(raw) // size}{code}", raw))

    return unpack


unpack_f32: Final = _fixed_unpacker("f")
unpack_f64: Final = _fixed_unpacker("d")
unpack_fixed32: Final = _fixed_unpacker("I")
unpack_fixed64: Final = _fixed_unpacker("Q")
unpack_sfixed32: Final = _fixed_unpacker("i")
unpack_sfixed64: Final = _fixed_unpacker("q")


def unpack_uint64(raw: bytes) -> list[int]:
    """Read varints of 64 bits."""
    if raw.isascii():
        return list(raw)
    values = []
    pos, end = 0, len(raw)
    while pos < end:
        value = raw[pos]
        pos += 1
        if value > 127:
            value, pos = read_uint64(raw, pos - 1)
        values.append(value)
    return values


def unpack_int64(raw: bytes) -> list[int]:
    """Read signed varints of 64 bits."""
    values = unpack_uint64(raw)
    return [value - (1 << 64) if value >> 63 else value for value in values]


def unpack_int32(raw: bytes) -> list[int]:
    """Read signed varints and keep the low 32 bits of each."""
    values = unpack_uint64(raw)
    if not values or max(values) < 0x80000000:
        return values
    return [((value & 0xFFFFFFFF) ^ 0x80000000) - 0x80000000 for value in values]


def unpack_uint32(raw: bytes) -> list[int]:
    """Read varints and keep the low 32 bits of each."""
    return [value & 0xFFFFFFFF for value in unpack_uint64(raw)]


def unpack_sint32(raw: bytes) -> list[int]:
    """Read zigzag varints of 32 bits."""
    return [((value & 0xFFFFFFFF) >> 1) ^ -(value & 1) for value in unpack_uint64(raw)]


def unpack_sint64(raw: bytes) -> list[int]:
    """Read zigzag varints of 64 bits."""
    return [(value >> 1) ^ -(value & 1) for value in unpack_uint64(raw)]


def unpack_bool(raw: bytes) -> list[bool]:
    """Read bools: any varint but 0 is true."""
    return [value != 0 for value in unpack_uint64(raw)]


def unpack_enum(raw: bytes, table: Mapping[int, EnumT]) -> list[EnumT]:
    """Read members of the enum that `table`, an `enum_table`, stands for."""
    return [table[value] for value in unpack_int32(raw)]

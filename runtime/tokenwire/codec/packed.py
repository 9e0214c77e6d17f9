"""Packed repeated numbers, without a Python step per element where that can be had.

`pack_*` turn numbers into the bytes of a packed field and raise ValueError or TypeError for what the
type cannot hold; `unpack_*` turn such bytes into a list, or into an iterator where there are very many.
"""

from __future__ import annotations

import struct
import sys
from array import array
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tokenwire.errors import DecodeError

from .varints import LONG, pack_varints, unpack_varints
from .wire import BOOL, VARINTS, int32, int64, sint32, sint64, uint32, uint64

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

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


def _packer(write: Callable[[int], bytes], name: str) -> Callable[[Sequence[int]], bytes]:
    def pack(values: Sequence[int]) -> bytes:
        if len(values) != 1:
            return pack_varints(values, write)
        [value] = values
        return VARINTS[value] if 0 <= value < 2048 else write(value)

    pack.__doc__ = f"Write numbers of type {name}."
    return pack


pack_int32: Final = _packer(int32, "int32")
pack_int64: Final = _packer(int64, "int64")
pack_uint32: Final = _packer(uint32, "uint32")
pack_uint64: Final = _packer(uint64, "uint64")


def pack_sint32(values: Sequence[int]) -> bytes:
    """Write numbers of type sint32."""
    return b"".join([sint32(value) for value in values])


def pack_sint64(values: Sequence[int]) -> bytes:
    """Write numbers of type sint64."""
    return b"".join([sint64(value) for value in values])


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


def _fixed_unpacker(code: str) -> Callable[[bytes], Iterable[Any]]:
    size = struct.calcsize(f"<{code}")

    def unpack(raw: bytes) -> Iterable[Any]:
        if len(raw) % size:
            raise DecodeError(f"a packed field of {len(raw)} bytes is not a multiple of {size}")
        if len(raw) > LONG:
            starts = range(0, len(raw), LONG)
            return chain.from_iterable(unpack(raw[start : start + LONG]) for start in starts)
        if NATIVE:
            return array(code, raw).tolist()
        return list(struct.unpack(f"<{len(raw) // size}{code}", raw))

    return unpack


unpack_f32: Final = _fixed_unpacker("f")
unpack_f64: Final = _fixed_unpacker("d")
unpack_fixed32: Final = _fixed_unpacker("I")
unpack_fixed64: Final = _fixed_unpacker("Q")
unpack_sfixed32: Final = _fixed_unpacker("i")
unpack_sfixed64: Final = _fixed_unpacker("q")


def unpack_uint64(raw: bytes) -> Iterable[int]:
    """Read varints of 64 bits."""
    return unpack_varints(raw)


def unpack_int64(raw: bytes) -> Iterable[int]:
    """Read signed varints of 64 bits."""
    return unpack_varints(raw, _signed64)


def unpack_int32(raw: bytes) -> Iterable[int]:
    """Read signed varints and keep the low 32 bits of each."""
    return unpack_varints(raw, _signed32)


def unpack_uint32(raw: bytes) -> Iterable[int]:
    """Read varints and keep the low 32 bits of each."""
    return unpack_varints(raw, _unsigned32)


def _signed64(value: int) -> int:
    return (value ^ 1 << 63) - (1 << 63)


def _signed32(value: int) -> int:
    return ((value & 0xFFFFFFFF) ^ 1 << 31) - (1 << 31)


def _unsigned32(value: int) -> int:
    return value & 0xFFFFFFFF


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

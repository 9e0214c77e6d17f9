"""Byte strings at the edges of the wire format: accepted, kept or refused as google.protobuf does."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.message import DecodeError as OracleError
from tokenwire.errors import DecodeError


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def field(number: int, wire_type: int, rest: bytes = b"") -> bytes:
    return varint(number << 3 | wire_type) + rest


def sized(number: int, inside: bytes) -> bytes:
    return field(number, 2, varint(len(inside)) + inside)


def nested(levels: int, inside: bytes = b"", number: int = 17) -> bytes:
    for _ in range(levels):
        inside = sized(number, inside)
    return inside


def groups(levels: int, number: int = 99) -> bytes:
    return field(number, 3) * levels + field(number, 4) * levels


def in_maps(levels: int) -> bytes:
    inside = b""
    for _ in range(levels):
        inside = sized(30, sized(2, inside))
    return inside


CASES = {
    "empty": b"",
    "int32 as 10 bytes": field(3, 0, varint(2**64 - 1)),
    "int32 cut to 32 bits": field(3, 0, varint(2**35 + 5)),
    "int32 negative in 5 bytes": field(3, 0, varint(2**32 - 1)),
    "uint32 cut to 32 bits": field(5, 0, varint(2**35 + 5)),
    "sint32 cut to 32 bits": field(7, 0, varint(2**35 + 5)),
    "sint64 largest": field(8, 0, varint(2**64 - 1)),
    "enum unknown": field(16, 0, varint(77)),
    "enum cut to 32 bits": field(16, 0, varint(2**32 + 1)),
    "bool of a big varint": field(13, 0, varint(2**63)),
    "bool of bit 64": field(13, 0, varint(2**64)),
    "bool zero in two bytes": field(13, 0, b"\x80\x00"),
    "varint of 10 bytes, too many bits": field(4, 0, b"\xff" * 9 + b"\x7f"),
    "varint of 10 bytes, all zero": field(4, 0, b"\x80" * 9 + b"\x00"),
    "varint of 11 bytes": field(4, 0, b"\x80" * 10 + b"\x00"),
    "varint cut off": field(4, 0, b"\x80\x80"),
    "unknown varint of 11 bytes": field(99, 0, b"\xff" * 10 + b"\x01"),
    "explicit zero": field(3, 0, b"\x00"),
    "explicit zero of optional": field(18, 0, b"\x00"),
    "minus zero": field(2, 5, b"\x00\x00\x00\x80"),
    "last scalar wins": field(3, 0, b"\x05") + field(3, 0, b"\x06"),
    "last scalar wins, zero": field(3, 0, b"\x05") + field(3, 0, b"\x00"),
    "pieces of a message": sized(17, field(3, 0, b"\x05"))
    + sized(17, field(4, 0, b"\x06") + sized(22, b"\x01")),
    "pieces with lists": sized(17, sized(22, b"\x01\x02")) + sized(17, sized(22, b"\x03")),
    "oneof, later member": field(33, 0, b"\x05") + sized(34, b"x"),
    "oneof, later message": sized(34, b"x") + sized(35, field(3, 0, b"\x05")),
    "oneof, message in pieces": sized(35, field(3, 0, b"\x05")) + sized(35, field(4, 0, b"\x06")),
    "oneof, message broken by another": sized(35, b"\x18\x05")
    + field(33, 0, b"\x01")
    + sized(35, b"\x20\x06"),
    "packed as single": field(22, 0, b"\x05") + field(22, 0, b"\x06"),
    "single as packed": sized(28, b"\x05\x06"),
    "packed and single": sized(22, b"\x01\x80\x01") + field(22, 0, b"\x07") + sized(22, b"\x08"),
    "packed empty": sized(22, b""),
    "packed cut off": sized(22, b"\x01\x80"),
    "packed varint of 11 bytes": sized(22, b"\x80" * 10 + b"\x00"),
    "packed runs over": field(22, 2, b"\x05\x01"),
    "packed floats": sized(25, b"\x00\x00\x80\x3f" * 3),
    "packed floats, odd length": sized(25, b"\x00\x00\x80\x3f\x00"),
    "packed bools": sized(27, b"\x00\x01\x02\x80\x01"),
    "packed enums": sized(26, b"\x00\x01\x4d" + varint(2**64 - 1)),
    "number as length-delimited": sized(3, b"\x05"),
    "string as varint": field(14, 0, b"\x05"),
    "string as fixed32": field(14, 5, bytes(4)),
    "string as group": groups(1, 14),
    "message as varint": field(17, 0, b"\x05"),
    "message as group": groups(1, 17),
    "float as fixed64": field(2, 1, bytes(8)),
    "float list as varint": field(25, 0, b"\x05"),
    "map as varint": field(29, 0, b"\x05"),
    "bad UTF-8": sized(14, b"\xff"),
    "surrogate in UTF-8": sized(14, b"\xed\xa0\x80"),
    "overlong UTF-8": sized(14, b"\xc0\x80"),
    "bad UTF-8 in a list": sized(23, b"\xff"),
    "bad UTF-8 in a map": sized(29, sized(2, b"\xff")),
    "bad UTF-8 in a message": nested(2, sized(14, b"a\xff")),
    "bad UTF-8 in bytes": sized(15, b"\xff"),
    "NUL": sized(14, b"\x00"),
    "string runs over": field(14, 2, b"\x05ab"),
    "string runs over its message": sized(17, field(14, 2, b"\x02a")) + sized(14, b"b"),
    "message runs over": field(17, 2, b"\x05\x18"),
    "fixed32 cut off": field(2, 5, b"\x00\x00"),
    "fixed64 cut off": field(1, 1, bytes(7)),
    "fixed runs over its message": sized(17, field(9, 5, b"\x01")) + bytes(8),
    "tag cut off": b"\x80",
    "tag in 2 bytes": b"\x98\x00\x05",
    "tag in 5 bytes": b"\x98\x80\x80\x80\x00\x05",
    "tag in 6 bytes": b"\x98\x80\x80\x80\x80\x00\x05",
    "tag of 33 bits": b"\x98\x80\x80\x80\x10\x05",
    "largest field number": field(2**29 - 1, 0, b"\x05"),
    "length in 5 bytes": field(14, 2, b"\x81\x80\x80\x80\x00a"),
    "length in 6 bytes": field(14, 2, b"\x81\x80\x80\x80\x80\x00a"),
    "length of 4 GiB": field(14, 2, b"\xff\xff\xff\xff\x0f"),
    "length of 2**32 + 1": field(14, 2, b"\x81\x80\x80\x80\x10a"),
    "field number 0": b"\x00\x01",
    "field number 0 in a group": field(99, 3) + b"\x00\x01" + field(99, 4),
    "wire type 6": field(3, 6),
    "wire type 7": field(99, 7),
    "end of no group": field(17, 4),
    "end of a group of another number": field(99, 3) + field(98, 4),
    "group not ended": field(99, 3),
    "group ended in its message's parent": sized(17, field(99, 3)) + field(99, 4),
    "groups crossed": field(99, 3) + field(98, 3) + field(99, 4) + field(98, 4),
    "group with everything": field(99, 3)
    + field(1, 0, b"\x01")
    + field(2, 1, bytes(8))
    + sized(3, b"x")
    + field(4, 5, bytes(4))
    + field(99, 4),
    "unknown, written oddly": b"\xa0\x86\x00\x85\x00",
    "unknown before known": field(99, 0, b"\x01") + field(3, 0, b"\x05"),
    "unknown in a message": nested(1, field(99, 0, b"\x01")) + nested(1, sized(98, b"x")),
    "depth 100": nested(100),
    "depth 101": nested(101),
    "depth 50 in maps": in_maps(50),
    "depth 51 in maps": in_maps(51),
    "100 groups": groups(100),
    "101 groups": groups(101),
    "99 messages, 1 group": nested(99, groups(1)),
    "100 messages, 1 group": nested(100, groups(1)),
    "map entry": sized(29, sized(1, b"k") + sized(2, b"v")),
    "map entry, value first": sized(29, sized(2, b"v") + sized(1, b"k")),
    "map entry, empty": sized(29, b""),
    "map entry, no value": sized(30, field(1, 0, b"\x05")),
    "map entry, no key": sized(30, sized(2, field(3, 0, b"\x05"))),
    "map entry, twice the key": sized(29, sized(1, b"a") + sized(1, b"b")),
    "map entry, value in pieces": sized(30, sized(2, field(3, 0, b"\x05")) + sized(2, field(4, 0, b"\x06"))),
    "map entry, same key again": sized(29, sized(1, b"k") + sized(2, b"v")) + sized(29, sized(1, b"k")),
    "map entry, unknown field": sized(29, sized(1, b"k") + sized(2, b"v") + field(3, 0, b"\x01")),
    "map entry, unknown field, no value": sized(30, field(3, 0, b"\x01") + field(1, 0, b"\x01")),
    "map entry, unknown field and message": sized(30, field(3, 0, b"\x01") + sized(2, b"\x18\x05")),
    "map entry, wrong wire type": sized(29, field(1, 0, b"\x01") + sized(2, b"v")),
    "map entry, zeros": sized(31, field(1, 0, b"\x00") + field(2, 0, b"\x00")),
    "map entry, unknown enum value": sized(31, field(1, 0, b"\x01") + field(2, 0, varint(99))),
    "map entry, cut off": sized(29, b"\x0a"),
    "map entry, bool key of 2": sized(31, field(1, 0, b"\x02")),
    "wrapper": sized(42, field(1, 0, b"\x05")),
    "wrapper, empty": sized(42, b""),
    "wrapper in pieces": sized(43, sized(1, b"a")) + sized(43, b""),
    "wrapper, bad UTF-8": sized(43, sized(1, b"\xff")),
    "wrapper cut off": sized(42, b"\x08"),
    "timestamp": sized(40, field(1, 0, b"\x05") + field(2, 0, varint(7000))),
    "timestamp in pieces": sized(40, field(1, 0, b"\x05")) + sized(40, field(2, 0, varint(7000))),
    "timestamp runs over": sized(40, b"\x08\x80"),
    "duration, negative": sized(41, field(1, 0, varint(2**64 - 5)) + field(2, 0, varint(2**64 - 7000))),
}


@pytest.mark.parametrize("name", CASES)
def test_verdict_and_bytes_are_those_of_google_protobuf(pb: Any, oracle: Any, name: str) -> None:
    data = CASES[name]
    mine = pb.Sink
    try:
        expected = oracle.FromString(data)
    except OracleError:
        with pytest.raises(DecodeError, match=r"^Sink"):
            mine.parse(data)
        return
    message = mine.parse(data)
    assert bytes(message) == expected.SerializeToString()
    assert mine.parse(bytearray(data)) == mine.parse(memoryview(data)) == message


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 1000, 1024, 1025, 5000])
@pytest.mark.parametrize("top", [2, 128, 2**14, 2**21, 2**28 - 1, 2**28, 2**31 - 1])
def test_long_packed_lists(pb: Any, oracle: Any, size: int, top: int) -> None:
    values = [(place * 7919) % top if place % 3 else 0 for place in range(size)]
    for changed in (values, [*values, -1], [-(2**31), *values], [0] * size):
        theirs = oracle(r_int32=changed)
        mine = pb.Sink(r_int32=changed)
        assert bytes(mine) == theirs.SerializeToString()
        assert pb.Sink.parse(bytes(mine)).r_int32 == changed


def test_unknown_fields_take_linear_time(pb: Any, oracle: Any) -> None:
    data = field(99, 0, b"\x01") * 200_000 + sized(17, field(99, 0, b"\x01")) * 50_000
    message = pb.Sink.parse(data)
    assert bytes(message) == oracle.FromString(data).SerializeToString()


def test_any_size_of_chunk_decodes_the_same(pb: Any, oracle: Any) -> None:
    for filler in range(20):
        data = sized(22, b"\x01" * filler + b"\xac\x02" * 6000)
        assert pb.Sink.parse(data).r_int32 == [1] * filler + [300] * 6000

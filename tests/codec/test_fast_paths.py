"""Where codecs take a short way for what is common, its edges: google.protobuf says what is right."""

from __future__ import annotations

import random
from typing import Any

import pytest
from google.protobuf.message import DecodeError as OracleError
from tokenwire.codec import packed, varints, wire
from tokenwire.codec.long_varints import long_int64, long_uint64
from tokenwire.errors import DecodeError

BITS = range(65)


def varint(value: int) -> bytes:
    octets = []
    while value > 127:
        octets.append(value & 127 | 128)
        value >>= 7
    return bytes([*octets, value])


@pytest.mark.parametrize("bits", BITS)
def test_varints_of_every_length(bits: int) -> None:
    for value in {max(0, (1 << bits) + near) for near in (-2, -1, 0, 1)}:
        if value >= 1 << 64:
            continue
        raw = varint(value)
        assert wire.varint(value) == wire.uint64(value) == raw
        assert wire.read_uint64(raw + b"\xff", 0) == (value, len(raw))
        if value > 127:
            assert long_uint64(raw, 1, raw[0]) == (value, len(raw))
        if value < 1 << 63:
            negative = wire.int64(-value)
            assert negative == varint(-value & (1 << 64) - 1)
            assert wire.read_int64(negative, 0) == (-value, len(negative))


def test_a_varint_may_have_more_bytes_than_it_needs() -> None:
    assert long_uint64(b"\x85\x80\x80\x80\x80\x80\x80\x80\x80\x00", 1, 0x85) == (5, 10)
    assert long_uint64(b"\xff" * 9 + b"\x7f", 1, 255) == ((1 << 64) - 1, 10)
    assert long_int64(b"\xff" * 9 + b"\x01", 1, 255) == (-1, 10)
    with pytest.raises(DecodeError, match="10 bytes"):
        long_uint64(b"\x80" * 10 + b"\x00", 1, 128)
    with pytest.raises(IndexError):
        long_uint64(b"\x80\x80", 1, 128)


def test_tables_hold_what_they_say() -> None:
    assert [varint(value) for value in range(2048)] == list(wire.VARINTS)
    for number, table in enumerate((wire.SIZED_1, wire.SIZED_2, wire.SIZED_3, wire.SIZED_4), 1):
        assert [varint(number << 3 | 2) + varint(size) for size in range(512)] == list(table)


@pytest.mark.parametrize("count", [1, 2, 6, 7, 16, 17, 48, 49, 50, 64, 65, 256, 257, 1024, 1025])
@pytest.mark.parametrize("bits", [1, 7, 14, 17, 21, 24, 28, 31])
def test_runs_of_every_length(count: int, bits: int) -> None:
    numbers = [random.getrandbits(random.randint(0, bits)) for _ in range(count)]
    raw = b"".join(map(varint, numbers))
    for values in (numbers, tuple(numbers), [True if value == 1 else value for value in numbers]):
        assert packed.pack_int32(values) == packed.pack_uint64(values) == raw
    assert packed.unpack_int32(raw) == packed.unpack_uint64(raw) == numbers


@pytest.mark.parametrize("count", [1, 5, 20, 100])
@pytest.mark.parametrize("wrong", [1.0, "1", None, 2**31, -(2**31) - 1])
def test_runs_with_a_wrong_number(count: int, wrong: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        packed.pack_int32([7] * (count - 1) + [wrong])


@pytest.mark.parametrize("more", [-1, 0, 1, varints.STEP + 1])
def test_long_runs_are_written_in_steps(more: int) -> None:
    values = [number * 7919 % 150_000 for number in range(varints.STEP + more)]
    values[-1] = -1
    raw = packed.pack_int64(values)
    assert raw == b"".join(varint(value & (1 << 64) - 1) for value in values)
    assert list(packed.unpack_int64(raw)) == values
    with pytest.raises(ValueError, match="out of range for int32"):
        packed.pack_int32([*values, 1 << 31])


def test_numbers_may_come_as_bytes() -> None:
    values = bytes(range(200, 220))
    assert packed.pack_int32(values) == b"".join(map(varint, values))


@pytest.mark.parametrize(
    "length", [0, 1, 2, 60, 61, 62, 120, 121, 122, 123, 124, 127, 128, 511, 512, 2047, 2048]
)
def test_text_of_lengths_where_ways_part(pb: Any, oracle: Any, length: int) -> None:
    for values in (
        {"f_string": "a" * length},
        {"f_bytes": b"a" * length},
        {"m_text": {"k": "a" * length}},
        {"m_text": {"k" * 62: "a" * length, "b" * length: ""}},
    ):
        raw = bytes(pb.Sink(**values))
        assert oracle.FromString(raw) == oracle(**values)
        assert pb.Sink.parse(oracle(**values).SerializeToString()) == pb.Sink(**values)


def test_damaged_map_entries(pb: Any, oracle: Any) -> None:
    """Every byte of a short entry, and of the length before it, takes every value; so does its end."""
    entry = b"\x0a\x02ab\x12\x03cde"
    tag = varint(29 << 3 | 2)
    whole = tag + varint(len(entry)) + entry
    damaged = [whole[:cut] for cut in range(len(whole))]
    for place in range(len(tag), len(whole)):
        for octet in range(256):
            changed = whole[:place] + bytes([octet]) + whole[place + 1 :]
            damaged += changed, changed + b"\x18\x05", changed + bytes(150)
    for data in damaged:
        try:
            expected = oracle.FromString(data)
        except OracleError:
            with pytest.raises(DecodeError):
                pb.Sink.parse(data)
        else:
            assert bytes(pb.Sink.parse(data)) == expected.SerializeToString(), data


def test_an_error_within_is_reported_once_and_from_the_outside(pb: Any) -> None:
    inner = pb.Sink(f_int32="x")
    with pytest.raises(ValueError, match=r"^Sink\.f_sink\.f_sink\.f_int32: expected int") as writing:
        bytes(pb.Sink(f_sink=pb.Sink(f_sink=inner)))
    assert not isinstance(writing.value.__cause__, DecodeError)
    bad = bytes(pb.Sink(f_sink=pb.Sink(f_sink=pb.Sink(f_bytes=b"\xff"))))
    bad = bad.replace(varint(15 << 3 | 2), varint(14 << 3 | 2))
    with pytest.raises(DecodeError, match=r"^Sink\.f_sink\.f_sink\.f_string: not valid UTF-8") as reading:
        pb.Sink.parse(bad)
    assert isinstance(reading.value.__cause__, UnicodeDecodeError)


def test_a_message_that_contains_itself(pb: Any) -> None:
    message = pb.Sink()
    message.f_sink = message
    with pytest.raises(ValueError, match="contains itself"):
        bytes(message)


@pytest.mark.parametrize("data", [5, "text", None, [1, 2]])
def test_only_bytes_are_parsed(pb: Any, data: Any) -> None:
    with pytest.raises(TypeError):
        pb.Sink.parse(data)

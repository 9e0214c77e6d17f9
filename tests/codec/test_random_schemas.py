"""Random messages of random schemas: our codecs and JSON against google.protobuf."""

from __future__ import annotations

import copy
import pickle
import struct
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf import json_format
from google.protobuf.message import DecodeError as OracleError
from hypothesis import given
from hypothesis import strategies as st
from tokenwire.errors import DecodeError

from .schemas import compile_schema, schemas
from .values import fill, for_each_float, has_long_map, ours

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

RANDOM = st.randoms(use_true_random=True)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("schemas")


def canonical(oracle: Any, data: bytes) -> bytes:
    """The same message with map entries in order and NaNs quiet, as Python's floats have them."""
    message = oracle.FromString(data)
    for_each_float(message, lambda value: value)
    return message.SerializeToString(deterministic=True)


def has_largest_float(message: Any) -> bool:
    """Whether json_format cannot read what it writes: it takes 3.4028235e38 for too big a float."""
    found = []
    for_each_float(message, lambda value: found.append(value) or value)
    return any(abs(value) == 3.4028234663852886e38 for value in found)


def assert_same_bytes(mine: bytes, theirs: Any, oracle: Any) -> None:
    """Equal, but for the order of map entries."""
    expected = theirs.SerializeToString()
    if mine == expected:
        return
    assert len(mine) == len(expected), (mine, expected)
    assert canonical(oracle, mine) == canonical(oracle, expected), (mine, expected)


@given(file=schemas(wrapped=True), random=RANDOM)
def test_encode_and_decode_are_those_of_google_protobuf(directory: Path, file: Any, random: Random) -> None:
    compiled = compile_schema(file, directory)
    for name, oracle in compiled.oracles.items():
        for _ in range(6):
            theirs = oracle()
            fill(theirs, random)
            mine = ours(theirs, compiled.classes[name])
            data = bytes(mine)
            if has_long_map(theirs):
                assert_same_bytes(data, theirs, oracle)
            else:
                assert data == theirs.SerializeToString()
            back = compiled.classes[name].parse(theirs.SerializeToString())
            assert_same_bytes(bytes(back), theirs, oracle)
            for copied in (copy.copy(back), copy.deepcopy(back), pickle.loads(pickle.dumps(back))):
                assert bytes(copied) == bytes(back)


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def mutate(data: bytes, other: bytes, numbers: list[int], random: Random) -> bytes:
    """Damage an encoded message, or change it in ways that decoders must bear."""
    place, place2 = sorted((random.randint(0, len(data)), random.randint(0, len(data))))
    match random.randrange(10):
        case 0:
            return data[:place]
        case 1:
            return data + other
        case 2:
            return data[:place] + other + data[place:]
        case 3:
            return data[:place] + bytes([random.randrange(256)]) + data[place + 1 :]
        case 4:
            return data[:place] + data[place2:]
        case 5:
            return data + data[place:place2]
        case 6:
            return data[:place] + random.randbytes(random.randint(1, 4)) + data[place:]
        case 7:
            return data + extra_field(random.choice(numbers), random)
        case 8:
            return extra_field(random.choice(numbers), random) + data
    return extra_field(random.choice([*numbers, 1999]), random) + extra_field(random.choice(numbers), random)


def extra_field(number: int, random: Random) -> bytes:
    """A field of any wire type, whatever the schema says of its number."""
    wire_type = random.choice((0, 0, 1, 2, 2, 2, 3, 5, 5, 4, 6, 7)) if random.random() < 0.9 else 3
    tag = varint(number << 3 | wire_type)
    if random.random() < 0.1:
        tag = tag[:-1] + bytes([tag[-1] | 128]) + b"\x80" * random.randint(0, 4) + b"\x00"
    match wire_type:
        case 0:
            value = varint(
                random.choice((0, 1, 127, 128, 2**31, 2**32 + 1, 2**63, 2**64 - 1, 2**66, 2**70 - 1, 2**70))
            )
            return tag + (value[:-1] + bytes([value[-1] | 128]) + b"\0" if random.random() < 0.2 else value)
        case 1:
            return tag + random.randbytes(8)
        case 2:
            inside = random.choice(
                (
                    b"",
                    b"a",
                    b"\xff",
                    struct.pack("<ff", 1, 2),
                    b"\x08\x01",
                    b"\x0a\x00\x12\x00",
                    random.randbytes(9),
                )
            )
            if random.random() < 0.3:
                inside = extra_field(random.choice((1, 2, 3)), random) + inside
            return tag + varint(len(inside)) + inside
        case 3:
            inner = b"" if random.random() < 0.5 else extra_field(random.choice((1, number, 7)), random)
            return tag + inner + varint((number if random.random() < 0.9 else 1) << 3 | 4)
        case 5:
            return tag + random.randbytes(4)
    return tag


@given(file=schemas(), random=RANDOM)
def test_decode_of_damaged_bytes_agrees_with_google_protobuf(
    directory: Path, file: Any, random: Random
) -> None:
    compiled = compile_schema(file, directory)
    for name, oracle in compiled.oracles.items():
        numbers = [field.number for field in oracle.DESCRIPTOR.fields] or [1]
        theirs, other = oracle(), oracle()
        for _ in range(40):
            theirs.Clear()
            other.Clear()
            fill(theirs, random, depth=2)
            fill(other, random, depth=1)
            data = mutate(theirs.SerializeToString(), other.SerializeToString(), numbers, random)
            assert_same_verdict(compiled.classes[name], oracle, data)


def assert_same_verdict(cls: Any, oracle: Any, data: bytes) -> None:
    try:
        theirs = oracle.FromString(data)
    except OracleError:
        with pytest.raises(DecodeError):
            cls.parse(data)
        return
    try:
        mine = cls.parse(data)
        assert_same_bytes(bytes(mine), theirs, oracle)
    except (AssertionError, DecodeError) as error:
        if "field number 0" in str(error):
            return  # google.protobuf forgets to refuse it in messages that declare no fields
        raise AssertionError(f"google.protobuf reads {theirs} from {data.hex()}") from error


@given(file=schemas(wrapped=True), random=RANDOM)
def test_json_is_that_of_google_protobuf(directory: Path, file: Any, random: Random) -> None:
    compiled = compile_schema(file, directory)
    for name, oracle in compiled.oracles.items():
        cls = compiled.classes[name]
        for _ in range(6):
            theirs = oracle()
            fill(theirs, random)
            mine = ours(theirs, cls)
            try:
                expected = json_format.MessageToDict(theirs)
            except (json_format.SerializeToJsonError, TypeError):
                with pytest.raises(ValueError):
                    mine.to_dict()
                continue
            assert mine.to_dict() == expected
            with_defaults = json_format.MessageToDict(theirs, always_print_fields_with_no_presence=True)
            assert mine.to_dict(include_default_values=True) == with_defaults
            back = cls.from_dict(expected)
            assert back.to_dict() == expected
            if not has_largest_float(theirs):
                assert_same_bytes(bytes(back), json_format.ParseDict(expected, oracle()), oracle)
            assert bytes(cls.from_json(mine.to_json())) == bytes(cls.from_dict(expected))

"""One clear error for each thing a codec refuses: message, field, and where in the bytes."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from tokenwire.errors import DecodeError
from tokenwire.wkt import Empty

from .test_wire_table import field, nested, sized


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"f_int32": 2**31}, r"Sink\.f_int32: 2147483648 is out of range for int32"),
        ({"f_int32": -(2**31) - 1}, r"Sink\.f_int32: -2147483649 is out of range for int32"),
        ({"f_int64": 2**63}, r"Sink\.f_int64: 9223372036854775808 is out of range for int64"),
        ({"f_uint32": -1}, r"Sink\.f_uint32: -1 is out of range for uint32"),
        ({"f_uint64": 2**64}, r"Sink\.f_uint64: 18446744073709551616 is out of range for uint64"),
        ({"f_sint32": 2**31}, r"Sink\.f_sint32: 2147483648 is out of range for sint32"),
        ({"f_sint64": -(2**63) - 1}, r"Sink\.f_sint64: -9223372036854775809 is out of range for sint64"),
        ({"f_fixed32": -1}, r"Sink\.f_fixed32: -1 is out of range for fixed32"),
        ({"f_sfixed64": 2**63}, r"Sink\.f_sfixed64: 9223372036854775808 is out of range for sfixed64"),
        ({"f_enum": 2**31}, r"Sink\.f_enum: 2147483648 is out of range for enum"),
        ({"f_int32": 1.5}, r"Sink\.f_int32: expected int, not 1\.5"),
        ({"f_int32": 200.0}, r"Sink\.f_int32: expected int, not 200\.0"),
        ({"f_int32": "5"}, r"Sink\.f_int32: expected int, not '5'"),
        ({"f_string": b"a"}, r"Sink\.f_string: expected str, not b'a'"),
        ({"f_string": 5}, r"Sink\.f_string: expected str, not 5"),
        ({"f_string": "a\ud800"}, r"Sink\.f_string: .*position 1: surrogates not allowed"),
        ({"f_bytes": "a"}, r"Sink\.f_bytes: expected bytes, not 'a'"),
        ({"f_bool": "a"}, r"Sink\.f_bool: expected bool, not 'a'"),
        ({"f_bool": 5}, r"Sink\.f_bool: expected bool, not 5"),
        ({"f_double": "a"}, r"Sink\.f_double: expected float, not 'a'"),
        ({"f_sink": "a"}, r"Sink\.f_sink: expected Sink, not str"),
        ({"f_sink": Empty()}, r"Sink\.f_sink: expected Sink, not Empty"),
        ({"empty": {}}, r"Sink\.empty: expected Empty, not dict"),
        ({"r_int32": [1, "x"]}, r"Sink\.r_int32\[1\]: expected int, not 'x'"),
        (
            {"r_int32": [1] * 100 + [-(2**40)]},
            r"Sink\.r_int32\[100\]: -1099511627776 is out of range for int32",
        ),
        ({"r_int32": 5}, r"Sink\.r_int32: expected a list, not int"),
        ({"r_string": "abc\ud800"}, r"Sink\.r_string: expected a list, not str"),
        ({"r_string": ["a", None]}, r"Sink\.r_string\[1\]: expected str, not None"),
        ({"r_float": [1.0, None]}, r"Sink\.r_float\[1\]: expected float, not None"),
        ({"m_text": {"a": 5}}, r"Sink\.m_text\['a'\]: expected str, not 5"),
        ({"m_text": {5: "a"}}, r"Sink\.m_text key: expected str, not 5"),
        ({"m_text": [5]}, r"Sink\.m_text: expected a dict, not list"),
        ({"w_timestamp": 5}, r"Sink\.w_timestamp: expected datetime, not int"),
        (
            {"w_duration": datetime.datetime.now(datetime.UTC)},
            r"Sink\.w_duration: expected timedelta, not datetime",
        ),
        ({"w_int64": "5"}, r"Sink\.w_int64: expected int, not '5'"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_encoding_names_the_field(pb: Any, values: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=f"^{problem}"):
        bytes(pb.Sink(**values))
    outer = problem.replace("Sink", r"Sink\.r_sink\[1\]", 1)
    with pytest.raises(ValueError, match=f"^{outer}"):
        bytes(pb.Sink(r_sink=[pb.Sink(), pb.Sink(**values)]))


def test_a_message_within_itself_is_refused(pb: Any) -> None:
    message = pb.Sink()
    message.f_sink = message
    with pytest.raises(ValueError, match="contains itself"):
        bytes(message)


def test_absent_values_that_are_not_of_the_type_are_absent(pb: Any) -> None:
    message = pb.Sink(f_string=None, f_int32=None, f_bytes=None, f_bool=None, f_enum=None)
    message.r_string = message.r_int32 = message.m_text = None
    assert bytes(message) == b""
    assert message.to_dict() == {}


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"\x18", r"Sink\.f_int32: the data ends in the middle of it \(at byte 0\)"),
        (field(1, 1, b"a"), r"Sink\.f_double: a field runs past the end of its message \(at byte 0\)"),
        (b"\x18\x05" + sized(14, b"\xff"), r"Sink\.f_string: not valid UTF-8 \(at byte 4\)"),
        (nested(2, sized(14, b"\xff")), r"Sink\.f_sink\.f_sink\.f_string: not valid UTF-8 \(at byte 8\)"),
        (sized(29, sized(1, b"\xff")), r"Sink\.m_text\.key: not valid UTF-8"),
        (sized(30, sized(2, b"\x18")), r"Sink\.m_sink\.value\.f_int32: the data ends"),
        (sized(22, b"\x80"), r"Sink\.r_int32: a varint is cut off"),
        (sized(25, b"abc"), r"Sink\.r_float: .*3 bytes is not a multiple of 4 \(at byte 3\)"),
        (field(14, 2, b"\x05ab"), r"Sink\.f_string: a field runs past the end of its message"),
        (b"\x00\x01", r"Sink, unknown field 0: field number 0 is not allowed"),
        (field(99, 7), r"Sink, unknown field 99: wire type 7"),
        (field(99, 4), r"Sink, unknown field 99: an end-group tag without its group"),
        (nested(101), r"Sink(\.f_sink){101}: messages nest deeper than 100 levels"),
        (b"\x80", r"Sink: (the data ends|a varint is cut off)"),
        (sized(43, sized(1, b"\xff")), r"Sink\.w_string\.value: not valid UTF-8"),
    ],
)
def test_decoding_names_the_field_and_the_byte(pb: Any, data: bytes, problem: str) -> None:
    with pytest.raises(DecodeError, match=f"^{problem}"):
        pb.Sink.parse(data)


def test_text_is_not_bytes(pb: Any) -> None:
    with pytest.raises(TypeError):
        pb.Sink.parse("abc")
    with pytest.raises(TypeError):
        pb.Sink.parse(5)

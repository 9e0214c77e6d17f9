"""Numbers at the edges of JSON and of 32 bits: read and written alike, or refused with the field's name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.protobuf import json_format, wrappers_pb2
from tokenwire._proto.google.protobuf.struct_pb import Value
from tokenwire._proto.google.protobuf.wrappers_pb import FloatValue
from tokenwire.errors import DecodeError


@pytest.mark.parametrize("value", [1e39, -1e39, 10**39, -(10**100)])
def test_a_number_too_large_for_32_bits_is_refused(value: float) -> None:
    with pytest.raises(DecodeError, match=r"FloatValue: .* is out of range for float"):
        FloatValue.from_dict(value)
    with pytest.raises(json_format.ParseError):  # theirs lets integers pass, and sends infinity
        json_format.Parse(json.dumps(float(value)), wrappers_pb2.FloatValue())


@pytest.mark.parametrize("value", [10**400, "x", None, []])
def test_what_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(DecodeError, match="FloatValue"):
        FloatValue.from_dict(value)


@pytest.mark.parametrize(
    ("value", "shown"), [("1e40", "Infinity"), ("-Infinity", "-Infinity"), ("NaN", "NaN")]
)
def test_infinities_of_32_bits_are_written_as_text(value: str, shown: str) -> None:
    message = FloatValue.from_dict(value)
    assert message.to_dict() == shown
    theirs = json_format.Parse(json.dumps(value), wrappers_pb2.FloatValue())
    assert json.loads(json_format.MessageToJson(theirs)) == shown


def test_a_value_beyond_64_bits_is_refused() -> None:
    for value in (json.loads("2e999"), 10**400, float("nan")):
        with pytest.raises(DecodeError):
            Value.from_dict(value)

"""The well-known types standing alone: conversions and JSON."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from google.protobuf import duration_pb2, field_mask_pb2, json_format, struct_pb2, timestamp_pb2
from tokenwire import wkt
from tokenwire.errors import DecodeError

UTC = datetime.UTC


def test_timestamp_and_datetime() -> None:
    moment = datetime.datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    stamp = wkt.Timestamp.from_datetime(moment)
    assert (stamp.seconds, stamp.nanos) == (-1, 999_999_000)
    assert stamp.to_datetime() == moment == stamp.to_wrapped()
    local = datetime.datetime(2020, 1, 2, 3, 4, 5)
    assert wkt.Timestamp.from_datetime(local).to_datetime() == local.astimezone(UTC)
    with pytest.raises(DecodeError, match="outside the years"):
        wkt.Timestamp(seconds=2**60).to_datetime()


@pytest.mark.parametrize("micros", [0, 1, -1, 1_500_000, -1_500_000, 10**15, -(10**15) - 7])
def test_duration_and_timedelta(micros: int) -> None:
    delta = datetime.timedelta(microseconds=micros)
    duration = wkt.Duration.from_timedelta(delta)
    theirs = duration_pb2.Duration()
    theirs.FromTimedelta(delta)
    assert (duration.seconds, duration.nanos) == (theirs.seconds, theirs.nanos)
    assert duration.to_timedelta() == delta


@pytest.mark.parametrize("seconds", [-62135596800, -1, 0, 1, 1_600_000_000, 253402300799])
@pytest.mark.parametrize("nanos", [0, 1, 1000, 10**6, 120_000_000, 999_999_999])
def test_timestamp_json(seconds: int, nanos: int) -> None:
    theirs = timestamp_pb2.Timestamp(seconds=seconds, nanos=nanos)
    stamp = wkt.Timestamp(seconds=seconds, nanos=nanos)
    assert stamp.to_dict() == theirs.ToJsonString()
    assert wkt.Timestamp.from_dict(stamp.to_dict()) == stamp


@pytest.mark.parametrize(
    ("seconds", "nanos"), [(0, 0), (0, -1), (0, 1), (-5, -(10**6)), (5, 10**8), (315576000000, 999_999_999)]
)
def test_duration_json(seconds: int, nanos: int) -> None:
    theirs = duration_pb2.Duration(seconds=seconds, nanos=nanos)
    duration = wkt.Duration(seconds=seconds, nanos=nanos)
    assert duration.to_dict() == theirs.ToJsonString()
    assert wkt.Duration.from_dict(duration.to_dict()) == duration


@pytest.mark.parametrize(
    "message",
    [
        wkt.Timestamp(seconds=253402300800),
        wkt.Timestamp(nanos=-1),
        wkt.Timestamp(nanos=10**9),
        wkt.Duration(seconds=315576000001),
        wkt.Duration(seconds=1, nanos=-1),
        wkt.FieldMask(paths=["fooBar"]),
        wkt.FieldMask(paths=["foo_"]),
        wkt.FieldMask(paths=["foo__bar"]),
        wkt.FieldMask(paths=["foo_1"]),
        wkt.Value(number_value=float("nan")),
    ],
    ids=repr,
)
def test_values_without_json_are_refused(message: Any) -> None:
    theirs = {
        "Timestamp": timestamp_pb2.Timestamp,
        "Duration": duration_pb2.Duration,
        "FieldMask": field_mask_pb2.FieldMask,
        "Value": struct_pb2.Value,
    }[type(message).__name__].FromString(bytes(message))
    with pytest.raises(ValueError):
        json_format.MessageToDict(theirs)
    with pytest.raises(ValueError):
        message.to_dict()


def test_struct_is_any_json_object() -> None:
    value = {"a": 1, "b": [None, "x", True, {"c": -0.5}], "": {}}
    struct = wkt.Struct.from_dict(value)
    theirs = json_format.ParseDict(value, struct_pb2.Struct())
    assert struct_pb2.Struct.FromString(bytes(struct)) == theirs
    assert struct.to_dict() == value
    assert wkt.ListValue.from_dict([1, "a"]).to_dict() == [1, "a"]
    assert wkt.Value().to_dict() is None
    assert wkt.Value.from_dict(None) == wkt.Value(null_value=wkt.NullValue.NULL_VALUE)
    with pytest.raises(DecodeError, match="Struct: expected an object"):
        wkt.Struct.from_dict([1])


def test_field_mask() -> None:
    mask = wkt.FieldMask(paths=["foo_bar", "a.b_c"])
    assert mask.to_dict() == "fooBar,a.bC"
    assert wkt.FieldMask.from_json('"fooBar,a.bC"') == mask
    assert wkt.FieldMask.from_dict("") == wkt.FieldMask()


def test_everything_is_listed() -> None:
    assert wkt.__all__ == sorted(wkt.__all__)
    assert all(hasattr(wkt, name) for name in wkt.__all__)

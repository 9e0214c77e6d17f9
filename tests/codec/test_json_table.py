"""JSON texts at the edges of the proto3 JSON mapping, read as google.protobuf's json_format does."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from betterproto2 import Casing, OutputFormat
from google.protobuf import json_format
from tokenwire.errors import DecodeError
from tokenwire.wkt import Int32Value

DEEP = '{"fSink":' * 98 + "{}" + "}" * 98

TEXTS = (
    *("{}", "[1]", "5", '"a"', "", "{", '{"fInt32":1,"fInt32":2}'),
    *('{"fInt32":5}', '{"f_int32":5}', '{"fint32":5}', '{"fInt32":null}', '{"unknown":1}'),
    *(
        '{"fInt32":"5"}',
        '{"fInt32":5.0}',
        '{"fInt32":5.5}',
        '{"fInt32":"5.0"}',
        '{"fInt32":"1e3"}',
        '{"fInt32":1e3}',
    ),
    *(
        '{"fInt32":true}',
        '{"fInt32":""}',
        '{"fInt32":" 5"}',
        '{"fInt32":"5 "}',
        '{"fInt32":"0x5"}',
        '{"fInt32":[5]}',
    ),
    *(
        '{"fInt32":2147483647}',
        '{"fInt32":2147483648}',
        '{"fInt32":-2147483649}',
        '{"fInt32":"-0"}',
        '{"fInt32":1e10}',
    ),
    *(
        '{"fUint32":-1}',
        '{"fUint32":4294967295}',
        '{"fUint32":4294967296}',
        '{"fSint32":-5}',
        '{"fFixed32":-1}',
    ),
    *(
        '{"fInt64":"9223372036854775807"}',
        '{"fInt64":9223372036854775808}',
        '{"fInt64":-9223372036854775808}',
    ),
    *(
        '{"fUint64":"18446744073709551615"}',
        '{"fUint64":18446744073709551616}',
        '{"fInt64":"nan"}',
        '{"fInt64":"abc"}',
    ),
    *('{"fBool":true}', '{"fBool":"true"}', '{"fBool":1}', '{"fBool":null}'),
    *(
        '{"fFloat":1}',
        '{"fFloat":"1.5"}',
        '{"fFloat":"NaN"}',
        '{"fFloat":"nan"}',
        '{"fFloat":NaN}',
        '{"fFloat":Infinity}',
    ),
    *(
        '{"fFloat":"Infinity"}',
        '{"fFloat":"-Infinity"}',
        '{"fFloat":"inf"}',
        '{"fFloat":1e39}',
        '{"fFloat":"abc"}',
    ),
    *(
        '{"fFloat":-1e39}',
        '{"fDouble":1e400}',
        '{"fDouble":"1e400"}',
        '{"fDouble":null}',
        '{"fDouble":[]}',
        '{"fDouble":-0.0}',
    ),
    *(
        '{"fString":"é"}',
        '{"fString":5}',
        '{"fString":"\\ud800"}',
        '{"fString":"\\ud83d\\ude00"}',
        '{"fString":null}',
    ),
    *(
        '{"fBytes":"AQI="}',
        '{"fBytes":"AQI"}',
        '{"fBytes":"_-8="}',
        '{"fBytes":"/+8="}',
        '{"fBytes":"A"}',
        '{"fBytes":5}',
    ),
    *(
        '{"fEnum":"COLOR_RED"}',
        '{"fEnum":"COLOR_ROUGE"}',
        '{"fEnum":1}',
        '{"fEnum":"1"}',
        '{"fEnum":77}',
        '{"fEnum":"NO"}',
    ),
    *(
        '{"fEnum":-1}',
        '{"fEnum":"class"}',
        '{"fEnum":null}',
        '{"fEnum":2147483648}',
        '{"fEnum":1.0}',
        '{"fEnum":[]}',
    ),
    *(
        '{"rInt32":[1,"2"]}',
        '{"rInt32":5}',
        '{"rInt32":null}',
        '{"rInt32":[null]}',
        '{"rInt32":[1.5]}',
        '{"rInt32":[]}',
    ),
    *(
        '{"rSink":[{}]}',
        '{"rSink":[null]}',
        '{"rSink":[{"fInt32":1},{}]}',
        '{"rSink":{}}',
        '{"rEnum":["COLOR_RED",-1]}',
    ),
    *(
        '{"fSink":{}}',
        '{"fSink":null}',
        '{"fSink":5}',
        '{"fSink":{"fInt32":"x"}}',
        '{"oInt32":0}',
        '{"oInt32":null}',
    ),
    *(
        '{"mText":{"a":"b"}}',
        '{"mText":{"a":5}}',
        '{"mText":{"a":null}}',
        '{"mText":[]}',
        '{"mText":null}',
        '{"mText":{}}',
    ),
    *(
        '{"mSink":{"5":{}}}',
        '{"mSink":{"x":{}}}',
        '{"mSink":{"2147483648":{}}}',
        '{"mSink":{"5":null}}',
        '{"mSink":{"5.0":{}}}',
    ),
    *(
        '{"mEnum":{"true":"COLOR_RED"}}',
        '{"mEnum":{"1":"COLOR_RED"}}',
        '{"mEnum":{"False":1}}',
        '{"mBytes":{"5":"AQ=="}}',
    ),
    *(
        '{"cInt32":5}',
        '{"cInt32":5,"cString":"x"}',
        '{"cInt32":5,"cString":null}',
        '{"cSink":{}}',
        '{"cInt32":null}',
    ),
    *('{"wTimestamp":"1970-01-01T00:00:00Z"}', '{"wTimestamp":"2020-02-29T12:30:45.123456+01:30"}'),
    *(
        '{"wTimestamp":"0001-01-01T00:00:00Z"}',
        '{"wTimestamp":"9999-12-31T23:59:59.999999Z"}',
        '{"wTimestamp":null}',
    ),
    *(
        '{"wTimestamp":"2020-01-01T00:00:00"}',
        '{"wTimestamp":"2020-01-01t00:00:00Z"}',
        '{"wTimestamp":"2020-01-01T00:00:00z"}',
    ),
    *(
        '{"wTimestamp":"2020-13-01T00:00:00Z"}',
        '{"wTimestamp":5}',
        '{"wTimestamp":"2020-01-01T00:00:00.0000000001Z"}',
    ),
    *(
        '{"wTimestamp":"0001-01-01T00:00:00+00:01"}',
        '{"wTimestamp":"2020-01-01T00:00:00-08:00"}',
        '{"wTimestamp":""}',
    ),
    *(
        '{"wDuration":"1.5s"}',
        '{"wDuration":"-1.5s"}',
        '{"wDuration":"1s"}',
        '{"wDuration":"1"}',
        '{"wDuration":"s"}',
    ),
    *(
        '{"wDuration":"315576000000s"}',
        '{"wDuration":"315576000001s"}',
        '{"wDuration":"-0.5s"}',
        '{"wDuration":5}',
    ),
    *(
        '{"wInt64":"5"}',
        '{"wInt64":5}',
        '{"wInt64":null}',
        '{"wInt64":{"value":5}}',
        '{"wString":"a"}',
        '{"wString":5}',
    ),
    *('{"wBytes":"AQ=="}', '{"wFloat":"NaN"}', '{"wBool":true}', '{"wBool":"true"}', '{"wInt64":1.5}'),
    *(
        '{"wTimes":["1970-01-01T00:00:01Z"]}',
        '{"wTimes":[null]}',
        '{"wSpans":{"a":"2s"}}',
        '{"wSpans":{"a":null}}',
    ),
    *('{"struct":{"a":[1,null,"x",{"b":true}]}}', '{"struct":[]}', '{"struct":null}', '{"struct":{"a":{}}}'),
    *(
        '{"value":null}',
        '{"value":5}',
        '{"value":"a"}',
        '{"value":[1]}',
        '{"value":{"a":1}}',
        '{"value":true}',
    ),
    *('{"list":[1,[2],{}]}', '{"list":{}}', '{"list":null}', '{"values":[null,1]}', '{"null":null}'),
    *(
        '{"null":"NULL_VALUE"}',
        '{"null":0}',
        '{"mask":"a,fooBar.baz"}',
        '{"mask":""}',
        '{"mask":"foo_bar"}',
        '{"mask":5}',
    ),
    *(
        '{"empty":{}}',
        '{"empty":{"a":1}}',
        '{"empty":null}',
        '{"any":{}}',
        '{"any":{"@type":"nope"}}',
        '{"any":{"a":1}}',
    ),
    *('{"any":{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1s"}}', '{"any":5}'),
    *(
        '{"any":{"@type":"type.googleapis.com/google.protobuf.Empty"}}',
        '{"any":{"@type":"x/google.protobuf.Struct"}}',
    ),
    *('{"@other":"x"}', '{"renamed":"x"}', '{"other":"x"}', '{"class":5}', '{"sha256sum":5}', '{"class_":5}'),
    *(
        DEEP,
        '{"fSink":' + DEEP + "}",
        '{"fSink":{"fSink":' + DEEP + "}}",
        '{"list":' + "[" * 60 + "]" * 60 + "}",
    ),
)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:60])
def test_reading_is_that_of_json_format(pb: Any, oracle: Any, sink: Any, text: str) -> None:
    try:
        expected = json_format.Parse(text, oracle(), descriptor_pool=sink.pool)
    except json_format.ParseError:
        with pytest.raises(DecodeError, match=r"^Sink"):
            pb.Sink.from_json(text)
        return
    message = pb.Sink.from_json(text)
    assert bytes(message) == expected.SerializeToString()
    assert message.to_dict() == json_format.MessageToDict(expected, descriptor_pool=sink.pool)


def test_unknown_fields_and_enum_names_can_be_ignored(pb: Any, oracle: Any) -> None:
    text = '{"nope":1,"fEnum":"NO","rEnum":["COLOR_RED","NO"],"mEnum":{"true":"NO"},"fSink":{"nope":{}}}'
    expected = json_format.Parse(text, oracle(), ignore_unknown_fields=True)
    message = pb.Sink.from_json(text, ignore_unknown_fields=True)
    assert bytes(message) == expected.SerializeToString()


def test_null_is_absence_in_a_list_of_values_too(pb: Any) -> None:
    # json_format raises AttributeError here, by mistake.
    assert pb.Sink.from_dict({"values": None, "rInt32": None}) == pb.Sink()


def test_both_names_of_a_field_at_once_are_refused(pb: Any) -> None:
    with pytest.raises(DecodeError, match="'fInt32' and 'f_int32' are both given"):
        pb.Sink.from_dict({"fInt32": 1, "f_int32": 2})


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"fSink": {"rInt32": [1, "x"]}}, r"Sink\.fSink\.rInt32\[1\]: expected a number, not 'x'"),
        ({"mSink": {"5": {"fBool": 1}}}, r"Sink\.mSink\['5'\]\.fBool: expected true or false"),
        ({"rSink": [{}, {"nope": 1}]}, r"Sink\.rSink\[1\]: sink\.v1\.Sink has no field 'nope'"),
        ({"fEnum": "NO"}, r"Sink\.fEnum: enum Color has no value 'NO'"),
        ({"struct": {"a": [object()]}}, r"Sink\.struct\.a\[0\]: JSON has no object"),
    ],
)
def test_errors_say_where(pb: Any, value: Any, message: str) -> None:
    with pytest.raises(DecodeError, match=message):
        pb.Sink.from_dict(value)


def test_names_of_keys(pb: Any) -> None:
    message = pb.Sink(renamed="x", class_=5, sha256sum=6, o_enum=pb.Color.class_)
    assert message.to_dict() == {"@other": "x", "class": 5, "sha256sum": 6, "oEnum": "class"}
    snake = message.to_dict(casing=Casing.SNAKE)
    assert snake == {"renamed": "x", "class": 5, "sha256sum": 6, "o_enum": "class"}
    assert pb.Sink.from_dict(snake) == message == pb.Sink.from_json(message.to_json())


def test_python_values(pb: Any) -> None:
    message = pb.Sink(
        f_int64=5, f_bytes=b"x", f_enum=pb.Color.COLOR_RED, f_sink=pb.Sink(f_double=math.inf), w_int64=7
    )
    plain = message.to_dict(output_format=OutputFormat.PYTHON, casing=Casing.SNAKE)
    assert plain == {
        "f_int64": 5,
        "f_bytes": b"x",
        "f_enum": pb.Color.COLOR_RED,
        "f_sink": {"f_double": math.inf},
        "w_int64": 7,
    }
    assert plain["f_enum"] is pb.Color.COLOR_RED


def test_default_values_are_those_without_presence(pb: Any, oracle: Any) -> None:
    expected = json_format.MessageToDict(oracle(), always_print_fields_with_no_presence=True)
    assert pb.Sink().to_dict(include_default_values=True) == expected


def test_floats_are_as_short_as_they_can_be(pb: Any, oracle: Any) -> None:
    for value in (0.7, 0.1, 1 / 3, 1e-45, 3.4028234663852886e38, 16777217, 123456.789, -0.0, 100.0, 5e-324):
        expected = json_format.MessageToDict(oracle(f_float=value, f_double=value))
        assert pb.Sink(f_float=value, f_double=value).to_dict() == expected


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"f_string": 5}, "f_string: expected str"),
        ({"f_string": "\ud800"}, "f_string: .*surrogates not allowed"),
        ({"o_int32": "x"}, "o_int32: expected int"),
        ({"c_int32": 1}, ""),
    ],
)
def test_what_cannot_be_written_is_a_value_error(pb: Any, values: dict[str, Any], problem: str) -> None:
    message = pb.Sink(**values)
    if not problem:
        message.c_string = "x"
        problem = "oneof choice: c_int32 and c_string are set"
    with pytest.raises(ValueError, match=problem):
        message.to_dict()


def test_any_holds_messages_of_imported_modules(pb: Any) -> None:
    from tokenwire.wkt import Any as AnyMessage

    inner = pb.Sink(f_int32=5, w_string="x")
    held = AnyMessage.pack(inner)
    assert held.to_dict() == {"@type": "type.googleapis.com/sink.v1.Sink", "fInt32": 5, "wString": "x"}
    assert AnyMessage.from_dict(held.to_dict()) == held
    assert held.unpack() == inner
    assert AnyMessage().unpack() is None
    with pytest.raises(TypeError, match="not a known type"):
        AnyMessage(type_url="x/y.Z").unpack()


def test_wrappers_stand_alone(pb: Any) -> None:
    assert json.loads(Int32Value(value=5).to_json()) == 5
    assert Int32Value.from_json("5") == Int32Value.from_wrapped(5)

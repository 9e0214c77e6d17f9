"""Generated classes as dataclasses and as betterproto2 messages."""

from __future__ import annotations

import copy
import dataclasses
import datetime
import io
import math
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import betterproto2
import pytest
from tokenwire.errors import DecodeError

from tests.support.generate import generate

if TYPE_CHECKING:
    from pathlib import Path

UTC = datetime.UTC


def test_constructor_takes_keywords_only(pb: Any) -> None:
    with pytest.raises(TypeError):
        pb.Sink(1.0)
    with pytest.raises(TypeError, match="nope"):
        pb.Sink(nope=1)
    assert pb.Sink().r_int32 is not pb.Sink().r_int32


def test_two_members_of_a_oneof_are_refused(pb: Any) -> None:
    with pytest.raises(ValueError, match="oneof choice: c_int32 and c_string are set"):
        pb.Sink(c_int32=1, c_string="")
    message = pb.Sink(c_int32=0)
    message.c_sink = pb.Sink()
    with pytest.raises(ValueError, match="oneof choice: c_int32 and c_sink are set"):
        bytes(message)


def test_equality(pb: Any) -> None:
    assert pb.Sink(f_double=math.nan) == pb.Sink(f_double=math.nan)
    assert pb.Sink(f_int32=1) != pb.Sink(f_int32=2)
    assert pb.Sink() != pb.Nothing()
    assert pb.Sink(o_int32=0) != pb.Sink()
    with pytest.raises(TypeError):
        hash(pb.Sink())


def test_repr_bool_and_is_set(pb: Any) -> None:
    message = pb.Sink(f_string="a", r_sink=[pb.Sink(f_enum=pb.Color.COLOR_RED)])
    assert repr(message) == "Sink(f_string='a', r_sink=[Sink(f_enum=<Color.COLOR_RED: 1>)])"
    assert message
    assert not pb.Sink()
    assert message.is_set("f_string")
    assert not message.is_set("o_int32")


def test_copies_keep_unknown_fields_and_are_apart(pb: Any) -> None:
    message = pb.Sink.parse(b"\xa0\x06\x05\x72\x01a\xb2\x01\x01\x07")
    shallow, deep = copy.copy(message), copy.deepcopy(message)
    assert bytes(shallow) == bytes(deep) == bytes(message)
    assert bytes(message).endswith(b"\xa0\x06\x05")
    assert shallow.r_int32 is message.r_int32
    deep.r_int32.append(8)
    assert message.r_int32 == [7]
    message.load(io.BytesIO(b"\xa0\x06\x06"))
    assert bytes(shallow) == bytes(pickle.loads(pickle.dumps(shallow)))
    assert not bytes(shallow).endswith(b"\x06")


def test_deep_messages_compare_and_copy_quickly(pb: Any) -> None:
    message = other = pb.Sink()
    for _ in range(90):
        message, other = pb.Sink(f_sink=message), pb.Sink(f_sink=other)
    assert message == other == copy.deepcopy(message)
    assert repr(message).count("f_sink") == 90


def test_enums(pb: Any) -> None:
    assert pb.Color.COLOR_ROUGE is pb.Color.COLOR_RED
    assert pb.Color.class_ == 5
    unknown = pb.Sink.parse(b"\x80\x01\x4d").f_enum
    assert unknown == 77
    assert isinstance(unknown, pb.Color)
    assert bytes(pb.Sink(f_enum=unknown)) == bytes(pb.Sink(f_enum=77)) == b"\x80\x01\x4d"


def test_standard_library_sees_dataclasses(pb: Any) -> None:
    assert dataclasses.is_dataclass(pb.Sink)
    names = [field.name for field in dataclasses.fields(pb.Sink)]
    assert names[:2] == ["f_double", "f_float"]
    assert "class_" in names
    assert dataclasses.replace(pb.Sink(f_int32=1), f_int32=2) == pb.Sink(f_int32=2)
    assert dataclasses.asdict(pb.Sink(f_int32=5))["f_int32"] == 5
    assert [field.name for field in dataclasses.fields(pb.Nothing)] == []


def test_betterproto2_sees_its_own_messages(pb: Any) -> None:
    message = pb.Sink(c_string="x")
    assert isinstance(message, betterproto2.Message)
    assert betterproto2.which_one_of(message, "choice") == ("c_string", "x")
    meta = pb.Sink._betterproto
    assert meta.meta_by_field_name["m_sink"].map_meta[1].proto_type == "message"
    assert meta.cls_by_field["r_sink"] is pb.Sink
    assert meta.cls_by_field["m_enum.value"] is pb.Color
    assert meta.meta_by_field_name["w_timestamp"].unwrap().from_wrapped(datetime.datetime.now(UTC))
    # The reflective codec of betterproto2 works on our classes, where it works at all.
    assert (
        betterproto2.Message.__bytes__(pb.Sink(f_int32=5, r_int32=[1, 2])) == b"\x18\x05\xb2\x01\x02\x01\x02"
    )


def test_streams(pb: Any) -> None:
    stream = io.BytesIO()
    pb.Sink(f_int32=5).dump(stream, delimit=True)
    pb.Sink(f_string="a").dump(stream, delimit=True)
    stream.seek(0)
    assert pb.Sink().load(stream, betterproto2.SIZE_DELIMITED) == pb.Sink(f_int32=5)
    merged = pb.Sink(f_int32=6, r_int32=[1]).load(stream, betterproto2.SIZE_DELIMITED)
    assert merged == pb.Sink(f_int32=6, r_int32=[1], f_string="a")
    with pytest.raises(EOFError):
        pb.Sink().load(io.BytesIO(b"\x18"), 5)
    with pytest.raises(DecodeError, match="Sink"):
        pb.Sink().load(io.BytesIO(b"\x18"))
    assert pb.Sink.FromString(pb.Sink(f_int32=5).SerializeToString()) == pb.Sink(f_int32=5)


def test_subclasses_parse_into_themselves(pb: Any) -> None:
    class Mine(pb.Sink):
        def __init__(self, needed: int) -> None:
            super().__init__(f_int32=needed)

        @property
        def twice(self) -> int:
            return int(2 * self.f_int32)

    message = Mine.parse(b"\x18\x05\xb2\x01\x01\x07")
    assert type(message) is Mine
    assert message.twice == 10
    assert message.m_text == {}
    assert bytes(message) == b"\x18\x05\xb2\x01\x01\x07"
    assert bytes(pb.Sink(f_sink=Mine(5))) == bytes(pb.Sink(f_sink=pb.Sink(f_int32=5)))


def test_wrapped_values(pb: Any) -> None:
    moment = datetime.datetime(2020, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    message = pb.Sink(
        w_timestamp=moment, w_duration=datetime.timedelta(seconds=-1.5), w_int64=0, w_times=[moment]
    )
    back = pb.Sink.parse(bytes(message))
    assert back == message
    assert back.w_timestamp == moment
    assert back.w_int64 == 0
    shifted = moment.astimezone(datetime.timezone(datetime.timedelta(hours=5)))
    assert bytes(pb.Sink(w_timestamp=shifted)) == bytes(pb.Sink(w_timestamp=moment))


def test_a_time_finer_or_wider_than_pythons(pb: Any, oracle: Any) -> None:
    theirs = oracle()
    theirs.w_timestamp.nanos = 1999
    assert pb.Sink.parse(theirs.SerializeToString()).w_timestamp.microsecond == 1
    theirs.w_timestamp.seconds = 2**62
    with pytest.raises(DecodeError, match=r"Sink\.w_timestamp: .*outside the years 1 to 9999"):
        pb.Sink.parse(theirs.SerializeToString())
    theirs.ClearField("w_timestamp")
    theirs.w_duration.seconds = -(2**62)
    with pytest.raises(DecodeError, match=r"Sink\.w_duration: .*999,999,999 days"):
        pb.Sink.parse(theirs.SerializeToString())


def test_the_codec_is_imported_when_it_is_needed(tmp_path: Path) -> None:
    source = 'syntax = "proto3"; package lazy.v1; message Note { string text = 1; Note next = 2; }'
    generated = generate(source, tmp_path, "kinds=pb+codec")
    program = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
from {generated.directory.name}.lazy.v1.test_pb import Note
assert not any(name.endswith("test_codec") for name in sys.modules)
assert bytes(Note(text="a", next=Note())) == b"\\n\\x01a\\x12\\x00"
assert any(name.endswith("test_codec") for name in sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_missing_codec_is_an_import_error(tmp_path: Path) -> None:
    source = 'syntax = "proto3"; package half.v1; message Note { string text = 1; }'
    note = generate(source, tmp_path, "kinds=pb+init").module("half.v1").Note
    with pytest.raises(ImportError):
        note.parse(b"")


def test_clients_do_not_load_heavy_modules() -> None:
    program = """
import sys
import tokenwire_gen.sglang.runtime.v1 as v1
v1.TextGenerateResponse.parse(bytes(v1.TextGenerateResponse(text="a")))
heavy = {"numpy", "starlette", "uvicorn", "google.protobuf", "torch", "tokenwire.wkt"}
heavy.add("tokenwire.codec.diagnose")
assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", program], check=True)

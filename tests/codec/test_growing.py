"""Messages that are put together from bytes are read by google.protobuf as the messages they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenwire.growing import Growing, field_writer
from tokenwire_gen.sglang.runtime.v1.sglang_pb import GenerateResponse, TextGenerateResponse

if TYPE_CHECKING:
    from types import ModuleType

    from google.protobuf.message import Message as Oracle

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
FLOATS = st.floats(width=32, allow_nan=False)
VALUES: dict[str, Any] = {
    "f_string": TEXT,
    "f_bytes": st.binary(max_size=300),
    "r_int32": st.lists(st.integers(-(2**31), 2**31 - 1), max_size=40),
    "r_plain": st.lists(st.integers(-(2**63), 2**63 - 1), max_size=40),
    "r_float": st.lists(FLOATS, max_size=40),
    "r_bool": st.lists(st.booleans(), max_size=10),
}
OTHERS = [
    "f_int32",
    "o_string",
    "c_string",
    "r_string",
    "r_sink",
    "r_enum",
    "m_text",
    "f_sink",
    "f_enum",
    "gone",
]


@pytest.mark.parametrize("name", VALUES)
@given(data=st.data())
def test_a_growing_field(name: str, data: st.DataObject, pb: ModuleType, oracle: Any) -> None:
    parts = data.draw(st.lists(VALUES[name], max_size=8))
    growing = Growing(pb.Sink, name)
    whole: Any = None
    for number, part in enumerate(parts):
        growing.add(part)
        whole = part if whole is None else whole + part
        rest = bytes(pb.Sink(f_int64=number, m_text={"n": str(number)}))
        body = growing.message(rest)
        read: Oracle = oracle.FromString(body)
        expected = pb.Sink(**{name: whole}, f_int64=number, m_text={"n": str(number)})
        assert read == oracle.FromString(bytes(expected))
        assert pb.Sink.parse(body) == expected


@pytest.mark.parametrize("name", VALUES)
@given(data=st.data())
def test_a_message_of_one_field(name: str, data: st.DataObject, pb: ModuleType, oracle: Any) -> None:
    value = data.draw(VALUES[name].filter(bool))
    body = field_writer(pb.Sink, name)(value)
    assert oracle.FromString(body) == oracle.FromString(bytes(pb.Sink(**{name: value})))
    if name != "r_plain":
        assert body == bytes(pb.Sink(**{name: value}))


def test_a_field_without_content_is_left_out(pb: ModuleType) -> None:
    growing = Growing(pb.Sink, "f_string")
    assert growing.message(b"") == b""
    growing.add("")
    assert growing.message(b"rest") == b"rest"


def test_messages_made_before_do_not_change(pb: ModuleType) -> None:
    growing = Growing(pb.Sink, "f_string")
    growing.add("a" * 100)
    first = growing.message(b"")
    growing.add("b" * 100)
    assert pb.Sink.parse(first).f_string == "a" * 100
    assert pb.Sink.parse(growing.message(b"")).f_string == "a" * 100 + "b" * 100


@pytest.mark.parametrize("name", OTHERS)
def test_other_fields_are_refused(name: str, pb: ModuleType) -> None:
    with pytest.raises(ValueError, match=name):
        Growing(pb.Sink, name)
    with pytest.raises(ValueError, match=name):
        field_writer(pb.Sink, name)


@pytest.mark.parametrize(
    ("name", "value"), [("f_string", "\ud800"), ("r_int32", [2**31]), ("r_int32", [-(2**31) - 1])]
)
def test_what_a_field_cannot_hold_leaves_it_as_it_was(name: str, value: Any, pb: ModuleType) -> None:
    growing = Growing(pb.Sink, name)
    growing.add("ok" if name == "f_string" else [1])
    before = growing.message(b"")
    with pytest.raises((ValueError, TypeError)):
        growing.add(value)
    assert growing.message(b"") == before


def test_the_fields_of_the_servers_streams() -> None:
    assert TextGenerateResponse.parse(field_writer(TextGenerateResponse, "text")("ä")).text == "ä"
    assert GenerateResponse.parse(field_writer(GenerateResponse, "output_ids")([1, 300])).output_ids == [
        1,
        300,
    ]

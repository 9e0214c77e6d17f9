"""The small parts: header values, framing, transport, inbox, details, deltas."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenwire import timeouts
from tokenwire.codes import Code
from tokenwire.deltas import DeltaMaker
from tokenwire.details import (
    BadRequest,
    BadRequestFieldViolation,
    RetryInfo,
    bad_request,
    invalid,
    pack_status,
    retry_after,
    unpack_details,
)
from tokenwire.errors import RpcError
from tokenwire.grpc import headers
from tokenwire.grpc.framing import MessageReader, frame
from tokenwire.grpc.inbox import Inbox
from tokenwire.grpc.status import error_trailers, status_of_trailers
from tokenwire.grpc.transport import CoalescingTransport
from tokenwire.method import Deltas
from tokenwire.testing import MemoryTransport


@given(st.floats(0, 1e12))
def test_timeouts_travel(seconds: float) -> None:
    value = timeouts.encode_timeout(seconds)
    assert len(value) <= 9
    back = timeouts.decode_timeout(value)
    assert back == pytest.approx(min(seconds, 99999999 * 3600), rel=1.1e-5, abs=1e-9)


@pytest.mark.parametrize("value", ["", "1", "S", "1s", "-1S", "1.5S", "123456789S", "1S ", "٣S"])
def test_timeouts_that_are_none(value: str) -> None:
    with pytest.raises(ValueError, match="grpc-timeout"):
        timeouts.decode_timeout(value)


@given(st.text())
def test_messages_travel(text: str) -> None:
    value = headers.encode_message(text)
    assert value.isascii()
    assert value.isprintable()
    assert headers.decode_message(value) == text.encode(errors="replace").decode()


def test_messages_of_others_are_read_leniently() -> None:
    assert headers.decode_message("100% %zz %ff") == "100% %zz \N{REPLACEMENT CHARACTER}"


@given(st.dictionaries(st.from_regex(r"[0-9a-z_.]{1,10}-bin", fullmatch=True), st.binary()))
def test_binary_metadata_travels(metadata: dict[str, bytes]) -> None:
    fields = headers.encode_metadata(metadata)
    assert all("=" not in value for _, value in fields)
    expected = {name: value for name, value in metadata.items() if not name.startswith("grpc-")}
    assert headers.decode_metadata(fields) == expected


def test_padded_and_joined_binary_values() -> None:
    assert headers.decode_binary("a-bin", "AA==") == b"\0"
    assert headers.decode_binary("a-bin", "AA,/w") == b"\xff"


@given(st.lists(st.binary(max_size=50), max_size=10), st.data())
def test_messages_are_cut_however_they_come(bodies: list[bytes], data: st.DataObject) -> None:
    wire = b"".join(frame(body) for body in bodies)
    reader = MessageReader(100)
    found: list[bytes] = []
    while wire:
        size = data.draw(st.integers(1, len(wire)))
        found += reader.feed(wire[:size])
        wire = wire[size:]
    assert found == bodies
    assert not reader.partial


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\0\0\0\0\x65", Code.RESOURCE_EXHAUSTED),
        (b"\1\0\0\0\0", Code.INTERNAL),
        (b"\2\0\0\0\0", Code.INTERNAL),
    ],
)
def test_prefixes_that_are_refused(data: bytes, code: Code) -> None:
    with pytest.raises(RpcError) as caught:
        MessageReader(100).feed(data)
    assert caught.value.code is code


def test_statuses_travel() -> None:
    assert status_of_trailers({"grpc-status": "0"}) is None
    error = status_of_trailers(dict(error_trailers(bad_request("top_p", "must be above 0"))))
    assert error is not None
    assert (error.code, error.message) == (Code.INVALID_ARGUMENT, "top_p: must be above 0")
    assert isinstance(error.details[0], BadRequest)


@pytest.mark.parametrize(
    ("trailers", "code"),
    [
        ({}, Code.UNKNOWN),
        ({":status": "503"}, Code.UNAVAILABLE),
        ({":status": "404"}, Code.UNIMPLEMENTED),
        ({":status": "418"}, Code.UNKNOWN),
        ({"grpc-status": "99"}, Code.UNKNOWN),
        ({"grpc-status": "x"}, Code.UNKNOWN),
        ({"grpc-status": "5", "grpc-status-details-bin": "%%%"}, Code.NOT_FOUND),
        ({"grpc-status": "5", "grpc-status-details-bin": "/////w"}, Code.NOT_FOUND),
    ],
)
def test_statuses_of_others(trailers: dict[str, str], code: Code) -> None:
    error = status_of_trailers(trailers)
    assert error is not None
    assert (error.code, error.details) == (code, ())


def test_details_name_their_fields() -> None:
    error = invalid([("a", "a must be 1"), ("b.c", "too long"), ("d", "needs --enable-d or --d-size")])
    assert error.message == "a must be 1; b.c: too long; d: needs --enable-d or --d-size"
    (detail,) = unpack_details(pack_status(error))
    assert isinstance(detail, BadRequest)
    assert [(v.field, v.description) for v in detail.field_violations] == [
        ("a", "a must be 1"),
        ("b.c", "too long"),
        ("d", "needs --enable-d or --d-size"),
    ]
    (retry,) = unpack_details(pack_status(retry_after(Code.UNAVAILABLE, "later", 2.5)))
    assert isinstance(retry, RetryInfo)
    assert retry.retry_delay is not None
    assert retry.retry_delay.total_seconds() == 2.5


class Recording(asyncio.Protocol):
    def __init__(self) -> None:
        self.calls: list[str] = []

    def pause_writing(self) -> None:
        self.calls.append("pause")

    def resume_writing(self) -> None:
        self.calls.append("resume")


class Below(MemoryTransport):
    def __init__(self) -> None:
        super().__init__(asyncio.Protocol())
        self.writes: list[bytes] = []

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def abort(self) -> None:
        self.writes.append(b"abort")

    def close(self) -> None:
        self.writes.append(b"close")


async def test_writes_of_one_turn_leave_together() -> None:
    below, protocol = Below(), Recording()
    transport = CoalescingTransport(below, protocol)
    transport.write(b"a")
    transport.writelines([bytearray(b"b"), memoryview(b"c")])
    assert transport.get_write_buffer_size() == 3
    assert below.writes == []
    await asyncio.sleep(0)
    assert below.writes == [b"abc"]
    assert transport.get_write_buffer_size() == 0
    transport.write(b"d")
    transport.close()
    await asyncio.sleep(0)
    assert below.writes == [b"abc", b"d", b"close"]
    assert protocol.calls == []


async def test_unsent_bytes_count_against_the_high_water_mark() -> None:
    below, protocol = Below(), Recording()
    transport = CoalescingTransport(below, protocol)
    for _ in range(3):
        transport.write(b"x" * 40_000)
    assert protocol.calls == ["pause"]
    await asyncio.sleep(0)
    assert protocol.calls == ["pause", "resume"]
    below.get_write_buffer_size = lambda: 200_000  # type: ignore[method-assign]
    transport.write(b"x" * 100_000)
    await asyncio.sleep(0)
    assert protocol.calls == ["pause", "resume", "pause"]


async def test_abort_drops_what_was_not_sent() -> None:
    below = Below()
    transport = CoalescingTransport(below, Recording())
    transport.write(b"a")
    transport.abort()
    await asyncio.sleep(0)
    assert below.writes == [b"abort"]


async def test_an_inbox_acknowledges_what_is_read() -> None:
    read: list[int] = []
    inbox: Inbox[int] = Inbox(read.append)
    inbox.put([], 40_000)
    assert read == [40_000]
    inbox.put([1, 2], 40_000)
    inbox.put([3], 10)
    assert [await anext(inbox), await anext(inbox)] == [1, 2]
    assert read == [40_000]
    assert await anext(inbox) == 3
    assert read == [40_000, 40_010]
    inbox.put([4], 1)
    inbox.close(LookupError())
    inbox.close()
    assert await anext(inbox) == 4
    with pytest.raises(LookupError):
        await anext(inbox)


async def test_an_inbox_has_one_reader() -> None:
    inbox: Inbox[int] = Inbox(lambda size: None)
    first = asyncio.ensure_future(anext(inbox))
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="another task"):
        await anext(inbox)
    inbox.discard()
    with pytest.raises(StopAsyncIteration):
        await first


class Text:
    def __init__(self, text: str) -> None:
        self.text = text


class Info:
    def __init__(self, info: dict[str, str]) -> None:
        self.info = info


def test_deltas_of_rewritten_text() -> None:
    maker = DeltaMaker(Deltas(fields=("text",)))
    texts = ["Hello \N{REPLACEMENT CHARACTER}", "Hello wörld", "Hello", "Hello wörld!"]
    made = [maker(Text(text)).text for text in texts]  # type: ignore[arg-type, attr-defined]
    assert made == ["Hello \N{REPLACEMENT CHARACTER}", "wörld", "", " wörld!"]


def test_deltas_of_a_list_whose_last_element_grows_at_its_end() -> None:
    maker = DeltaMaker(Deltas(keys={"info": ("log",)}))
    made = [maker(Info({"log": log})).info["log"] for log in ("[1]", "[12, 3]", "[12, 3,4]", "[12, 3,4]")]  # type: ignore[arg-type, attr-defined]
    assert made == ["[1]", "[3]", "[4]", "[]"]


@pytest.mark.parametrize("log", ["[1", "null", "[" * 100_000])
def test_what_is_no_json_list_stays(log: str) -> None:
    maker = DeltaMaker(Deltas(keys={"info": ("log",)}))
    made = [maker(Info({"log": text})).info["log"] for text in ("[1]", log)]  # type: ignore[arg-type, attr-defined]
    assert made == ["[1]", log]


def test_a_timeout_of_for_ever() -> None:
    assert timeouts.encode_timeout(float("inf")) == "99999999H"


@pytest.mark.parametrize("text", ["x" * 10_000, "\u8bed" * 10_000, "%" * 10_000])
def test_a_long_error_fits_into_what_clients_accept(text: str) -> None:
    details = [RetryInfo(), BadRequest(field_violations=[BadRequestFieldViolation(description="d" * 3000)])]
    trailers = error_trailers(RpcError(Code.INTERNAL, text, details))
    assert sum(len(name) + len(value) + 32 for name, value in trailers) < 8192
    status = status_of_trailers(dict(trailers))
    assert status is not None
    assert len(status.message) > 200
    assert text.startswith(status.message)


def test_details_that_cannot_be_encoded_do_not_hold_up_the_status(caplog: pytest.LogCaptureFixture) -> None:
    violation = BadRequestFieldViolation(description="\ud800")
    error = RpcError(Code.NOT_FOUND, "gone", [BadRequest(field_violations=[violation])])
    assert error_trailers(error) == [("grpc-status", "5"), ("grpc-message", "gone")]
    assert "cannot be sent" in caplog.text

"""A session that reads frames itself stays in step with h2, which is given the same bytes."""

from __future__ import annotations

import struct
from random import Random
from typing import TYPE_CHECKING, Any, cast

import pytest
from grpclib.config import Configuration
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings
from h2.stream import StreamClosedBy, StreamState
from hpack import Encoder
from hyperframe.frame import (
    AltSvcFrame,
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)
from tokenwire.grpc.connection import WireConnection
from tokenwire.grpc.frames import LARGEST_WINDOW
from tokenwire.grpc.hpack_cache import RequestHead, literal_block
from tokenwire.grpc.session import SENDING, WireSession
from tokenwire.grpc.stream import WireStream

from tests.support.budget import seeds

from .frame_client import PREFACE
from .raw_client import HEADERS

if TYPE_CHECKING:
    from h2.events import Event

CONFIG = H2Configuration(
    client_side=False,
    header_encoding="latin-1",
    validate_inbound_headers=False,
    validate_outbound_headers=False,
    normalize_inbound_headers=False,
    normalize_outbound_headers=False,
)
WINDOW = 40_000
NO_LIMIT = (1 << 31) - 1


class Sent:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> None:
        self.data += data

    put = write

    def is_closing(self) -> bool:
        return False


PASSED_OVER = {"TrailersReceived", "PriorityUpdated", "UnknownFrameReceived"}
"""Events of h2 that nobody here wants."""


class Told:
    """Keeps what a session tells, in h2's words."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []

    def request(self, stream_id: int, head: RequestHead, ended: bool, /) -> None:
        self.events.append(("request", stream_id, head.fields))
        if ended:
            self.events.append(("ended", stream_id))

    def data(self, stream_id: int, data: bytes, size: int, ended: bool, /) -> None:
        self.events.append(("data", stream_id, data, size))
        if ended:
            self.events.append(("ended", stream_id))

    def window(self, stream_id: int, /) -> None:
        self.events.append(("window", stream_id))

    def process(self, event: Event, /) -> None:
        match event:
            case RequestReceived():
                self.request(cast("int", event.stream_id), RequestHead(cast("Any", event.headers)), False)
            case DataReceived():
                size = cast("int", event.flow_controlled_length)
                self.data(cast("int", event.stream_id), event.data or b"", size, False)
            case StreamEnded():
                self.events.append(("ended", event.stream_id))
            case WindowUpdated():
                self.window(event.stream_id or 0)
            case StreamReset():
                self.events.append(("reset", event.stream_id, event.error_code, event.remote_reset))
            case ConnectionTerminated():
                self.events.append(("goaway",))
            case _ if type(event).__name__ not in PASSED_OVER:
                self.events.append((type(event).__name__,))


def prepared(session: H2Connection) -> None:
    values = {SettingCodes.INITIAL_WINDOW_SIZE: WINDOW, SettingCodes.MAX_HEADER_LIST_SIZE: 1 << 16}
    values |= {SettingCodes.ENABLE_PUSH: 0, SettingCodes.MAX_CONCURRENT_STREAMS: NO_LIMIT}
    session.local_settings = Settings(client=False, initial_values=cast("Any", values))
    session.initiate_connection()
    session.data_to_send()


class Twins:
    """A session and plain h2, given the same bytes and the same orders."""

    def __init__(self) -> None:
        self.ours, self.plain = WireSession(CONFIG), H2Connection(CONFIG)
        prepared(self.ours)
        prepared(self.plain)
        self.told, self.expected = Told(), Told()
        self.transport = Sent()
        self.connection = WireConnection(self.ours, cast("Any", self.transport), config=Configuration())
        self.answers = bytearray()
        self.unread = b""
        self.errors: list[int] = []
        self.plain_errors: list[int] = []

    @property
    def over(self) -> bool:
        return bool(self.errors)

    def feed(self, data: bytes) -> None:
        """Give both the same bytes; h2 gets whole frames one by one, or it would swallow events."""
        try:
            self.ours.guard.spent = 0.0
            self.ours.receive(data, self.told)
            while self.ours.paused:
                self.ours.paused = False
                self.ours.guard.spent = 0.0
                self.ours.receive(b"", self.told)
        except ProtocolError as error:
            self.errors.append(error.error_code)
        self.unread += data
        while not self.plain_errors and self.unread:
            part = len(PREFACE) if self.plain.incoming_buffer._preamble_len == len(PREFACE) else None
            if part is None:
                if len(self.unread) < 9:
                    break
                part = 9 + int.from_bytes(self.unread[:3], "big")
                if part > 9 + self.plain.max_inbound_frame_size:
                    self.unread = self.unread.ljust(part, b"\0")
            if len(self.unread) < part:
                break
            frame, self.unread = self.unread[:part], self.unread[part:]
            try:
                for event in self.plain.receive_data(frame):
                    self.expected.process(event)
            except ProtocolError as error:
                self.plain_errors.append(error.error_code)
        self.connection.flush()
        self.answers += self.plain.data_to_send()

    def sendable(self) -> list[int]:
        return [i for i, s in self.plain.streams.items() if s.state_machine.state in SENDING]

    def order(self, random: Random) -> None:
        """Send something, past h2 where that is possible and through plain h2."""
        if self.over or not (ids := self.sendable()):
            return
        stream_id = random.choice(ids)
        stream, plain = WireStream(self.connection, stream_id), self.plain.streams[stream_id]
        size = random.choice([0, 1, 100, 20_000])
        begun = plain.state_machine.headers_sent
        most = min(self.plain.local_flow_control_window(stream_id), self.plain.max_outbound_frame_size)
        resized = bool(self.ours.encoder.table_size_changes)
        match random.randint(0, 4):
            case 0 if not begun:
                done = stream.send_whole(
                    literal_block([(":status", "200")]), b"x" * size, literal_block([("a", "b")])
                )
                assert done == (size + 5 <= most and not resized)
                if done:
                    self.plain.send_headers(stream_id, [(":status", "200")])
                    self.plain.send_data(stream_id, b"\0" * 5 + b"x" * size)
                    self.plain.send_headers(stream_id, [("a", "b")], end_stream=True)
            case 1:
                end = begun and random.random() < 0.3
                stream.send_block(literal_block([("a", "b") if begun else (":status", "200")]), end=end)
                if not begun or end:
                    self.plain.send_headers(
                        stream_id, [("a", "b") if begun else (":status", "200")], end_stream=end
                    )
            case 2 if begun and not plain.state_machine.trailers_sent:
                if stream.send(b"x" * size):
                    self.plain.send_data(stream_id, b"\0" * 5 + b"x" * size)
                else:
                    assert size + 5 > most
            case 3:
                stream.reset_now(ErrorCodes.CANCEL)
                self.plain.reset_stream(stream_id, error_code=ErrorCodes.CANCEL)
            case _ if plain.state_machine.state is StreamState.OPEN:
                # To a stream that the peer has ended h2 gives a window that nobody needs.
                taken = WINDOW - plain._inbound_window_manager.current_window_size
                taken -= plain._inbound_window_manager._bytes_processed
                if taken > 0:
                    stream.acknowledge(taken)
                    self.plain.acknowledge_received_data(taken, stream_id)
        self.connection.flush()
        self.answers += self.plain.data_to_send()

    @property
    def faults(self) -> tuple[bool, bool]:
        """Whether ours and h2 have found fault with what the client has sent."""
        found = []
        for errors, told, answers in [
            (self.errors, self.told, self.transport.data),
            (self.plain_errors, self.expected, self.answers),
        ]:
            resets = any(event[0] == "reset" and not event[3] for event in told.events)
            closed = any("error_code=5" in frame for frame in control_frames(bytes(answers)))
            found.append(bool(errors) or resets or closed)
        return found[0], found[1]

    def compare(self) -> None:
        assert not self.errors
        assert not self.plain_errors
        assert self.told.events == self.expected.events
        assert control_frames(bytes(self.transport.data)) == control_frames(bytes(self.answers))
        assert states(self.ours) == states(self.plain)
        assert (
            self.ours.decoder.header_table.dynamic_entries == self.plain.decoder.header_table.dynamic_entries
        )
        for stream_id, plain in self.plain.streams.items():
            if not plain.closed:
                ours = self.ours.streams[stream_id]
                names = ["inbound_flow_control_window"]
                if plain.state_machine.state is not StreamState.HALF_CLOSED_REMOTE:
                    names.append("_expected_content_length")
                if plain.state_machine.state in SENDING:
                    names += ["outbound_flow_control_window", "max_outbound_frame_size"]
                for name in names:
                    assert getattr(ours, name) == getattr(plain, name), name
                if plain._expected_content_length is not None:
                    assert ours._actual_content_length == plain._actual_content_length


def states(session: H2Connection) -> dict[str, Any]:
    ids = range(1, session.highest_inbound_stream_id + 1, 2)
    return {
        "highest": session.highest_inbound_stream_id,
        "out": session.outbound_flow_control_window,
        "in": session.inbound_flow_control_window,
        "frame": session.max_outbound_frame_size,
        "open": {i: s.state_machine.state for i, s in session.streams.items() if not s.closed},
        "closed": [session._stream_closed_by(i) for i in ids],
    }


def control_frames(data: bytes) -> list[str]:
    """What is not a response; of several resets of a stream the first."""
    found: list[str] = []
    reset: set[int] = set()
    while data:
        frame, size = Frame.parse_frame_header(memoryview(data[:9]))
        frame.parse_body(memoryview(data[9 : 9 + size]))
        data = data[9 + size :]
        if isinstance(frame, (HeadersFrame, DataFrame)) or frame.stream_id in reset:
            continue
        if isinstance(frame, RstStreamFrame):  # h2 says it again when more comes.
            reset.add(frame.stream_id)
        found.append(repr(frame))
    return found


class Client:
    """Makes frames that are right, and at last one that is perhaps not."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.encoder = Encoder()
        self.next_id = 1
        self.left: dict[int, int | None] = {}
        """Bytes that a stream still has to bring, if it has said so; no entry once it has ended."""

    def some_id(self) -> int:
        last = self.next_id
        return self.random.randrange(max(1, last - 12 - last % 2 + 1) | 1, last, 2) if last > 1 else 1

    def headers(self, stream_id: int) -> bytes:
        pairs = [*HEADERS.items(), ("x", str(self.random.randint(0, 5)))]
        length = self.random.choice([0, 5, 100]) if self.random.random() < 0.3 else None
        if length is not None:
            pairs.append(("content-length", str(length)))
        block = literal_block(pairs) if self.random.random() < 0.5 else self.encoder.encode(pairs)
        frame = HeadersFrame(stream_id, block, flags=["END_HEADERS"])
        if not length and self.random.random() < 0.3:
            frame.flags.add("END_STREAM")
        else:
            self.left[stream_id] = length
        match self.random.randint(0, 9):
            case 0:
                frame.flags.add("PADDED")
                frame.pad_length = self.random.randint(0, 9)
            case 1:
                frame.flags.add("PRIORITY")
                frame.depends_on, frame.stream_weight = self.random.choice([0, 2]), 3
            case 2:
                frame.flags.discard("END_HEADERS")
                frame.data = block[:5]
                rest = ContinuationFrame(stream_id, block[5:], flags=["END_HEADERS"])
                return frame.serialize() + rest.serialize()
        return frame.serialize()

    def data(self, stream_id: int) -> bytes:
        if stream_id not in self.left:
            return b""
        size, left = self.random.choice([0, 5, 5, 100, 16000]), self.left[stream_id]
        if left is not None:
            size = min(size, left)
            self.left[stream_id] = left - size
        frame = DataFrame(stream_id, b"d" * size)
        if not self.left[stream_id] and self.random.random() < 0.2:
            frame.flags.add("END_STREAM")
            del self.left[stream_id]
        if self.random.random() < 0.2:
            frame.flags.add("PADDED")
            frame.pad_length = self.random.randint(0, 99)
        return frame.serialize()

    def trailers(self, stream_id: int) -> bytes:
        if self.left.pop(stream_id, 1):
            return b""
        flags = ["END_HEADERS", "END_STREAM"]
        return HeadersFrame(stream_id, self.encoder.encode([("t", "u")]), flags=flags).serialize()

    def frame(self) -> bytes:
        random, stream_id = self.random, self.some_id()
        match random.choice("hhhhhdddddddwwwrspyxgt"):
            case "h":
                self.next_id += 2
                data = self.headers(self.next_id - 2)
            case "d":
                data = self.data(stream_id)
            case "w" if self.next_id > 1:
                increment, target = random.choice([1, 1000, 70_000]), random.choice([0, stream_id])
                data = WindowUpdateFrame(target, window_increment=increment).serialize()
            case "r" if self.next_id > 1:
                self.left.pop(stream_id, None)
                data = RstStreamFrame(stream_id, error_code=random.choice([0, 7, 8])).serialize()
            case "s":
                settings = {random.choice([1, 3, 4, 5, 6, 99]): random.choice([20_000, 70_000])}
                data = SettingsFrame(0, settings=settings).serialize()
            case "p":
                data = PingFrame(0, b"12345678").serialize()
            case "y":
                data = PriorityFrame(stream_id, depends_on=0, stream_weight=1).serialize()
            case "x":
                data = b"\0\0\4\x77\0" + struct.pack(">I", stream_id) + b"what"
            case "t":
                data = self.trailers(stream_id)
            case _:
                data = b""
        if data and random.random() < 0.05:
            data = data[:5] + bytes([data[5] | 0x80]) + data[6:]  # The reserved bit says nothing.
        return data

    def wrong(self) -> bytes:
        """A frame, most likely with a fault."""
        random, stream_id = self.random, self.some_id()
        match random.randint(0, 6):
            case 0:
                number = random.choice([0, 2, self.next_id + 2, stream_id])
                data = self.headers(self.next_id)
                return data[:5] + number.to_bytes(4, "big") + data[9:]
            case 1:
                increment = random.choice([0, LARGEST_WINDOW])
                return b"\0\0\4\x08\0" + struct.pack(">II", random.choice([0, stream_id]), increment)
            case 2:
                return ContinuationFrame(stream_id, b"", flags=["END_HEADERS"]).serialize()
            case 3:
                block = random.randbytes(9)
                return HeadersFrame(self.next_id, block, flags=["END_HEADERS"]).serialize()
            case 4:
                length = random.choice(["7", "-1", "a", "9" * 5000, "+5"])
                block = literal_block([*HEADERS.items(), ("content-length", length)])
                head = HeadersFrame(self.next_id, block, flags=["END_HEADERS"])
                return head.serialize() + DataFrame(self.next_id, b"12345678").serialize()
            case 5:
                return DataFrame(random.choice([stream_id, self.next_id]), b"late").serialize()
            case _:
                noisy = bytearray(self.frame() or self.headers(self.next_id))
                noisy[random.randrange(3, len(noisy))] = random.getrandbits(8)
                return bytes(noisy)


@pytest.mark.parametrize("seed", seeds(150, 20_000))
async def test_in_step(seed: int) -> None:
    """Events, states, windows, lengths and answers are those of h2, and what h2 finds wrong is."""
    random = Random(seed)
    twins, client = Twins(), Client(random)
    twins.feed(PREFACE)
    waiting = SettingsFrame(0).serialize()
    for _ in range(random.randint(1, 80)):
        waiting += client.frame()
        while waiting and not twins.over and random.random() < 0.9:
            size = random.choice([1, 8, 9, 10, 100, len(waiting)])
            twins.feed(waiting[:size])
            waiting = waiting[size:]
        if not waiting:
            twins.order(random)
    if not twins.over:
        twins.feed(waiting)
    if twins.over:  # more data than the window
        assert twins.errors[0] == ErrorCodes.FLOW_CONTROL_ERROR == twins.plain_errors[0]
        return
    twins.compare()
    wrong = client.wrong()
    twins.feed(wrong)
    ours, plain = twins.faults
    assert ours or not plain or is_ignored(twins.ours, wrong)


def is_ignored(session: WireSession, frame: bytes) -> bool:
    """Whether h2 is stricter than the RFC: on priorities, ALTSVC, reserved bits, streams that are over."""
    kind, flags, number = frame[3], frame[4], int.from_bytes(frame[5:9], "big") & LARGEST_WINDOW
    closed_by = session._stream_closed_by(number)
    if kind == WindowUpdateFrame.type:
        return closed_by is not None or bool(frame[9] & 0x80)
    priority = kind == HeadersFrame.type and bool(flags & 0x20)
    over = closed_by is StreamClosedBy.SEND_RST_STREAM
    return kind in (PriorityFrame.type, AltSvcFrame.type) or priority or over


@pytest.mark.parametrize("seed", seeds(30, 3000))
def test_noise_is_a_protocol_error_or_nothing(seed: int) -> None:
    """Whatever comes, a session raises nothing else."""
    random = Random(seed)
    session, client = WireSession(CONFIG), Client(random)
    prepared(session)
    data = bytearray(b"".join([PREFACE, SettingsFrame(0).serialize(), *(client.frame() for _ in range(30))]))
    for _ in range(random.randint(0, 10)):
        data[random.randrange(24, len(data))] = random.getrandbits(8)
    try:
        session.receive(bytes(data), Told())
    except ProtocolError:
        assert b"\0\0" in session.data_to_send()


def opened(session: WireSession, count: int) -> Told:
    told = Told()
    block = literal_block(list(HEADERS.items()))
    session.receive(PREFACE + SettingsFrame(0).serialize(), told)
    for number in range(count):
        frame = HeadersFrame(1 + 2 * number, block, flags=["END_HEADERS", "END_STREAM"])
        session.receive(frame.serialize(), told)
        stream = session.streams[1 + 2 * number]
        session.end_local(stream)
    return told


def test_closed_streams_are_bounded() -> None:
    session = WireSession(CONFIG)
    prepared(session)
    opened(session, 10_000)
    assert len(session.streams) <= 128
    assert len(session._closed_streams) <= WireSession.MAX_CLOSED_STREAMS


def test_reset_streams_are_bounded() -> None:
    session = WireSession(CONFIG)
    prepared(session)
    told = opened(session, 1)
    block = literal_block(list(HEADERS.items()))
    for number in range(1, 10_000):
        frame = HeadersFrame(1 + 2 * number, block, flags=["END_HEADERS"]).serialize()
        session.receive(frame + RstStreamFrame(1 + 2 * number, error_code=8).serialize(), told)
    assert len(session.streams) <= 128
    assert len(session._closed_streams) <= WireSession.MAX_CLOSED_STREAMS


def test_streams_are_forgotten_when_both_sides_have_ended() -> None:
    session = WireSession(CONFIG)
    prepared(session)
    opened(session, 3)
    assert all(stream.state_machine.state is StreamState.CLOSED for stream in session.streams.values())
    for stream_id in (1, 3, 5):
        session.forget(stream_id)
    assert not session.streams
    late = WindowUpdateFrame(3, window_increment=5).serialize() + RstStreamFrame(3).serialize()
    session.receive(late, Told())
    with pytest.raises(ProtocolError) as caught:
        session.receive(DataFrame(3, b"late").serialize(), Told())
    assert caught.value.error_code == ErrorCodes.STREAM_CLOSED


def test_the_reserved_bit_is_taken_off() -> None:
    session = WireSession(CONFIG)
    prepared(session)
    told = opened(session, 1)
    frame = bytearray(
        HeadersFrame(3, literal_block(list(HEADERS.items())), flags=["END_HEADERS"]).serialize()
    )
    frame[5] |= 0x80
    session.receive(bytes(frame), told)
    assert told.events[-1][:2] == ("request", 3)
    assert session.highest_inbound_stream_id == 3


@pytest.mark.parametrize("value", ["9" * 5000, "-1", "٣".encode().decode("latin-1")])
def test_lengths_that_are_none(value: str) -> None:
    session = WireSession(CONFIG)
    prepared(session)
    told = opened(session, 1)
    block = literal_block([*HEADERS.items(), ("content-length", value)])
    session.receive(HeadersFrame(3, block, flags=["END_HEADERS"]).serialize(), told)
    assert told.events[-1] == ("reset", 3, ErrorCodes.PROTOCOL_ERROR, False)
    assert 3 not in session.streams


def test_a_header_list_far_over_the_limit_is_abuse() -> None:
    session = WireSession(CONFIG)
    prepared(session)
    opened(session, 1)
    session.decoder.max_header_list_size = 4096
    grow = literal_block(list(HEADERS.items())) + Encoder().encode([("x", "y" * 3000)])
    session.data_to_send()
    with pytest.raises(ProtocolError):
        session.receive(HeadersFrame(3, grow + b"\xbe" * 1000, flags=["END_HEADERS"]).serialize(), Told())
    (goaway,) = control_frames(session.data_to_send())
    assert f"error_code={int(ErrorCodes.ENHANCE_YOUR_CALM)}" in goaway


def test_goaway_of_the_peer_does_not_end_the_session() -> None:
    session = WireSession(CONFIG)
    prepared(session)
    told = opened(session, 1)
    session.receive(GoAwayFrame(0, last_stream_id=0).serialize(), told)
    frame = HeadersFrame(3, literal_block(list(HEADERS.items())), flags=["END_HEADERS"])
    session.receive(frame.serialize(), told)
    assert [event[0] for event in told.events[-2:]] == ["goaway", "request"]

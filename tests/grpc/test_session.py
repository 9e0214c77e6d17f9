"""A session that reads frames itself stays in step with h2, which is given the same bytes."""

from __future__ import annotations

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
    TrailersReceived,
    WindowUpdated,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings
from h2.stream import StreamState
from hpack import Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    ExtensionFrame,
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
            case TrailersReceived():
                self.events.append(("trailers", event.stream_id, event.headers))
            case StreamReset():
                self.events.append(("reset", event.stream_id, event.error_code, event.remote_reset))
            case ConnectionTerminated():
                self.events.append(("goaway",))
            case _:
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
        self.errors: list[tuple[str, Any]] = []
        self.plain_errors: list[tuple[str, Any]] = []

    @property
    def over(self) -> bool:
        return bool(self.errors)

    def feed(self, data: bytes) -> None:
        """Give both the same bytes; h2 gets whole frames one by one, or it would swallow events."""
        try:
            self.ours.receive(data, self.told)
        except ProtocolError as error:
            self.errors.append((type(error).__name__, error.error_code))
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
                self.plain_errors.append((type(error).__name__, error.error_code))
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

    def compare(self) -> None:
        assert self.told.events == self.expected.events
        if self.errors and self.errors[0][0] == "FrameTooLargeError":
            assert self.plain_errors  # of which h2 may find another first, or only when all of it has come
            return
        assert self.errors == self.plain_errors
        assert control_frames(bytes(self.transport.data)) == control_frames(bytes(self.answers))
        if self.over:
            return
        assert states(self.ours) == states(self.plain)
        assert (
            self.ours.decoder.header_table.dynamic_entries == self.plain.decoder.header_table.dynamic_entries
        )
        for stream_id, plain in self.plain.streams.items():
            if not plain.closed:
                ours = self.ours.streams[stream_id]
                names = ["inbound_flow_control_window", "_expected_content_length"]
                if plain.state_machine.state in SENDING:
                    names += ["outbound_flow_control_window", "max_outbound_frame_size"]
                for name in names:
                    assert getattr(ours, name) == getattr(plain, name), name
                if plain._expected_content_length is not None:
                    assert ours._actual_content_length == plain._actual_content_length


def states(session: H2Connection) -> dict[str, Any]:
    ids = range(1, session.highest_inbound_stream_id + 1, 2)
    return {
        "connection": session.state_machine.state,
        "highest": session.highest_inbound_stream_id,
        "out": session.outbound_flow_control_window,
        "in": session.inbound_flow_control_window,
        "frame": session.max_outbound_frame_size,
        "open": {i: s.state_machine.state for i, s in session.streams.items() if not s.closed},
        "closed": [session._stream_closed_by(i) for i in ids],
    }


def control_frames(data: bytes) -> list[str]:
    """What is not a response."""
    found = []
    while data:
        frame, size = Frame.parse_frame_header(memoryview(data[:9]))
        frame.parse_body(memoryview(data[9 : 9 + size]))
        data = data[9 + size :]
        if isinstance(frame, GoAwayFrame):
            frame.last_stream_id = 0  # h2 counts the stream whose headers it has refused
        if not isinstance(frame, (HeadersFrame, DataFrame)):
            found.append(repr(frame))
    return found


class Client:
    """Makes frames, most of them right."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.encoder = Encoder()
        self.next_id = 1
        self.bad = random.random() < 0.5

    def some_id(self) -> int:
        last = self.next_id
        if self.bad and self.random.random() < 0.05:
            return self.random.choice([0, 2, last + 2, 1 << 31 | 1])
        return self.random.randrange(max(1, last - 12 - last % 2 + 1) | 1, last, 2) if last > 1 else 1

    def block(self) -> bytes:
        pairs = [*HEADERS.items(), ("x", str(self.random.randint(0, 5)))]
        if self.random.random() < 0.3:
            pairs.append(("content-length", str(self.random.choice([0, 5, 100]))))
        if self.bad and self.random.random() < 0.05:
            pairs.append(("content-length", self.random.choice(["5", "-1", "a", "9" * 5000, "+5", "٣"])))
        if self.random.random() < 0.5:
            block = literal_block([(n, v) for n, v in pairs if v.isascii()])
        else:
            block = self.encoder.encode(pairs)
        if self.bad and self.random.random() < 0.03:
            return self.random.randbytes(9) + block
        return block

    def headers(self, stream_id: int) -> bytes:
        block = self.block()
        flags = ["END_STREAM"] if self.random.random() < 0.3 else []
        frame = HeadersFrame(stream_id, block, flags=[*flags, "END_HEADERS"])
        match self.random.randint(0, 9):
            case 0:
                frame.flags.add("PADDED")
                frame.pad_length = self.random.randint(0, 9)
            case 1:
                frame.flags.add("PRIORITY")
                frame.depends_on, frame.stream_weight = self.random.choice([0, 1]), 3
            case 2:
                frame.flags.discard("END_HEADERS")
                frame.data = block[:5]
                rest = ContinuationFrame(stream_id, block[5:], flags=["END_HEADERS"])
                return frame.serialize() + rest.serialize()
        return frame.serialize()

    def frame(self) -> bytes:
        random, wanted = self.random, self.some_id()
        stream_id = wanted if wanted in range(1, 1 << 31) else 1
        match random.choice("hhhhhdddddddwwwrspyxgtc"):
            case "h":
                number, self.next_id = self.next_id, self.next_id + 2
                if self.bad and random.random() < 0.03:
                    number = stream_id
                data = self.headers(number)
            case "d":
                frame = DataFrame(stream_id, b"d" * random.choice([0, 5, 5, 100, 16000]))
                if random.random() < 0.2:
                    frame.flags.add("END_STREAM")
                if random.random() < 0.2:
                    frame.flags.add("PADDED")
                    frame.pad_length = random.randint(0, 99)
                data = frame.serialize()
            case "w":
                increment = random.choice([1, 1000, 70_000])
                if self.bad and random.random() < 0.1:
                    increment = (1 << 31) - 1
                target = random.choice([0, stream_id])
                data = WindowUpdateFrame(target, window_increment=increment).serialize()
                if self.bad and random.random() < 0.1:
                    data = data[:-4] + b"\0\0\0\0"
            case "r":
                data = RstStreamFrame(stream_id, error_code=random.choice([0, 7, 8])).serialize()
            case "s":
                settings = {random.choice([1, 3, 4, 5, 6, 99]): random.choice([20_000, 70_000])}
                data = SettingsFrame(0, settings=settings).serialize()
            case "p":
                data = PingFrame(0, b"12345678").serialize()
            case "y":
                data = PriorityFrame(stream_id, depends_on=0, stream_weight=1).serialize()
            case "x":
                data = ExtensionFrame(0x77, stream_id, body=b"what").serialize()
            case "t":
                block = self.encoder.encode([("t", "u")])
                flags = ["END_HEADERS", "END_STREAM"]
                data = HeadersFrame(stream_id, block, flags=flags).serialize() if self.bad else b""
            case "c":
                # On a closed stream h2 ends the stream or the connection, as it has pruned it or not.
                naked = ContinuationFrame(self.next_id, b"", flags=["END_HEADERS"])
                data = naked.serialize() if self.bad else b""
            case _:
                data = b""
        if stream_id != wanted and data and data[3] != ContinuationFrame.type:
            data = data[:5] + wanted.to_bytes(4, "big") + data[9:]
        if self.bad and data and random.random() < 0.02:
            place = random.randrange(len(data))
            data = data[:place] + bytes([random.getrandbits(8)]) + data[place + 1 :]
            if data[3] == WindowUpdateFrame.type and place == 9:
                data = data[:9] + bytes([data[9] & 0x7F]) + data[10:]  # h2 refuses the reserved bit
        return data


@pytest.mark.parametrize("seed", seeds(150, 20_000))
async def test_in_step(seed: int) -> None:
    """Events, states, windows, lengths, answers and errors are those of h2."""
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
    twins.compare()


@pytest.mark.parametrize("seed", seeds(30, 3000))
def test_noise_is_a_protocol_error_or_nothing(seed: int) -> None:
    """Whatever comes, a session raises nothing else."""
    random = Random(seed)
    session, client = WireSession(CONFIG), Client(random)
    prepared(session)
    client.bad = True
    data = bytearray(b"".join([PREFACE, *(client.frame() for _ in range(30))]))
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
    late = DataFrame(3, b"late").serialize() + WindowUpdateFrame(3, window_increment=5).serialize()
    session.receive(late + RstStreamFrame(3).serialize(), Told())


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


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ("9" * 5000, "content-length"),
        ("-1", "content-length"),
        ("٣".encode().decode("latin-1"), "content-length"),
    ],
)
def test_lengths_that_are_none(value: str, field: str) -> None:
    session = WireSession(CONFIG)
    prepared(session)
    opened(session, 1)
    block = literal_block([*HEADERS.items(), (field, value)])
    session.data_to_send()
    with pytest.raises(ProtocolError):
        session.receive(HeadersFrame(3, block, flags=["END_HEADERS"]).serialize(), Told())
    (goaway,) = control_frames(session.data_to_send())
    assert "error_code=1" in goaway


def test_a_header_list_over_the_limit_is_abuse() -> None:
    session = WireSession(CONFIG)
    prepared(session)
    opened(session, 1)
    grow = literal_block(list(HEADERS.items())) + Encoder().encode([("x", "y" * 3000)])
    session.data_to_send()
    with pytest.raises(ProtocolError):
        session.receive(HeadersFrame(3, grow + b"\xbe" * 100, flags=["END_HEADERS"]).serialize(), Told())
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

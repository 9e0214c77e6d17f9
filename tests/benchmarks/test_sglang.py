"""The harness of `make bench-sglang`: its client, what it reads, and its page. No SGLang is needed."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived
from tokenwire_gen.sglang.runtime.v1 import OpenAIStreamChunk, TextGenerateResponse

from benchmarks.errors import BenchError
from benchmarks.sglang import answers, report, rounds
from benchmarks.sglang.__main__ import main
from benchmarks.sglang.cells import CELLS, FLOOR, OURS, THEIRS, TOKENS, Cell, request
from benchmarks.sglang.client import Grpc, Http, Piece, Reply, chunks, cut, events, frames
from benchmarks.sglang.engines import roles
from benchmarks.sglang.rounds import Turn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.sglang.client import Connection

TYPED = Cell("typed", 1)
DELTA = Cell("typed", 1, "delta")
CHAT = Cell("chat", 1)


class Wire(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return False


def framed(message: bytes) -> bytes:
    return b"\0" + len(message).to_bytes(4, "big") + message


def chunked(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (*parts, b""))


def start(connection: Connection) -> tuple[Wire, asyncio.Task[Reply]]:
    """A connection that has begun a call."""
    wire = Wire()
    connection.connection_made(wire)
    call = connection.call("/path", [("content-type", "x/y")], b"body")
    return wire, asyncio.get_running_loop().create_task(call)


def test_parts_have_the_time_of_their_end() -> None:
    pieces = [Piece(1.0, b"4\r\nab"), Piece(2.0, b"cd\r\n3\r\nefg\r\n"), Piece(3.0, b"0\r\n\r\n")]
    assert cut(pieces, chunks) == [Piece(2.0, b"abcd"), Piece(2.0, b"efg")]


def test_events_and_messages_are_cut() -> None:
    assert list(events(b"data: {}\n\ndata: [DONE]\n\n")) == [(10, b"{}"), (24, b"[DONE]")]
    assert list(frames(framed(b"abc") + framed(b""))) == [(8, b"abc"), (13, b"")]


async def test_http_keeps_the_body_in_pieces() -> None:
    connection = Http("host:1")
    wire, task = start(connection)
    await asyncio.sleep(0)
    assert wire.written.startswith(b"POST /path HTTP/1.1\r\nhost: host:1\r\ncontent-length: 4\r\n")
    assert wire.written.endswith(b"content-type: x/y\r\n\r\nbody")
    body = chunked(b"data: 10\n\n")
    for data in (b"HTTP/1.1 200 OK\r\n", b"\r\n" + body[:5], body[5:-3], body[-3:]):
        connection.data_received(data)
    reply = await task
    assert not reply.error
    assert [piece.data for piece in cut(reply.pieces, chunks)] == [b"data: 10\n\n"]


async def test_http_says_what_failed() -> None:
    connection = Http("host:1")
    _, task = start(connection)
    await asyncio.sleep(0)
    connection.data_received(b'HTTP/1.1 503 Busy\r\ncontent-length: 9\r\n\r\n{"error"}')
    assert (await task).error == 'HTTP/1.1 503 Busy {"error"}'


@pytest.mark.parametrize(
    ("status", "error"),
    [([("grpc-status", "0")], ""), ([("grpc-status", "8"), ("grpc-message", "full")], "grpc-status 8: full")],
)
async def test_grpc_speaks_http2(status: list[tuple[str, str]], error: str) -> None:
    server = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
    server.initiate_connection()
    connection = Grpc("host:1")
    wire, task = start(connection)
    await asyncio.sleep(0)
    found = server.receive_data(wire.written)
    headers = next(dict(event.headers) for event in found if isinstance(event, RequestReceived))
    assert headers[":path"] == "/path" and headers["te"] == "trailers"
    assert next(event.data for event in found if isinstance(event, DataReceived)) == framed(b"body")
    server.ping(b"12345678")
    server.send_headers(1, [(":status", "200")])
    server.send_data(1, framed(b"one"), pad_length=3)
    server.send_data(1, framed(b"two"))
    server.send_headers(1, status, end_stream=True)
    data = server.data_to_send()
    for place in range(0, len(data), 7):
        connection.data_received(data[place : place + 7])
    reply = await task
    assert reply.error == error
    assert [piece.data for piece in cut(reply.pieces, frames)] == [b"one", b"two"]
    server.receive_data(wire.written[-17 - 9 :])  # acknowledgements of settings and of the ping


async def test_a_lost_connection_ends_the_call() -> None:
    connection = Grpc("host:1")
    _, task = start(connection)
    await asyncio.sleep(0)
    connection.connection_lost(None)
    assert (await task).error == "the server closed the connection"


def reply_of(messages: Sequence[bytes], *, http: bool) -> Reply:
    if http:
        parts = [chunked(b"data: " + message + b"\n\n")[:-5] for message in (*messages, b"[DONE]")]
        return Reply(1.0, [Piece(2.0 + n, part) for n, part in enumerate((*parts, b"0\r\n\r\n"))])
    return Reply(1.0, [Piece(2.0 + n, framed(message)) for n, message in enumerate(messages)])


def typed_messages(texts: Sequence[str], *, http: bool) -> list[bytes]:
    last = {"completion_tokens": len(texts), "finish_reason": {"type": "length", "length": len(texts)}}
    infos = [{"finish_reason": None}] * (len(texts) - 1) + [last]
    if http:
        return [
            json.dumps({"text": text, "meta_info": info}).encode()
            for text, info in zip(texts, infos, strict=True)
        ]
    return [
        bytes(TextGenerateResponse(text=text, meta_info={name: json.dumps(info[name]) for name in info}))
        for text, info in zip(texts, infos, strict=True)
    ]


@pytest.mark.parametrize("http", [False, True])
@pytest.mark.parametrize(("cell", "texts"), [(TYPED, ["a", "ab"]), (DELTA, ["a", "b"])])
def test_typed_streams_are_read(cell: Cell, texts: list[str], http: bool) -> None:
    messages = typed_messages(texts, http=http)
    found = answers.read(cell, reply_of(messages, http=http), http=http)
    assert found == answers.Answer(1.0, "ab", 2, "length", 2, sum(map(len, messages)))


def chat_messages(*, http: bool) -> list[bytes]:
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}, {"content": "a"}, {"content": "b"}]
    bodies = [{"choices": [{"delta": delta, "finish_reason": None}]} for delta in deltas]
    bodies += [{"choices": [{"delta": {}, "finish_reason": "length"}]}]
    bodies += [{"choices": [], "usage": {"completion_tokens": 2}}]
    parts = [json.dumps(body).encode() for body in bodies]
    if http:
        return parts
    return [
        *(bytes(OpenAIStreamChunk(json_chunk=part)) for part in parts),
        bytes(OpenAIStreamChunk(finished=True)),
    ]


@pytest.mark.parametrize("http", [False, True])
def test_chats_are_read(http: bool) -> None:
    messages = chat_messages(http=http)
    found = answers.read(CHAT, reply_of(messages, http=http), http=http)
    assert found == answers.Answer(2.0, "ab", 2, "length", 2, sum(map(len, messages)))


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (Reply(0.0, error="no end"), "no end"),
        (Reply(0.0, [Piece(1.0, chunked(b"data: {}\n\n"))]), r"a stream without \[DONE\]"),
        (Reply(0.0, [Piece(1.0, chunked(b"data: {}\n\ndata: [DONE]\n\n"))]), "without what belongs there"),
    ],
)
def test_what_is_no_answer_is_said(reply: Reply, sentence: str) -> None:
    with pytest.raises(BenchError, match=sentence):
        answers.read(TYPED, reply, http=True)


def test_calls_are_held_to_tokens_and_text() -> None:
    good = answers.Answer(0.1, "text", TOKENS, "length", TOKENS, 1)
    answers.check([good, good], "text")
    with pytest.raises(BenchError, match="a call has 127 tokens and ended with 'stop', not 128"):
        answers.check([good, answers.Answer(0.1, "text", 127, "stop", 127, 1)], "text")
    with pytest.raises(BenchError, match="a call says 'text', not 'other'"):
        answers.check([good], "other")


def test_deltas_are_asked_for_where_they_are_not_the_default() -> None:
    assert ("x-tokenwire-stream", "delta") in request(DELTA, http=True).headers
    assert len(request(TYPED, http=False).headers) == 1
    assert DELTA.engine("sglang-http") == "sglang-delta" and DELTA.engine("tokenwire-http") == "tokenwire"


def test_scheduler_and_detokenizer_are_no_front_end() -> None:
    names = {1: "python -m sglang.launch_server", 2: "sglang::scheduler", 3: "sglang::detokenizer", 4: "x"}
    assert roles(names) == ([1, 4], [2, 3])


@pytest.fixture
def results() -> dict[str, Any]:
    """Results in which ours need half of SGLang's cheaper front end, the engine alone a tenth."""
    costs = {THEIRS[0]: 100.0, THEIRS[1]: 120.0, OURS[0]: 50.0, OURS[1]: 51.0, FLOOR: 10.0}
    turns = {
        (cell, front): [Turn(costs[front] + n, 2.0, 1, [0.01], TOKENS, 1) for n in (-1, 0, 30)]
        for cell in CELLS
        for front in cell.fronts
    }
    return {"cases": rounds.summary(turns)}


def test_ratios_are_to_the_cheaper_of_two(results: dict[str, Any]) -> None:
    assert report.ratio(results, "chat", 8, OURS[0]) == 0.5
    assert report.ratio({}, "chat", 8, OURS[0]) is None
    found = [target.find(results) for target in report.TARGETS.values()]
    assert found == [0.5 if front == OURS[0] else 0.51 for _, front, _ in report.TARGETS]


def test_page_and_chart(results: dict[str, Any], tmp_path: Path) -> None:
    pictures = report.chart(results, tmp_path)
    assert [path.name for path in pictures] == ["sglang.png", "sglang.svg"]
    page = report.markdown(results, ["sglang.png"])
    assert "| 8 | 10.0 (0.10) | 100.0 | 120.0 | 50.0 (0.50) | 51.0 (0.51) |" in page
    assert page.count("0.51 met") == 3 and page.count("0.51 not met") == 9
    assert "| TextGenerate and /generate | 2.0 | 2.0 | 2.0 | 2.0 | 2.0 |" in page


def test_page_of_nothing_has_targets_only() -> None:
    page = report.markdown({}, [])
    assert page.count("not measured") == len(report.TARGETS)
    assert "### " not in page


def test_a_missing_environment_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.sglang.__main__.PYTHON", str(tmp_path / "python"))
    result = CliRunner().invoke(main, ["--smoke", "--out", str(tmp_path)])
    assert result.exit_code == 1
    assert result.output == "benchmarks: the environment of SGLang is missing; `make sglang-env` makes it\n"
    assert list(tmp_path.iterdir()) == []


class Bench(rounds.Bench):
    """One whose turns have so many messages."""

    def __init__(self, *messages: int) -> None:
        super().__init__({}, asyncio.Runner())
        self.messages = list(messages)

    def call(self, cell: Cell, front: str, calls: int) -> Turn:
        return Turn(1.0, 1.0, calls, messages=self.messages.pop(0))


def test_a_turn_with_merged_messages_is_taken_again() -> None:
    turn = Bench(40, 90, 127, 128).take(TYPED, THEIRS[0], 1)
    assert (turn.messages, turn.retaken) == (127, 2)
    sentence = r"^typed-1, SGLang, HTTP .* has 90 messages, not 128, at the 5th try"
    with pytest.raises(BenchError, match=sentence):
        Bench(*[90] * 5, 128).take(TYPED, THEIRS[0], 1)

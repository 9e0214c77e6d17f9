"""Attacks with messages: slow, cut short, longer than they may be, or small and huge when unpacked."""

from __future__ import annotations

import gzip
import itertools
from typing import TYPE_CHECKING, Final

from . import frames as h2
from .catalog import attack
from .driver import Burst

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .driver import Driver

_FRAME: Final = 16_384
_LARGEST: Final = 64 << 20
_STREAMS: Final = range(1, 200, 2)


def _open(stream: int, *more: tuple[bytes, bytes]) -> bytes:
    return h2.frame(h2.HEADERS, h2.END_HEADERS, stream, h2.request("TextGenerate", *more))


def _data(stream: int, data: bytes, *, end: bool = False) -> bytes:
    pieces = [data[start : start + _FRAME] for start in range(0, len(data), _FRAME)]
    flags = [0] * (len(pieces) - 1) + [h2.END_STREAM if end else 0]
    return b"".join(h2.frame(h2.DATA, flag, stream, piece) for flag, piece in zip(flags, pieces, strict=True))


def _script(calls: Iterable[bytes]) -> Iterator[Burst | float]:
    """Calls one after the other; what is sent stays within the windows of a new connection."""
    yield Burst(h2.GREETING)
    for call in calls:
        yield Burst(call)


@attack("grpc", pace="slow")
def slow_bodies(driver: Driver) -> None:
    """Sends 100 requests on each of 2 connections by a byte at a time."""
    body = h2.message(h2.generation(16))

    def script() -> Iterator[Burst | float]:
        yield Burst(h2.GREETING + b"".join(_open(stream) for stream in _STREAMS), len(_STREAMS))
        for octet in body:
            yield Burst(b"".join(h2.frame(h2.DATA, 0, s, bytes((octet,))) for s in _STREAMS), len(_STREAMS))
            yield 1.0

    driver.play(script, 2)


@attack("grpc", pace="flood")
def tiny_data(driver: Driver) -> None:
    """Announces a message of 64 MiB and sends it by a byte per frame, as fast as it can."""
    bursts = itertools.repeat(Burst(h2.frame(h2.DATA, 0, 1, b"x") * 6000, 6000))

    def script() -> Iterator[Burst | float]:
        yield Burst(h2.GREETING + _open(1) + h2.frame(h2.DATA, 0, 1, b"\0" + (60 << 20).to_bytes(4, "big")))
        yield from bursts

    driver.play(script, 2)


@attack("grpc", pace="flood")
def truncated_frames(driver: Driver) -> None:
    """Ends requests in the middle of a message, or of its prefix."""
    body = h2.message(h2.generation(1000))
    cuts = [body[:size] for size in (1, 3, 4, 5, len(body) // 2, len(body) - 1)]

    def calls() -> Iterator[bytes]:
        turn = itertools.cycle(cuts)
        for stream in range(1, 4000, 2):
            yield _open(stream) + _data(stream, next(turn), end=True)

    driver.play(lambda: _script(calls()), 2, hang_up=True)


@attack("grpc", pace="flood")
def wrong_messages(driver: Driver) -> None:
    """Sends messages that are no protobuf, have an unknown flag, or claim a compression they do not have."""
    wrong = [
        h2.message(b"\xff" * 200),
        h2.message(b"\x0a\xff\xff\xff\xff\x07abc"),
        h2.message(b"\x12" + b"\x80" * 50),
        h2.message(h2.generation(16), flag=77),
        h2.message(h2.generation(16), flag=1),
    ]

    def calls() -> Iterator[bytes]:
        turn = itertools.cycle(wrong)
        for stream in range(1, 4000, 2):
            yield _open(stream, (b"grpc-encoding", b"gzip")) + _data(stream, next(turn), end=True)

    driver.play(lambda: _script(calls()), 2, hang_up=True)


@attack("grpc", pace="flood")
def overlong_messages(driver: Driver) -> None:
    """Announces messages of 4 GiB, and sends their beginning."""
    start = h2.message(b"x" * 1000, length=0xFFFF_FFFF)
    driver.play(
        lambda: _script(_open(stream) + _data(stream, start) for stream in range(1, 4000, 2)), 2, hang_up=True
    )


@attack("grpc", pace="slow")
def hoarders(driver: Driver) -> None:
    """Announces messages of 64 MiB on 100 streams of 2 connections, and sends all that fits the windows."""
    rest = b"x" * ((1 << 20) - _FRAME)
    start = h2.message(b"", length=_LARGEST)

    def script() -> Iterator[Burst | float]:
        yield Burst(h2.GREETING)
        yield 0.1  # The server's windows are as large as they get once it has sent them.
        for stream in range(1, 120, 2):
            yield Burst(_open(stream) + _data(stream, start))
            yield Burst(_data(stream, rest))

    driver.play(script, 2)


def _varint(value: int) -> bytes:
    octets = bytearray()
    while value > 127:
        octets.append(value & 127 | 128)
        value >>= 7
    return bytes((*octets, value))


def _large(driver: Driver, method: str, body: bytes) -> None:
    """Sends the same large message again and again, as fast as the server opens its windows."""
    piece = 512 << 10
    data = h2.message(body)
    pieces = [_data(1, data[start : start + piece]) for start in range(0, len(data), piece)]
    head = h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.request(method))

    def script() -> Iterator[Burst | float]:
        yield Burst(h2.GREETING + head)
        for number, part in enumerate(pieces):
            yield Burst(part)
            if number % 2:
                yield 0.005  # Time for the stream's window, which is 1 MiB, to be opened again.
        yield Burst(h2.frame(h2.DATA, h2.END_STREAM, 1))

    driver.play(script, 1)


@attack("grpc", pace="flood")
def many_ids(driver: Driver) -> None:
    """Sends a message of 16 MB that is 16 million token ids."""
    size = 16 << 20
    _large(driver, "Generate", b"\x0a" + _varint(size) + bytes(size))


@attack("grpc", pace="flood")
def many_strings(driver: Driver) -> None:
    """Sends a message of 8 MB that is four million empty stop strings."""
    from tokenwire_gen.sglang.runtime.v1 import SamplingParams

    stops = bytes(SamplingParams(stop=[""])) * (4 << 20)
    _large(driver, "TextGenerate", b"\x0a\x01a\x12" + _varint(len(stops)) + stops)


@attack("grpc", pace="flood")
def many_tokens(driver: Driver) -> None:
    """Has a text of 4 MB tokenized."""
    size = 4 << 20
    _large(driver, "Tokenize", b"\x0a" + _varint(size) + b"a" * size)


@attack("grpc", pace="flood")
def ids_to_text(driver: Driver) -> None:
    """Has a million token ids turned into text."""
    size = 1 << 20
    _large(driver, "Detokenize", b"\x0a" + _varint(size) + b"a" * size)


@attack("grpc", pace="flood")
def prompt_logprobs(driver: Driver) -> None:
    """Asks for the log-probabilities of a prompt of 200,000 tokens, and of 20 alternatives to each."""
    from tokenwire_gen.sglang.runtime.v1 import TextGenerateRequest

    wanted = TextGenerateRequest(
        text="a" * 200_000, return_logprob=True, logprob_start_len=0, top_logprobs_num=20
    )
    _large(driver, "TextGenerate", bytes(wanted))


@attack("grpc", pace="flood")
def many_unknown_fields(driver: Driver) -> None:
    """Sends a message of 8 MB that is four million fields which do not exist."""
    _large(driver, "TextGenerate", b"\xf8\x07\x01" * ((8 << 20) // 3))


@attack("grpc", pace="flood")
def many_map_entries(driver: Driver) -> None:
    """Sends a message of 8 MB that is a million entries of a map, all with the same key."""
    from tokenwire_gen.sglang.runtime.v1 import TextGenerateRequest

    entry = bytes(TextGenerateRequest(trace_headers={"a": "b"}))
    _large(driver, "TextGenerate", entry * (1 << 20))


@attack("grpc", pace="flood")
def gzip_bomb(driver: Driver) -> None:
    """Sends messages of 100 KB that are 100 MB when unpacked."""
    bomb = gzip.compress(bytes(100 << 20), 6)

    def script() -> Iterator[Burst | float]:
        yield Burst(h2.GREETING)
        yield 0.05
        for stream in range(1, 200, 2):
            head = _open(stream, (b"grpc-encoding", b"gzip"))
            yield Burst(head + _data(stream, h2.message(bomb, flag=1), end=True))

    driver.play(script, 2, hang_up=True)


@attack("grpc", pace="flood")
def gzip_bombs_within_limit(driver: Driver) -> None:
    """Sends messages of 60 KB that are 60 MB when unpacked, just within the limit, on many streams."""
    text = b" " * (60 << 20)
    size = len(text)
    prefix = b"\x0a" + bytes((size & 127 | 128, size >> 7 & 127 | 128, size >> 14 & 127 | 128, size >> 21))
    bomb = gzip.compress(prefix + text, 6)

    def script() -> Iterator[Burst | float]:
        yield Burst(h2.GREETING)
        yield 0.05
        for stream in range(1, 200, 2):
            head = _open(stream, (b"grpc-encoding", b"gzip"))
            yield Burst(head + _data(stream, h2.message(bomb, flag=1), end=True))

    driver.play(script, 2, hang_up=True)

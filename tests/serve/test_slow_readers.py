"""Sinks that push bytes: however a reader lags, it reads what a quick one reads."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenwire_serve.engine import Delta, Finish, GenerateRequest, Sampling
from tokenwire_serve.servicer.generate import _IDS, TEXT
from tokenwire_serve.servicer.sinks import CumulativeSink, DeltaSink, GrowingSink

from .calls import facts
from .test_merging import LAGS, LaggingReader

SAID = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), max_size=12)


class LaggingByteReader(LaggingReader):
    """The same, that takes bytes, as a transport does."""

    def __init__(self, kind: Any, merge: Any, lags: list[int]) -> None:
        super().__init__(merge, lags)
        self.kind = kind

    def push_bytes(self, body: bytes) -> None:
        self.push(body)

    def flush(self) -> None:
        self.read.extend(self.kind.parse(m) if isinstance(m, bytes) else m for m in self.pending)
        self.pending.clear()


def run(kind: Any, shape: Any, said: list[str], reader: Any, started: float = 0.0) -> list[Any]:
    """What a reader makes of a request whose engine says so much."""
    request = GenerateRequest("r", "x", Sampling(n=1), stream=True)
    sink = kind(shape, request, "v", started, dict, lambda: None, lambda: None)
    made = reader(sink.merge)
    sink.stream.subscribe(made)
    for count, text in enumerate(said, 1):
        sink.push(Delta(0, [-count], text, 3, count, count // 3))
    finish = Finish("length", length=len(said))
    sink.push(Delta(0, [], "", 3, len(said), 0, finish))
    sink.close()
    read: list[Any] = made.read
    return read


@pytest.mark.parametrize("takes_bytes", [True, False])
@pytest.mark.parametrize("shape", [TEXT, _IDS], ids=["text", "ids"])
@pytest.mark.parametrize("kind", [DeltaSink, GrowingSink])
@given(said=SAID, lags=LAGS)
def test_lagging(kind: Any, shape: Any, takes_bytes: bool, said: list[str], lags: list[int]) -> None:
    if takes_bytes:
        read = run(kind, shape, said, lambda merge: LaggingByteReader(shape.kind, merge, lags))
    else:
        read = run(kind, shape, said, lambda merge: LaggingReader(merge, lags))
    assert [message.finished for message in read] == [False] * (len(read) - 1) + [True]
    whole = shape.empty
    for message in read:
        whole = shape.read(message) if kind is GrowingSink else whole + shape.read(message)
    expected: Any = "".join(said) if shape is TEXT else [-count for count in range(1, len(said) + 1)]
    assert whole == expected
    told = facts(read[-1])
    assert (told["completion_tokens"], told["finish_reason"]["type"]) == (len(said), "length")
    counts = [facts(message)["completion_tokens"] for message in read if message.meta_info]
    assert counts == sorted(counts)


@pytest.mark.parametrize("shape", [TEXT, _IDS], ids=["text", "ids"])
@given(said=SAID)
def test_growing_messages_are_the_cumulative_ones(shape: Any, said: list[str]) -> None:
    reader = lambda merge: LaggingByteReader(shape.kind, None, [0])  # noqa: E731 - both read alike
    grown, plain = run(GrowingSink, shape, said, reader), run(CumulativeSink, shape, said, reader)
    for message in (grown[-1], plain[-1]):
        message.meta_info.pop("e2e_latency", None)
    assert grown == plain

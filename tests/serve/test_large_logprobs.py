"""Log-probabilities of very many tokens: written in a thread, and the same as those that are not."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.streams import PushStream
from tokenwire_serve.engine import Delta, Finish, GenerateRequest, Sampling, TokenLogprob
from tokenwire_serve.servicer import large_logprobs, meta_info
from tokenwire_serve.servicer.generate import TEXT
from tokenwire_serve.servicer.large_logprobs import MANY_LOGPROBS, LogprobWriter
from tokenwire_serve.servicer.meta_info import WrittenLogprobs
from tokenwire_serve.servicer.sinks import CumulativeSink, DeltaSink

from tests.grpc.wire_service import until

if TYPE_CHECKING:
    from collections.abc import Iterator

TOP = ((-0.5, 7, "b"), (float("-inf"), 8, '"'))


def positions(count: int) -> list[TokenLogprob]:
    return [TokenLogprob(None, 1, None), *(TokenLogprob(-0.25, n, "a", TOP) for n in range(count - 1))]


def deltas(count: int) -> list[Delta]:
    """Three deltas, of which the first has so many log-probabilities of the prompt."""
    first = Delta(0, [1], "x", count, 1, input_logprobs=positions(count), output_logprobs=positions(2))
    last = Delta(0, [3], "z", count, 3, finish=Finish("length", length=3), output_logprobs=positions(2))
    return [first, Delta(0, [2], "y", count, 2, output_logprobs=positions(2)), last]


class Taken:
    """Notes what comes, and what was written by then."""

    def __init__(self) -> None:
        self.took: list[Any] = []

    def push(self, delta: Delta) -> None:
        self.took.append((delta.text, isinstance(delta.input_logprobs, WrittenLogprobs)))

    def close(self, error: BaseException | None = None) -> None:
        self.took.append(error)


def messages(kind: Any, *, in_thread: bool, count: int = MANY_LOGPROBS) -> list[Any]:
    request = GenerateRequest("rid", "p", Sampling(), stream=True, logprobs=True, top_logprobs=2)

    async def work() -> list[Any]:
        sink = kind(TEXT, request, "v", 0.0, dict, lambda: None, lambda: None)
        entrance = LogprobWriter(sink, sink.stream, with_top=True) if in_thread else sink
        for delta in deltas(count):
            entrance.push(delta)
        entrance.close()
        return [message async for message in sink.stream]

    found = asyncio.run(work())
    for message in found:
        message.meta_info.pop("e2e_latency", None)
    return found


@pytest.mark.parametrize("kind", [CumulativeSink, DeltaSink])
def test_messages_are_the_same(kind: Any) -> None:
    found = messages(kind, in_thread=True)
    assert found[-1].meta_info["input_token_logprobs"].count("[-0.25,") == MANY_LOGPROBS - 1
    assert found[-1].meta_info["input_top_logprobs"].count('[-0.5,7,"b"]') == MANY_LOGPROBS - 1
    assert found == messages(kind, in_thread=False)


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    seen: list[str] = []
    triple = meta_info._triple

    def noted(*arguments: Any) -> str:
        seen.append(threading.current_thread().name)
        return triple(*arguments)

    monkeypatch.setattr(meta_info, "_triple", noted)
    return iter([seen])


def test_many_are_written_in_a_thread(threads: Iterator[list[str]]) -> None:
    seen = next(threads)
    messages(CumulativeSink, in_thread=True)
    assert seen.count(threading.main_thread().name) == 2 * (2 + 2)  # The last two deltas'.
    assert len(seen) > 2 * MANY_LOGPROBS


def test_few_are_written_at_once(threads: Iterator[list[str]]) -> None:
    seen = next(threads)
    messages(CumulativeSink, in_thread=True, count=20)
    assert set(seen) == {threading.main_thread().name}


async def test_what_comes_behind_waits_its_turn() -> None:
    taken = Taken()
    writer = LogprobWriter(taken, PushStream(), with_top=True)
    error = RpcError(Code.UNAVAILABLE, "gone")
    for delta in deltas(MANY_LOGPROBS):
        writer.push(delta)
    writer.close(error)
    assert not taken.took
    await until(lambda: len(taken.took) == 4)
    assert taken.took == [("x", True), ("y", False), ("z", False), error]


async def test_nothing_is_written_for_a_client_that_has_left() -> None:
    taken, stream = Taken(), PushStream[Any]()
    writer = LogprobWriter(taken, stream, with_top=True)
    writer.push(deltas(MANY_LOGPROBS)[0])
    stream.cancel()
    await until(lambda: bool(taken.took))
    assert taken.took == [("x", False)]


async def test_what_cannot_be_written_ends_the_request(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("a bug")

    monkeypatch.setattr(large_logprobs, "_write", broken)
    taken = Taken()
    writer = LogprobWriter(taken, PushStream(), with_top=True)
    writer.push(deltas(MANY_LOGPROBS)[0])
    await until(lambda: bool(taken.took))
    (error,) = taken.took
    assert isinstance(error, RpcError) and (error.code, error.message) == (Code.INTERNAL, "internal error")
    assert caplog.messages == ["log-probabilities cannot be written"]

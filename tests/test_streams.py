"""Push streams: who gets what was pushed, as messages or as bytes, before and after the end."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest
from tokenwire import Code
from tokenwire.errors import RpcError
from tokenwire.streams import PushStream


class Taker:
    """A sink of messages."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        self.ends: list[BaseException | None] = []

    def push(self, message: Any, /) -> None:
        self.got.append(message)

    def close(self, error: BaseException | None = None, /) -> None:
        self.ends.append(error)


class ByteTaker(Taker):
    """A sink that takes bytes too."""

    def push_bytes(self, body: bytes, /) -> None:
        self.got.append(body)


def stream(**options: Any) -> PushStream[Any]:
    return PushStream(decode=bytes.decode, **options)


async def test_iterating_yields_messages_of_bytes() -> None:
    pushed = stream()
    pushed.push_bytes(b"a")
    pushed.push("b")
    pushed.push_bytes(b"c")
    pushed.close()
    assert [message async for message in pushed] == ["a", "b", "c"]


async def test_a_reader_that_waits_is_woken_by_bytes() -> None:
    pushed = stream()
    reader = asyncio.ensure_future(anext(pushed))
    await asyncio.sleep(0)
    pushed.push_bytes(b"a")
    assert await reader == "a"


@pytest.mark.parametrize(
    ("taker", "expected"), [(Taker, ["a", "b", "c", "d"]), (ByteTaker, [b"a", "b", b"c", "d"])]
)
def test_a_subscriber_gets_what_waits_and_what_comes(taker: type[Taker], expected: list[Any]) -> None:
    pushed, sink = stream(), taker()
    pushed.push_bytes(b"a")
    pushed.push("b")
    pushed.subscribe(sink)
    pushed.push_bytes(b"c")
    pushed.push("d")
    pushed.close()
    assert sink.got == expected
    assert sink.ends == [None]


@pytest.mark.parametrize(("taker", "expected"), [(Taker, ["a", "b"]), (ByteTaker, ["a", b"b"])])
def test_methods_fetched_before_the_subscription_reach_the_subscriber(
    taker: type[Taker], expected: list[Any]
) -> None:
    pushed, sink = stream(), taker()
    push, push_bytes = pushed.push, pushed.push_bytes
    pushed.subscribe(sink)
    push("a")
    push_bytes(b"b")
    assert sink.got == expected
    pushed.close()
    push("late")
    push_bytes(b"late")
    assert sink.got == expected


@pytest.mark.parametrize("end", ["close", "cancel"])
def test_what_comes_after_the_end_is_dropped(end: str) -> None:
    pushed, sink = stream(), ByteTaker()
    push, push_bytes = pushed.push, pushed.push_bytes
    getattr(pushed, end)()
    for late in (push, pushed.push):
        late("late")
    for late_bytes in (push_bytes, pushed.push_bytes):
        late_bytes(b"late")
    pushed.subscribe(sink)
    assert sink.got == []
    assert sink.ends == [None]


async def test_closing_keeps_what_waits_and_cancelling_drops_it() -> None:
    for end, left in (("close", ["a"]), ("cancel", [])):
        pushed = stream()
        pushed.push_bytes(b"a")
        getattr(pushed, end)()
        assert [message async for message in pushed] == left


def test_a_subscriber_after_the_end_gets_what_waits_and_the_error() -> None:
    pushed, sink, error = stream(), Taker(), RpcError(Code.ABORTED, "no")
    pushed.push_bytes(b"a")
    pushed.close(error)
    pushed.subscribe(sink)
    assert sink.got == ["a"]
    assert sink.ends == [error]


def test_there_is_one_subscriber() -> None:
    pushed = stream()
    pushed.subscribe(Taker())
    with pytest.raises(RuntimeError, match="subscriber"):
        pushed.subscribe(Taker())


def test_cancelling_tells_the_producer_once() -> None:
    told: list[str] = []
    pushed = stream(on_cancel=lambda: told.append("cancelled"))
    sink = ByteTaker()
    pushed.subscribe(sink)
    pushed.cancel()
    pushed.cancel()
    pushed.close()
    pushed.push_bytes(b"late")
    assert told == ["cancelled"]
    assert sink.got == []
    assert sink.ends == []
    assert pushed.closed


def test_a_sink_may_cancel_while_it_is_given_what_waits() -> None:
    pushed = stream()

    class Leaver(Taker):
        def push(self, message: Any, /) -> None:
            super().push(message)
            pushed.cancel()

    for text in "abc":
        pushed.push(text)
    sink = Leaver()
    pushed.subscribe(sink)
    assert sink.got == ["a"]


async def test_bytes_that_wait_are_merged_as_bytes() -> None:
    seen: list[tuple[Any, Any]] = []

    def merge(old: Any, new: Any) -> Any:
        seen.append((old, new))
        return old + new if type(old) is type(new) else None

    pushed = stream(merge=merge)
    pushed.push_bytes(b"a")
    pushed.push_bytes(b"b")
    pushed.push("c")
    pushed.push_bytes(b"d")
    pushed.close()
    assert seen[0] == (b"a", b"b")
    assert [message async for message in pushed] == ["c", "abd"]


def test_without_a_decoder_bytes_are_messages() -> None:
    pushed: PushStream[bytes] = PushStream()
    sink = Taker()
    pushed.push_bytes(b"a")
    pushed.subscribe(sink)
    pushed.push_bytes(b"b")
    assert sink.got == [b"a", b"b"]


@pytest.mark.parametrize("taker", [Taker, ByteTaker])
@pytest.mark.parametrize("end", ["close", "cancel"])
def test_an_ended_stream_is_no_cycle(taker: type[Taker], end: str) -> None:
    gc.collect()
    pushed = stream(merge=lambda old, new: None, on_cancel=lambda: None)
    pushed.subscribe(taker())
    getattr(pushed, end)()
    gc.disable()
    try:
        del pushed
        assert gc.collect() == 0
    finally:
        gc.enable()

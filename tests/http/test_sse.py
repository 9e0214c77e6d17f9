"""When events leave: at once where they come slowly, several in one write where they come fast."""

from __future__ import annotations

import asyncio
import gc
from functools import partialmethod
from typing import Any

import pytest
from tokenwire import Code, RpcError
from tokenwire.http.sse import EventWriter
from tokenwire.http.values import EventStream
from tokenwire.streams import PushStream


class Client:
    """What ASGI's `send` has brought; it waits while `reads` is not set."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.more = True
        self.reads = asyncio.Event()
        self.reads.set()

    async def send(self, message: Any) -> None:
        await self.reads.wait()
        self.bodies.append(message["body"])
        self.more = message["more_body"]


@pytest.fixture(autouse=True, params=[True, False], ids=["at once", "in a task"])
def at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Every test with a `send` that needs no task, and with one that does."""
    monkeypatch.setattr(EventWriter, "__init__", partialmethod(EventWriter.__init__, at_once=request.param))
    return bool(request.param)


def writer(stream: PushStream[bytes], client: Client, head: bytes = b"") -> asyncio.Task[None]:
    def frame(message: bytes) -> bytes:
        if message == b"bad":
            raise ValueError("it cannot be framed")
        return message

    events = EventStream(stream, frame, lambda error: b"!%b!" % str(error).encode(), head=head, tail=b".")
    return asyncio.create_task(EventWriter(events, client.send).run())


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_an_event_that_comes_a_while_after_the_last_leaves_at_once() -> None:
    stream: PushStream[bytes] = PushStream()
    client = Client()
    task = writer(stream, client, head=b"h")
    await turns(2)
    for number in range(5):
        await asyncio.sleep(0.01)
        stream.push(b"%d" % number)
        await turns(4)
        assert client.bodies[-1] == b"%d" % number
    stream.close()
    await task
    assert (client.bodies, client.more) == ([b"h", b"0", b"1", b"2", b"3", b"4", b"."], False)


async def test_events_that_come_fast_leave_together() -> None:
    stream: PushStream[bytes] = PushStream()
    client = Client()
    task = writer(stream, client)
    async with asyncio.timeout(10):
        sent = 0
        while len(client.bodies) < 4:
            stream.push(b"a")
            sent += 1
            await turns(1)
    stream.close()
    await task
    assert b"".join(client.bodies) == b"a" * sent + b"."
    assert len(client.bodies) < sent / 2


async def test_a_turn_of_the_loop_is_one_write() -> None:
    stream: PushStream[bytes] = PushStream()
    client = Client()
    task = writer(stream, client)
    await turns(2)
    stream.push(b"a")
    stream.push(b"b")
    stream.close()
    await task
    assert client.bodies == [b"ab."]


async def test_a_send_that_fails_ends_the_writer_and_leaves_the_stream() -> None:
    left = asyncio.Event()
    stream: PushStream[bytes] = PushStream(on_cancel=left.set)

    async def send(message: Any) -> None:
        raise OSError("the socket is gone")

    events = EventStream(stream, bytes, lambda error: b"")
    task = asyncio.create_task(EventWriter(events, send).run())
    await turns(2)
    stream.push(b"a")
    with pytest.raises(OSError, match="gone"):
        await task
    assert left.is_set()


async def test_a_slow_client_gets_joined_messages() -> None:
    stream: PushStream[bytes] = PushStream(merge=lambda old, new: b"<" + new)
    client = Client()
    client.reads.clear()
    task = writer(stream, client, head=b"h")
    await turns(3)
    for _ in range(1000):
        stream.push(b"a")
    stream.close()
    client.reads.set()
    await task
    assert client.bodies == [b"h", b"<a."]


@pytest.mark.parametrize("slow", [False, True])
async def test_what_cannot_be_joined_or_framed_ends_the_stream_and_not_the_producer(slow: bool) -> None:
    def merge(old: bytes, new: bytes) -> bytes:
        raise ValueError("it cannot be joined")

    left = asyncio.Event()
    stream: PushStream[bytes] = PushStream(merge=merge, on_cancel=left.set)
    client = Client()
    task = writer(stream, client, head=b"h")
    await turns(3)
    if slow:
        client.reads.clear()
        stream.push(b"a")
        await turns(5)
        stream.push(b"b")
        stream.push(b"c")
        client.reads.set()
    else:
        stream.push(b"a")
        stream.push(b"bad")
        stream.push(b"c")
    await task
    assert left.is_set()
    text = b"!it cannot be joined!." if slow else b"a!it cannot be framed!."
    assert b"".join(client.bodies).endswith(text)
    assert not client.more


async def test_cancelling_leaves_the_stream() -> None:
    left = asyncio.Event()
    stream: PushStream[bytes] = PushStream(on_cancel=left.set)
    task = writer(stream, Client())
    await turns(3)
    task.cancel()
    await asyncio.wait({task})
    assert left.is_set()


async def test_an_error_is_told_after_what_came_before() -> None:
    stream: PushStream[bytes] = PushStream()
    client = Client()
    task = writer(stream, client)
    stream.push(b"a")
    stream.close(RpcError(Code.UNAVAILABLE, "gone"))
    await task
    assert client.bodies == [b"a!UNAVAILABLE: gone!."]


async def test_cancelling_before_a_send_has_begun_leaves_no_coroutine_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The client may go in the turn in which a write was to begin; a warning would be an error here."""
    stream: PushStream[bytes] = PushStream()
    client = Client()
    task = writer(stream, client, head=b"h")
    await turns(2)
    client.reads.clear()
    send = EventWriter._send_held

    def send_and_go(self: EventWriter) -> None:
        send(self)
        assert self._sending is not None
        self._sending.cancel()
        task.cancel()

    monkeypatch.setattr(EventWriter, "_send_held", send_and_go)
    stream.push(b"1")
    with pytest.raises(asyncio.CancelledError):
        await task
    await turns(2)
    gc.collect()
    assert client.bodies == [b"h"]

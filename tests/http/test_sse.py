"""When events leave: at once on an idle loop, several in one write when they come in a row."""

from __future__ import annotations

import asyncio
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


async def test_on_an_idle_loop_each_event_leaves_at_once() -> None:
    stream: PushStream[bytes] = PushStream()
    client = Client()
    task = writer(stream, client, head=b"h")
    await turns(2)
    for number in range(5):
        stream.push(b"%d" % number)
        await turns(4)
        assert client.bodies[-1] == b"%d" % number
    stream.close()
    await task
    assert (client.bodies, client.more) == ([b"h", b"0", b"1", b"2", b"3", b"4", b"."], False)


async def test_events_that_come_in_a_row_leave_together() -> None:
    stream: PushStream[bytes] = PushStream()
    client = Client()
    task = writer(stream, client)
    for _ in range(10):
        await turns(1)
        stream.push(b"a")
        stream.push(b"b")
    await turns(5)
    stream.close()
    await task
    assert b"".join(client.bodies) == b"ab" * 10 + b"."
    assert len(client.bodies) < 5


async def test_a_row_that_does_not_end_is_sent_nevertheless() -> None:
    stream: PushStream[bytes] = PushStream()
    client = Client()
    task = writer(stream, client)
    async with asyncio.timeout(10):
        while not client.bodies:
            stream.push(b"a")
            await turns(1)
    stream.cancel()
    task.cancel()


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

"""Clients that leave, at every point of a call and in every way: the engine's request goes with them."""

from __future__ import annotations

import asyncio
import itertools
import logging
import socket
from typing import TYPE_CHECKING

import pytest

from benchmarks.soak.callers import SERVICE, SHAPES, Caller, Shape, cut, many_choices_grpc, many_choices_http
from tests.grpc.raw_client import raw_client

from .serving import GONE_S, Residue, Served, served, time_until, until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

WAYS = ("fin", "rst", "half")
CASES = [(name, way) for name, shape in SHAPES.items() for way in (*WAYS, *(["reset"] if shape.grpc else []))]
TIMES = 3


async def connected(server: Served, shape: Shape) -> Caller:
    """Before a byte was sent."""
    return await Caller.connect(server, shape, "x")


async def in_the_head(server: Served, shape: Shape) -> Caller:
    caller = await Caller.connect(server, shape, "x")
    caller.send_half_a_head()
    await caller.writer.drain()
    return caller


async def in_the_body(server: Served, shape: Shape) -> Caller:
    caller = await Caller.connect(server, shape, "x")
    caller.send_half_a_body()
    await caller.writer.drain()
    return caller


async def with_the_last_byte(server: Served, shape: Shape) -> Caller:
    """The server reads the request and the end in one turn, or in one after the other."""
    caller = await Caller.connect(server, shape, "!hang")
    caller.send()
    for _ in range(next(TURNS)):
        await asyncio.sleep(0)
    return caller


async def before_the_first_token(server: Served, shape: Shape) -> Caller:
    caller = await Caller.connect(server, shape, "!hang")
    caller.send()
    await until(lambda: server.requests)
    return caller


async def in_the_middle(server: Served, shape: Shape) -> Caller:
    caller = await Caller.connect(server, shape, "x")
    caller.send()
    if shape.streams:
        await caller.first()
    else:
        await until(lambda: server.engine.loads()[0].num_used_tokens > 1)
    assert server.requests
    return caller


async def after_the_last(server: Served, shape: Shape) -> Caller:
    caller = await Caller.connect(server, shape, "x", tokens=3)
    caller.send()
    await caller.last()
    return caller


TURNS = itertools.cycle(range(7))
POINTS = (
    connected,
    in_the_head,
    in_the_body,
    *[with_the_last_byte] * 5,
    before_the_first_token,
    in_the_middle,
    after_the_last,
)


def points(shape: Shape, way: str) -> list[Callable[[Served, Shape], Awaitable[Caller]]]:
    """The points that a shape has; a stream that is not open yet cannot be reset."""
    left_out = set()
    if not shape.generates:
        left_out.add(in_the_middle)
    if way == "reset":
        left_out |= {connected, in_the_head, with_the_last_byte, after_the_last}
    return [point for point in POINTS if point not in left_out]


@pytest.mark.parametrize(("name", "way"), CASES)
async def test_the_request_of_a_client_that_left_is_gone(
    name: str, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    shape = SHAPES[name]
    async with served() as server:
        residue = Residue()
        for point in points(shape, way) * TIMES:
            caller = await point(server, shape)
            await caller.leave(way)
            seconds, away = await time_until(lambda: server.requests == 0)
            print(f"gone: {name:20} {way:6} {point.__name__:24} {seconds * 1000:6.1f} ms")
            assert seconds <= GONE_S + away, point.__name__
            if way == "half":
                await caller.closed()
            await caller.close()
        await residue.none()
        assert server.requests == 0
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


STALLED = {
    "grpc": Shape("TextGenerate", many_choices_grpc, grpc=True),
    "http": Shape("/generate", many_choices_http),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("transport", STALLED)
async def test_a_client_that_had_stopped_reading(transport: str, way: str) -> None:
    """The server's buffers are full: what waits there keeps nothing alive."""
    async with served() as server:
        residue = Residue()
        caller = await Caller.connect(server, STALLED[transport], "x", receive_buffer=4096)
        caller.send()
        await caller.first()
        await caller.stall()
        assert server.requests == 1
        await caller.leave(way)
        seconds, away = await time_until(lambda: server.requests == 0)
        print(f"gone: {transport} stalled {way:6} {seconds * 1000:6.1f} ms")
        assert seconds <= GONE_S + away
        await caller.close()
        await residue.none()


@pytest.mark.parametrize("way", WAYS)
async def test_a_client_that_had_sent_the_next_request_already(way: str) -> None:
    """HTTP/1.1 pipelining: the second request waits for the first, and neither outlives the client."""
    async with served() as server:
        residue = Residue()
        caller = await Caller.connect(server, SHAPES["http-generate"], "!hang")
        caller.send()
        await until(lambda: server.requests == 1)
        caller.send()
        caller.send()
        await asyncio.sleep(0.05)
        await caller.leave(way)
        seconds, away = await time_until(lambda: server.requests == 0)
        assert seconds <= GONE_S + away
        await caller.close()
        await residue.none()
        assert server.requests == 0


@pytest.mark.parametrize("way", WAYS)
async def test_all_calls_of_a_connection_go_with_it(way: str) -> None:
    async with served() as server, raw_client(f"127.0.0.1:{server.grpc}") as client:
        body = SHAPES["grpc-text"].body("x", 1_000_000)
        for _ in range(200):
            client.open(body, **{":path": SERVICE + "TextGenerate"})
        await until(lambda: server.requests == 200)
        sock = client.writer.get_extra_info("socket")
        if way == "rst":
            cut(sock)
        if way == "half":
            sock.shutdown(socket.SHUT_WR)
        else:
            client.writer.transport.abort()
        seconds, away = await time_until(lambda: server.requests == 0)
        print(f"gone: 200 calls of one connection {way:6} {seconds * 1000:6.1f} ms")
        assert seconds <= GONE_S + away

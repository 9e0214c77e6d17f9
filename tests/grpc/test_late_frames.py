"""Frames that were under way when a stream was reset: they are nobody's fault."""

from __future__ import annotations

import asyncio

from tokenwire.client import Client

from .wire_service import PUSH, Raw, WireServicer, running, until


async def test_our_client_resets_a_stream_once() -> None:
    async with running() as (servicer, server, target), Client(target) as client:
        assert isinstance(servicer, WireServicer)
        stream = client._stream(PUSH, Raw(b"x"))
        await until(lambda: bool(servicer.pushes))
        (push,) = servicer.pushes
        push.push(Raw(b"first"))
        await anext(stream)
        for number in range(500):
            push.push(Raw(b"%d" % number))
        await asyncio.sleep(0)  # they leave with the end of the turn
        stream.cancel()
        await until(lambda: servicer.cancelled == 1)
        again = client._stream(PUSH, Raw(b"y"))
        await until(lambda: len(servicer.pushes) == 2)
        servicer.pushes[1].push(Raw(b"on the same connection"))
        assert (await anext(again)).data == b"on the same connection"
        assert server.stats.resets_received == 1
        assert server.stats.connections == 1

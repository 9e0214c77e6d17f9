"""Many who shake hands at once are served a few at a time, and others in between."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
import uvloop
from tokenwire import handshake_turns

from tests.grpc.wire_service import running, until

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from .certificates import Authority

MANY = 60


class Counted(ssl.SSLObject):
    """Counts the steps of handshakes by the turn of the loop in which they are made.

    Attributes:
        steps: How many there were in each turn.
        turn: The turn.
    """

    steps: ClassVar[Counter[int]] = Counter()
    turn = 0

    def do_handshake(self) -> None:
        type(self).steps[self.turn] += 1
        super().do_handshake()


def hello(client: ssl.SSLContext) -> bytes:
    """What a client says first."""
    received, said = ssl.MemoryBIO(), ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        client.wrap_bio(received, said, server_hostname="localhost").do_handshake()
    return said.read()


async def count_turns() -> None:
    while True:
        Counted.turn += 1
        await asyncio.sleep(0)


async def burst(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.server())
    context.sslobject_class = Counted
    client = authority.trusted()
    client.set_alpn_protocols(["h2"])
    monkeypatch.setattr(Counted, "steps", Counter())
    async with running(ssl=context) as (_, server, target), contextlib.AsyncExitStack() as stack:
        host, _, port = target.rpartition(":")
        peers = [await asyncio.open_connection(host, int(port)) for _ in range(MANY)]
        for _, writer in peers:
            stack.callback(writer.close)
        await until(lambda: len(server._room.newcomers) == MANY)
        await until(lambda: len(server._handshakes._shaking) == MANY)
        turns = asyncio.create_task(count_turns())
        Counted.steps.clear()
        for _, writer in peers:
            writer.write(hello(client))
        answers = await asyncio.gather(*(reader.read(3) for reader, _ in peers))
        turns.cancel()
        assert answers == [b"\x16\x03\x03"] * MANY  # Each has its ServerHello.
        assert sum(Counted.steps.values()) == MANY
        assert max(Counted.steps.values()) <= handshake_turns._MOST_PER_TURN
        await server.close()
        await until(lambda: not server._handshakes._shaking)
        assert server._handshakes._epoll is None


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_handshakes_have_turns(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, run: Callable[[Coroutine[Any, Any, None]], None]
) -> None:
    run(burst(authority, monkeypatch))

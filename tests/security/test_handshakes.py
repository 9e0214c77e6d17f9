"""Many who shake hands at once are served a few at a time, and others in between."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
import uvloop
from tokenwire import handshake_turns
from tokenwire.grpc.room import TlsHandshake
from tokenwire.handshake_turns import HandshakeTurns

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


async def lost_without_a_word(raw: asyncio.Transport, *_: Any, **__: Any) -> asyncio.Transport:
    """`start_tls` of uvloop, where what it wrote could not be sent: no error, and a transport."""
    raw.set_protocol(asyncio.Protocol())
    raw.abort()
    await asyncio.sleep(0.01)
    return raw


class Seen:
    """A handshake that tells when it has a turn."""

    def __init__(self, name: str, turns: list[str]) -> None:
        self.name, self.turns = name, turns

    def read_on(self) -> None:
        self.turns.append(self.name)
        if self.name == "broken":
            raise OSError("no memory for the descriptor")

    def read_no_more(self) -> None:
        pass

    def abort(self) -> None:
        self.turns.append("aborted")


async def test_one_that_cannot_be_read_ends_alone(caplog: pytest.LogCaptureFixture) -> None:
    turns, seen = HandshakeTurns(), list[str]()
    pairs = [socket.socketpair() for _ in range(6)]
    shaking = [Seen(name, seen) for name in ("a", "b", "broken", "c", "d", "e")]
    for (ours, theirs), one in zip(pairs, shaking, strict=True):
        turns.enter(ours.fileno(), b"", one)
        theirs.send(b"hello")
    await until(lambda: {"a", "b", "c", "d", "e", "aborted"} <= set(seen))
    for (ours, theirs), one in zip(pairs, shaking, strict=True):
        turns.leave(ours.fileno(), one)
        ours.close()
        theirs.close()
    assert "cannot be read" in caplog.text


async def test_who_begins_many_delays_its_own() -> None:
    turns, seen = HandshakeTurns(), list[str]()
    pairs = [socket.socketpair() for _ in range(12)]
    names = ["many"] * 10 + ["one", "other"]
    shaking = [Seen(name, seen) for name in names]
    for (ours, theirs), one in zip(pairs, shaking, strict=True):
        turns.enter(ours.fileno(), one.name.encode(), one)
        theirs.send(b"hello")
    await until(lambda: len(seen) >= 12)
    assert set(seen[:4]) == {"many", "one", "other"}
    for (ours, theirs), one in zip(pairs, shaking, strict=True):
        turns.leave(ours.fileno(), one)
        ours.close()
        theirs.close()


async def test_one_that_is_lost_becomes_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    monkeypatch.setattr(
        TlsHandshake, "successor", lambda handshake: made.append(handshake) or asyncio.Protocol()
    )
    monkeypatch.setattr(asyncio.get_running_loop(), "start_tls", lost_without_a_word)
    async with running(ssl=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)) as (_, server, target):
        host, _, port = target.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        await until(lambda: not server._room.newcomers)
        await asyncio.sleep(0.05)
        writer.close()
    assert not made


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_handshakes_have_turns(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, run: Callable[[Coroutine[Any, Any, None]], None]
) -> None:
    run(burst(authority, monkeypatch))

"""New connections: whose turn it is, and what becomes of those that are of no use."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from contextlib import ExitStack
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
import uvloop
from tokenwire import acceptor
from tokenwire.acceptor import Acceptor, bind, hung_up

from .wire_service import until

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
HERE, ELSEWHERE = "127.0.0.1", "127.0.0.2"


class Seen(asyncio.Protocol):
    """Notes who has come, and what was sent."""

    def __init__(self, door: Door) -> None:
        self.door = door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.door.came.append(transport.get_extra_info("peername")[0])
        self.door.transports.append(transport)

    def data_received(self, data: bytes) -> None:
        self.door.data += data


class Door:
    """An acceptor on a socket, and its clients."""

    def __init__(self, stack: ExitStack) -> None:
        self.came: list[str] = []
        self.data = b""
        self.transports: list[asyncio.BaseTransport] = []
        self.closed: Counter[str] = Counter()
        self.sock = socket.create_server((HERE, 0), backlog=200)
        self.acceptor = Acceptor([self.sock], lambda: Seen(self), self.closed)
        self._stack = stack
        stack.callback(self.close)

    def connect(self, source: str = HERE, data: bytes = b"") -> socket.socket:
        client = socket.create_connection(self.sock.getsockname(), timeout=5, source_address=(source, 0))
        client.sendall(data)
        return self._stack.enter_context(client)

    def close(self) -> None:
        self.acceptor.close()
        for transport in self.transports:
            transport.close()


def run(loop: str, work: Callable[[Door], Coroutine[None, None, None]]) -> None:
    async def main() -> None:
        with ExitStack() as stack:
            await work(Door(stack))
        await asyncio.sleep(0)

    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        runner.run(main())


@pytest.fixture(params=LOOPS)
def loop(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_connection_reaches_its_protocol(loop: str) -> None:
    async def work(door: Door) -> None:
        door.connect(data=b"hello")
        door.acceptor.start()
        await until(lambda: door.data == b"hello")
        sock = door.transports[0].get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    run(loop, work)


def test_nobody_waits_for_all_that_another_has_opened(loop: str) -> None:
    async def work(door: Door) -> None:
        for _ in range(60):
            door.connect(ELSEWHERE)
        door.connect(HERE)
        door.acceptor.start()
        await until(lambda: len(door.came) == 61)
        assert door.came.index(HERE) < 30

    run(loop, work)


def test_few_are_set_up_in_a_turn(loop: str) -> None:
    async def work(door: Door) -> None:
        for _ in range(60):
            door.connect()
        door.acceptor.start()
        seen = [0]
        while seen[-1] < 60:
            await asyncio.sleep(0)
            seen.append(len(door.came))
        assert max(after - before for before, after in pairwise(seen)) <= 2

    run(loop, work)


def test_who_has_left_costs_no_protocol(loop: str) -> None:
    async def work(door: Door) -> None:
        for _ in range(20):
            door.connect(data=b"never read").close()
        door.connect(data=b"hello")
        door.acceptor.start()
        await until(lambda: door.data == b"hello")
        assert door.came == [HERE]
        assert door.closed == {"left": 20}

    run(loop, work)


def test_who_has_most_that_wait_loses_them(loop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acceptor, "_MOST_WAITING", 8)
    monkeypatch.setattr(acceptor, "_TURN_SECONDS", 1.0)  # All are accepted in one turn, however slow it is.

    async def work(door: Door) -> None:
        door.connect(HERE)
        clients = [door.connect(ELSEWHERE) for _ in range(20)]
        door.acceptor.start()
        await until(lambda: len(door.came) == 8)
        assert door.came.count(HERE) == 1
        assert door.closed == {"queue": 13}
        assert clients[0].recv(1) == b""

    run(loop, work)


def test_those_who_wait_at_the_end_are_let_in(loop: str) -> None:
    async def work(door: Door) -> None:
        for _ in range(20):
            door.connect()
        door.acceptor.start()
        await door.acceptor.finish()
        assert len(door.came) == 20
        with pytest.raises(OSError, match="refused"):
            socket.create_connection((HERE, door.transports[0].get_extra_info("sockname")[1]), timeout=5)

    run(loop, work)


def test_closing_ends_those_who_wait(loop: str) -> None:
    async def work(door: Door) -> None:
        clients = [door.connect() for _ in range(20)]
        door.acceptor.start()
        for _ in range(5):
            await asyncio.sleep(0)
        door.acceptor.close()
        await door.acceptor.settled()
        assert len(door.came) < 20
        assert clients[-1].recv(1) == b""

    run(loop, work)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("10.0.0.1", "10.0.0.2", False),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
    ],
)
def test_what_one_client_may_have_all_addresses_of(first: str, second: str, same: bool) -> None:
    assert (acceptor.client_of((first, 1)) == acceptor.client_of((second, 2))) is same


async def test_sockets_of_a_host() -> None:
    for host in (HERE, None):
        sockets = await bind(host, 0)
        assert sockets
        for sock in sockets:
            sock.close()
    with socket.create_server((HERE, 0)) as taken, pytest.raises(OSError, match="in use"):
        await bind(HERE, taken.getsockname()[1])


def test_a_peer_that_has_closed_has_hung_up() -> None:
    first, second = socket.socketpair()
    with first:
        assert not hung_up(first.fileno())
        second.sendall(b"never read")
        second.close()
        assert hung_up(first.fileno())
    assert not hung_up(first.fileno())

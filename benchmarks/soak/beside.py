"""A small server beside the large one, over TLS, which is ended under load and started again."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import trustme
from tokenwire_gen.sglang.runtime.v1 import sglang_pb as pb

from .calls import TEXT, check, check_status, events_of, sampling
from .ends import End, TurnedAwayError, end_of
from .ledger import Kind, Ledger
from .process import ServerProcess, until
from .windows import Windows
from .world import World

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path
    from random import Random

__all__ = ["BESIDE", "Beside"]

_TOKENS: Final = 20
_CALLERS: Final = 3
"""Of each kind."""
_PAUSE_S: Final = (0.0, 0.05)
_WHOLE: Final = TEXT * _TOKENS
_REQUEST: Final = pb.TextGenerateRequest(text="x", sampling_params=sampling(_TOKENS), stream=True)
_BODY: Final = {"text": "x", "sampling_params": {"max_new_tokens": _TOKENS}}
_UNFINISHED: Final = "requests still run after"


async def deltas(world: World, random: Random) -> None:
    """TextGenerate over our client."""
    with _answer() as pieces:
        async for message in world.ours(random).text_generate(_REQUEST):
            pieces.append(message.text)
    check("".join(pieces), _WHOLE, "text")


async def cumulative(world: World, random: Random) -> None:
    """TextGenerate over stock gRPC."""
    with _answer() as pieces:
        async for message in world.stock(random, "TextGenerate")(_REQUEST):
            pieces.append(message.text)
    check(pieces[-1], _WHOLE, "text")


async def whole(world: World, random: Random) -> None:
    """`/generate` as one body."""
    reply = await world.web(random).post("/generate", json=_BODY)
    check_status(reply)
    check(reply.json()["text"], _WHOLE, "text")


async def events(world: World, random: Random) -> None:
    """`/generate` as events."""
    with _answer() as lines:
        async with world.web(random).stream("POST", "/generate", json={**_BODY, "stream": True}) as reply:
            check_status(reply)
            async for line in reply.aiter_lines():
                lines.append(line)
        found = await events_of(_each(lines))
    check(found[-1]["text"], _WHOLE, "text")


async def _each(lines: list[str]) -> AsyncIterator[str]:
    for line in lines:
        yield line


@contextmanager
def _answer() -> Iterator[list[str]]:
    """Takes what comes of an answer; one that is turned away after that is lost."""
    pieces: list[str] = []
    try:
        yield pieces
    except Exception as error:
        if pieces and end_of(error) is not End.WRONG:
            raise TurnedAwayError(End.LOST, f"{error!r} after {len(pieces)} pieces") from error
        raise


BESIDE: Final = [
    Kind("TextGenerate, deltas, TLS", "beside", deltas),
    Kind("TextGenerate, grpcio, TLS", "beside", cumulative),
    Kind("/generate, whole, TLS", "beside", whole),
    Kind("/generate, events, TLS", "beside", events),
]
"""Calls of the second server; they tell a call that was not taken from one that was lost."""


@dataclass
class Beside:
    """The second server; it runs only while one of its moments does.

    Attributes:
        folder: Of its log and its certificate.
        flags: Of the server.
        key: That its clients show.
        ledger: Where its calls are entered.
        random: Chooses.
        windows: Of all its moments.
    """

    folder: Path
    flags: tuple[str, ...]
    key: str
    ledger: Ledger
    random: Random
    windows: Windows = field(default_factory=Windows)

    def __post_init__(self) -> None:
        authority, certificate = trustme.CA(), self.folder / "server.pem"
        issued = authority.issue_cert("127.0.0.1")
        self._ca, self._log = self.folder / "ca.pem", self.folder / "beside.log"
        authority.cert_pem.write_to_path(str(self._ca))
        issued.private_key_and_cert_chain_pem.write_to_path(str(certificate))
        self._flags = (*self.flags, "--ssl-certfile", str(certificate))

    async def sigterm(self, name: str) -> None:
        """What was taken is answered within the drain time, and what was not is told so."""
        await self._end_under_load(name, signal.SIGTERM, 0, End.UNAVAILABLE, End.REFUSED)

    async def kill(self, name: str) -> None:
        """What runs ends at once; who calls again is answered by the next process."""
        ends = (End.UNAVAILABLE, End.REFUSED, End.CUT, End.LOST)
        await self._end_under_load(name, signal.SIGKILL, -signal.SIGKILL, *ends)

    async def _end_under_load(self, name: str, number: signal.Signals, status: int, *excused: End) -> None:
        async with AsyncExitStack() as stack:
            first = await stack.enter_async_context(ServerProcess(self._flags, self._log))
            ports = ("--port", str(first.http), "--grpc-port", str(first.grpc))
            async with (
                World(first.http, first.grpc, 1, self.key, self._ca, windows=self.windows) as world,
                self._load(world),
            ):
                await self._answered()
                with self.windows.open(name, *excused):
                    first.signal(number)
                    check(await first.wait(), status, "exit status")
                    self._read_log(first)
                    again = ServerProcess((*self._flags, *ports), self._log)
                    await stack.enter_async_context(again)
                    await self._answered()
                await self._answered()
            check(await again.stop(), 0, "exit status")
            self._read_log(again)

    @asynccontextmanager
    async def _load(self, world: World) -> AsyncIterator[None]:
        """Callers that make one call after the other while the block runs."""
        stop = asyncio.Event()
        callers = [asyncio.create_task(self._call(kind, world, stop)) for kind in BESIDE * _CALLERS]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*callers)

    async def _call(self, kind: Kind, world: World, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self.ledger.run(kind, world, self.random)
            await asyncio.sleep(self.random.uniform(*_PAUSE_S))

    async def _answered(self) -> None:
        """Wait until there are new answers of every kind, as many as there are callers."""
        ended = self.ledger.ended
        wanted = {kind.name: ended[kind.name] + _CALLERS for kind in BESIDE}

        async def reached() -> bool:
            return all(ended[name] >= count for name, count in wanted.items())

        await until(reached)

    def _read_log(self, server: ServerProcess) -> None:
        for sentence in server.log_problems():
            self.ledger.blame(sentence)
        if _UNFINISHED in server.log_text():
            self.ledger.blame("requests that were taken did not end within the drain time")

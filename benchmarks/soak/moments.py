"""What happens in a run: the engine dies, descriptors run out, the disk is full, a server is ended."""

from __future__ import annotations

import asyncio
import resource
import time
from collections import deque
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from tokenwire.codes import Code
from tokenwire_gen.sglang.runtime.v1 import sglang_pb as pb

from .calls import check, sampling
from .ends import End, WrongError
from .faults import check_code
from .ledger import sentence_of
from .process import accepts, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
    from pathlib import Path
    from random import Random

    from .beside import Beside
    from .ledger import Ledger
    from .process import ServerProcess
    from .world import World


__all__ = ["NAMES", "Moments"]

NAMES: Final = (
    "the engine dies and is started again",
    "file descriptors run out",
    "the disk is full",
    "SIGTERM under load",
    "kill -9 under load",
)
_ROUND_S: Final = 100.0
"""Seconds of a round of all moments: an engine that dies after less than 60 s thrice in a row is given up."""
_LASTS_S: Final = 2.0
_AT_MOST_S: Final = 60.0
_SHORT: Final = "no new connections for now"
_DROPPED: Final = "log lines were dropped"
_ENDLESS: Final = pb.TextGenerateRequest(text="x", sampling_params=sampling(1_000_000), stream=True)
_DEATH: Final = pb.TextGenerateRequest(text="!die", sampling_params=sampling(1), stream=True)
_FAULT: Final = pb.TextGenerateRequest(text="!raise", sampling_params=sampling(1), stream=True)


@dataclass
class Moments:
    """They come one after the other, spread evenly over the run.

    Args:
        server: The one that all clients call.
        world: Those clients.
        beside: A second one, which may be ended.
        ledger: Where violations are entered.
        profiles: The server's directory of profiles.
        random: Chooses connections.
    """

    server: ServerProcess
    world: World
    beside: Beside
    ledger: Ledger
    profiles: Path
    random: Random

    async def run(self, seconds: float) -> None:
        """Have all happen, in rounds, within about so many seconds."""
        calls = (
            self.engine_dies,
            self.no_descriptors,
            self.full_disk,
            self.beside.sigterm,
            self.beside.kill,
        )
        rounds = max(1, int(seconds / _ROUND_S))
        step, start = seconds / rounds / (len(calls) + 1), time.monotonic()
        for number in range(rounds):
            for index, (name, call) in enumerate(zip(NAMES, calls, strict=True), 1):
                due = start + number * seconds / rounds + index * step
                await asyncio.sleep(due - time.monotonic())
                await self._run(name, partial(call, name))
        await asyncio.sleep(start + seconds - time.monotonic())

    async def _run(self, name: str, call: Callable[[], Awaitable[None]]) -> None:
        try:
            async with asyncio.timeout(_AT_MOST_S):
                await call()
        except TimeoutError:
            self.ledger.blame(f"{name}: not over within {_AT_MOST_S:g} s")
        except Exception as error:
            self.ledger.blame(f"{name}: {sentence_of(error)}")

    async def engine_dies(self, name: str) -> None:
        """What runs ends with UNAVAILABLE; calls are answered as soon as the engine is up again."""
        client = self.world.ours(self.random)
        async with self._streams() as (stream, events):
            with self.world.windows.open(name, End.UNAVAILABLE):
                await check_code(Code.UNAVAILABLE, client.text_generate(_DEATH))
                await check_code(Code.UNAVAILABLE, stream.task)
                await events.task
                check(events.tail[-1], "data: [DONE]", "last event of a stream on an engine that died")
                check(
                    '"type":"unavailable"' in events.tail[-2], True, "UNAVAILABLE in its last event but one"
                )
                await until(self._is_up)

    async def _is_up(self) -> bool:
        return (await self.world.web(self.random).get("/health")).is_success

    async def no_descriptors(self, name: str) -> None:
        """Connections that are up go on; new ones wait until there are descriptors again."""
        server, said = self.server, self._count(_SHORT)
        async with self._streams() as streams, AsyncExitStack() as crowd:
            with self.world.windows.open(name):
                most = max(server.files()) + 1
                with server.limited(resource.RLIMIT_NOFILE, most):
                    end = time.monotonic() + _LASTS_S
                    while time.monotonic() < end or self._count(_SHORT) == said:
                        if len(server.files()) < most or self._count(_SHORT) == said:
                            _, writer = await asyncio.open_connection("127.0.0.1", server.http)
                            crowd.callback(writer.close)
                        await asyncio.gather(*(stream.goes_on() for stream in streams))
                await crowd.aclose()
                await until(partial(accepts, server.http))

    async def full_disk(self, name: str) -> None:
        """No call is held up; a profile has no room, and leaves nothing; then the log goes on."""
        client, lost = self.world.ours(self.random), self._count(_DROPPED)
        admin = self.world.as_admin(self.random)
        async with self._streams() as streams:
            with self.world.windows.open(name), self.server.limited(resource.RLIMIT_FSIZE, 0):
                size, end = self.server.log.stat().st_size, time.monotonic() + _LASTS_S
                while time.monotonic() < end:
                    await check_code(Code.INTERNAL, client.text_generate(_FAULT))
                    request = pb.StartProfileRequest(output_dir=f"full-{end}")
                    await check_code(Code.FAILED_PRECONDITION, admin.start_profile(request))
                    await asyncio.gather(*(stream.goes_on() for stream in streams))
                    await asyncio.sleep(0.1)
                check(self.server.log.stat().st_size, size, "size of a log that has no room")
                check([*self.profiles.iterdir()], [], "what is left of profiles that had no room")
            await admin.start_profile(pb.StartProfileRequest(output_dir="room"))
            check(len([*self.profiles.glob("room/*")]), 1, "profiles that had room")
            for path in (*self.profiles.glob("room/*"), self.profiles / "room"):
                path.unlink() if path.is_file() else path.rmdir()
            while self._count(_DROPPED) == lost:
                await check_code(Code.INTERNAL, client.text_generate(_FAULT))
                await asyncio.sleep(0.1)

    def _count(self, sentence: str) -> int:
        """How often the log has said so."""
        return self.server.log_text().count(sentence)

    @asynccontextmanager
    async def _streams(self) -> AsyncIterator[tuple[_Stream, _Stream]]:
        """Two endless streams that have begun, over gRPC and as the lines of events."""
        body = {"text": "x", "stream": True, "sampling_params": {"max_new_tokens": 1_000_000}}
        headers = {"x-tokenwire-stream": "delta"}
        async with (
            self.world.ours(self.random).text_generate(_ENDLESS) as stream,
            self.world.web(self.random).stream("POST", "/generate", json=body, headers=headers) as reply,
        ):
            both = _Stream(stream), _Stream(line async for line in reply.aiter_lines() if line)
            try:
                await asyncio.gather(*(stream.goes_on() for stream in both))
                yield both
            finally:
                for one in both:
                    one.task.cancel()
                await asyncio.wait([one.task for one in both])


class _Stream:
    """A stream that is read as it comes.

    Attributes:
        task: Reads it; ends as the stream does.
        tail: The last pieces.
    """

    def __init__(self, pieces: AsyncIterable[Any]) -> None:
        self.tail: deque[Any] = deque(maxlen=4)
        self._count = 0
        self.task = asyncio.create_task(self._read(pieces))

    async def _read(self, pieces: AsyncIterable[Any]) -> None:
        async for piece in pieces:
            self._count += 1
            self.tail.append(piece)

    async def goes_on(self) -> None:
        """Wait until it has something new.

        Raises:
            WrongError: It ended.
        """
        before = self._count
        while self._count == before:
            if self.task.done():
                raise WrongError(f"a stream that was up has ended: {self.task.exception()!r}")
            await asyncio.sleep(0.01)

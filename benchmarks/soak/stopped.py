"""A client that is stopped and continued by signals while it streams.

Run as a module with a gRPC target and a key, it streams until SIGTERM and checks each answer. Then it prints
as JSON how many there were, and from when to when those ran that ended with UNAVAILABLE: it makes them again.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sys
import time
from typing import TYPE_CHECKING, Final

from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_gen.sglang.runtime.v1 import sglang_pb as pb
from tokenwire_gen.sglang.runtime.v1.sglang_grpc import SglangServiceClient

from .ends import End

if TYPE_CHECKING:
    from .world import World

__all__ = ["StoppedClient"]

_RUNS_S: Final = (0.5, 2.0)
_STOPS_S: Final = (0.5, 4.0)
_AGAIN_S: Final = 0.2


async def _stream(target: str, key: str) -> None:
    stop, count = asyncio.Event(), 0
    away: list[tuple[float, float]] = []
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with SglangServiceClient(target, api_key=key) as client:
        while not stop.is_set():
            start = time.monotonic()
            try:
                await _answer(client)
            except RpcError as error:
                if error.code is not Code.UNAVAILABLE:
                    raise
                away.append((start, time.monotonic()))
                await asyncio.sleep(_AGAIN_S)
            else:
                count += 1
    print(json.dumps([count, away]), flush=True)


async def _answer(client: SglangServiceClient) -> None:
    sampling = pb.SamplingParams(max_new_tokens=100)
    request = pb.TextGenerateRequest(text="x", sampling_params=sampling, stream=True)
    text = "".join([message.text async for message in client.text_generate(request)])
    assert text == " token" * 100, text


class StoppedClient:
    """Such a client, from the side of the one who stops it."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def run(self, stop: asyncio.Event) -> int:
        """Stop and continue it until `stop`; how many answers it had, all of them right.

        Raises:
            RuntimeError: One was not, or one ended with UNAVAILABLE though nothing happened to the server.
        """
        world = self._world
        command = ("-m", __name__, f"127.0.0.1:{world.grpc}", world.key)
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=pipe, stderr=pipe)
        try:
            while not stop.is_set() and process.returncode is None:
                await asyncio.sleep(random.uniform(*_RUNS_S))
                process.send_signal(signal.SIGSTOP)
                try:
                    await asyncio.sleep(random.uniform(*_STOPS_S))
                finally:
                    process.send_signal(signal.SIGCONT)
            process.terminate()
            async with asyncio.timeout(30):
                out, err = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0:
            raise RuntimeError(f"the stopped client failed: {err.decode().strip().splitlines()[-1:]}")
        count, away = json.loads(out)
        windows = [window for window in world.windows if End.UNAVAILABLE in window.excused]
        for start, end in away:
            if not any(window.holds(start, end) for window in windows):
                raise RuntimeError("the stopped client was turned away though the server was up")
        return int(count)


if __name__ == "__main__":
    asyncio.run(_stream(*sys.argv[1:]))

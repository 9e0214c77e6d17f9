"""A client that is stopped and continued by signals while it streams; run as a module with a gRPC target.

It streams until SIGTERM, checks each answer, and then prints how many there were.
"""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from typing import Final

from tokenwire_gen.sglang.runtime.v1 import sglang_pb as pb
from tokenwire_gen.sglang.runtime.v1.sglang_grpc import SglangServiceClient

__all__ = ["StoppedClient"]

_RUNS_S: Final = (0.5, 2.0)
_STOPS_S: Final = (0.5, 4.0)


async def _stream(target: str) -> None:
    stop, count = asyncio.Event(), 0
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with SglangServiceClient(target) as client:
        while not stop.is_set():
            sampling = pb.SamplingParams(max_new_tokens=100)
            request = pb.TextGenerateRequest(text="x", sampling_params=sampling, stream=True)
            text = "".join([message.text async for message in client.text_generate(request)])
            assert text == " token" * 100, text
            count += 1
    print(count, flush=True)


class StoppedClient:
    """Such a client, from the side of the one who stops it."""

    def __init__(self, target: str) -> None:
        self._target = target

    async def run(self, stop: asyncio.Event) -> int:
        """Stop and continue it until `stop`; how many answers it had, all of them right.

        Raises:
            RuntimeError: One was not.
        """
        command = ("-m", __name__, self._target)
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
        return int(out)


if __name__ == "__main__":
    asyncio.run(_stream(sys.argv[1]))

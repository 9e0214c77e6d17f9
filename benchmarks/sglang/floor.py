"""SGLang's engine without a front end: its streams are drained and nothing is done with them.

Runs in the environment of SGLang, with SGLang's flags. Prints `ready`, then answers each line
`{"clients": N, "calls": M}` on standard input with the tokens of every call and the seconds it took.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


async def drain(manager: Any, text: str, tokens: int, calls: int) -> list[int]:
    """A client: so many calls, one after the other; the tokens of each."""
    from sglang.srt.managers.io_struct import GenerateReqInput

    found = []
    for _ in range(calls):
        sampling = {"temperature": 0.0, "max_new_tokens": tokens, "ignore_eos": True}
        request = GenerateReqInput(text=text, sampling_params=sampling, stream=True)
        async for chunk in manager.generate_request(request, None):  # noqa: B007  # the last is read
            pass
        found.append(chunk["meta_info"]["completion_tokens"])
    return found


async def answer(manager: Any, say: Callable[[Any], None]) -> None:
    """Do what each line asks for, until there are no more."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        job = json.loads(line)
        begin = time.perf_counter()
        clients = [drain(manager, job["text"], job["tokens"], job["calls"]) for _ in range(job["clients"])]
        found = await asyncio.gather(*clients)
        say({"seconds": time.perf_counter() - begin, "tokens": [count for each in found for count in each]})


def main() -> None:
    """Build the engine and answer."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(value: Any) -> None:
        print(json.dumps(value), file=out, flush=True)

    import sglang
    from sglang.srt.server_args import prepare_server_args

    engine = sglang.Engine(server_args=prepare_server_args(sys.argv[1:]))
    say("ready")
    engine.loop.run_until_complete(answer(engine.tokenizer_manager, say))
    engine.shutdown()


if __name__ == "__main__":
    main()

"""Tokens per second of a running server over gRPC, greedy, at 1, 8 and 32 streams.

tokenwire serve --engine ENGINE ... &
python benchmarks/engine/bench_streams.py [--target 127.0.0.1:40000] [--tokens 256]
"""

from __future__ import annotations

import argparse
import asyncio
import time

from tokenwire_gen.sglang.runtime.v1 import SamplingParams, SglangServiceClient, TextGenerateRequest

_PROMPT = "Tell me a story about a lighthouse."
_STREAMS = (1, 8, 32)


async def _stream(client: SglangServiceClient, tokens: int) -> None:
    params = SamplingParams(temperature=0, max_new_tokens=tokens, ignore_eos=True)
    async for _ in client.text_generate(
        TextGenerateRequest(text=_PROMPT, stream=True, sampling_params=params)
    ):
        pass


async def measure(target: str, tokens: int) -> None:
    async with SglangServiceClient(target) as client:
        for count in _STREAMS:
            await asyncio.gather(*(_stream(client, tokens) for _ in range(count)))
            begin = time.perf_counter()
            await asyncio.gather(*(_stream(client, tokens) for _ in range(count)))
            rate = count * tokens / (time.perf_counter() - begin)
            print(f"{count:3} streams: {rate:,.0f} tokens/s", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", default="127.0.0.1:40000")
    parser.add_argument("--tokens", type=int, default=256)
    arguments = parser.parse_args()
    asyncio.run(measure(arguments.target, arguments.tokens))

"""How responsive the event loop stays, and how fast tokens come, while 32 requests decode.

The lag is how much later than asked a timer of 1 ms fires. The other figure is what
`model.generate` makes on the same model, thread count and prompts, one request after the other.

    python benchmarks/engine/bench_loop_lag.py [--engine transformers] [--requests 32] [--tokens 256]
"""

from __future__ import annotations

import argparse
import asyncio
import time
from typing import TYPE_CHECKING

from tokenwire.streams import PushStream
from tokenwire_serve.engine import Delta, GenerateRequest, Sampling
from tokenwire_serve.engines import EngineOptions, create

if TYPE_CHECKING:
    from tokenwire_serve.engine import Engine

_PROMPTS = (
    "What does os.path.join do?",
    "Explain asyncio.",
    "What is a list?",
    "Describe json.loads in Python.",
)


async def _measure_lag(lags: list[float], done: asyncio.Event) -> None:
    while not done.is_set():
        begin = time.perf_counter()
        await asyncio.sleep(0.001)
        lags.append(time.perf_counter() - begin - 0.001)


async def _request(engine: Engine, number: int, tokens: int) -> int:
    prompt = await engine.render_chat([{"role": "user", "content": _PROMPTS[number % len(_PROMPTS)]}])
    sampling = Sampling(temperature=0.8, seed=number, max_new_tokens=tokens, ignore_eos=True)
    stream: PushStream[Delta] = PushStream()
    engine.generate(GenerateRequest(f"r{number}", prompt, sampling), stream)
    made = 0
    async for delta in stream:
        made = delta.completion_tokens
    return made


async def _engine_rate(engine: Engine, requests: int, tokens: int) -> tuple[float, list[float]]:
    lags: list[float] = []
    done = asyncio.Event()
    probe = asyncio.create_task(_measure_lag(lags, done))
    begin = time.perf_counter()
    made = sum(await asyncio.gather(*(_request(engine, number, tokens) for number in range(requests))))
    elapsed = time.perf_counter() - begin
    done.set()
    await probe
    return made / elapsed, sorted(lags)


def _generate_rate(threads: int, tokens: int) -> float:
    import torch
    from tokenwire_serve.engines.transformers.loading import load

    loaded = load(EngineOptions())
    torch.set_num_threads(threads)
    begin = time.perf_counter()
    for prompt in _PROMPTS:
        ids = torch.tensor([loaded.tokenizer.encode(prompt)])
        loaded.model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            do_sample=True,
            temperature=0.8,
            max_new_tokens=tokens,
            min_new_tokens=tokens,
        )
    return len(_PROMPTS) * tokens / (time.perf_counter() - begin)


async def _main(arguments: argparse.Namespace) -> None:
    engine = create(arguments.engine, EngineOptions(cpu_threads=arguments.threads))
    await engine.start()
    threads = engine.server_info().get("cpu_threads", 0)
    await _engine_rate(engine, arguments.requests, 16)
    rate, lags = await _engine_rate(engine, arguments.requests, arguments.tokens)
    await engine.close()
    p50, p99 = lags[len(lags) // 2], lags[len(lags) * 99 // 100]
    print(f"engine {arguments.engine}, {arguments.requests} requests of {arguments.tokens} tokens")
    print(f"tokens per second     {rate:10.0f}")
    print(f"loop lag, median      {p50 * 1e3:10.2f} ms")
    print(f"loop lag, p99         {p99 * 1e3:10.2f} ms   (aim: under 20 ms)")
    print(f"loop lag, worst       {lags[-1] * 1e3:10.2f} ms")
    if arguments.engine == "transformers":
        alone = _generate_rate(threads, arguments.tokens)
        print(
            f"model.generate, one request at a time: {alone:.0f} tokens per second ({rate / alone:.1f} times)"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", default="transformers")
    parser.add_argument("--requests", type=int, default=32)
    parser.add_argument("--tokens", type=int, default=256)
    parser.add_argument("--threads", type=int, default=None, help="threads of the model's arithmetic")
    asyncio.run(_main(parser.parse_args()))

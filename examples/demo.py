"""What `make demo` shows: serve the embedded model, stream from it three ways, stop.

Run it with `python examples/demo.py`; it takes free ports and needs no GPU.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time

import click
import httpx2
import openai
import tokenwire
from tokenwire.openai_transport import GrpcTransport
from tokenwire_gen.sglang.runtime.v1 import SamplingParams, SglangServiceClient, TextGenerateRequest

QUESTION = "Explain lists in Python."


def headline(text: str) -> None:
    """Print what comes next."""
    click.secho(f"\n{text}", bold=True, color="FORCE_COLOR" in os.environ or None)


def show(text: str) -> None:
    """Print one piece of a stream as it comes."""
    print(text, end="", flush=True)


def start() -> tuple[subprocess.Popen[str], str, str]:
    """Start a server as a user would; returns the process, its HTTP and its gRPC address."""
    command = [sys.executable, "-m", "tokenwire_gen.sglang.runtime.v1", "--port", "0", "--no-access-log"]
    headline("$ python -m tokenwire_gen.sglang.runtime.v1 --port 0 --no-access-log")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline() if process.stdout else ""
    ready = re.search(r"http=(\S+) grpc=(\S+)", line)
    if ready is None:
        sys.exit(f"demo: the server did not start (exit status {process.wait()})")
    print(line, end="")
    return process, ready[1], ready[2]


async def over_grpc(target: str) -> None:
    """Stream through the generated client."""
    headline("the generated client, over gRPC: SglangServiceClient.text_generate")
    request = TextGenerateRequest(
        text="json.dumps\n",
        sampling_params=SamplingParams(max_new_tokens=60, temperature=0.6, seed=1),
        stream=True,
    )
    async with SglangServiceClient(target) as client:
        show(request.text)
        async for chunk in client.text_generate(request):
            show(chunk.text)
    print()


async def through_sdk(client: openai.AsyncOpenAI) -> None:
    """Stream a chat through the official SDK."""
    async with client:
        stream = await client.chat.completions.create(
            model="default",
            messages=[{"role": "user", "content": QUESTION}],
            max_tokens=60,
            temperature=0,
            stream=True,
        )
        show(f"{QUESTION} -> ")
        async for chunk in stream:
            show(chunk.choices[0].delta.content or "")
    print()


async def main() -> None:
    """Run the demo."""
    began = time.monotonic()
    print(f"tokenwire {tokenwire.__version__}")
    process, http, grpc = start()
    try:
        await over_grpc(grpc)
        headline("the official openai SDK, over HTTP: chat.completions.create(stream=True)")
        await through_sdk(openai.AsyncOpenAI(base_url=f"http://{http}/v1", api_key="none"))
        headline("the same SDK over gRPC: http_client=AsyncClient(transport=GrpcTransport(...))")
        over = httpx2.AsyncClient(transport=GrpcTransport(grpc))
        await through_sdk(
            openai.AsyncOpenAI(base_url="http://tokenwire/v1", api_key="none", http_client=over)
        )
    finally:
        process.terminate()
        status = process.wait(40)
    headline(f"stopped with exit status {status}, {time.monotonic() - began:.1f} s in all")
    sys.exit(status)


if __name__ == "__main__":
    asyncio.run(main())

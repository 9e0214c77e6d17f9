"""What the wheel must do in an environment of its own: `python wheel_smoke.py EXAMPLES_DIR`."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

BIN = Path(sys.executable).parent


async def generate_text(target: str) -> str:
    from tokenwire_gen.sglang.runtime.v1 import SamplingParams, SglangServiceClient, TextGenerateRequest

    request = TextGenerateRequest(text="Return the", sampling_params=SamplingParams(max_new_tokens=8))
    async with SglangServiceClient(target) as client:
        return "".join([chunk.text async for chunk in client.text_generate(request)])


def serve_the_embedded_model() -> None:
    process = subprocess.Popen([BIN / "tokenwire", "serve", "--port", "0"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        ready = re.search(r"grpc=(\S+)", process.stdout.readline())
        assert ready is not None, "the server did not start"
        text = asyncio.run(generate_text(ready[1]))
        assert text, "no text came"
        print("served:", repr(text))
    finally:
        process.terminate()
    assert process.wait(40) == 0


def generate_from_a_schema(examples: Path) -> None:
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([BIN / "tokenwire", "gen", examples / "greeter", "--out", directory], check=True)
        script = examples / "greeter" / "greeter_demo.py"
        out = subprocess.run(
            [sys.executable, script],
            env=os.environ | {"PYTHONPATH": directory},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    assert out.splitlines() == ["gRPC: Hello, Ada!", "gRPC: 1 2 3 4 5", 'HTTP: {"text":"Hello, Bob!"}'], out
    print("generated and called: greeter.v1.Greeter")


if __name__ == "__main__":
    serve_the_embedded_model()
    generate_from_a_schema(Path(sys.argv[1]))

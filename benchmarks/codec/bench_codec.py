"""Messages to bytes and back: ours, betterproto2's, google.protobuf's (upb, in C).

Each figure is the whole job of a program: make the message and write it, or read it and take every
field that is set as a Python value. Processor time, the best of several runs, in microseconds.
"""

from __future__ import annotations

import argparse
import importlib
import os
import random
import subprocess
import sys
import tempfile
import time
import timeit
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc_tools
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from tokenwire_gen.sglang.runtime import v1

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
PACKAGE = "sglang.runtime.v1"
LIBRARIES = ("tokenwire", "upb", "betterproto2")
RANDOM = random.Random(7)


@dataclass(frozen=True)
class Case:
    """A message as keyword arguments.

    Attributes:
        title: What it is.
        message: Name of its class.
        values: Constructor arguments; a `Case` for a message within.
    """

    title: str
    message: str
    values: dict[str, Any]

    def make(self) -> str:
        """The expression that makes the message; classes go by their names, values by their places."""
        arguments = (
            f"{name}={value.make() if isinstance(value, Case) else f'{self.message}_{name}'}"
            for name, value in self.values.items()
        )
        return f"{self.message}({', '.join(arguments)})"

    def read(self, message: str) -> str:
        """The expression that takes every field that is set, down to Python's own types."""
        kinds = {list: "list", dict: "dict"}
        parts = []
        for name, value in self.values.items():
            field = f"{message}.{name}"
            parts.append(
                value.read(field) if isinstance(value, Case) else f"{kinds.get(type(value), '')}({field})"
            )
        return f"({', '.join(parts)},)"

    def names(self, classes: Callable[[str], Any]) -> dict[str, Any]:
        """What the names in these expressions stand for."""
        found = {self.message: classes(self.message)}
        for name, value in self.values.items():
            if isinstance(value, Case):
                found |= value.names(classes)
            else:
                found[f"{self.message}_{name}"] = value
        return found


META = {
    "id": '"5b0d5b52-7c9f-4f80-a7f4-6c0f5a9b3a11"',
    "finish_reason": '{"type":"stop","matched":2}',
    "prompt_tokens": "128",
    "completion_tokens": "256",
    "cached_tokens": "0",
    "weight_version": '"default"',
    "e2e_latency": "1.25",
}
IDS = [RANDOM.randrange(150_000) for _ in range(8192)]
FLOATS = [RANDOM.random() for _ in range(4096)]
SAMPLING = Case(
    "", "SamplingParams", {"temperature": 0.7, "top_p": 0.9, "max_new_tokens": 256, "stop": ["\n\n"]}
)
SNAPSHOT = {"instance_id": 2**60, "revision": 17, "healthy": True, "server_status": 2}
CASES = (
    Case("token chunk, delta", "TextGenerateResponse", {"text": " token"}),
    Case("token chunk, last", "TextGenerateResponse", {"text": " end", "meta_info": META, "finished": True}),
    Case("OpenAI chunk, 180 bytes", "OpenAIStreamChunk", {"json_chunk": b"x" * 180}),
    Case("OpenAI request, 4 kB", "OpenAIRequest", {"json_body": b"x" * 4096}),
    Case("engine snapshot", "EngineStateSnapshot", SNAPSHOT),
    Case(
        "text request",
        "TextGenerateRequest",
        {"text": "Tell me a story. " * 8, "sampling_params": SAMPLING, "stream": True, "rid": "r-0001"},
    ),
    Case(
        "tokenizer answer, 512 ids",
        "TokenizeResponse",
        {"tokens": IDS[:512]},
    ),
    Case(
        "id request, 8,192 ids",
        "GenerateRequest",
        {"input_ids": IDS},
    ),
    Case("embedding, 4,096 floats", "EmbedResponse", {"embedding": FLOATS}),
)


def google_classes() -> Callable[[str], Any]:
    descriptors = Path(v1.__file__).with_name("descriptor.binpb").read_bytes()
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(descriptors).file:
        pool.Add(file)
    return lambda name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))


def betterproto2_classes(folder: str) -> Callable[[str], Any]:
    """Compile the proto with betterproto2's own compiler; takes some seconds."""
    scripts = Path(sys.executable).parent
    includes = [ROOT / "proto", Path(grpc_tools.__file__).parent / "_proto"]
    plugin = f"--plugin=protoc-gen-bp={scripts / 'protoc-gen-python_betterproto2'}"
    command = [sys.executable, "-m", "grpc_tools.protoc", *(f"-I{path}" for path in includes), plugin]
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ.get('PATH', '')}"}
    proto = "sglang/runtime/v1/sglang.proto"
    out = Path(folder) / "reference"
    out.mkdir()
    subprocess.run([*command, f"--bp_out={out}", proto], check=True, env=environment, capture_output=True)
    sys.path.insert(0, folder)
    module = importlib.import_module(f"reference.{PACKAGE}")
    return lambda name: getattr(module, name.replace("OpenAI", "OpenAi"))


def best(action: Callable[[], Any], seconds: float) -> float:
    """Microseconds that one run takes."""
    timer = timeit.Timer(action, timer=time.process_time)
    count, _ = timer.autorange()
    rounds = max(3, int(seconds / 0.2))
    return min(timer.repeat(rounds, max(1, count // 2))) / max(1, count // 2) * 1e6


def measure(case: Case, library: str, classes: Callable[[str], Any], seconds: float) -> tuple[float, float]:
    """Microseconds to make and encode, and to decode and read."""
    names = case.names(classes)
    names["parse"] = names[case.message].parse if library == "tokenwire" else names[case.message].FromString
    written = f"{case.make()}.SerializeToString()" if library == "upb" else f"bytes({case.make()})"
    names["data"] = eval(written, names)
    message = "(message := parse(data))"
    encode = eval(f"lambda: {written}", names)
    decode = eval(f"lambda: [{message}, {case.read('message')}]", names)
    return best(encode, seconds), best(decode, seconds)


def main() -> None:
    """Print a table of times, and ours against each of the others."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.6, help="least time for each figure")
    parser.add_argument("--no-betterproto2", action="store_true", help="leave out the slow one")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        libraries = {"tokenwire": lambda name: getattr(v1, name), "upb": google_classes()}
        if not options.no_betterproto2:
            libraries["betterproto2"] = betterproto2_classes(folder)
        print(f"{'':44}{''.join(f'{name:>14}' for name in libraries)}{'x upb':>9}{'x betterproto2':>16}")
        for case in CASES:
            rows = [measure(case, name, classes, options.seconds) for name, classes in libraries.items()]
            for job, times in zip(("make, encode", "decode, read"), zip(*rows, strict=True), strict=True):
                ratios = f"{times[0] / times[1]:9.2f}" + (
                    f"{times[2] / times[0]:16.1f}" if len(times) > 2 else ""
                )
                print(
                    f"{case.title:30}{job:14}{''.join(f'{time:14.2f}' for time in times)}{ratios}", flush=True
                )


if __name__ == "__main__":
    main()

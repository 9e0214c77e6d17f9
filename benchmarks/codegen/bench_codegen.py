"""How long generators take for one proto of many messages: ours, betterproto2's, Google's.

Each runs as protoc runs it, a process that reads the request on stdin, so start-up counts. betterproto2's
compiler needs over a minute for 1,000 messages; `--messages` makes it shorter.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc

TYPES = (
    *("string", "int32", "repeated int32", "bool", "optional double", "bytes"),
    *("map<string, string>", "repeated string", "uint64"),
)
SCRIPTS = Path(sys.executable).parent
OURS = "tokenwire"
PLUGINS = {
    OURS: [sys.executable, "-m", "tokenwire_codegen.plugin"],
    "betterproto2": [str(SCRIPTS / "protoc-gen-python_betterproto2")],
}
DIRECT = "grpcio-tools"
"""Google's generator: no plugin but a part of protoc."""


def schema(messages: int) -> str:
    """A proto of that many messages with 10 fields each."""
    lines = ['syntax = "proto3";', "package big.v1;"]
    for number in range(messages):
        lines.append(f"// Message {number}.\nmessage Message{number} {{")
        lines += [f"  // Field {i}.\n  {kind} field_{i} = {i};" for i, kind in enumerate(TYPES, start=1)]
        lines.append(f"  // The one before.\n  Message{max(0, number - 1)} previous = 10;\n}}")
    return "\n".join(lines)


def measure(command: list[str], stdin: bytes = b"") -> float:
    """Seconds that a command takes."""
    # betterproto2's compiler starts ruff, which is beside this Python.
    path = os.pathsep.join([str(SCRIPTS), os.environ.get("PATH", "")])
    start = time.perf_counter()
    subprocess.run(
        command, input=stdin, stdout=subprocess.DEVNULL, env={**os.environ, "PATH": path}, check=True
    )
    return time.perf_counter() - start


def protoc_command(folder: Path, *outputs: str) -> list[str]:
    return [sys.executable, "-m", "grpc_tools.protoc", f"-I{folder}", *outputs, "big.proto"]


def request(folder: Path) -> bytes:
    """The request that protoc sends to a plugin."""
    out = folder / "big.binpb"
    arguments = ["protoc", f"-I{folder}", f"--descriptor_set_out={out}", "--include_source_info", "big.proto"]
    assert protoc.main(arguments) == 0
    files = FileDescriptorSet.FromString(out.read_bytes()).file
    return CodeGeneratorRequest(file_to_generate=["big.proto"], proto_file=files).SerializeToString()


def show_progress(name: str, done: threading.Event) -> None:
    start = time.perf_counter()
    while not done.wait(1.0):
        print(f"\r{name}: {time.perf_counter() - start:3.0f} s ...", end="", file=sys.stderr, flush=True)
    print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1000, help="messages of the proto [1000]")
    parser.add_argument("--json", type=Path, help="write the seconds here too")
    options = parser.parse_args(arguments)
    messages = options.messages
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "big.proto").write_text(schema(messages))
        stdin = request(folder)
        print(f"one proto, {messages} messages of 10 fields")
        seconds: dict[str, float] = {}
        for tool in (OURS, DIRECT, "betterproto2"):
            done = threading.Event()
            progress = threading.Thread(target=show_progress, args=(tool, done))
            progress.start()
            try:
                seconds[tool] = (
                    measure(protoc_command(folder, f"--python_out={folder}"))
                    if tool == DIRECT
                    else measure(PLUGINS[tool], stdin)
                )
            finally:
                done.set()
                progress.join()
            print(f"{tool:<14} {seconds[tool]:7.2f} s  {seconds[tool] / seconds[OURS]:6.1f} x", flush=True)
    if options.json:
        options.json.write_text(json.dumps({"messages": messages, "seconds": seconds}))


if __name__ == "__main__":
    main()

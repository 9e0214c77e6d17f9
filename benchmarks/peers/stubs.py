"""Generates the peers' code from the proto, each with its own generator: `python stubs.py OUT`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import grpc_tools

PROTO = Path(__file__).parents[2] / "proto"
WELL_KNOWN = Path(grpc_tools.__file__).parent / "_proto"
FILES = ("sglang/runtime/v1/sglang.proto", "tokenwire/options/v1/options.proto")
OUTPUTS = {
    "google_stubs": ("--python_out={0}", "--grpc_python_out={0}"),
    "betterproto2_stubs": (
        "--python_betterproto2_out={0}",
        "--python_betterproto2_opt=server_generation=async,client_generation=async",
    ),
    "connect_stubs": ("--py_out={0}", "--connectrpc_out={0}"),
}


def main(out: Path) -> None:
    """Write one folder per generator."""
    # protoc finds its plugins beside this Python.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path}
    for name, options in OUTPUTS.items():
        folder = out / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        paths = (f"-I{PROTO}", f"-I{WELL_KNOWN}")
        command = [sys.executable, "-m", "grpc_tools.protoc", *paths]
        command += [*(option.format(folder) for option in options), *FILES]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"benchmarks: protoc failed for {name}: {done.stderr.strip()}")
    # google's generator writes no packages, and the `sglang` of site-packages would be found first.
    for folder in ("sglang", "sglang/runtime", "sglang/runtime/v1"):
        (out / "google_stubs" / folder / "__init__.py").touch()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

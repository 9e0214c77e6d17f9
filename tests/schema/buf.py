"""Runs buf, and reads what it builds."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet

ROOT = Path(__file__).parents[2]


def run_buf(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[bytes]:
    """Run the environment's buf in a folder, whatever its exit status."""
    executable = shutil.which("buf", path=sysconfig.get_path("scripts"))
    assert executable is not None, "buf is missing: install the dev dependencies"
    return subprocess.run([executable, *arguments], cwd=folder, capture_output=True, check=False)


def assert_passes(*arguments: str, folder: Path = ROOT) -> bytes:
    """Run buf, which must succeed, and return its output."""
    done = run_buf(*arguments, folder=folder)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
    return done.stdout


def build(*arguments: str, folder: Path = ROOT) -> FileDescriptorSet:
    """Build protos, their imports included."""
    image = assert_passes(
        "build", *arguments, "--as-file-descriptor-set", "-o", "-#format=binpb", folder=folder
    )
    return FileDescriptorSet.FromString(image)

"""Logs and standard output that cannot be written, and profiles that find no room."""

from __future__ import annotations

import errno
import fcntl
import os
import select
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_gen.sglang.runtime.v1 import sglang_pb as pb
from tokenwire_serve.servicer.control import Control
from tokenwire_serve.servicer.core import Core
from tokenwire_serve.servicer.settings import ServicerSettings

from tests.serve.scripted import ScriptedEngine

from .processes import COMMAND, ROOT, eventually, goes_on, open_stream, process

if TYPE_CHECKING:
    from collections.abc import Iterator

DEBUG = ("--log-level", "debug")
LARGE_PROFILE = """
import re, resource, sys
import torch
from tokenwire.errors import RpcError
from tokenwire_serve.engines.transformers.profile import Trace
trace = Trace()
trace.start(sys.argv[1])
for _ in range(100):
    torch.ones(8).add(1)
recorded = trace.stop()
resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
try:
    trace.save(*recorded)
except RpcError as error:
    print(re.sub(r"trace-\\d+", "trace-N", error.message))
"""


def get(port: int, path: str = "/health") -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as reply:
        status: int = reply.status
        return status


def noise(port: int, count: int) -> float:
    """Send what is logged, so many times; the longest that an answer took."""
    longest = 0.0
    for _ in range(count):
        start = time.monotonic()
        with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
            sock.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            assert sock.recv(12) == b"HTTP/1.1 200"
        longest = max(longest, time.monotonic() - start)
    return longest


@contextmanager
def silent(**pipes: Any) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A server whose standard output nobody reads, and its HTTP port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [*COMMAND, str(port), "--no-enable-grpc"]
    with subprocess.Popen(command, cwd=ROOT, **pipes) as popen:
        try:
            eventually(lambda: get(port) == 200)
            yield popen, port
        finally:
            popen.kill()


def test_a_log_on_a_full_disk() -> None:
    with Path("/dev/full").open("wb") as full, process(*DEBUG, stderr=full) as server:
        noise(server.http, 50)
        assert server.stop() == 0


def test_a_log_whose_reader_is_gone() -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as pipe, process(*DEBUG, stderr=pipe) as server:
        os.close(reader)
        noise(server.http, 50)
        assert server.stop() == 0


def test_a_log_that_nobody_reads() -> None:
    """A full pipe holds up no call and no stream, and not the end."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    with os.fdopen(writer, "wb") as pipe, os.fdopen(reader), process(*DEBUG, stderr=pipe) as server:
        with open_stream(server.http) as stream:
            noise(server.http, 200)
            _, writable, _ = select.select([], [writer], [], 0)
            assert not writable  # the pipe is full
            longest = noise(server.http, 200)
            print(f"longest answer while the log is stuck: {longest * 1000:.1f} ms")
            assert longest < 2.0
            assert goes_on(stream)
        assert server.stop() == 0


@pytest.mark.parametrize("out", ["full", "closed"])
def test_a_ready_line_that_cannot_be_written(out: str) -> None:
    """The server serves all the same, says why the line is missing, and ends with 0."""
    if out == "full":
        stdout = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, stdout = os.pipe()
        os.close(reader)
    try:
        with silent(stdout=stdout, stderr=subprocess.PIPE) as (popen, port):
            assert get(port, "/livez") == 200
            popen.terminate()
            _, err = popen.communicate(timeout=20)
    finally:
        os.close(stdout)
    reason = os.strerror(errno.ENOSPC if out == "full" else errno.EPIPE)
    assert f"the ready line cannot be written to standard output: {reason}" in err.decode()
    assert b"Traceback" not in err
    assert popen.returncode == 0


def test_no_room_for_the_whole_of_a_profile(tmp_path: Path) -> None:
    """It is an error, and nothing of it is left; a bound on the size of files stands for a full disk."""
    done = subprocess.run(
        [sys.executable, "-c", LARGE_PROFILE, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.stdout == f"the profile could not be written to {tmp_path}/trace-N.json\n", done.stderr
    assert list(tmp_path.iterdir()) == []


async def test_no_room_for_the_directory_of_a_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: Any, **__: Any) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    engine = ScriptedEngine()
    control = Control(Core(engine, ServicerSettings(profile_dir=tmp_path)))
    monkeypatch.setattr(Path, "mkdir", no_room)
    with pytest.raises(RpcError, match="No space left on device") as caught:
        await control.start_profile(pb.StartProfileRequest(output_dir="traces"))
    assert caught.value.code is Code.FAILED_PRECONDITION
    monkeypatch.setattr("tempfile.mkdtemp", no_room)
    control = Control(Core(engine, ServicerSettings()))
    with pytest.raises(RpcError, match="No space left on device"):
        await control.start_profile(pb.StartProfileRequest())
    assert engine.calls == []

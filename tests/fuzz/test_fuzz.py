"""Every target for a few seconds, each time from another beginning; `make fuzz` goes on for longer."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from .loop import FakeTransport, settle
from .targets import TARGETS

ROOT = Path(__file__).parents[2]
SECONDS = 4


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_holds(target: str, tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="atheris has wheels for Linux and CPython up to 3.13")
    command = [sys.executable, "-m", "tests.fuzz", target, "--seconds", str(SECONDS)]
    command += ["--crashes", str(tmp_path), "--seed", str(random.randint(1, 2**31))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    inputs = [f"{file.name}: {file.read_bytes()!r}" for file in tmp_path.iterdir()]
    assert (done.returncode, inputs) == (0, []), done.stderr[-4000:]
    assert "Done" in done.stderr, done.stderr[-4000:]


INPUTS = """
from tests.fuzz.targets import TARGETS
for name, made in TARGETS.items():
    target = made()
    for data in (b"", b"\\0", b"\\xff" * 50, bytes(range(256)), b'{"a": 1}'):
        target(data)
    print(name)
"""


def test_targets_take_anything() -> None:
    """In a process of their own: their event loops keep timers that nobody waits for."""
    done = subprocess.run(
        [sys.executable, "-c", INPUTS], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout.split() == list(TARGETS)


ENDLESS = {
    "typed": [b"\0\x12\x06@\xff\xff\xff\xff@"],
    "openai": [b"\0\x11\2\x13\x20", b"\1\0\1\x13\x20", b"\1\0\1\x13\x20\x09\x08"],
}
"""Calls for 2^28 tokens and more: a typed one, a chat, and a completion, whole and streamed."""

COUNTED = """
from tests.fuzz.bodies import NullEngine
from tests.fuzz.targets import TARGETS
abort, aborted = NullEngine.abort, []
NullEngine.abort = lambda engine, rid: aborted.append(rid) or abort(engine, rid)
for name, inputs in ENDLESS.items():
    target = TARGETS[name]()
    for data in inputs:
        target(data)
        print(name, len(aborted))
        aborted.clear()
"""


def test_a_call_without_an_end_is_ended() -> None:
    """Each is aborted, once: by the harness, long before it has made its tokens."""
    code = f"ENDLESS = {ENDLESS}\n{COUNTED}"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout.splitlines() == [f"{name} 1" for name, inputs in ENDLESS.items() for _ in inputs]


LATE = {"http": ["9vUO5woKpQr/////////9fX/XxYD9fH19fX19f9fFgP1"]}
"""A pipelined request whose answer is written in the turn after the client has hung up."""

REPLAYED = """
from base64 import b64decode
from tests.fuzz.targets import TARGETS
for name, inputs in LATE.items():
    target = TARGETS[name]()
    for data in inputs:
        target(b64decode(data))
        print(name)
"""


def test_an_answer_to_a_client_that_has_hung_up_is_no_fault() -> None:
    code = f"LATE = {LATE}\n{REPLAYED}"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout.split() == [name for name, inputs in LATE.items() for _ in inputs]


async def test_the_transport_ends_as_those_of_event_loops_do() -> None:
    """The peer's end drops what is written, and is told once, a turn later; one's own makes it a fault."""
    transport, told = FakeTransport(), list[bool]()
    transport.lost = lambda: told.append(transport.is_closing())
    transport.write(b"abc")
    transport.hang_up()
    transport.write(b"late")
    assert (transport.written, told, transport.is_closing(), transport.closed) == (3, [], True, False)
    await settle(1)
    transport.close()
    await settle(1)
    assert told == [True]
    with pytest.raises(AssertionError, match="after the close"):
        transport.write(b"later")


def test_a_target_that_fails_says_so(tmp_path: Path) -> None:
    """The harness is no use if it cannot fail: a target whose program is broken has to be found out."""
    code = (
        "import tests.fuzz.targets as t, sys; t.TARGETS['framing'] = lambda: lambda data: 1 / len(data);"
        f"sys.argv = ['fuzz', 'framing', '--seconds', '5', '--crashes', {str(tmp_path)!r}];"
        "import runpy; runpy.run_module('tests.fuzz', run_name='__main__')"
    )
    pytest.importorskip("atheris", reason="atheris has wheels for Linux and CPython up to 3.13")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert "ZeroDivisionError" in done.stderr + done.stdout
    assert [file.name.split("-")[0] for file in tmp_path.iterdir()] == ["crash"]

"""Memory that has become free is given back, in a thread, and as often as it was in use again."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from tokenwire_serve.process import memory
from tokenwire_serve.process.memory import Trimmer, glibc

from tests.grpc.wire_service import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MIB = 1 << 20


class Heap:
    """An allocator that keeps what the test says.

    Attributes:
        kept: What trimming leaves of the surplus.
    """

    def __init__(self) -> None:
        self.surplus = self.kept = 50 * MIB
        self.free = 500 * MIB
        self.looks = 0
        self.trims: list[threading.Thread] = []

    def free_bytes(self) -> int:
        return self.free

    def surplus_bytes(self) -> int:
        self.looks += 1
        return self.surplus

    def trim(self) -> None:
        self.trims.append(threading.current_thread())
        self.surplus = self.kept

    async def looked(self) -> None:
        until_then = self.looks + 5
        await until(lambda: self.looks >= until_then)


@pytest.fixture
async def heap(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Heap]:
    monkeypatch.setattr(memory, "_SECONDS", 0.001)
    heap = Heap()
    trimmer = Trimmer(heap)
    trimmer.start()
    yield heap
    trimmer.stop()
    trims = len(heap.trims)
    heap.surplus = 1000 * MIB
    await asyncio.sleep(0.01)
    assert len(heap.trims) == trims
    assert threading.main_thread() not in heap.trims


async def test_memory_is_given_back_when_much_more_is_kept(heap: Heap) -> None:
    for surplus, trims in ((57, 0), (58, 1), (57, 1), (58, 2), (10, 2), (17, 2), (18, 3)):
        heap.surplus = surplus * MIB
        await heap.looked()
        assert len(heap.trims) == trims, surplus


async def test_what_trimming_leaves_is_not_trimmed_again(heap: Heap) -> None:
    heap.surplus = heap.kept = 70 * MIB
    await heap.looked()
    assert len(heap.trims) == 1
    heap.surplus = 78 * MIB
    await heap.looked()
    assert len(heap.trims) == 2


async def test_what_is_not_the_allocators_is_not_trimmed(heap: Heap) -> None:
    heap.free = 7 * MIB
    heap.surplus = 100 * MIB
    await heap.looked()
    assert not heap.trims


async def test_without_glibc_nothing_is_done() -> None:
    trimmer = Trimmer(None)
    trimmer.start()
    trimmer.stop()


HEAP = """
import ctypes, threading
from tokenwire_serve.process.memory import glibc, set_up_heap

library = ctypes.CDLL(None)
for function in (library.malloc, library.realloc):
    function.restype = ctypes.c_void_p
library.malloc.argtypes = [ctypes.c_size_t]
library.realloc.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
library.free.argtypes = [ctypes.c_void_p]
set_up_heap()
allocator = glibc()

def take(size):
    block = library.malloc(size)
    ctypes.memset(block, 1, size)
    return block

def free(blocks):
    for block in blocks:
        library.free(block)
"""

THREAD = f"""{HEAP}
def work():
    free([take(30 << 20)])  # After that glibc, left alone, keeps the free ends of heaps.
    before.append(allocator.surplus_bytes())
    free([take(512 << 10) for _ in range(48)])

before = []
thread = threading.Thread(target=work)
thread.start()
thread.join()
allocator.trim()
print(allocator.surplus_bytes() - before[0])
"""

MAPPED = f"""{HEAP}
free([take(30 << 20)])  # After that glibc, left alone, maps only larger ones.
before = allocator.surplus_bytes()
blocks = [take(4 << 20) for _ in range(8)]
free(blocks)
print(allocator.surplus_bytes() - before)
"""


def run(script: str) -> str:
    """What a script prints in a process of its own, whose heap is new."""
    if glibc() is None:
        pytest.skip("another C library, or another system")
    command = [sys.executable, "-c", script]
    theirs = {memory._ALL, *memory._SET_UP}
    environment = {name: value for name, value in os.environ.items() if name not in theirs}
    return subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=60, env=environment
    ).stdout


def test_memory_of_threads_is_given_back() -> None:
    assert int(run(THREAD)) < 5 * MIB


HOLES = """
import ctypes
from tokenwire_serve.process.memory import glibc

library = ctypes.CDLL(None)
library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
library.free.argtypes = [ctypes.c_void_p]
allocator = glibc()

def fill():
    blocks = [library.malloc(100_000) for _ in range(400)]
    for block in blocks:
        ctypes.memset(block, 1, 100_000)
    return blocks

blocks = fill()
library.malloc(100_000)  # Above the hole, so that the heap cannot just be made shorter.
for _ in range(2):
    for block in blocks:
        library.free(block)
    surplus, free = allocator.surplus_bytes(), allocator.free_bytes()
    allocator.trim()
    print(surplus - allocator.surplus_bytes(), free - allocator.free_bytes())
    blocks = fill()
"""


def test_a_hole_that_is_filled_and_emptied_again_is_seen() -> None:
    """Its free bytes are as many as before, and it is resident again."""
    lines = run(HOLES).splitlines()
    assert len(lines) == 2
    for line in lines:
        given_back, less_free = map(int, line.split())
        assert given_back > 30 * MIB
        assert abs(less_free) < 5 * MIB


def test_large_blocks_go_back_at_once() -> None:
    assert int(run(MAPPED)) < MIB

"""Memory that has become free is given back, once and in a thread."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tokenwire_serve.process import memory
from tokenwire_serve.process.memory import Trimmer, glibc

from tests.grpc.wire_service import until

if TYPE_CHECKING:
    import pytest

MIB = 1 << 20


class Heap:
    """An allocator that keeps what the test says."""

    def __init__(self, free: int) -> None:
        self.free = free
        self.looks = 0
        self.trims: list[threading.Thread] = []

    def free_bytes(self) -> int:
        self.looks += 1
        return self.free

    def trim(self) -> None:
        self.trims.append(threading.current_thread())


async def test_memory_is_given_back_when_much_more_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_SECONDS", 0.001)

    async def looked() -> None:
        until_then = heap.looks + 5
        await until(lambda: heap.looks >= until_then)

    heap = Heap(50 * MIB)
    trimmer = Trimmer(heap)
    trimmer.start()
    try:
        for free, trims in ((50, 0), (57, 0), (58, 1), (58, 1), (65, 1), (10, 1), (17, 1), (18, 2)):
            heap.free = free * MIB
            await looked()
            assert len(heap.trims) == trims, free
    finally:
        trimmer.stop()
    assert threading.main_thread() not in heap.trims
    heap.free = 500 * MIB
    assert len(heap.trims) == 2


async def test_without_glibc_nothing_is_done() -> None:
    trimmer = Trimmer(None)
    trimmer.start()
    trimmer.stop()


def test_glibc_is_asked() -> None:
    allocator = glibc()
    if allocator is not None:  # Another C library, or another system.
        assert allocator.free_bytes() > 0
        allocator.trim()

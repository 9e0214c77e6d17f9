"""Blocking callers of a loop in another thread."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import CancelledError

import pytest
from tokenwire.http.loop_thread import LoopThread


async def double(number: int) -> int:
    await asyncio.sleep(0)
    return 2 * number


def test_it_runs_for_many_threads() -> None:
    loop, found = LoopThread(), []
    threads = [threading.Thread(target=lambda n=n: found.append(loop.run(double(n)))) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    loop.close()
    assert sorted(found) == [2 * number for number in range(10)]


def test_closing_frees_those_who_wait() -> None:
    loop = LoopThread()
    waiting = threading.Event()
    cleaned: list[str] = []
    ended: list[type[BaseException]] = []

    async def work() -> None:
        waiting.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append("up")

    def caller() -> None:
        try:
            loop.run(work())
        except BaseException as error:
            ended.append(type(error))

    thread = threading.Thread(target=caller)
    thread.start()
    waiting.wait(10)
    loop.close()
    thread.join(10)
    assert (cleaned, ended) == (["up"], [CancelledError])


def test_nothing_runs_after_the_close() -> None:
    loop = LoopThread()
    loop.close()
    with pytest.raises(RuntimeError):
        loop.run(double(1))

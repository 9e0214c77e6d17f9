"""`/health_generate` is public and makes the engine work: however many ask, it works for one of them."""

from __future__ import annotations

import asyncio

import pytest
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_serve.shapes.shared import Shared


class Work:
    """Work that lasts until it is told to end."""

    def __init__(self) -> None:
        self.begun = 0
        self.running = 0
        self.end: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def __call__(self) -> None:
        self.begun += 1
        self.running += 1
        try:
            await asyncio.shield(self.end)
        finally:
            self.running -= 1


async def test_all_who_wait_share_one_run() -> None:
    work = Work()
    shared = Shared(work)
    callers = [asyncio.create_task(shared()) for _ in range(50)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (work.begun, work.running) == (1, 1)
    work.end.set_result(None)
    await asyncio.gather(*callers)
    await shared()
    assert (work.begun, work.running) == (2, 0)


async def test_a_caller_who_leaves_ends_nothing() -> None:
    work = Work()
    shared = Shared(work)
    leaving, staying = asyncio.create_task(shared()), asyncio.create_task(shared())
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.sleep(0)
    assert work.running == 1
    work.end.set_result(None)
    await staying
    assert work.begun == 1


async def test_a_failure_reaches_all_and_the_next_run_is_a_new_one() -> None:
    work = Work()
    shared = Shared(work)
    callers = [asyncio.create_task(shared()) for _ in range(3)]
    await asyncio.sleep(0)
    work.end.set_exception(RpcError(Code.UNAVAILABLE, "no token"))
    results = await asyncio.gather(*callers, return_exceptions=True)
    assert [str(result) for result in results] == ["UNAVAILABLE: no token"] * 3
    with pytest.raises(RpcError):
        await shared()
    assert work.begun == 2

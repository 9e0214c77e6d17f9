"""Handlers that begin without a task: they answer, wait, fail and are cancelled as those that have one."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from typing import TYPE_CHECKING, Any

import pytest
from tokenwire.codes import Code
from tokenwire.coroutines import rest
from tokenwire.errors import RpcError
from tokenwire.method import Handler, starts_at_once

from .raw_client import raw_client
from .wire_service import UNARY, Raw, running, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tokenwire.context import Context

WHO: contextvars.ContextVar[str] = contextvars.ContextVar("WHO", default="nobody")


class Eager:
    """Does what the request says, without a task as long as it does not wait."""

    def __init__(self) -> None:
        self.tasks: list[asyncio.Task[Any] | None] = []
        self.log: list[str] = []
        self.hold = asyncio.Event()
        self.contexts: list[Context] = []

    def __handlers__(self) -> tuple[Handler, ...]:
        return (Handler(UNARY, self.unary),)

    @starts_at_once
    async def unary(self, request: Raw, context: Context) -> Raw:
        self.contexts.append(context)
        self.tasks.append(asyncio.current_task())
        steps = request.data.decode().split()
        found = WHO.get()
        token = WHO.set(request.data.decode())
        try:
            for step in steps:
                await self.step(step)
        except asyncio.CancelledError:
            self.log.append("cancelled")
            raise
        finally:
            WHO.reset(token)
            self.log.append("left")
        return Raw(found.encode() + b"/" + request.data)

    async def step(self, step: str) -> None:
        match step:
            case "turn":
                await asyncio.sleep(0)
            case "wait":
                await self.hold.wait()
            case "timeout":
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.01):
                        await asyncio.Event().wait()
                self.log.append("timed out")
            case "gather":
                await asyncio.gather(asyncio.sleep(0), asyncio.sleep(0.001))
            case "swallow":
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.Event().wait()
                self.log.append("swallowed")
            case "late":
                try:
                    await asyncio.Event().wait()
                finally:
                    await asyncio.sleep(0.001)
                    self.log.append("late")
            case "fail":
                raise RpcError(Code.NOT_FOUND, "no")
            case "crash":
                raise LookupError("secret")
            case "cancel":
                raise asyncio.CancelledError
        self.tasks.append(asyncio.current_task())


@contextlib.asynccontextmanager
async def served() -> AsyncIterator[tuple[Eager, Any, Any]]:
    async with running(Eager()) as (eager, server, target), raw_client(target) as client:
        yield eager, server, client


@pytest.mark.parametrize("text", [b"", b"turn", b"turn turn", b"gather turn", b"turn timeout turn"])
async def test_answers(text: bytes) -> None:
    async with served() as (eager, server, client):
        for _ in range(3):
            stream = await client.finished(client.open(text))
            assert stream.data[5:] == b"nobody/" + text
            assert stream.status == "0"
        assert eager.tasks[0] is None
        assert all(connection.tasks == set() for connection in server._connections)
        if text:
            assert eager.tasks[1] is not None


@pytest.mark.parametrize("before", [b"", b"turn "])
@pytest.mark.parametrize(("how", "status"), [(b"fail", "5"), (b"crash", "13"), (b"cancel", "1")])
async def test_errors_before_and_after_waiting(before: bytes, how: bytes, status: str) -> None:
    async with served() as (eager, _, client):
        stream = await client.finished(client.open(before + how))
        assert stream.status == status
        assert "secret" not in str(stream.trailers)
        assert eager.log[-1] == "left"


async def test_calls_wait_beside_each_other() -> None:
    async with served() as (eager, _, client):
        waiting = [client.open(b"wait") for _ in range(5)]
        quick = await client.finished(client.open(b""))
        assert quick.status == "0"
        await until(lambda: len(eager.contexts) == 6)
        eager.hold.set()
        for stream_id in waiting:
            assert (await client.finished(stream_id)).data[5:] == b"nobody/wait"


@pytest.mark.parametrize("text", [b"wait", b"turn wait", b"late", b"turn late"])
async def test_a_reset_cancels_what_waits(text: bytes) -> None:
    async with served() as (eager, server, client):
        stream_id = client.open(text)
        await until(lambda: bool(eager.contexts))
        client.h2.reset_stream(stream_id)
        client.flush()
        await until(lambda: "left" in eager.log)
        assert eager.log == ["late"] * (b"late" in text) + ["cancelled", "left"]
        assert not any(connection.busy for connection in server._connections)


@pytest.mark.parametrize("text", [b"wait", b"late"])
async def test_a_reset_that_comes_with_the_request_cancels_it_too(text: bytes) -> None:
    """It has begun by then, so it has to be told as one that has a task."""
    async with served() as (eager, _, client):
        await client.finished(client.open(b""))
        eager.log.clear()
        flush, client.flush = client.flush, lambda: None
        stream_id = client.open(text)
        client.h2.reset_stream(stream_id)
        client.flush = flush
        client.flush()
        await until(lambda: "left" in eager.log)
        assert eager.log == ["late"] * (text == b"late") + ["cancelled", "left"]


async def test_a_connection_that_is_lost_cancels() -> None:
    async with served() as (eager, _, client):
        client.open(b"wait")
        await until(lambda: bool(eager.contexts))
        client.writer.transport.abort()
        await until(lambda: "left" in eager.log)
        assert eager.log == ["cancelled", "left"]


@pytest.mark.parametrize("text", [b"wait", b"turn wait", b"swallow"])
async def test_the_deadline_ends_what_waits(text: bytes) -> None:
    async with served() as (eager, _, client):
        stream = await client.finished(client.open(text, grpc_timeout="20m"))
        assert stream.status == "4"
        await until(lambda: "left" in eager.log)
        assert eager.log[0] == ("swallowed" if text == b"swallow" else "cancelled")


async def test_a_server_that_closes_waits_for_it() -> None:
    async with running(Eager()) as (eager, server, target), raw_client(target) as client:
        client.open(b"late")
        await until(lambda: bool(eager.contexts))
        await server.close()
        assert eager.log == ["late", "cancelled", "left"]


async def test_one_call_sees_nothing_of_another() -> None:
    """Context variables set before the first wait, reset or not, are a call's own."""

    class Leaky(Eager):
        @starts_at_once
        async def unary(self, request: Raw, context: Context) -> Raw:
            found = WHO.get()
            WHO.set(request.data.decode())
            if request.data == b"slow":
                await asyncio.sleep(0.001)
            return Raw(f"{found} {WHO.get()}".encode())

    async with running(Leaky()) as (_, _, target), raw_client(target) as client:
        for text in (b"one", b"slow", b"two"):
            stream = await client.finished(client.open(text))
            assert stream.data[5:] == b"nobody " + text


async def test_equal_headers_share_metadata_that_cannot_be_written() -> None:
    async with served() as (eager, _, client):
        for _ in range(4):
            await client.finished(client.open(b"", authorization="Bearer a"))
        await client.finished(client.open(b"", authorization="Bearer b"))
        seen = [context.metadata["authorization"] for context in eager.contexts]
        assert seen == ["Bearer a"] * 4 + ["Bearer b"]
        with pytest.raises(TypeError):
            eager.contexts[3].metadata["authorization"] = "mine"
        assert len({id(context.initial_metadata) for context in eager.contexts}) == 5


async def test_rest_passes_on_what_a_task_throws() -> None:
    seen: list[str] = []

    async def work() -> str:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        seen.append("cancelled")
        await asyncio.sleep(0)
        return "done"

    async def go_on(begun: Any, waits_for: Any) -> str:
        result: str = await rest(begun, waits_for)
        return result

    begun = work()
    task = asyncio.create_task(go_on(begun, begun.send(None)))
    await asyncio.sleep(0)
    task.cancel()
    assert await task == "done"
    assert seen == ["cancelled"]

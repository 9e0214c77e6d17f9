"""Calls that go wrong: clients that leave, engines that fail, requests that are wrong, and slow peers."""

from __future__ import annotations

import asyncio
import json
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_gen.sglang.runtime.v1 import sglang_pb as pb

from .callers import SHAPES, Caller, HttpCaller, Shape
from .calls import TEXT, check, check_status, events_of, sampling
from .ends import End, TurnedAwayError, WrongError
from .engine import SECRET
from .ledger import Kind

if TYPE_CHECKING:
    from random import Random

    from .world import World

__all__ = ["FAULTS", "GROUPS", "check_code"]

GROUPS: Final = ("gone", "engine", "wrong", "slow")
"""Groups of faults: the client leaves, the engine fails, the request is wrong, the client is slow."""

_ENDLESS: Final = 1_000_000
_POINTS: Final = (
    "connected",
    "head",
    "body",
    "request sent",
    "before the first token",
    "mid-stream",
    "after the last",
)
_WAYS: Final = ("fin", "rst", "half", "reset")
_SMALL: Final = 4096


# Clients that leave


async def gone(point: str, world: World, random: Random) -> None:
    """Leave at a point of a call, in any way."""
    shape = random.choice(list(SHAPES.values()))
    way = random.choice(_WAYS if shape.grpc and point in _POINTS[2:6] else _WAYS[:3])
    prompt = "!late" if point in ("request sent", "before the first token") else "x"
    tokens = 3 if point == "after the last" else _ENDLESS
    caller = await Caller.connect(world, shape, prompt, tokens, key=world.key)
    try:
        await _as_far_as(point, caller)
        await caller.leave(way)
        if way == "half":
            await caller.closed()
    finally:
        await caller.close()


async def _as_far_as(point: str, caller: Caller) -> None:
    match point:
        case "head":
            caller.send_half_a_head()
        case "body":
            caller.send_half_a_body()
        case "request sent":
            caller.send()
        case "before the first token":
            caller.send()
            await asyncio.sleep(0.02)
        case "mid-stream" if caller.shape.streams:
            caller.send()
            await caller.first()
        case "mid-stream":
            caller.send()
            await asyncio.sleep(0.05)
        case "after the last":
            caller.send()
            await caller.last()


async def cancelled(world: World, random: Random) -> None:
    """Cancel a stream of our client and one of grpcio's, before the first token or after it."""
    prompt = random.choice(["x", "!late"])
    request = pb.TextGenerateRequest(text=prompt, sampling_params=sampling(_ENDLESS), stream=True)
    ours, stock = world.ours(random).text_generate(request), world.stock(random, "TextGenerate")(request)
    if prompt == "x":
        await anext(ours)
        await stock.read()
    ours.cancel()
    stock.cancel()
    await check_code(Code.CANCELLED, ours)


async def check_code(expected: Code, stream: Any) -> None:
    """Read a stream, or wait for an answer, to its end, which is an error of that code."""
    try:
        if hasattr(stream, "__aiter__"):
            async for _ in stream:
                pass
        else:
            await stream
    except RpcError as error:
        if error.code is not expected and error.code is Code.UNAVAILABLE:
            raise
        check(error.code, expected, f"code ({error.message})")
        if SECRET in error.message:
            raise WrongError("a secret of the engine's reached a client") from None
    else:
        raise WrongError(f"no error, though {expected.name} was due")


# Engines that fail


async def engine_fails(fault: str, world: World, random: Random) -> None:
    """Ask for a fault over gRPC, and look for the secret in what HTTP says of it."""
    expected = Code.RESOURCE_EXHAUSTED if fault == "!refuse" else Code.INTERNAL
    request = pb.TextGenerateRequest(text=fault, sampling_params=sampling(_ENDLESS), stream=True)
    await check_code(expected, world.ours(random).text_generate(request))
    body = {"text": ["x", fault], "sampling_params": {"max_new_tokens": _ENDLESS}}
    reply = await world.web(random).post("/generate", json=body)
    check_status(reply, 429 if fault == "!refuse" else 500)
    messages = [{"role": "user", "content": fault}]
    chat = {"messages": messages, "max_tokens": _ENDLESS, "stream": True}
    events = await world.web(random).post("/v1/chat/completions", json=chat)
    if SECRET in reply.text + events.text:
        raise WrongError("a secret of the engine's reached a client")
    if '"error"' not in events.text:
        raise WrongError(f"no error in {events.text[:200]!r}")


async def unary_fails(world: World, random: Random) -> None:
    """Calls without a stream on an engine that raises."""
    await check_code(Code.INTERNAL, world.ours(random).text_embed(pb.TextEmbedRequest(text="!raise")))
    await check_code(Code.INTERNAL, world.ours(random).tokenize(pb.TokenizeRequest(text="!raise")))


async def hangs(world: World, random: Random) -> None:
    """A deadline that passes before the engine says anything."""
    ours, timeout = world.ours(random), random.uniform(0.01, 0.2)
    request = pb.TextGenerateRequest(text="!hang", sampling_params=sampling(9), stream=True)
    await check_code(Code.DEADLINE_EXCEEDED, ours.text_generate(request, timeout=timeout))
    hanging = pb.TextEmbedRequest(text="!hang")
    await check_code(Code.DEADLINE_EXCEEDED, ours.text_embed(hanging, timeout=timeout))


# Requests that are wrong


async def deadline(world: World, random: Random) -> None:
    """A deadline that passes in the midst of a stream."""
    request = pb.TextGenerateRequest(text="x", sampling_params=sampling(_ENDLESS), stream=True)
    stream = world.ours(random).text_generate(request, timeout=random.uniform(0.05, 0.5))
    await check_code(Code.DEADLINE_EXCEEDED, stream)


async def duplicate(world: World, random: Random) -> None:
    """The id of a request that runs, over another transport."""
    rid = str(uuid.UUID(int=random.getrandbits(128)))
    request = pb.TextGenerateRequest(text="x", rid=rid, sampling_params=sampling(_ENDLESS), stream=True)
    async with world.ours(random).text_generate(request) as stream:
        await anext(stream)
        await check_code(Code.ALREADY_EXISTS, world.ours(random).text_generate(request))
        reply = await world.web(random).post("/generate", json={"text": "x", "rid": rid})
        check_status(reply, 409)


async def invalid(world: World, random: Random) -> None:
    """Values out of range, JSON that is none, paths that are none."""
    request = pb.TextGenerateRequest(text="x", sampling_params=sampling(1, temperature=-1.0))
    await check_code(Code.INVALID_ARGUMENT, world.ours(random).text_generate(request))
    web, headers = world.web(random), {"content-type": "application/json"}
    check_status(await web.post("/generate", content=b"{", headers=headers), 400)
    check_status(await web.post("/generate", content=b"x"), 415)
    check_status(await web.get("/nothing"), 404)


async def keys(world: World, random: Random) -> None:
    """No key, a wrong one, and that of a user for what only an admin may do."""
    ours, wrong = world.ours(random), f"{world.key}x"
    request = pb.TextGenerateRequest(text="x", sampling_params=sampling(1))
    await check_code(Code.UNAUTHENTICATED, ours.with_options(api_key=wrong).text_generate(request))
    await check_code(Code.PERMISSION_DENIED, ours.flush_cache(pb.FlushCacheRequest()))
    for name, expected in (("http-chat", "401"), ("grpc-text", str(int(Code.UNAUTHENTICATED)))):
        for key in ("", wrong):
            caller = await Caller.connect(world, SHAPES[name], "x", 1, key=key)
            try:
                caller.send()
                check(await caller.status(), expected, "status")
            finally:
                await caller.close()


async def oversized(world: World, random: Random) -> None:
    """Messages that are announced as larger than the limit."""
    reader, writer = await asyncio.open_connection("127.0.0.1", world.http)
    try:
        head = b"POST /generate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        key = f"authorization: Bearer {world.key}\r\n".encode()
        writer.write(head + key + b"content-length: 1000000000\r\n\r\n")
        status = await reader.read(12)
        if not status:
            raise TurnedAwayError(End.CUT)
        check(status, b"HTTP/1.1 413", "status")
    finally:
        writer.close()
    shape = Shape("TextGenerate", lambda *_: b"", grpc=True)
    caller = await Caller.connect(world, shape, "x", key=world.key)
    try:
        caller.announce(1 << 30)
        check(await caller.status(), str(int(Code.RESOURCE_EXHAUSTED)), "grpc-status")
    finally:
        await caller.close()


async def undecodable(world: World, random: Random) -> None:
    """A message that is no message, and a method that is none."""
    for path, body, expected in (
        ("TextGenerate", b"\xff" * 10, Code.INVALID_ARGUMENT),
        ("Nothing", b"", Code.UNIMPLEMENTED),
    ):
        caller = await Caller.connect(
            world, Shape(path, lambda *_, body=body: body, grpc=True), "x", key=world.key
        )
        try:
            caller.send()
            check(await caller.status(), str(int(expected)), "grpc-status")
        finally:
            await caller.close()


async def garbage(world: World, random: Random) -> None:
    """Bytes that are no HTTP: the server closes the connection."""
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" if random.random() < 0.5 else b""
    port = random.choice([world.http, world.grpc])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(preface + random.randbytes(200) + b"\r\n\r\n")
        writer.write_eof()
        while await reader.read(65536):
            pass
    except ConnectionError:
        pass
    finally:
        writer.close()


# Slow clients


async def slow_reader(name: str, world: World, random: Random) -> None:
    """Stop reading in the midst of a stream, then read it all."""
    tokens = random.randint(100, 200)
    caller = await Caller.connect(world, SHAPES[name], "x", tokens, receive_buffer=_SMALL, key=world.key)
    try:
        caller.send()
        await caller.first()
        caller.pause()
        await asyncio.sleep(random.uniform(0.3, 1.5))
        caller.resume()
        await caller.last()
    finally:
        await caller.close()


async def slow_sender(world: World, random: Random) -> None:
    """Send a request in pieces; its answer is whole all the same."""
    shape = SHAPES[random.choice(["http-generate-whole", "grpc-text-whole", "http-chat", "grpc-chat"])]
    caller = await Caller.connect(world, shape, "x", 5, key=world.key)
    try:
        for piece in caller.pieces(random.randint(2, 6)):
            caller.writer.write(piece)
            await asyncio.sleep(random.uniform(0.01, 0.2))
        await caller.last()
    finally:
        await caller.close()


async def pipelined(world: World, random: Random) -> None:
    """Three requests in a row on one connection of HTTP/1.1, then their answers."""
    caller = await Caller.connect(world, SHAPES["http-generate-whole"], "x", 4, key=world.key)
    assert isinstance(caller, HttpCaller)
    try:
        for _ in range(3):
            caller.send()
        for _ in range(3):
            body = await caller.body()
            check(json.loads(body)["text"], TEXT * 4, "text")
    finally:
        await caller.close()


async def half_open(world: World, random: Random) -> None:
    """A connection that says nothing for a while, then makes a call."""
    shape = SHAPES[random.choice(["http-generate", "grpc-text"])]
    caller = await Caller.connect(world, shape, "x", 3, key=world.key)
    try:
        await asyncio.sleep(random.uniform(0.5, 2.0))
        caller.send()
        await caller.last()
    finally:
        await caller.close()


async def slow_events(world: World, random: Random) -> None:
    """Read events with pauses: none is lost, however they were joined."""
    tokens, text = random.randint(100, 200), ""
    body = {"text": "x", "stream": True, "sampling_params": {"max_new_tokens": tokens}}
    headers = {"x-tokenwire-stream": "delta"}
    async with world.web(random).stream("POST", "/generate", json=body, headers=headers) as reply:
        check_status(reply)
        await asyncio.sleep(random.uniform(0.1, 0.5))
        for event in await events_of(reply.aiter_lines()):
            text += event["text"]
    check(text, TEXT * tokens, "text")


FAULTS: Final = [
    *(Kind(f"leaves: {point}", "gone", partial(gone, point)) for point in _POINTS),
    Kind("cancels", "gone", cancelled),
    *(
        Kind(f"engine: {word}", "engine", partial(engine_fails, word))
        for word in ("!raise", "!break", "!end", "!refuse")
    ),
    Kind("engine raises, unary", "engine", unary_fails),
    Kind("engine hangs", "engine", hangs),
    Kind("deadline too short", "wrong", deadline),
    Kind("duplicate rid", "wrong", duplicate),
    Kind("invalid requests", "wrong", invalid),
    Kind("oversized messages", "wrong", oversized),
    Kind("undecodable, unknown", "wrong", undecodable),
    Kind("no key, a wrong one", "wrong", keys),
    Kind("garbage", "wrong", garbage),
    Kind("slow reader, gRPC", "slow", partial(slow_reader, "grpc-text")),
    Kind("slow reader, HTTP", "slow", partial(slow_reader, "http-generate")),
    Kind("slow events", "slow", slow_events),
    Kind("slow sender", "slow", slow_sender),
    Kind("pipelined", "slow", pipelined),
    Kind("silent, then a call", "slow", half_open),
]

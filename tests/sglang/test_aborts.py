"""Aborts and callers that leave: OpenAI calls that SGLang answers, over the servicer and over sockets."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from tokenwire.codes import Code
from tokenwire.errors import RpcError

from tests.serve.calls import body_of, drained

from .serving import ENDLESS, USER, events, idle, until, whole

if TYPE_CHECKING:
    from tokenwire.streams import PushStream

    from .serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")

PROMPTS = ["one", "two", "three"]
STREAMS: dict[str, dict[str, Any]] = {
    "lane": {},
    "class": {"logprobs": True},
    "choices": {"n": 3},
    "completion": {"prompt": "Return"},
    "prompts": {"prompt": PROMPTS},
}
"""Kinds of streams: chats, and completions that have a prompt."""


def open_call(served: Served, **body: Any) -> PushStream[Any]:
    ask = {**ENDLESS, **body}
    return served.complete(**ask) if "prompt" in body else served.chat(**ask)


def finishes(said: list[Any]) -> list[str]:
    """Why each choice ended, in the order in which they did."""
    choices = [choice for event in said for choice in event["choices"]]
    return [choice["finish_reason"] for choice in choices if choice["finish_reason"]]


async def first_text(stream: PushStream[Any]) -> list[Any]:
    """The chunks of a stream until one has text."""
    chunks: list[Any] = []
    while not (chunks and any(said_in(event) for event in events(chunks[-1:]))):
        chunks.append(await anext(stream))
    return chunks


def said_in(event: Any) -> str:
    return "".join(c.get("text") or (c.get("delta") or {}).get("content") or "" for c in event["choices"])


@pytest.mark.parametrize("kind", STREAMS)
async def test_abort_of_a_stream_by_the_id_of_its_chunks(served: Served, kind: str) -> None:
    stream = open_call(served, stream=True, **STREAMS[kind])
    begun = await first_text(stream)
    (shown,) = {event["id"] for event in events(begun)}
    assert await served.abort(shown)
    rest, error = await drained(stream)
    assert error is not None
    assert error.code is Code.CANCELLED
    count = 3 if kind in {"choices", "prompts"} else 1
    assert finishes(events(begun + rest)) == ["abort"] * count
    assert not await served.abort(shown)
    await idle(served)


@pytest.mark.parametrize("kind", STREAMS)
async def test_abort_of_a_stream_before_its_first_token(served: Served, kind: str) -> None:
    await served.engine.pause("in_place")
    stream = open_call(served, stream=True, rid="early", **STREAMS[kind])
    await until(lambda: "early" in served.servicer._core.active)
    assert await served.abort("early")
    chunks, error = await drained(stream)
    assert error is not None
    assert error.code is Code.CANCELLED
    assert set(finishes(events(chunks))) == {"abort"}
    await idle(served)


@pytest.mark.parametrize("kind", STREAMS)
async def test_abort_of_a_whole_answer(served: Served, kind: str) -> None:
    stream = open_call(served, rid="unary", **STREAMS[kind])
    await until(lambda: any(state.output_ids for state in served.manager.rid_to_state.values()))
    assert await served.abort("unary")
    chunks, error = await drained(stream)
    assert error is not None
    assert error.code is Code.CANCELLED
    answer = whole(chunks)
    assert answer["id"] == "unary"
    assert set(finishes([answer])) == {"abort"}
    await idle(served)


@pytest.mark.parametrize("kind", STREAMS)
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "unary"])
async def test_who_leaves_leaves_nothing(served: Served, kind: str, stream: bool) -> None:
    call = open_call(served, stream=stream, **STREAMS[kind])
    if stream:
        await first_text(call)
    else:
        await until(lambda: served.running)
    call.cancel()
    await until(lambda: not served.running, patience=10)
    await idle(served)


@pytest.mark.parametrize("route", ["/v1/chat/completions", "/v1/completions", "/generate"])
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "unary"])
async def test_a_connection_that_is_cut(served: Served, route: str, stream: bool) -> None:
    ask: dict[str, Any] = {"stream": stream, "messages": USER, "prompt": "x", "text": "x", **ENDLESS}
    if route == "/generate":
        ask = {"text": "x", "stream": stream, "sampling_params": {"max_new_tokens": 1900, "ignore_eos": True}}
    ask.pop("prompt" if "chat" in route else "messages", None)
    if "v1" in route:
        del ask["text"]

    async def read() -> None:
        async with served.http.stream("POST", route, json=ask) as reply:
            async for _ in reply.aiter_bytes():
                came.set()

    came = asyncio.Event()
    reader = asyncio.ensure_future(read())
    await until(came.is_set if stream else lambda: served.running)
    reader.cancel()
    await until(lambda: not served.running, patience=10)
    await idle(served)


async def test_a_rid_is_used_once_at_a_time(served: Served) -> None:
    first = served.chat(stream=True, rid="same", **ENDLESS)
    await first_text(first)
    for second in (
        served.chat(stream=True, rid="same"),
        served.chat(rid="same", logprobs=True),
        served.complete(rid="same"),
    ):
        _, error = await drained(second)
        assert error is not None
        assert error.code is Code.ALREADY_EXISTS
        assert body_of(error)["type"] == "conflict_error"
    reply = await served.http.post("/v1/chat/completions", json={"messages": USER, "rid": "same"})
    assert (reply.status_code, reply.json()["error"]["code"]) == (409, 409)
    reply = await served.http.post("/generate", json={"text": "x", "rid": "same"})
    assert reply.status_code == 409
    assert await served.abort("same")
    await drained(first)


@pytest.mark.parametrize("kind", ["lane", "class", "completion"])
async def test_an_id_that_begins_like_another(served: Served, kind: str) -> None:
    body = {"stream": True, "ignore_eos": True, **STREAMS[kind]}
    short = open_call(served, rid="abc", **body)
    longer = open_call(served, **{**body, "rid": "abcd", "max_tokens": 40})
    await first_text(short)
    assert not await served.abort("ab")
    assert await served.abort("abc")
    _, error = await drained(short)
    assert error is not None
    chunks, error = await drained(longer)
    assert error is None
    assert finishes(events(chunks)) == ["length"]


async def test_aborts_over_http(served: Served) -> None:
    stream = served.chat(stream=True, rid="here", **ENDLESS)
    await first_text(stream)
    reply = await served.http.post("/abort_request", json={"rid": "here"})
    assert reply.json() == {"success": True}
    chunks, _ = await drained(stream)
    assert finishes(events(chunks)) == ["abort"]
    assert (await served.http.post("/abort_request", json={"rid": "here"})).json() == {"success": False}


async def test_abort_all(served: Served) -> None:
    calls = [open_call(served, stream=True, **body) for body in STREAMS.values()]
    generation = asyncio.ensure_future(
        served.http.post(
            "/generate", json={"text": "x", "sampling_params": {"max_new_tokens": 1900, "ignore_eos": True}}
        )
    )
    for call in calls:
        await first_text(call)
    assert (await served.http.post("/abort_request", json={"abort_all": True})).json() == {"success": True}
    for call in calls:
        _, error = await drained(call)
        assert error is not None
        assert error.code is Code.CANCELLED
    finish = json.loads((await generation).text)["meta_info"]["finish_reason"]
    assert finish["type"] == "abort"


@pytest.mark.parametrize("kind", ["lane", "class", "completion"])
async def test_a_reader_that_is_behind(served: Served, kind: str) -> None:
    """Nobody reads: few chunks wait, and together they hold the whole text."""
    body = {"stream": True, **STREAMS[kind], "max_tokens": 200}
    expected, _ = await drained(open_call(served, **body))
    stream = open_call(served, **body)
    await until(lambda: stream.closed)
    assert len(stream._pending or ()) <= 20
    chunks, error = await drained(stream)
    assert error is None
    assert "".join(map(said_in, events(chunks))) == "".join(map(said_in, events(expected)))


async def test_an_error_of_the_engine_ends_a_stream(served: Served) -> None:
    stream = served.chat(stream=True, rid="doomed", **ENDLESS)
    await first_text(stream)
    served.engine._fail_all(RpcError(Code.UNAVAILABLE, "SGLang has ended"))
    chunks, error = await drained(stream)
    assert error is not None
    assert error.code is Code.UNAVAILABLE
    assert events(chunks)[-1]["error"]["message"] == "SGLang has ended"

"""Calls as they should be: what engine null answers is known to the last character, and checked."""

from __future__ import annotations

import json
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_gen.sglang.runtime.v1 import sglang_pb as pb

from .ends import End, TurnedAwayError, WrongError
from .ledger import Kind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from random import Random

    import httpx

    from .world import World

__all__ = ["CLEAN", "TEXT", "check", "check_status", "events_of", "sampling", "tokens_of"]

TEXT: Final = " token"
_IDS: Final = 42
_EMBEDDING: Final = 4096
_MOST_TOKENS: Final = 40


def check(found: Any, expected: Any, what: str) -> None:
    """Raise WrongError unless both are equal."""
    if found != expected:
        raise WrongError(f"{what} is {found!r:.120}, not {expected!r:.120}")


def check_status(reply: httpx.Response, expected: int = HTTPStatus.OK) -> None:
    """Raise unless a reply has the status."""
    if reply.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        raise TurnedAwayError(End.UNAVAILABLE, f"status {reply.status_code}")
    check(reply.status_code, expected, "status")


def _check_up(message: pb.HealthCheckResponse | pb.EngineStateSnapshot) -> None:
    if not message.healthy:
        raise TurnedAwayError(End.UNAVAILABLE, "it is not healthy")


def tokens_of(random: Random) -> int:
    """How many tokens a call asks for."""
    return random.randint(1, _MOST_TOKENS)


def sampling(tokens: int, **fields: Any) -> pb.SamplingParams:
    """The parameters that ask for so many tokens."""
    return pb.SamplingParams(max_new_tokens=tokens, **fields)


def _finished(message: Any, tokens: int) -> None:
    check(message.finished, True, "finished of the last message")
    check(json.loads(message.meta_info["completion_tokens"]), tokens, "completion_tokens")
    check(json.loads(message.meta_info["finish_reason"]), {"type": "length", "length": tokens}, "finish")


async def text_deltas(world: World, random: Random) -> None:
    """TextGenerate over our client, which asks for deltas."""
    tokens, text, last = tokens_of(random), "", None
    request = pb.TextGenerateRequest(text="x", sampling_params=sampling(tokens), stream=True)
    async for last in world.ours(random).text_generate(request):
        text += last.text
    check(text, TEXT * tokens, "text")
    _finished(last, tokens)


async def text_whole(world: World, random: Random) -> None:
    """TextGenerate in one message."""
    tokens = tokens_of(random)
    request = pb.TextGenerateRequest(text="x", sampling_params=sampling(tokens))
    messages = [message async for message in world.ours(random).text_generate(request)]
    check([message.text for message in messages], [TEXT * tokens], "texts")
    _finished(messages[-1], tokens)


async def ids_of_choices(world: World, random: Random) -> None:
    """Generate with two choices over our client."""
    tokens, ids = tokens_of(random), {"0": 0, "1": 0}
    request = pb.GenerateRequest(input_ids=[1, 2], sampling_params=sampling(tokens, n=2), stream=True)
    async for message in world.ours(random).generate(request):
        check(set(message.output_ids) - {_IDS}, set(), "ids")
        ids[message.meta_info["index"]] += len(message.output_ids)
    check(ids, {"0": tokens, "1": tokens}, "ids per choice")


async def stock_cumulative(world: World, random: Random) -> None:
    """TextGenerate over stock gRPC: each message has all so far."""
    tokens, last = tokens_of(random), None
    request = pb.TextGenerateRequest(text="x", sampling_params=sampling(tokens), stream=True)
    async for last in world.stock(random, "TextGenerate")(request):
        check(last.text, TEXT * (len(last.text) // len(TEXT)), "text so far")
    assert last is not None
    check(last.text, TEXT * tokens, "text")
    _finished(last, tokens)


async def stock_chat(world: World, random: Random) -> None:
    """ChatComplete over stock gRPC, as a stream."""
    tokens = tokens_of(random)
    body = {"messages": [{"role": "user", "content": "x"}], "max_tokens": tokens, "stream": True}
    request = pb.OpenAIRequest(json_body=json.dumps(body).encode())
    chunks = [chunk async for chunk in world.stock(random, "ChatComplete")(request)]
    check((chunks[-1].json_chunk, chunks[-1].finished), (b"", True), "last chunk")
    _chat_chunks([json.loads(chunk.json_chunk) for chunk in chunks[:-1]], tokens)


def _chat_chunks(chunks: list[dict[str, Any]], tokens: int) -> None:
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    text = "".join(choice["delta"].get("content") or "" for choice in choices)
    check(text, TEXT * tokens, "text of the chat")
    check(choices[-1]["finish_reason"], "length", "finish_reason")


async def embed(world: World, random: Random) -> None:
    """TextEmbed over stock gRPC."""
    reply = await world.stock(random, "TextEmbed")(pb.TextEmbedRequest(text="abc"))
    check(len(reply.embedding), _EMBEDDING, "size of the embedding")
    check(json.loads(reply.meta_info["prompt_tokens"]), 3, "prompt_tokens")


async def tokenize(world: World, random: Random) -> None:
    """Tokenize and back."""
    client, text = world.ours(random), f"text {random.random()}"
    reply = await client.tokenize(pb.TokenizeRequest(text=text))
    check(reply.tokens, list(text.encode()), "tokens")
    back = await client.detokenize(pb.DetokenizeRequest(tokens=reply.tokens))
    check(back.text, text, "text")


async def health(world: World, random: Random) -> None:
    """HealthCheck and GetLoad."""
    client = world.ours(random)
    _check_up(await client.health_check(pb.HealthCheckRequest()))
    loads = json.loads((await client.get_load(pb.GetLoadRequest())).json_info)
    check(len(loads), 1, "ranks")


async def watch(world: World, random: Random) -> None:
    """WatchEngineState until its first snapshot."""
    stream = world.as_admin(random).watch_engine_state(pb.WatchEngineStateRequest())
    async with stream:
        _check_up(await anext(stream))


async def abort(world: World, random: Random) -> None:
    """A long stream that is aborted by its id: it says so in its last message, then CANCELLED."""
    client, rid = world.ours(random), str(uuid.UUID(int=random.getrandbits(128)))
    request = pb.TextGenerateRequest(text="x", rid=rid, sampling_params=sampling(1_000_000), stream=True)
    stream = client.text_generate(request)
    messages = [await anext(stream)]
    check(json.loads(messages[0].meta_info["id"]), rid, "id")
    aborted = await client.abort(pb.AbortRequest(rid=rid))
    try:
        async for message in stream:
            messages[1:] = [message]
    except RpcError as error:
        if error.code is Code.UNAVAILABLE:
            raise
        check(error.code, Code.CANCELLED, "code after an abort")
    else:
        raise WrongError("an aborted stream ended without an error")
    check(aborted.success, True, "success of the abort")
    check(json.loads(messages[-1].meta_info["finish_reason"])["type"], "abort", "finish_reason")
    check((await client.abort(pb.AbortRequest(rid=rid))).success, False, "success of a second abort")


async def events_of(lines: AsyncIterator[str]) -> list[Any]:
    """The JSON of all events, which end with [DONE]; an error among them is raised."""
    found = [line.removeprefix("data: ") async for line in lines if line]
    check(found[-1:], ["[DONE]"], "last event")
    events = [json.loads(text) for text in found[:-1]]
    for event in events:
        if "error" in event:
            end = End.UNAVAILABLE if event["error"]["type"] == "unavailable" else End.WRONG
            raise TurnedAwayError(end, event["error"]["message"])
    return events


async def sse(world: World, random: Random) -> None:
    """`/generate` as events, cumulative."""
    tokens = tokens_of(random)
    body = {"text": "x", "stream": True, "sampling_params": {"max_new_tokens": tokens}}
    async with world.web(random).stream("POST", "/generate", json=body) as reply:
        check_status(reply)
        events = await events_of(reply.aiter_lines())
    check(events[-1]["text"], TEXT * tokens, "text")
    check(events[-1]["meta_info"]["completion_tokens"], tokens, "completion_tokens")


async def http_whole(world: World, random: Random) -> None:
    """`/generate` of two prompts as one body."""
    tokens = tokens_of(random)
    body = {"text": ["x", "y"], "sampling_params": {"max_new_tokens": tokens}}
    reply = await world.web(random).post("/generate", json=body)
    check_status(reply)
    check([answer["output_ids"] for answer in reply.json()], [[_IDS] * tokens] * 2, "ids")


async def http_small(world: World, random: Random) -> None:
    """Health and a tokenizer over HTTP."""
    web = world.web(random)
    check_status(await web.get("/health"))
    reply = await web.post("/tokenize", json={"prompt": "abc"})
    check_status(reply)
    check(reply.json()["tokens"], [97, 98, 99], "tokens")


async def sdk_chat(world: World, random: Random) -> None:
    """A streamed chat of the OpenAI SDK, with usage."""
    tokens, text, usage = tokens_of(random), "", None
    stream = await world.openai(random).chat.completions.create(
        model="null",
        messages=[{"role": "user", "content": "x"}],
        max_tokens=tokens,
        stream=True,
        stream_options={"include_usage": True},
    )
    async for chunk in stream:
        text += "".join(choice.delta.content or "" for choice in chunk.choices)
        usage = chunk.usage or usage
    check(text, TEXT * tokens, "text of the chat")
    check(usage and usage.completion_tokens, tokens, "usage")


async def sdk_whole(world: World, random: Random) -> None:
    """A chat, a completion and an embedding of the OpenAI SDK, not streamed."""
    client, tokens = world.openai(random), tokens_of(random)
    chat = await client.chat.completions.create(
        model="null", messages=[{"role": "user", "content": "x"}], max_tokens=tokens
    )
    check(chat.choices[0].message.content, TEXT * tokens, "text of the chat")
    done = await client.completions.create(model="null", prompt="x", max_tokens=tokens)
    check(done.choices[0].text, TEXT * tokens, "text of the completion")
    found = await client.embeddings.create(model="null", input=["a", "b"])
    check([len(item.embedding) for item in found.data], [_EMBEDDING] * 2, "sizes of embeddings")


CLEAN: Final = [
    Kind("TextGenerate, deltas", "clean", text_deltas),
    Kind("TextGenerate, whole", "clean", text_whole),
    Kind("Generate, two choices", "clean", ids_of_choices),
    Kind("TextGenerate, grpcio", "clean", stock_cumulative),
    Kind("ChatComplete, grpcio", "clean", stock_chat),
    Kind("TextEmbed, grpcio", "clean", embed),
    Kind("Tokenize, Detokenize", "clean", tokenize),
    Kind("HealthCheck, GetLoad", "clean", health),
    Kind("WatchEngineState", "clean", watch),
    Kind("Abort", "clean", abort),
    Kind("/generate, events", "clean", sse),
    Kind("/generate, two prompts", "clean", http_whole),
    Kind("/health, /tokenize", "clean", http_small),
    Kind("OpenAI SDK, streamed", "clean", sdk_chat),
    Kind("OpenAI SDK, whole", "clean", sdk_whole),
]

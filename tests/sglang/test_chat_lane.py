"""The fast lane of plain streamed chats says, byte for byte, what SGLang's own serving class says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from sglang.srt.entrypoints.openai.protocol import ChatCompletionRequest
from tokenwire_serve.engines.sglang_adapter import serving
from tokenwire_serve.engines.sglang_adapter.chat_lane import ChatStream

from tests.serve.calls import drained

from .serving import USER, events, text_of

if TYPE_CHECKING:
    from .serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")

STRANGE = '"quoted" \\ \n\t\x01\x1f\x7f <é> 日本 🙂👩‍👩‍👧 \u2028 </script>'
TEXT = re.compile(rb'"content":"((?:[^"\\]|\\.)+)"')
OWN = re.compile(rb'"id":"[^"]*"|"created":\d+')


def grammar(text: str) -> str:
    """An EBNF whose only sentence is a text."""
    escaped = "".join(f"\\U{ord(c):08x}" if ord(c) > 126 or ord(c) < 32 or c in '"\\' else c for c in text)
    return f'root ::= "{escaped}"'


CASES: dict[str, dict[str, Any]] = {
    "greedy": {},
    "length": {"max_tokens": 3},
    "one-token": {"max_tokens": 1},
    "usage": {"stream_options": {"include_usage": True}},
    "usage-off": {"stream_options": {"include_usage": False}},
    "stop-string": {"stop": ["path"]},
    "stop-at-once": {"regex": "STOP.*", "stop": ["STOP"], "stream_options": {"include_usage": True}},
    "stop-token": {"stop_token_ids": list(range(300, 4096))},
    "strange-text": {"ebnf": grammar(STRANGE), "max_tokens": 200},
    "json": {"response_format": {"type": "json_object"}, "max_tokens": 12},
    "tools-that-nobody-parses": {
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}],
        "tool_choice": "none",
    },
    "long-system-prompt": {"messages": [{"role": "system", "content": "the path " * 500}, *USER]},
    "long-body": {"user": "u" * 10_000},
    "several-turns": {"messages": [*USER, {"role": "assistant", "content": "It joins."}, *USER]},
}


@pytest_asyncio.fixture(loop_scope="session")
async def lane(served: Served, monkeypatch: pytest.MonkeyPatch) -> list[ChatStream]:
    """The streams that took the fast lane."""
    taken: list[ChatStream] = []

    class Noted(ChatStream):
        def start(self, adapted: Any) -> None:
            taken.append(self)
            super().start(adapted)

    monkeypatch.setattr(serving, "ChatStream", Noted)
    return taken


def body(case: dict[str, Any]) -> dict[str, Any]:
    return {"messages": USER, "temperature": 0, "max_tokens": 40, "stream": True, **case}


async def of_the_class(served: Served, case: dict[str, Any]) -> list[bytes]:
    """The chunks of SGLang's serving class."""
    chat = served.engine.openai._servings["chat"]
    request = ChatCompletionRequest(**{"model": served.engine.model.served_model_name, **body(case)})
    reply = await chat.handle_request(request, None)
    framed = [event.encode() if isinstance(event, str) else event async for event in reply.body_iterator]
    assert framed.pop() == b"data: [DONE]\n\n"
    return [event.removeprefix(b"data: ").removesuffix(b"\n\n") for event in framed]


async def of_the_server(served: Served, case: dict[str, Any]) -> list[bytes]:
    chunks, error = await drained(served.chat(**body(case)))
    assert error is None
    assert (chunks[-1].json_chunk, chunks[-1].finished) == (b"", True)
    return [chunk.json_chunk for chunk in chunks[:-1]]


def comparable(chunks: list[bytes]) -> list[bytes]:
    """Chunks without what is a call's own; texts in a row as one, for steps may be joined under load."""
    made: list[bytes] = []
    for chunk in (OWN.sub(b"", chunk) for chunk in chunks):
        text, before = TEXT.search(chunk), TEXT.search(made[-1]) if made else None
        if text and before and TEXT.sub(b"", chunk) == TEXT.sub(b"", made[-1]):
            made[-1] = made[-1][: before.end(1)] + text[1] + made[-1][before.end(1) :]
        else:
            made.append(chunk)
    return made


@pytest.mark.parametrize("name", CASES)
async def test_the_same_bytes(served: Served, lane: list[ChatStream], name: str) -> None:
    case = CASES[name]
    await of_the_class(served, case)  # so that the prefix cache is alike for both
    expected = await of_the_class(served, case)
    found = await of_the_server(served, case)
    assert len(lane) == 1
    assert comparable(found) == comparable(expected)
    assert len({OWN.search(chunk)[0] for chunk in found}) == 1  # type: ignore[index]


async def test_strange_text_arrives(served: Served, lane: list[ChatStream]) -> None:
    chunks, _ = await drained(served.chat(**body(CASES["strange-text"])))
    assert text_of(events(chunks)) == STRANGE
    assert len(lane) == 1


TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}


@pytest.mark.parametrize(
    "case",
    [
        {"logprobs": True},
        {"n": 2},
        {"stream_options": {"include_usage": True, "continuous_usage_stats": True}},
    ],
    ids=lambda case: next(iter(case)),
)
async def test_what_needs_the_class(served: Served, lane: list[ChatStream], case: dict[str, Any]) -> None:
    plain = text_of(events((await drained(served.chat(**body({}))))[0]))
    assert len(lane) == 1
    chunks, error = await drained(served.chat(**body(case)))
    assert error is None
    assert len(lane) == 1
    said = events(chunks)
    for index in range(case.get("n", 1)):
        assert text_of([e for e in said if e["choices"] and e["choices"][0]["index"] == index]) == plain
    assert len({event["id"] for event in said}) == 1
    if "logprobs" in case:
        assert any(event["choices"][0]["logprobs"] for event in said if event["choices"])


@pytest.mark.parametrize(
    ("setting", "value", "case"),
    [
        ("reasoning_parser", "qwen3", {}),
        ("tool_call_parser", "qwen25", {"tools": [TOOL]}),
    ],
)
async def test_parsers_need_the_class(
    served: Served,
    lane: list[ChatStream],
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    value: str,
    case: dict[str, Any],
) -> None:
    monkeypatch.setattr(served.engine.openai._servings["chat"], setting, value)
    chunks, error = await drained(served.chat(**body(case)))
    assert (lane, error) == ([], None)
    said = events(chunks)
    assert said[-1]["choices"][0]["finish_reason"]
    assert any(e["choices"][0]["delta"].get("content") for e in said) or any(
        e["choices"][0]["delta"].get("reasoning_content") for e in said
    )

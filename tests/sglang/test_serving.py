"""OpenAI calls that SGLang's own serving classes answer: models, bodies, constraints, error shapes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_gen.sglang.runtime.v1.sglang_pb import OpenAIRequest

from tests.serve.calls import body_of, context, drained

from .serving import USER, events, text_of, whole

if TYPE_CHECKING:
    from .serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")

CHAT = "/v1/chat/completions"
COMPLETION = "/v1/completions"
TELLS = ("/root", "site-packages", "Traceback", ".py", "pydantic", "sglang.srt")
"""What an error must not contain."""
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {"city": {"enum": ["Rome", "Oslo"]}, "days": {"enum": [1, 2]}},
            "required": ["city", "days"],
            "additionalProperties": False,
        },
    },
}


async def answer(served: Served, **body: Any) -> Any:
    """The whole answer of a chat."""
    chunks, error = await drained(served.chat(**body))
    assert error is None, error
    return whole(chunks)


async def test_a_whole_chat_over_both_transports(served: Served) -> None:
    over_grpc = await answer(served, max_tokens=8, rid="mine")
    body = {"messages": USER, "temperature": 0, "max_tokens": 8, "rid": "mine"}
    over_http = (await served.http.post(CHAT, json=body)).json()
    for told in (over_grpc, over_http):
        assert told["id"] == "mine"
        assert told["usage"]["completion_tokens"] == 8
        told.pop("created")
        told["usage"].pop("prompt_tokens_details")
    assert over_grpc == over_http


async def test_a_stream_over_http_is_framed_for_openai_clients(served: Served) -> None:
    body = {"messages": USER, "temperature": 0, "max_tokens": 8, "stream": True}
    reply = await served.http.post(CHAT, json=body)
    assert reply.headers["content-type"].startswith("text/event-stream")
    *data, done, rest = reply.text.split("\n\n")
    assert (done, rest) == ("data: [DONE]", "")
    said = [json.loads(line.removeprefix("data: ")) for line in data]
    assert text_of(said) == (await answer(served, max_tokens=8))["choices"][0]["message"]["content"]


async def test_choices_of_several_prompts_keep_their_order(served: Served) -> None:
    body = {"prompt": ["one", "Return the path"], "n": 2, "max_tokens": 6, "temperature": 0}
    told = (await served.http.post(COMPLETION, json=body)).json()
    single = (await served.http.post(COMPLETION, json={**body, "prompt": "Return the path", "n": 1})).json()
    assert [choice["index"] for choice in told["choices"]] == [0, 1, 2, 3]
    assert [choice["text"] for choice in told["choices"][2:]] == [single["choices"][0]["text"]] * 2


@pytest.mark.parametrize("stream", [True, False])
async def test_an_unknown_model(served: Served, stream: bool) -> None:
    for call in (served.chat, served.complete):
        _, error = await drained(call(model="nobody", stream=stream))
        assert error is not None
        assert error.code is Code.NOT_FOUND
        assert "'nobody' is not served here" in body_of(error)["message"]
    reply = await served.http.post(CHAT, json={"messages": USER, "model": "nobody", "stream": stream})
    error_body = reply.json()["error"]
    assert (reply.status_code, error_body["code"], error_body["type"]) == (404, 404, "not_found_error")


@pytest.mark.parametrize("name", ["default", "tokenwire-tiny", None])
async def test_known_models(served: Served, name: str | None) -> None:
    told = await answer(served, max_tokens=1, **({} if name is None else {"model": name}))
    assert told["model"] == "tokenwire-tiny"


@pytest.mark.parametrize(
    ("route", "body", "field"),
    [
        (CHAT, {}, "messages"),
        (CHAT, {"messages": "x"}, "messages"),
        (CHAT, {"messages": [*USER, 3]}, "messages[1]"),
        (CHAT, {"messages": [{"role": "user"}]}, "messages[0].content"),
        (CHAT, {"messages": [{"role": "nobody", "content": "x"}]}, "messages[0].role"),
        (CHAT, {"messages": [{"content": "x"}]}, "messages[0].role"),
        (CHAT, {"messages": [{"role": "user", "content": 7}]}, "messages[0].content"),
        (CHAT, {"messages": USER, "temperature": "hot"}, "temperature"),
        (CHAT, {"messages": USER, "max_tokens": "many"}, "max_tokens"),
        (CHAT, {"messages": USER, "n": "x", "stream": True}, "n"),
        (CHAT, {"messages": USER, "rid": 7}, "rid"),
        (COMPLETION, {}, "prompt"),
        (COMPLETION, {"prompt": "x", "max_tokens": "many"}, "max_tokens"),
    ],
)
async def test_bad_bodies_name_the_field(
    served: Served, route: str, body: dict[str, Any], field: str
) -> None:
    reply = await served.http.post(route, json=body)
    error = reply.json()["error"]
    assert (reply.status_code, error["type"], error["code"]) == (400, "invalid_request_error", 400)
    assert field in (error["param"] or ""), error
    assert field in error["message"], error
    assert not [tell for tell in TELLS if tell in reply.text]


@pytest.mark.parametrize(
    "body",
    [
        {"messages": []},
        {"messages": USER, "temperature": -1},
        {"messages": USER, "temperature": -1, "stream": True},
        {"messages": USER, "top_p": 7, "stream": True},
        {"messages": USER, "max_tokens": 100_000},
        {"messages": USER, "max_tokens": 100_000, "stream": True},
        {"messages": [{"role": "user", "content": "word " * 4000}], "stream": True},
        {"messages": USER, "regex": "(", "max_tokens": 2},
        {"messages": USER, "regex": "(", "max_tokens": 2, "stream": True},
        {"messages": USER, "regex": "(", "max_tokens": 2, "stream": True, "logprobs": True},
        {"messages": USER, "response_format": {"type": "json_schema"}},
        {"messages": USER, "tool_choice": "required"},
    ],
    ids=lambda body: json.dumps({k: v for k, v in body.items() if k != "messages"}),
)
async def test_what_sglang_refuses_is_400(served: Served, body: dict[str, Any]) -> None:
    reply = await served.http.post(CHAT, json=body)
    assert reply.status_code == 400, reply.text
    error = reply.json()["error"]
    assert (error["type"], error["code"]) == ("invalid_request_error", 400)
    assert error["message"].strip()
    assert not [tell for tell in TELLS if tell in reply.text], reply.text


@pytest.mark.parametrize("raw", [b"", b"{", b"[1]", b'"x"', b"\xff"])
async def test_what_is_no_json_object(served: Served, raw: bytes) -> None:
    reply = await served.http.post(CHAT, content=raw, headers={"content-type": "application/json"})
    assert (reply.status_code, reply.json()["error"]["type"]) == (400, "invalid_request_error")
    _, error = await drained(
        served.servicer.chat_complete(OpenAIRequest(json_body=raw), context("ChatComplete"))
    )
    assert error is not None
    assert error.code is Code.INVALID_ARGUMENT


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "weather"}}])
@pytest.mark.parametrize("stream", [True, False])
async def test_tools(served: Served, monkeypatch: pytest.MonkeyPatch, choice: Any, stream: bool) -> None:
    monkeypatch.setattr(served.engine.openai._servings["chat"], "tool_call_parser", "qwen25")
    body = {"tools": [WEATHER], "tool_choice": choice, "max_tokens": 120}
    if stream:
        chunks, error = await drained(served.chat(stream=True, **body))
        assert error is None
        said = events(chunks)
        calls = [c for e in said if e["choices"] for c in e["choices"][0]["delta"].get("tool_calls") or []]
        name = next(call["function"]["name"] for call in calls if call["function"].get("name"))
        arguments = "".join(call["function"].get("arguments") or "" for call in calls)
    else:
        (told,) = (await answer(served, **body))["choices"]
        (function,) = [call["function"] for call in told["message"]["tool_calls"]]
        name, arguments = function["name"], function["arguments"]
    assert name == "weather"
    parsed = json.loads(arguments)
    assert (parsed["city"] in {"Rome", "Oslo"}, parsed["days"] in {1, 2}) == (True, True)


@pytest.mark.parametrize("stream", [True, False])
async def test_a_json_schema(served: Served, stream: bool) -> None:
    schema = WEATHER["function"]["parameters"]  # type: ignore[index]
    shape = {"type": "json_schema", "json_schema": {"name": "weather", "schema": schema}}
    body = {"response_format": shape, "max_tokens": 120}
    if stream:
        text = text_of(events((await drained(served.chat(stream=True, **body)))[0]))
    else:
        text = (await answer(served, **body))["choices"][0]["message"]["content"]
    assert json.loads(text)["city"] in {"Rome", "Oslo"}


async def test_a_bug_is_not_told(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any) -> Any:
        raise RuntimeError("secret of /root")

    monkeypatch.setattr(served.engine.openai._servings["chat"], "_convert_to_internal_request", broken)
    for stream, logprobs in ((False, False), (True, False), (True, True)):
        ask = {"messages": USER, "stream": stream, "logprobs": logprobs}
        reply = await served.http.post(CHAT, json=ask)
        assert (reply.status_code, reply.json()["error"]["type"]) == (500, "server_error")
        assert "secret" not in reply.text


async def test_calls_that_this_model_cannot_answer(served: Served) -> None:
    for route, body in (
        ("/v1/embeddings", {"input": "x"}),
        ("/v1/classify", {"input": "x"}),
        ("/encode", {"text": "x"}),
    ):
        reply = await served.http.post(route, json=body)
        assert reply.status_code in {400, 501}, (route, reply.text)
        assert "--is-embedding" in reply.text, (route, reply.text)


async def test_score_through_sglang(served: Served) -> None:
    body = {"query": "Return the", "items": [" path", " file"], "label_token_ids": [300, 301]}
    reply = await served.http.post("/v1/score", json={**body, "apply_softmax": True})
    scores = reply.json()["scores"]
    assert [sum(row) for row in scores] == pytest.approx([1, 1], abs=1e-5)
    request = OpenAIRequest(json_body=json.dumps({**body, "label_token_ids": [10**6]}).encode())
    told = await served.servicer.score(request, context("Score"))
    assert (told.status_code, json.loads(told.json_body)["error"]["code"]) == (400, 400)


async def test_a_full_queue_is_429(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(count: int, *, running_now: int | None = None) -> Any:
        raise RpcError(Code.RESOURCE_EXHAUSTED, f"the queue is full: {count} more")

    monkeypatch.setattr(served.engine._admission, "enter", full)
    for body in ({"stream": True}, {"stream": False}, {"stream": True, "logprobs": True}, {"n": 2}):
        reply = await served.http.post(CHAT, json={"messages": USER, **body})
        assert (reply.status_code, reply.json()["error"]["type"]) == (429, "rate_limit_error"), body

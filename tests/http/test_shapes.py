"""The HTTP shapes of the contract, over the null engine."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import pytest_asyncio
from tokenwire.http.asgi import build_app
from tokenwire_gen.sglang.runtime.v1.sglang_http import ROUTES
from tokenwire_serve.engines import EngineOptions, create
from tokenwire_serve.servicer.service import SglangServicer
from tokenwire_serve.servicer.settings import ServicerSettings
from tokenwire_serve.shapes.handlers import http_handlers

from tests.serve.scripted import MODEL, ScriptedEngine

from .fakes import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .conftest import NullServer

TOKEN = " token"
ASK: dict[str, Any] = {"text": "hi", "sampling_params": {"max_new_tokens": 3}}


@pytest_asyncio.fixture
async def client(server: NullServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://{server.http}", timeout=20) as made:
        yield made


@pytest_asyncio.fixture
async def local() -> AsyncIterator[httpx.AsyncClient]:
    """The same without sockets."""
    engine = create("null", EngineOptions())
    servicer = SglangServicer(engine)
    await engine.start()
    app = build_app(servicer, routes=ROUTES, handlers=http_handlers(servicer))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as made:
        yield made
    await engine.close()


def events(text: str) -> list[dict[str, Any]]:
    """The JSON of each event of a stream that ends as it must."""
    *data, done, rest = text.split("\n\n")
    assert (done, rest) == ("data: [DONE]", "")
    return [json.loads(line.removeprefix("data: ")) for line in data]


async def test_generate_text(client: httpx.AsyncClient) -> None:
    reply = (await client.post("/generate", json=ASK | {"rid": "r1"})).json()
    assert reply["text"] == TOKEN * 3
    assert reply["output_ids"] == [42, 42, 42]
    facts = reply["meta_info"]
    assert (facts["id"], facts["prompt_tokens"], facts["completion_tokens"]) == ("r1", 2, 3)
    assert facts["finish_reason"] == {"type": "length", "length": 3}
    assert facts["e2e_latency"] >= 0


async def test_generate_ids_give_text_too(client: httpx.AsyncClient) -> None:
    ask = {"input_ids": [1, 2, 3], "sampling_params": {"max_new_tokens": 1}}
    reply = (await client.post("/generate", json=ask)).json()
    assert (reply["text"], reply["output_ids"], reply["meta_info"]["prompt_tokens"]) == (TOKEN, [42], 3)


@pytest.mark.parametrize("prompts", [{"text": ["a", "bc"]}, {"input_ids": [[1], [2, 3]]}])
async def test_generate_answers_a_list_with_a_list(
    client: httpx.AsyncClient, prompts: dict[str, Any]
) -> None:
    reply = (await client.post("/generate", json=ASK | {"text": None} | prompts | {"rid": ["x", "y"]})).json()
    assert [item["meta_info"]["id"] for item in reply] == ["x", "y"]
    assert [item["meta_info"]["prompt_tokens"] for item in reply] == [1, 2]


async def test_generate_choices_are_a_list_in_their_order(client: httpx.AsyncClient) -> None:
    ask = {"text": "a", "rid": "r", "sampling_params": {"n": 3, "max_new_tokens": 2}}
    reply = (await client.post("/generate", json=ask)).json()
    assert [item["meta_info"]["id"] for item in reply] == ["r_0", "r_1", "r_2"]


async def test_generate_takes_sampling_per_prompt_and_one_rid_for_all(client: httpx.AsyncClient) -> None:
    sampling = [{"max_new_tokens": 1}, {"max_new_tokens": 2, "skip_special_tokens": True}]
    ask = {"text": ["a", "b"], "rid": "r", "sampling_params": sampling}
    reply = (await client.post("/generate", json=ask)).json()
    assert [len(item["output_ids"]) for item in reply] == [1, 2]
    assert [item["meta_info"]["id"] for item in reply] == ["r_0", "r_1"]


async def test_generate_streams_all_so_far_unless_asked_for_deltas(client: httpx.AsyncClient) -> None:
    reply = await client.post("/generate", json=ASK | {"stream": True})
    assert reply.headers["x-tokenwire-stream"] == "cumulative"
    cumulative = events(reply.text)
    assert [item["text"] for item in cumulative][-1] == TOKEN * 3
    assert all(a["text"] == TOKEN * len(a["output_ids"]) for a in cumulative)
    reply = await client.post(
        "/generate", json=ASK | {"stream": True}, headers={"x-tokenwire-stream": "delta"}
    )
    assert reply.headers["x-tokenwire-stream"] == "delta"
    deltas = events(reply.text)
    assert "".join(item["text"] for item in deltas) == TOKEN * 3
    assert deltas[-1]["meta_info"]["finish_reason"]["type"] == "length"


async def test_generate_streams_a_list_with_the_place_of_each(client: httpx.AsyncClient) -> None:
    reply = await client.post("/generate", json=ASK | {"text": ["a", "b"], "stream": True})
    last = {item["index"]: item for item in events(reply.text)}
    assert sorted(last) == [0, 1]
    assert all(item["text"] == TOKEN * 3 for item in last.values())


@pytest.mark.parametrize("mode", ["cumulative", "delta"])
async def test_generate_streams_choices_with_the_place_of_each(client: httpx.AsyncClient, mode: str) -> None:
    ask = {"text": "a", "rid": "r", "stream": True, "sampling_params": {"n": 2, "max_new_tokens": 3}}
    for change, ids in (
        ({}, {0: "r_0", 1: "r_1"}),
        ({"text": ["a", "b"], "rid": ["x", "y"]}, {0: "x_0", 1: "x_1", 2: "y_0", 3: "y_1"}),
        (
            {"text": ["a", "b"], "sampling_params": [{"max_new_tokens": 3}, {"n": 2}]},
            {0: "r_0", 1: "r_1_0", 2: "r_1_1"},
        ),
    ):
        reply = await client.post("/generate", json=ask | change, headers={"x-tokenwire-stream": mode})
        told = events(reply.text)
        assert {item["index"]: item["meta_info"]["id"] for item in told if "id" in item["meta_info"]} == ids
        assert {item["index"] for item in told} == ids.keys()


@pytest.mark.parametrize("stream", [True, False])
async def test_generate_of_a_list_ends_all_where_one_fails(client: httpx.AsyncClient, stream: bool) -> None:
    endless = {"max_new_tokens": 10**6}
    ask = {"text": ["a", "b", "c"], "rid": ["x", "y", "x"], "stream": stream, "sampling_params": endless}
    reply = await client.post("/generate", json=ask)
    assert (reply.status_code, reply.json()["error"]["type"]) == (409, "conflict_error")
    (load,) = (await client.get("/get_load")).json()
    assert load["num_running_reqs"] == 0


async def test_generate_of_a_list_goes_on_where_one_is_aborted(client: httpx.AsyncClient) -> None:
    sampling = [{"max_new_tokens": 10**6}, {"max_new_tokens": 10**6}]
    ask = {"text": ["a", "b"], "rid": ["x", "y"], "stream": True, "sampling_params": sampling}
    async with client.stream("POST", "/generate", json=ask) as reply:
        lines = reply.aiter_lines()
        await anext(lines)
        for rid in ("x", "y"):
            assert (await client.post("/abort_request", json={"rid": rid})).json() == {"success": True}
        ends = [
            (item["meta_info"]["id"], item["meta_info"]["finish_reason"]["type"])
            async for line in lines
            if line.startswith("data: {")
            if (item := json.loads(line.removeprefix("data: ")))["meta_info"]["finish_reason"]
        ]
    assert ends == [("x", "abort"), ("y", "abort")]


@pytest.mark.parametrize("path", ["/generate", "/encode", "/tokenize", "/detokenize", "/abort_request"])
@pytest.mark.parametrize("value", [r'"\ud800"', "NaN", "9" * 5000, "[" * 5000, '"\xff"'])
async def test_what_is_not_json_by_the_letter_is_refused(
    client: httpx.AsyncClient, path: str, value: str
) -> None:
    body = f'{{"rid": {value}, "text": {value}}}'.encode("latin-1")
    reply = await client.post(path, content=body, headers={"content-type": "application/json"})
    assert reply.status_code == 400
    assert reply.json()["error"]["message"].startswith("the body is not JSON: ")


async def test_generate_logprobs_are_json_values(client: httpx.AsyncClient) -> None:
    ask = ASK | {"return_logprob": True, "top_logprobs_num": 1, "return_text_in_logprobs": True}
    facts = (await client.post("/generate", json=ask)).json()["meta_info"]
    assert facts["output_token_logprobs"] == [[0.0, 42, TOKEN]] * 3
    assert len(facts["output_top_logprobs"]) == 3


@pytest.mark.parametrize(
    ("change", "param", "problem"),
    [
        ({"text": None}, "text", "or input_ids must be given"),
        ({"input_ids": [1]}, "text", "or input_ids must be given, and not both"),
        ({"text": 5}, "text", "must be a string or an array of strings"),
        ({"text": []}, "text", "must be a string or an array of strings"),
        ({"text": None, "input_ids": [[1], []]}, "input_ids", "array of token ids"),
        ({"text": None, "input_ids": [True]}, "input_ids", "array of token ids"),
        ({"stream": "yes"}, "stream", "must be a boolean, not a string"),
        ({"rid": ["a", "b"]}, "rid", "one for each prompt"),
        ({"rid": " "}, "rid", "must not be blank"),
        ({"image_data": "x"}, "image_data", "is not a field of this route"),
        ({"sampling_params": []}, "sampling_params", "array of 1 objects"),
        ({"sampling_params": {"temprature": 1}}, "sampling_params.temprature", "is not a sampling parameter"),
        ({"sampling_params": {"temperature": "1"}}, "sampling_params.temperature", "must be a number"),
        ({"sampling_params": {"temperature": -1}}, "sampling_params.temperature", "at least 0"),
        ({"sampling_params": {"top_k": 2**31}}, "sampling_params.top_k", "must be from"),
        ({"sampling_params": {"top_p": 0}}, "sampling_params.top_p", "above 0"),
        ({"sampling_params": {"no_stop_trim": True}}, "sampling_params.no_stop_trim", "must be false"),
        ({"sampling_params": {"ebnf": "a", "choice": ["b"]}}, "sampling_params.choice", "combined with ebnf"),
        (
            {"sampling_params": {"regex": "a", "ebnf": "b"}},
            "sampling_params.guided_decoding.ebnf",
            "combined",
        ),
        (
            {"sampling_params": {"guided_decoding": {}}},
            "sampling_params.guided_decoding",
            "must have a constraint",
        ),
        ({"trace_headers": {"a": 1}}, "trace_headers", "must be an object of strings"),
        (
            {"sampling_params": {"max_new_tokens": 10**8}},
            "sampling_params.max_new_tokens",
            "100000000 new tokens after the prompt's 2 exceed the context of 1048576 tokens",
        ),
        (
            {"input_ids": [1] * (1 << 20), "text": None, "sampling_params": {"max_new_tokens": 1}},
            "input_ids",
            "1048576 tokens and 1 new ones exceed the context",
        ),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_generate_refuses_with_the_name_of_the_field(
    local: httpx.AsyncClient, change: dict[str, Any], param: str, problem: str, stream: bool
) -> None:
    reply = await local.post("/generate", json=ASK | {"stream": stream} | change)
    assert reply.status_code == 400
    error = reply.json()["error"]
    assert error["param"] == param
    assert problem in error["message"]
    assert (error["type"], error["code"]) == ("invalid_request_error", 400)


async def test_generate_ignores_what_says_nothing(client: httpx.AsyncClient) -> None:
    ask = ASK | {"image_data": None, "log_metrics": True, "lora_path": None, "modalities": []}
    assert (await client.post("/generate", json=ask)).status_code == 200


async def test_an_abort_ends_a_stream_with_the_reason(client: httpx.AsyncClient, server: NullServer) -> None:
    ask = {"text": "a", "rid": "r", "stream": True, "sampling_params": {"max_new_tokens": 10**6}}
    headers = {"x-tokenwire-stream": "delta"}
    async with client.stream("POST", "/generate", json=ask, headers=headers) as reply:
        lines = reply.aiter_lines()
        await anext(lines)
        assert (await client.post("/abort_request", json={"rid": "r"})).json() == {"success": True}
        rest = [line async for line in lines if line]
    assert json.loads(rest[-2].removeprefix("data: "))["meta_info"]["finish_reason"]["type"] == "abort"
    assert rest[-1] == "data: [DONE]"
    assert (await client.post("/abort_request", json={"rid": "r"})).json() == {"success": False}


async def test_an_abort_answers_with_what_there_is(client: httpx.AsyncClient, server: NullServer) -> None:
    ask = {"text": "a", "rid": "r", "sampling_params": {"max_new_tokens": 10**6}}
    call = asyncio.create_task(client.post("/generate", json=ask))
    await until(lambda: server.servicer.active_requests == 1)
    assert (await client.post("/abort_request", json={"abort_all": True})).json() == {"success": True}
    reply = await call
    assert reply.status_code == 200
    assert reply.json()["meta_info"]["finish_reason"]["type"] == "abort"


async def test_leaving_a_list_aborts_all_of_it(client: httpx.AsyncClient, server: NullServer) -> None:
    for stream in (True, False):
        ask = {"text": ["a", "b"], "stream": stream, "sampling_params": {"max_new_tokens": 10**6}}
        call = asyncio.create_task(
            client.post("/generate", json=ask, headers={"x-tokenwire-stream": "delta"})
        )
        await until(lambda: server.servicer.active_requests == 2)
        call.cancel()
        await until(lambda: server.servicer.active_requests == 0)


async def test_one_bad_prompt_of_a_list_fails_the_call_and_leaves_nothing_running(
    client: httpx.AsyncClient, server: NullServer
) -> None:
    sampling = [{"max_new_tokens": 10**6}, {"temperature": -1}]
    reply = await client.post("/generate", json={"text": ["a", "b"], "sampling_params": sampling})
    assert reply.status_code == 400
    assert server.servicer.active_requests == 0


@pytest.mark.parametrize(("route", "size"), [("/encode", 4096), ("/classify", 2)])
async def test_encode_and_classify(client: httpx.AsyncClient, route: str, size: int) -> None:
    for prompt in ({"text": "abc"}, {"input_ids": [1, 2, 3]}):
        reply = (await client.post(route, json=prompt | {"rid": "r"})).json()
        assert len(reply["embedding"]) == size
        assert (reply["meta_info"]["id"], reply["meta_info"]["prompt_tokens"]) == ("r", 3)
    replies = (await client.post(route, json={"text": ["a", "bc"], "rid": "r"})).json()
    assert [reply["meta_info"]["id"] for reply in replies] == ["r_0", "r_1"]
    refused = await client.post(route, json={})
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "text")


@pytest.mark.parametrize("prefix", ["", "/v1"])
async def test_tokenize_and_detokenize(client: httpx.AsyncClient, prefix: str) -> None:
    expected = {"tokens": [104, 105], "count": 2, "max_model_len": 1 << 20}
    for body in (
        {"prompt": "hi"},
        {"text": "hi", "add_special_tokens": False},
        {"messages": [{"role": "user", "content": "hi"}]},
    ):
        assert (await client.post(f"{prefix}/tokenize", json=body)).json() == expected
        named = body | {"model": "null"}
        assert (await client.post(f"{prefix}/tokenize", json=named)).json() == expected
    reply = await client.post(f"{prefix}/detokenize", json={"model": "null", "tokens": [104, 105]})
    assert reply.json() == {"text": "hi"}


async def test_tokenize_and_detokenize_answer_lists_with_lists(local: httpx.AsyncClient) -> None:
    for prompts, tokens, counts in ((["hi", ""], [[104, 105], []], [2, 0]), ([], [], [])):
        reply = await local.post("/tokenize", json={"prompt": prompts})
        assert reply.json() == {"tokens": tokens, "count": counts, "max_model_len": 1 << 20}
    for lists, texts in (([[104], [], [105]], ["h", "", "i"]), ([], "")):
        assert (await local.post("/detokenize", json={"tokens": lists})).json() == {"text": texts}


async def test_detokenize_keeps_special_tokens_that_are_wanted() -> None:
    servicer = SglangServicer(ScriptedEngine(MODEL))
    app = build_app(servicer, routes=ROUTES, handlers=http_handlers(servicer))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        for skip, text in ((None, "<9>"), (True, "<9>"), (False, "<1><9>")):
            ask = {"tokens": [1, 9], "skip_special_tokens": skip}
            assert (await client.post("/detokenize", json=ask)).json() == {"text": text}
        wrong = await client.post("/detokenize", json={"tokens": [[1], [9, 1000]]})
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "tokens[1][1]")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "tokens"),
        ({"tokens": 1}, "tokens"),
        ({"tokens": [1, "a"]}, "tokens"),
        ({"tokens": [[1], 2]}, "tokens"),
        ({"tokens": [1, -1]}, "tokens[1]"),
        ({"tokens": [1], "skip_special_tokens": 1}, "skip_special_tokens"),
        ({"tokens": [1], "nope": 1}, "nope"),
    ],
)
async def test_detokenize_refuses(local: httpx.AsyncClient, body: dict[str, Any], param: str) -> None:
    reply = await local.post("/detokenize", json=body)
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, param)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/tokenize", {"prompt": "a"}),
        ("/v1/tokenize", {"messages": [{"role": "user", "content": "a"}]}),
        ("/detokenize", {"tokens": [1]}),
    ],
)
async def test_tokenizer_of_a_model_that_is_not_served(
    local: httpx.AsyncClient, path: str, body: dict[str, Any]
) -> None:
    reply = await local.post(path, json=body | {"model": "nope"})
    assert (reply.status_code, reply.json()["error"]["type"]) == (404, "not_found_error")
    assert (await local.post(path, json=body | {"model": "default"})).status_code == 200


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "prompt"),
        ({"prompt": "a", "text": "b"}, "prompt"),
        ({"prompt": 1}, "prompt"),
        ({"prompt": ["a", 1]}, "prompt"),
        ({"prompt": "a", "model": 1}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": ["x"]}, "messages"),
        ({"prompt": "a", "add_special_tokens": 1}, "add_special_tokens"),
        ({"prompt": "a", "nope": 1}, "nope"),
    ],
)
async def test_tokenize_refuses(local: httpx.AsyncClient, body: dict[str, Any], param: str) -> None:
    reply = await local.post("/tokenize", json=body)
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, param)


async def test_health_routes(client: httpx.AsyncClient, server: NullServer) -> None:
    for path in ("/health", "/health_generate", "/livez"):
        reply = await client.get(path)
        assert (reply.status_code, reply.content) == (200, b"")
    await server.servicer.drain()
    for path, status in (("/health", 503), ("/health_generate", 503), ("/livez", 200)):
        assert (await client.get(path)).status_code == status
    assert (await client.get("/health")).json()["error"]["message"] == "the server is draining"
    assert (await client.post("/generate", json=ASK)).status_code == 503


async def test_info_routes_are_the_json_object_itself(client: httpx.AsyncClient) -> None:
    for path in ("/get_model_info", "/model_info"):
        assert (await client.get(path)).json()["model_path"] == "null"
    for path in ("/get_server_info", "/server_info"):
        assert (await client.get(path)).json()["engine"] == "null"
    (card,) = (await client.get("/v1/models")).json()["data"]
    assert (card["id"], card["object"], card["owned_by"]) == ("null", "model", "tokenwire")
    assert (await client.get("/v1/models/null")).json() == card


async def test_models_are_found_by_any_of_their_names() -> None:
    names = ("org/served", "alias")
    servicer = SglangServicer(ScriptedEngine(MODEL), ServicerSettings(served_model_names=names))
    app = build_app(servicer, routes=ROUTES, handlers=http_handlers(servicer))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        cards = (await client.get("/v1/models")).json()["data"]
        assert [(card["id"], card["root"]) for card in cards] == [(name, "org/served") for name in names]
        for path, card in (("org/served", cards[0]), ("org%2Fserved", cards[0]), ("alias", cards[1])):
            assert (await client.get(f"/v1/models/{path}")).json() == card
        for path in ("served", "default", "org", ""):
            reply = await client.get(f"/v1/models/{path}")
            error = reply.json()["error"]
            assert (reply.status_code, error["type"], error["param"]) == (404, "not_found_error", "model")
            assert error["message"] == f"model {path!r} is not served here; served: org/served, alias"


async def test_loads(client: httpx.AsyncClient) -> None:
    (load,) = (await client.get("/get_load")).json()
    assert load["dp_rank"] == 0
    whole = (await client.get("/v1/loads")).json()
    assert whole.keys() == {"timestamp", "version", "loads"}
    assert len(whole["loads"]) == 1
    assert (await client.get("/get_load?dp_rank=1")).json() == []
    assert (await client.get("/get_load?dp_rank=x")).status_code == 400


async def test_pause_and_continue(client: httpx.AsyncClient) -> None:
    paused = (await client.post("/pause_generation", json={"mode": "in_place"})).json()
    assert paused["status"] == "ok"
    waiting = asyncio.create_task(client.post("/generate", json=ASK))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    headers = {"content-type": "application/json"}
    assert (await client.post("/continue_generation", headers=headers)).json()["status"] == "ok"
    assert (await waiting).json()["text"] == TOKEN * 3
    assert (await client.post("/pause_generation", json={"mode": "soon"})).status_code == 400
    assert (await client.post("/pause_generation", json={"mode": 1})).status_code == 400


async def test_flush_cache_says_what_was_done(client: httpx.AsyncClient, server: NullServer) -> None:
    reply = await client.post("/flush_cache", json={})
    assert reply.status_code == 200
    assert reply.json()["success"] is True

    async def refuse() -> tuple[bool, str]:
        return False, "requests are running"

    server.servicer.engine.flush_cache = refuse  # type: ignore[method-assign]
    reply = await client.post("/flush_cache", json={})
    assert (reply.status_code, reply.json()) == (400, {"success": False, "message": "requests are running"})


async def test_what_the_engine_cannot_do_is_501(client: httpx.AsyncClient) -> None:
    for path, body in (("/start_profile", {}), ("/update_weights_from_disk", {"model_path": "/x"})):
        reply = await client.post(path, json=body)
        assert reply.status_code == 501
        assert "engine null" in reply.json()["error"]["message"]


async def test_bodies_over_the_limit_are_413(client: httpx.AsyncClient) -> None:
    reply = await client.post("/generate", json=ASK | {"text": "x" * (1 << 20)})
    assert reply.status_code == 413


async def test_before_the_engine_is_up_only_livez_is_well() -> None:
    servicer = SglangServicer(create("null", EngineOptions()))
    app = build_app(servicer, routes=ROUTES, handlers=http_handlers(servicer))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        assert (await client.get("/livez")).status_code == 200
        health = await client.get("/health")
        assert (health.status_code, health.json()["error"]["type"]) == (503, "unavailable")
        assert "starting" in health.json()["error"]["message"]
        for reply in (await client.post("/generate", json=ASK), await client.get("/v1/models")):
            assert reply.status_code == 503

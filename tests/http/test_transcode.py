"""JSON routes without a handler: what of a request binds to which field, and what is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tokenwire import Code, RpcError
from tokenwire.http.asgi import build_app
from tokenwire.http.core import HttpCore
from tokenwire.http.invoke import LocalInvoker
from tokenwire.http.routes import Route
from tokenwire.method import Handler
from tokenwire_gen.sglang.runtime.v1 import sglang_grpc as rpcs
from tokenwire_gen.sglang.runtime.v1.sglang_pb import (
    GenerateRequest,
    GenerateResponse,
    ListModelsResponse,
    ModelCard,
    SamplingParams,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

GENERATE = rpcs.GENERATE
ROUTES = (
    Route(rpc=GENERATE, method="POST", path="/whole"),
    Route(rpc=GENERATE, method="GET", path="/query", body=""),
    Route(rpc=GENERATE, method="GET", path="/ids/{rid}/{session_id=of/*}:run", body=""),
    Route(rpc=GENERATE, method="POST", path="/part/{rid}", body="sampling_params"),
    Route(rpc=rpcs.LIST_MODELS, method="GET", path="/cards", body="", response_body="models"),
    Route(rpc=rpcs.LIST_MODELS, method="GET", path="/models", body=""),
)


class Recorder:
    """Keeps the requests of Generate and streams three answers."""

    def __init__(self) -> None:
        self.requests: list[GenerateRequest] = []

    def __handlers__(self) -> tuple[Handler, ...]:
        return (Handler(GENERATE, self.generate), Handler(rpcs.LIST_MODELS, self.list_models))

    async def generate(self, request: GenerateRequest, context: Any) -> AsyncIterator[GenerateResponse]:
        self.requests.append(request)
        if request.rid == "refused":
            raise RpcError(Code.ALREADY_EXISTS, "taken")
        for number in range(2):
            yield GenerateResponse(output_ids=[number])
        if request.rid == "late":
            raise RpcError(Code.UNAVAILABLE, "gone")

    async def list_models(self, request: Any, context: Any) -> ListModelsResponse:
        return ListModelsResponse(models=[ModelCard(id="a", max_model_len=7)])


@pytest.fixture
def servicer() -> Recorder:
    return Recorder()


@pytest.fixture
def client(servicer: Recorder) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(build_app(servicer, routes=ROUTES))
    return httpx.AsyncClient(transport=transport, base_url="http://test")


async def test_names_may_be_snake_or_camel_case(client: httpx.AsyncClient, servicer: Recorder) -> None:
    for body in (
        {"input_ids": [1], "sampling_params": {"max_new_tokens": 3}},
        {"inputIds": [1], "samplingParams": {"maxNewTokens": 3}},
    ):
        await client.post("/whole", json=body)
    expected = GenerateRequest(input_ids=[1], sampling_params=SamplingParams(max_new_tokens=3))
    assert servicer.requests == [expected, expected]


async def test_a_stream_is_events_with_defaults_in_snake_case(client: httpx.AsyncClient) -> None:
    reply = await client.post("/whole", json={})
    assert reply.headers["content-type"] == "text/event-stream"
    assert reply.text == (
        'data: {"output_ids":[0],"meta_info":{},"finished":false}\n\n'
        'data: {"output_ids":[1],"meta_info":{},"finished":false}\n\n'
        "data: [DONE]\n\n"
    )


async def test_errors_of_a_stream_before_and_after_its_first_message(client: httpx.AsyncClient) -> None:
    early = await client.post("/whole", json={"rid": "refused"})
    assert (early.status_code, early.json()["error"]["type"]) == (409, "conflict_error")
    late = await client.post("/whole", json={"rid": "late"})
    assert late.status_code == 200
    *_, error, done, _ = late.text.split("\n\n")
    assert '"message":"gone"' in error
    assert done == "data: [DONE]"


async def test_query_binds_nested_repeated_and_boolean_fields(
    client: httpx.AsyncClient, servicer: Recorder
) -> None:
    query = (
        "input_ids=4&inputIds=5&stream=true&rid=a%20b"
        "&sampling_params.max_new_tokens=6&samplingParams.top_p=0.5"
    )
    await client.get(f"/query?{query}")
    (request,) = servicer.requests
    assert request == GenerateRequest(
        input_ids=[4, 5],
        stream=True,
        rid="a b",
        sampling_params=SamplingParams(max_new_tokens=6, top_p=0.5),
    )


async def test_path_variables_bind_and_win(client: httpx.AsyncClient, servicer: Recorder) -> None:
    await client.get("/ids/r%2F1/of/x%20y:run?priority=2")
    (request,) = servicer.requests
    assert request == GenerateRequest(rid="r/1", session_id="of/x y", priority=2)


async def test_body_field_path_and_query_together(client: httpx.AsyncClient, servicer: Recorder) -> None:
    await client.post("/part/r1?stream=false", json={"n": 2})
    (request,) = servicer.requests
    assert request == GenerateRequest(rid="r1", stream=False, sampling_params=SamplingParams(n=2))


async def test_response_body_and_defaults(client: httpx.AsyncClient) -> None:
    whole = (await client.get("/models")).json()
    assert whole["models"][0]["id"] == "a"
    assert (await client.get("/cards")).json() == whole["models"]


@pytest.mark.parametrize(
    ("method", "path", "body", "problem", "param"),
    [
        ("POST", "/whole", b"[]", "the body must be a JSON object", None),
        ("POST", "/whole", b"{", "the body is not JSON", None),
        ("POST", "/whole", b'{"input_ids":"x"}', "input_ids: expected a list", "input_ids"),
        ("POST", "/whole", b'{"sampling_params":{"n":"x"}}', "sampling_params.n", "sampling_params.n"),
        ("POST", "/whole", b'{"nope":1}', "has no field 'nope'", None),
        ("GET", "/query?nope=1", b"", "there is no field 'nope'", None),
        ("GET", "/query?stream=maybe", b"", "'stream' must be true or false, not 'maybe'", None),
        ("GET", "/query?rid=a&rid=b", b"", "'rid' is given twice", None),
        (
            "GET",
            "/query?sampling_params=1",
            b"",
            "'sampling_params' cannot be given in the path or the query",
            None,
        ),
        ("GET", "/query?rid.x=1", b"", "'rid.x' leads through 'rid', which has no fields", None),
        ("GET", "/query?priority=x", b"", "priority", "priority"),
    ],
)
async def test_what_does_not_fit_names_the_field(
    client: httpx.AsyncClient, method: str, path: str, body: bytes, problem: str, param: str | None
) -> None:
    reply = await client.request(method, path, content=body, headers={"content-type": "application/json"})
    assert reply.status_code == 400
    error = reply.json()["error"]
    assert problem in error["message"]
    assert error["param"] == param


async def test_head_answers_as_get_without_a_body(client: httpx.AsyncClient) -> None:
    get, head = await client.get("/models"), await client.head("/models")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]


def core(*routes: Route, **handlers: Any) -> HttpCore:
    return HttpCore(LocalInvoker([]), routes=routes, handlers=handlers)


def test_tables_that_cannot_be_are_refused() -> None:
    route = ROUTES[0]
    with pytest.raises(ValueError, match="POST /whole has two routes"):
        core(route, route)
    with pytest.raises(ValueError, match="names the handler 'shape', which is not given"):
        core(Route(rpc=GENERATE, method="POST", path="/x", handler="shape"))


def test_templates_of_one_shape_keep_their_own_methods() -> None:
    made = core(
        Route(rpc=GENERATE, method="GET", path="/v1/{rid=jobs/*}", body=""),
        Route(rpc=GENERATE, method="DELETE", path="/v1/{session_id=jobs/*}", body=""),
        Route(rpc=GENERATE, method="GET", path="/v1/jobs/none", body=""),
    )
    for method, params in (("GET", {"rid": "jobs/1"}), ("DELETE", {"session_id": "jobs/1"})):
        found = made.find(method, "/v1/jobs/1", {})
        assert getattr(found, "path_params", None) == params
    assert getattr(made.find("GET", "/v1/jobs/none", {}), "path_params", None) == {}
    refused = made.find("PUT", "/v1/jobs/1", {})
    assert getattr(refused, "headers", {}).get("allow") == "DELETE, GET, HEAD"

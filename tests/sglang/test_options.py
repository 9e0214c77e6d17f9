"""Options of a request: they reach SGLang as they are, or are refused by the flag that is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_gen.sglang.runtime.v1 import sglang_pb as pb

from tests.serve.calls import violations

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .serving import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")

TRACE = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
MEETING = {"bootstrap_host": "10.0.0.7", "bootstrap_port": 8998, "bootstrap_room": 2**40}
PLAIN: dict[str, Any] = {
    "lora_path": "an-adapter",
    "routing_key": "a-key",
    "routed_dp_rank": 1,
    "session_id": "a-session",
    "priority": -3,
    "require_reasoning": True,
    "max_thinking_tokens": 17,
}
"""Options whose name is the same everywhere."""

FLAGS = {
    "enable_lora": True,
    "enable_priority_scheduling": True,
    "reasoning_parser": "qwen3",
    "enable_strict_thinking": True,
    "disaggregation_mode": "decode",
    "dp_size": 2,
    "enable_deterministic_inference": True,
}
"""Settings of SGLang under which nothing is refused."""


@pytest_asyncio.fixture(loop_scope="session")
async def received(served: Served, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What SGLang is given; it answers with one token at once."""
    given: list[Any] = []

    async def generate_request(obj: Any, request: Any = None) -> AsyncIterator[Any]:
        given.append(obj)
        counts = {"prompt_tokens": 1, "completion_tokens": 1, "cached_tokens": 0}
        finish = {"type": "length", "length": 1}
        yield {
            "text": "x",
            "output_ids": [5],
            "meta_info": {"id": obj.rid, "finish_reason": finish, **counts},
        }

    monkeypatch.setattr(served.manager, "generate_request", generate_request)
    return given


def start_with(served: Served, monkeypatch: pytest.MonkeyPatch, **flags: Any) -> None:
    """Let SGLang's settings be others."""
    real = served.engine._config
    monkeypatch.setattr(
        served.engine._admission, "_config", lambda name: flags[name] if name in flags else real(name)
    )


async def call(served: Served, way: str, *, sampling: dict[str, Any] | None = None, **fields: Any) -> None:
    """Make one call with these fields.

    Raises:
        RpcError: It was refused.
    """
    if way == "http":
        reply = await served.http.post("/generate", json={"text": "x", "sampling_params": sampling, **fields})
        assert reply.status_code == 200, reply.text
        return
    params = None if sampling is None else pb.SamplingParams(**sampling)
    if "disaggregated_params" in fields:
        fields["disaggregated_params"] = pb.DisaggregatedParams(**fields["disaggregated_params"])
    if way == "TextGenerate":
        stream = served.grpc.text_generate(pb.TextGenerateRequest(text="x", sampling_params=params, **fields))
        _ = [message async for message in stream]
    else:
        ids = served.grpc.generate(pb.GenerateRequest(input_ids=[5], sampling_params=params, **fields))
        _ = [message async for message in ids]


@pytest.mark.parametrize("way", ["TextGenerate", "Generate", "http"])
async def test_options_reach_sglang(
    served: Served, received: list[Any], monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    start_with(served, monkeypatch, **FLAGS)
    await call(
        served,
        way,
        sampling={"seed": 11},
        trace_headers=TRACE,
        disaggregated_params=dict(MEETING),
        **PLAIN,
    )
    (given,) = received
    assert {name: getattr(given, name) for name in PLAIN} == PLAIN
    assert {name: getattr(given, name) for name in MEETING} == MEETING
    assert given.external_trace_header == TRACE
    assert given.sampling_params["sampling_seed"] == 11


async def test_options_that_are_not_given_are_sglangs_own(served: Served, received: list[Any]) -> None:
    await call(served, "TextGenerate")
    (given,) = received
    plain = type(given)(text="x")
    for name in (*PLAIN, *MEETING, "external_trace_header"):
        assert getattr(given, name) == getattr(plain, name), name


async def test_http_names_of_sglang(
    served: Served, received: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    start_with(served, monkeypatch, **FLAGS)
    await call(served, "http", sampling={"sampling_seed": 4}, external_trace_header=TRACE, **MEETING)
    reply = await served.http.post("/generate", json={"text": "x"}, headers=TRACE)
    assert reply.status_code == 200
    named, by_header = received
    assert {name: getattr(named, name) for name in MEETING} == MEETING
    assert named.sampling_params["sampling_seed"] == 4
    assert named.external_trace_header == by_header.external_trace_header == TRACE


async def test_http_options_of_each_prompt(
    served: Served, received: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    start_with(served, monkeypatch, **FLAGS)
    body = {"text": ["a", "b"], "lora_path": ["one", None], "bootstrap_room": [1, 2]}
    body |= {"bootstrap_host": "h", "bootstrap_port": [7, 8]}
    reply = await served.http.post("/generate", json=body)
    assert reply.status_code == 200, reply.text
    assert [given.lora_path for given in received] == ["one", None]
    assert [(g.bootstrap_host, g.bootstrap_port, g.bootstrap_room) for g in received] == [
        ("h", 7, 1),
        ("h", 8, 2),
    ]


@pytest.mark.parametrize(
    ("field", "value", "flag"),
    [
        ("lora_path", "a", "--enable-lora"),
        ("max_thinking_tokens", 5, "--enable-strict-thinking"),
        ("require_reasoning", True, "--reasoning-parser"),
        ("priority", 1, "--enable-priority-scheduling"),
        ("disaggregated_params", MEETING, "--disaggregation-mode"),
        ("routed_dp_rank", 1, "--dp"),
    ],
)
async def test_a_missing_flag_is_named(served: Served, field: str, value: Any, flag: str) -> None:
    for way in ("TextGenerate", "Generate"):
        with pytest.raises(RpcError) as refused:
            await call(served, way, **{field: value})
        assert refused.value.code is Code.INVALID_ARGUMENT
        assert flag in violations(refused.value)[field]
    reply = await served.http.post("/generate", json={"text": "x", field: value})
    error = reply.json()["error"]
    assert (reply.status_code, error["type"]) == (400, "invalid_request_error")
    assert field in error["message"]
    assert flag in error["message"]


@pytest.mark.parametrize(
    ("sampling", "field", "flag"),
    [
        ({"seed": 1}, "sampling_params.seed", "--enable-deterministic-inference"),
        ({"regex": "a+"}, "sampling_params.regex", "--grammar-backend xgrammar"),
        ({"json_schema": "{}"}, "sampling_params.json_schema", "--grammar-backend xgrammar"),
        (
            {"guided_decoding": pb.GuidedDecoding(choice=pb.ChoiceConstraint(values=["a"]))},
            "sampling_params.guided_decoding.choice",
            "--grammar-backend xgrammar",
        ),
    ],
)
async def test_sampling_that_needs_a_flag(
    served: Served, monkeypatch: pytest.MonkeyPatch, sampling: dict[str, Any], field: str, flag: str
) -> None:
    start_with(served, monkeypatch, grammar_backend="none")
    with pytest.raises(RpcError) as refused:
        await call(served, "TextGenerate", sampling=sampling)
    assert refused.value.code is Code.INVALID_ARGUMENT
    assert flag in violations(refused.value)[field]


async def test_a_greedy_seed_needs_no_flag(served: Served) -> None:
    await call(served, "http", sampling={"seed": 1, "temperature": 0, "max_new_tokens": 1})


@pytest.mark.parametrize("route", ["/v1/chat/completions", "/v1/completions"])
@pytest.mark.parametrize("stream", [False, True])
async def test_openai_bodies_name_the_flag_of_an_adapter(served: Served, route: str, stream: bool) -> None:
    body = {"prompt": "x"} if route == "/v1/completions" else {"messages": [{"role": "user", "content": "x"}]}
    reply = await served.http.post(route, json={**body, "lora_path": "a", "stream": stream, "max_tokens": 1})
    assert reply.status_code == 400, reply.text
    error = reply.json()["error"]
    assert (error["param"], "--enable-lora" in error["message"]) == ("lora_path", True)

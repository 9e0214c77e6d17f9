"""The rules of a typed request: defaults, explicit values kept, ranges, constraints."""

from __future__ import annotations

import math
import struct
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_gen.sglang.runtime.v1.sglang_pb import (
    ChoiceConstraint,
    ClassifyRequest,
    DisaggregatedParams,
    EmbedRequest,
    GenerateRequest,
    GuidedDecoding,
    SamplingParams,
    TextEmbedRequest,
    TextGenerateRequest,
)
from tokenwire_serve.engine import Constraint, Sampling
from tokenwire_serve.servicer.ranges import Problems, shortest_float

from .calls import context, drained, violations

if TYPE_CHECKING:
    from tokenwire_serve.servicer.service import SglangServicer

    from .scripted import ScriptedEngine

MIB = 1 << 20


def float32(value: float) -> float:
    return float(struct.unpack("<f", struct.pack("<f", value))[0])


def accepted(engine: ScriptedEngine, servicer: SglangServicer, **fields: Any) -> Any:
    stream = servicer.text_generate(TextGenerateRequest(text="Say", **fields), context("TextGenerate"))
    request = engine.started[-1]
    stream.cancel()
    return request


async def refused(servicer: SglangServicer, **fields: Any) -> dict[str, str]:
    request = TextGenerateRequest(text="Say", **fields)
    messages, error = await drained(servicer.text_generate(request, context("TextGenerate")))
    assert messages == []
    assert error is not None
    assert error.code is Code.INVALID_ARGUMENT
    found = violations(error)
    assert all(field in error.message for field in found)
    return found


async def test_defaults(engine: ScriptedEngine, servicer: SglangServicer) -> None:
    request = accepted(engine, servicer)
    assert request.sampling == Sampling(max_new_tokens=128, clip=True)
    assert (request.stream, request.logprobs, request.logprob_start) == (False, False, -1)


async def test_explicit_values_are_kept(engine: ScriptedEngine, servicer: SglangServicer) -> None:
    params = SamplingParams(
        temperature=0.0,
        top_p=float32(0.7),
        top_k=-1,
        min_p=0.0,
        max_new_tokens=0,
        min_new_tokens=0,
        ignore_eos=False,
        n=1,
        seed=0,
        stop=["a", "b"],
        stop_token_ids=[0, 999],
    )
    sampling = accepted(engine, servicer, sampling_params=params).sampling
    assert (sampling.temperature, sampling.top_p, sampling.max_new_tokens, sampling.clip) == (
        0.0,
        0.7,
        0,
        False,
    )
    assert (sampling.seed, sampling.stop, sampling.stop_token_ids) == (0, ("a", "b"), (0, 999))


async def test_options_reach_the_engine(engine: ScriptedEngine, servicer: SglangServicer) -> None:
    request = accepted(
        engine,
        servicer,
        lora_path="adapter",
        routing_key="k",
        routed_dp_rank=1,
        session_id="s",
        priority=-3,
        require_reasoning=True,
        max_thinking_tokens=9,
        disaggregated_params=DisaggregatedParams(bootstrap_host="h", bootstrap_port=1, bootstrap_room=2**40),
        trace_headers={"traceparent": "from request", "other": "x"},
    )
    options = request.options
    assert (options.lora_path, options.routing_key, options.routed_dp_rank) == ("adapter", "k", 1)
    assert (options.session_id, options.priority, options.max_thinking_tokens) == ("s", -3, 9)
    assert (options.bootstrap_host, options.bootstrap_port, options.bootstrap_room) == ("h", 1, 2**40)
    assert options.trace_headers == {"traceparent": "from request"}


async def test_trace_metadata_wins(engine: ScriptedEngine, servicer: SglangServicer) -> None:
    request = TextGenerateRequest(text="Say", trace_headers={"traceparent": "request", "tracestate": "kept"})
    stream = servicer.text_generate(request, context("TextGenerate", traceparent="metadata"))
    assert engine.started[0].options.trace_headers == {"traceparent": "metadata", "tracestate": "kept"}
    stream.cancel()


IN_RANGE: list[tuple[str, Any]] = [
    ("temperature", 0.0),
    ("temperature", 100.0),
    ("top_p", float32(1e-6)),
    ("top_p", 1.0),
    ("top_k", -1),
    ("top_k", 1),
    ("min_p", 0.0),
    ("min_p", 1.0),
    ("frequency_penalty", -2.0),
    ("frequency_penalty", 2.0),
    ("presence_penalty", -2.0),
    ("presence_penalty", 2.0),
    ("repetition_penalty", float32(0.1)),
    ("repetition_penalty", 2.0),
    ("max_new_tokens", 0),
    ("min_new_tokens", 128),
    ("n", 8),
    ("seed", -(2**63)),
]


@pytest.mark.parametrize(("name", "value"), IN_RANGE)
async def test_in_range(engine: ScriptedEngine, servicer: SglangServicer, name: str, value: Any) -> None:
    sampling = accepted(engine, servicer, sampling_params=SamplingParams(**{name: value})).sampling
    assert getattr(sampling, name) == pytest.approx(value)


OUT_OF_RANGE: list[tuple[str, Any]] = [
    ("temperature", -0.1),
    ("temperature", math.inf),
    ("temperature", math.nan),
    ("top_p", 0.0),
    ("top_p", 1.1),
    ("top_p", math.nan),
    ("top_k", 0),
    ("top_k", -2),
    ("min_p", -0.1),
    ("min_p", 1.1),
    ("frequency_penalty", -2.1),
    ("frequency_penalty", 2.1),
    ("presence_penalty", 2.1),
    ("presence_penalty", -2.1),
    ("repetition_penalty", 0.0),
    ("repetition_penalty", 2.1),
    ("repetition_penalty", -1.0),
    ("max_new_tokens", -1),
    ("min_new_tokens", -1),
    ("min_new_tokens", 129),
    ("n", 0),
    ("n", -1),
    ("n", 2**31 - 1),
    ("stop", [""]),
]


@pytest.mark.parametrize(("name", "value"), OUT_OF_RANGE)
async def test_out_of_range(servicer: SglangServicer, name: str, value: Any) -> None:
    assert (await refused(servicer, sampling_params=SamplingParams(**{name: value}))).keys() == {
        f"sampling_params.{name}"
    }


@pytest.mark.parametrize("ids", [[1000], [-1], [1, 1000]])
async def test_stop_ids_outside_the_vocabulary(servicer: SglangServicer, ids: list[int]) -> None:
    (field,) = await refused(servicer, sampling_params=SamplingParams(stop_token_ids=ids))
    assert field == f"sampling_params.stop_token_ids[{len(ids) - 1}]"


async def test_min_above_max(servicer: SglangServicer) -> None:
    found = await refused(servicer, sampling_params=SamplingParams(max_new_tokens=4, min_new_tokens=5))
    assert found == {"sampling_params.min_new_tokens": "must be at most max_new_tokens (4), not 5"}


async def test_all_violations_at_once(servicer: SglangServicer) -> None:
    params = SamplingParams(temperature=-1.0, top_k=0, n=0, json_schema="")
    found = await refused(
        servicer, sampling_params=params, rid=" ", top_logprobs_num=-1, logprob_start_len=-2
    )
    assert found.keys() == {
        "sampling_params.temperature",
        "sampling_params.top_k",
        "sampling_params.n",
        "sampling_params.json_schema",
        "rid",
        "top_logprobs_num",
        "logprob_start_len",
    }


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"rid": ""}, "rid"),
        ({"lora_path": ""}, "lora_path"),
        ({"routed_dp_rank": -1}, "routed_dp_rank"),
        ({"top_logprobs_num": 1001}, "top_logprobs_num"),
        (
            {"disaggregated_params": DisaggregatedParams(bootstrap_port=0)},
            "disaggregated_params.bootstrap_port",
        ),
    ],
)
async def test_other_fields(servicer: SglangServicer, fields: dict[str, Any], name: str) -> None:
    assert (await refused(servicer, **fields)).keys() == {name}


@pytest.mark.parametrize(
    ("ids", "name"), [([], "input_ids"), ([5, 1000], "input_ids[1]"), ([-1], "input_ids[0]")]
)
async def test_prompt_ids(servicer: SglangServicer, ids: list[int], name: str) -> None:
    _, error = await drained(servicer.generate(GenerateRequest(input_ids=ids), context("Generate")))
    assert error is not None
    assert violations(error).keys() == {name}


LONG = {
    "stop": (SamplingParams(stop=["a"] * 1025), "at most 1024 items, not 1025"),
    "stop_token_ids": (SamplingParams(stop_token_ids=[1] * 4097), "at most 4096 items, not 4097"),
    "json_schema": (SamplingParams(json_schema=" " * (MIB + 1)), f"at most {MIB} characters"),
    "guided_decoding.choice.values": (
        SamplingParams(guided_decoding=GuidedDecoding(choice=ChoiceConstraint(values=["a"] * 4097))),
        "at most 4096 items",
    ),
}


@pytest.mark.parametrize("name", LONG)
async def test_lists_have_a_most(servicer: SglangServicer, name: str) -> None:
    params, text = LONG[name]
    found = await refused(servicer, sampling_params=params)
    assert found.keys() == {f"sampling_params.{name}"}
    assert text in found[f"sampling_params.{name}"]


async def test_other_things_have_a_most(servicer: SglangServicer) -> None:
    headers = {f"x-{number}": "" for number in range(1025)}
    assert "at most 1024 entries" in (await refused(servicer, trace_headers=headers))["trace_headers"]
    assert "at most 1024 characters" in (await refused(servicer, rid="r" * 1025))["rid"]


@pytest.mark.parametrize(("context_tokens", "most"), [(1000, 1000), (0, MIB), (2 * MIB, 2 * MIB)])
async def test_a_prompt_that_is_too_long_is_not_looked_at(
    engine: ScriptedEngine, servicer: SglangServicer, context_tokens: int, most: int
) -> None:
    class Long(list[int]):
        def __len__(self) -> int:
            return most + 1

        def __iter__(self) -> Any:
            raise AssertionError("looked at")

    engine.model = replace(engine.model, max_model_len=context_tokens)
    request = GenerateRequest(input_ids=Long([1]))
    _, error = await drained(servicer.generate(request, context("Generate")))
    assert error is not None
    (sentence,) = violations(error).values()
    assert violations(error).keys() == {"input_ids"}
    assert str(most) in sentence


async def test_a_prompt_that_the_engine_cuts_may_be_longer(
    engine: ScriptedEngine, servicer: SglangServicer
) -> None:
    engine.model = replace(engine.model, max_model_len=10, truncates=True)
    stream = servicer.generate(GenerateRequest(input_ids=[1] * 20), context("Generate"))
    assert engine.started[-1].prompt == [1] * 20
    stream.cancel()


CONSTRAINTS: list[tuple[SamplingParams, Constraint]] = [
    (SamplingParams(json_schema='{"type": "object"}'), Constraint("json_schema", '{"type": "object"}')),
    (SamplingParams(regex="[a-z]+"), Constraint("regex", "[a-z]+")),
    (SamplingParams(guided_decoding=GuidedDecoding(json_schema="{}")), Constraint("json_schema", "{}")),
    (SamplingParams(guided_decoding=GuidedDecoding(regex="a")), Constraint("regex", "a")),
    (SamplingParams(guided_decoding=GuidedDecoding(ebnf='root ::= "a"')), Constraint("ebnf", 'root ::= "a"')),
    (
        SamplingParams(guided_decoding=GuidedDecoding(choice=ChoiceConstraint(values=["a", "b"]))),
        Constraint("choice", ("a", "b")),
    ),
    (SamplingParams(guided_decoding=GuidedDecoding(structural_tag="{}")), Constraint("structural_tag", "{}")),
]


@pytest.mark.parametrize(("params", "constraint"), CONSTRAINTS)
async def test_constraints(
    engine: ScriptedEngine, servicer: SglangServicer, params: SamplingParams, constraint: Constraint
) -> None:
    assert accepted(engine, servicer, sampling_params=params).sampling.constraint == constraint


BAD_CONSTRAINTS: list[tuple[SamplingParams, str]] = [
    (SamplingParams(json_schema=""), "json_schema"),
    (SamplingParams(json_schema="{"), "json_schema"),
    (SamplingParams(json_schema="[]"), "json_schema"),
    (SamplingParams(regex=""), "regex"),
    (SamplingParams(regex="a", json_schema="{}"), "regex"),
    (SamplingParams(regex="a", guided_decoding=GuidedDecoding(regex="b")), "guided_decoding.regex"),
    (SamplingParams(guided_decoding=GuidedDecoding()), "guided_decoding"),
    (SamplingParams(guided_decoding=GuidedDecoding(ebnf="")), "guided_decoding.ebnf"),
    (
        SamplingParams(guided_decoding=GuidedDecoding(choice=ChoiceConstraint())),
        "guided_decoding.choice.values",
    ),
    (
        SamplingParams(guided_decoding=GuidedDecoding(choice=ChoiceConstraint(values=["a", ""]))),
        "guided_decoding.choice.values",
    ),
]


@pytest.mark.parametrize(("params", "name"), BAD_CONSTRAINTS)
async def test_bad_constraints(servicer: SglangServicer, params: SamplingParams, name: str) -> None:
    assert (await refused(servicer, sampling_params=params)).keys() == {f"sampling_params.{name}"}


@pytest.mark.parametrize(
    ("rpc", "request_", "name"),
    [
        ("text_embed", TextEmbedRequest(text=""), "text"),
        ("text_embed", TextEmbedRequest(text="a", rid=""), "rid"),
        ("embed", EmbedRequest(input_ids=[]), "input_ids"),
        ("embed", EmbedRequest(input_ids=[1000]), "input_ids[0]"),
        ("classify", ClassifyRequest(), "text"),
        ("classify", ClassifyRequest(text="a", input_ids=[1]), "input_ids"),
        ("classify", ClassifyRequest(input_ids=[-1]), "input_ids[0]"),
    ],
)
async def test_embed_requests(servicer: SglangServicer, rpc: str, request_: Any, name: str) -> None:
    with pytest.raises(RpcError) as caught:
        await getattr(servicer, rpc)(request_, context("Embed"))
    assert caught.value.code is Code.INVALID_ARGUMENT
    assert violations(caught.value).keys() == {name}


@pytest.mark.parametrize("value", [0.7, 0.1, 1.0, 0.0, -2.0, 1e-6, 123456.7, 0.95])
def test_shortest_float_gives_back_what_was_written(value: float) -> None:
    assert shortest_float(float32(value)) == value
    assert shortest_float(value) == value


@pytest.mark.parametrize("value", [math.inf, -math.inf, 1e300])
def test_shortest_float_leaves_the_rest(value: float) -> None:
    assert shortest_float(value) == value
    assert math.isnan(shortest_float(math.nan))


def test_an_answer_names_so_many_problems_and_no_more() -> None:
    """What is wrong in a million places is refused at once: the rest of it is not looked at."""
    problems = Problems()
    added = 0
    with pytest.raises(RpcError) as caught:
        for added in range(1_000_000):
            problems.add(f"messages[{added}]", "must be an object")
    assert added == 31
    assert caught.value.code is Code.INVALID_ARGUMENT
    assert len(violations(caught.value)) == 32

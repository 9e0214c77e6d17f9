"""TextGenerate and Generate."""

from __future__ import annotations

from typing import Any, Final

from tokenwire_gen.sglang.runtime.v1 import GENERATE, TEXT_GENERATE
from tokenwire_gen.sglang.runtime.v1.sglang_pb import (
    ChoiceConstraint,
    DisaggregatedParams,
    GenerateRequest,
    GuidedDecoding,
    SamplingParams,
    TextGenerateRequest,
)

from .case import Case, deadly, rpc

TEXT: Final = "Return the"
IDS: Final = [417, 271]
TOO_LONG: Final = "Return the " * 1100
SCHEMA: Final = '{"type": "object", "properties": {"path": {"enum": ["a", "b"]}}, "required": ["path"]}'
STRUCTURE: Final = (
    '{"type": "structural_tag", "format": {"type": "tag", "begin": "<a>", '
    '"content": {"type": "regex", "pattern": "[0-9]{2}"}, "end": "</a>"}}'
)


def greedy(**params: Any) -> SamplingParams:
    """Parameters with which the tokens are the same every time; a few of them."""
    return SamplingParams(**{"temperature": 0.0, "max_new_tokens": 6, "ignore_eos": True, **params})


def text(what: str, params: SamplingParams | None = None, *, sampled: bool = False, **fields: Any) -> Case:
    request = TextGenerateRequest(**{"text": TEXT, "sampling_params": params or greedy(), **fields})
    return rpc(what, TEXT_GENERATE, request, sampled=sampled)


def ids(what: str, params: SamplingParams | None = None, **fields: Any) -> Case:
    request = GenerateRequest(**{"input_ids": IDS, "sampling_params": params or greedy(), **fields})
    return rpc(what, GENERATE, request)


def guided(what: str, constraint: GuidedDecoding, **params: Any) -> Case:
    limits = {"max_new_tokens": 24, "ignore_eos": False, **params}
    return text(f"guided by {what}", greedy(guided_decoding=constraint, **limits))


def refused(what: str, **params: Any) -> Case:
    return text(f"refused, {what}", greedy(**params))


PLAIN: Final = (
    text("unary"),
    text("streamed", stream=True),
    text("with an id", rid="parity-1"),
    text("with an id, streamed", rid="parity-2", stream=True),
    text("most tokens by default", SamplingParams(temperature=0.0, ignore_eos=True)),
    text("no parameters", SamplingParams(max_new_tokens=4, ignore_eos=True), sampled=True),
    text("nearly no temperature", greedy(temperature=1e-7)),
    text("up to the end of text", greedy(ignore_eos=False)),
    text("not before ten tokens", greedy(ignore_eos=False, min_new_tokens=10, max_new_tokens=12)),
    text("stop string", greedy(stop=["tion"])),
    text("stop string, streamed", greedy(stop=["tion."]), stream=True),
    text("stop token", greedy(stop_token_ids=[1113], ignore_eos=False)),
    text("stop token, end of text ignored", greedy(stop_token_ids=[1113])),
    text("penalties", greedy(frequency_penalty=1.5, presence_penalty=0.5, max_new_tokens=12)),
    text("repetition penalty", greedy(repetition_penalty=1.5, max_new_tokens=12)),
    text("two choices", greedy(n=2)),
    text("two choices, streamed", greedy(n=2), stream=True),
    text("two choices with an id", greedy(n=2), rid="parity-3"),
    text("no new tokens", greedy(max_new_tokens=0)),
    text("seed", greedy(seed=7)),
    text("traced", trace_headers={"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}),
    text("priority", priority=3),
    text("routing key", routing_key="a"),
    text("session that is not open", session_id="nobody"),
    text("reasoning", require_reasoning=True),
    text("thinking tokens", max_thinking_tokens=4),
    text("first rank", routed_dp_rank=0),
    text("rank that is not there", routed_dp_rank=7),
    text("adapter that is not there", lora_path="nobody"),
    text(
        "meeting point",
        disaggregated_params=DisaggregatedParams(
            bootstrap_host="127.0.0.1", bootstrap_port=8998, bootstrap_room=1
        ),
    ),
    ids("unary"),
    ids("streamed", stream=True),
    ids("stop token, streamed", greedy(stop_token_ids=[20], ignore_eos=False), stream=True),
    ids("stop string", greedy(stop=["tion"])),
    ids("two choices, streamed", greedy(n=2), stream=True),
)

LOGPROBS: Final = (
    text("logprobs", return_logprob=True),
    text("logprobs with text", return_logprob=True, return_text_in_logprobs=True),
    text("logprobs from the start", return_logprob=True, logprob_start_len=0),
    text("top logprobs", return_logprob=True, top_logprobs_num=2),
    text("top logprobs from the start", return_logprob=True, top_logprobs_num=2, logprob_start_len=0),
    text("top logprobs, streamed", return_logprob=True, top_logprobs_num=2, stream=True),
    text("logprobs, two choices", greedy(n=2), return_logprob=True),
    text("top logprobs without logprobs", top_logprobs_num=2),
    text("logprobs from beyond the prompt", return_logprob=True, logprob_start_len=50),
    ids("logprobs", return_logprob=True),
    ids("top logprobs, streamed", return_logprob=True, top_logprobs_num=1, stream=True),
)

GUIDED: Final = (
    guided("a schema", GuidedDecoding(json_schema=SCHEMA)),
    guided("a regex", GuidedDecoding(regex="[a-c]{3}")),
    guided("a grammar", GuidedDecoding(ebnf='root ::= "yes" | "no"')),
    guided("a choice", GuidedDecoding(choice=ChoiceConstraint(values=["left.", "right*"]))),
    guided("a structural tag", GuidedDecoding(structural_tag=STRUCTURE)),
    guided("nothing", GuidedDecoding()),
    guided("an empty choice", GuidedDecoding(choice=ChoiceConstraint())),
    guided("a choice of nothing", GuidedDecoding(choice=ChoiceConstraint(values=["a", ""]))),
    guided("a bad schema", GuidedDecoding(json_schema="{")),
    guided("a bad regex", GuidedDecoding(regex="[")),
    guided("a bad grammar", GuidedDecoding(ebnf="root ::= (")),
    guided("an empty regex", GuidedDecoding(regex="")),
    text("json_schema", greedy(json_schema=SCHEMA, max_new_tokens=24, ignore_eos=False)),
    text("regex", greedy(regex="[a-c]{3}", ignore_eos=False)),
    refused("two constraints", json_schema=SCHEMA, regex="a"),
    guided("two constraints", GuidedDecoding(regex="a"), json_schema=SCHEMA),
)

REFUSED: Final = (
    deadly(text("refused, no text", text="")),
    text("refused, too long", text=TOO_LONG),
    text("refused, too long, streamed", text=TOO_LONG, stream=True),
    text("refused, blank id", rid=" "),
    refused("temperature", temperature=-1.0),
    refused("temperature not a number", temperature=float("nan")),
    refused("top_p", top_p=1.5),
    refused("top_p zero", top_p=0.0),
    refused("top_k zero", top_k=0),
    refused("min_p", min_p=2.0),
    refused("frequency_penalty", frequency_penalty=3.0),
    refused("presence_penalty", presence_penalty=-3.0),
    refused("repetition_penalty", repetition_penalty=0.0),
    refused("max_new_tokens", max_new_tokens=-1),
    refused("min_new_tokens", min_new_tokens=9),
    refused("more tokens than the context", max_new_tokens=3000),
    refused("no choices", n=0),
    refused("two mistakes", temperature=-1.0, top_p=2.0),
    text("refused, temperature, streamed", greedy(temperature=-1.0), stream=True),
    refused("stop token beyond the vocabulary", stop_token_ids=[4096]),
    ids("refused, no ids", input_ids=[]),
    deadly(ids("refused, id beyond the vocabulary", input_ids=[5, 4096])),
    deadly(ids("refused, negative id", input_ids=[5, -1])),
    ids("refused, too long", input_ids=[5] * 2100),
)

CASES: Final = (*PLAIN, *LOGPROBS, *GUIDED, *REFUSED)

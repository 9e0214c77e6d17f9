"""Typed calls over gRPC that ours refuses: with which field, and what SGLang does instead."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tests.sglang.parity.compare import ABSENT, NOT_ASKED, Difference, like

from .errors import CLEAN

if TYPE_CHECKING:
    from collections.abc import Iterator

INTERNAL: Final = "INTERNAL"
INVALID: Final = "INVALID_ARGUMENT"
SERVED: Final = "OK"

STATUS: Final = "3.6: what breaks a rule is INVALID_ARGUMENT with the field; SGLang says INTERNAL or no field"
RANGE: Final = "3.1 has the range; SGLang lets it pass"
RIDS: Final = "3.5 aborts by id, and a blank one aborts nothing; SGLang takes it"
FLAG: Final = "3.6: what the engine cannot do is refused, not dropped; SGLang drops it without the flag"
VOCABULARY: Final = "3.1: token ids inside the vocabulary"
PROMPT: Final = "3.1; SGLang's scheduler ends over it"
MODES: Final = "3.5 has three modes and the empty one; SGLang's scheduler ends over any other"

REFUSED: Final = (
    # case, what SGLang answers, our field, why
    ("TextGenerate/refused, too long*", INTERNAL, "text", STATUS),
    ("TextGenerate/refused, temperature", INTERNAL, "sampling_params.temperature", STATUS),
    ("TextGenerate/refused, temperature, streamed", INTERNAL, "sampling_params.temperature", STATUS),
    ("TextGenerate/refused, top_p*", INTERNAL, "sampling_params.top_p", STATUS),
    ("TextGenerate/refused, top_k zero", SERVED, "sampling_params.top_k", RANGE),
    ("TextGenerate/refused, min_p", INTERNAL, "sampling_params.min_p", STATUS),
    ("TextGenerate/refused, frequency_penalty", INTERNAL, "sampling_params.frequency_penalty", STATUS),
    ("TextGenerate/refused, presence_penalty", INTERNAL, "sampling_params.presence_penalty", STATUS),
    ("TextGenerate/refused, repetition_penalty", INTERNAL, "sampling_params.repetition_penalty", STATUS),
    ("TextGenerate/refused, max_new_tokens", INTERNAL, "sampling_params.max_new_tokens", STATUS),
    ("TextGenerate/refused, min_new_tokens", INTERNAL, "sampling_params.min_new_tokens", STATUS),
    ("TextGenerate/refused, more tokens than *", INTERNAL, "sampling_params.max_new_tokens", STATUS),
    ("TextGenerate/refused, two mistakes", INTERNAL, "sampling_params.temperature", STATUS),
    ("TextGenerate/refused, two constraints", INTERNAL, "sampling_params.regex", STATUS),
    ("TextGenerate/logprobs from beyond the prompt", INTERNAL, "logprob_start_len", STATUS),
    ("TextGenerate/thinking tokens", INTERNAL, "max_thinking_tokens", STATUS),
    ("TextGenerate/rank that is not there", INTERNAL, "routed_dp_rank", STATUS),
    ("TextGenerate/adapter that is not there", INTERNAL, "lora_path", STATUS),
    ("TextGenerate/guided by a bad schema", INTERNAL, "sampling_params.guided_decoding.json_schema", STATUS),
    ("TextGenerate/guided by a bad regex", INTERNAL, "sampling_params.guided_decoding.regex", STATUS),
    ("TextGenerate/guided by a bad grammar", INTERNAL, "sampling_params.guided_decoding.ebnf", STATUS),
    ("TextGenerate/guided by an empty regex", INVALID, "sampling_params.guided_decoding.regex", STATUS),
    ("TextGenerate/guided by nothing", INVALID, "sampling_params.guided_decoding", STATUS),
    ("TextGenerate/guided by two constraints", INVALID, "sampling_params.guided_decoding.regex", STATUS),
    ("TextGenerate/guided by *choice*", INVALID, "sampling_params.guided_decoding.choice.values", STATUS),
    ("TextGenerate/refused, temperature not a number", SERVED, "sampling_params.temperature", RANGE),
    ("TextGenerate/refused, stop token beyond *", SERVED, "sampling_params.stop_token_ids[0]", VOCABULARY),
    ("TextGenerate/refused, no choices", SERVED, "sampling_params.n", RANGE),
    ("TextGenerate/refused, blank id", SERVED, "rid", RIDS),
    ("TextGenerate/priority", SERVED, "priority", FLAG),
    ("TextGenerate/reasoning", SERVED, "require_reasoning", FLAG),
    ("TextGenerate/meeting point", SERVED, "disaggregated_params", FLAG),
    ("Generate/refused, too long", INTERNAL, "input_ids", STATUS),
    ("Generate/refused, no ids", INTERNAL, "input_ids", STATUS),
    ("Detokenize/negative", INVALID, "tokens[0]", STATUS),
    ("Detokenize/beyond the vocabulary", SERVED, "tokens[1]", VOCABULARY),
    ("TextEmbed/nothing", INTERNAL, "text", STATUS),
    ("Embed/nothing", INTERNAL, "input_ids", STATUS),
    ("Classify/nothing", INVALID, "text", STATUS),
    ("Classify/both", INTERNAL, "input_ids", STATUS),
    ("Abort/blank*", INVALID, "rid", STATUS),
    ("UpdateWeightsFromDisk/no path", SERVED, "model_path", STATUS),
)

NOT_ASKED_OF_SGLANG: Final = (
    ("grpc/TextGenerate/refused, no text", "text", PROMPT),
    ("grpc/Generate/refused, id beyond the vocabulary", "input_ids[1]", PROMPT),
    ("grpc/Generate/refused, negative id", "input_ids[1]", PROMPT),
    ("grpc/pause/nobody", "mode", MODES),
)


def field(name: str) -> like:
    """Typed details with a violation of this field."""
    return like(rf'\{{"BadRequest": .*"field": "{re.escape(name)}".*')


def refused(case: str, sglang: str, name: str, why: str) -> Iterator[Difference]:
    """The places in which the answers differ."""
    yield Difference(f"grpc/{case}", "details", like(r".*"), like(CLEAN + r".+"), why)
    yield Difference(f"grpc/{case}", "typed_details", None, field(name), why)
    if sglang != INVALID:
        yield Difference(f"grpc/{case}", "code", sglang, INVALID, why)
    if sglang == SERVED:
        yield Difference(f"grpc/{case}", "messages.0", like(r".*"), ABSENT, why)


def not_asked(case: str, name: str, why: str) -> Difference:
    ours = rf'\{{"code": "{INVALID}".*"field": "{re.escape(name)}".*'
    return Difference(case, "", NOT_ASKED, like(ours), why)


EMBEDDING: Final = "3.6; SGLang's HTTP says 400 too, its gRPC INTERNAL"
POOLED: Final = ("TextEmbed/not *", "Embed/not *", "Classify/*, not *")

DIFFERENCES: Final = (
    *(difference for row in REFUSED for difference in refused(*row)),
    *(not_asked(*row) for row in NOT_ASKED_OF_SGLANG),
    Difference(
        "http/generate/id beyond the vocabulary",
        "",
        NOT_ASKED,
        like(r'\{"status": 400, .*"param": "input_ids\[1\]".*'),
        PROMPT,
    ),
    *(Difference(f"grpc/{case}", "code", INTERNAL, INVALID, EMBEDDING) for case in POOLED),
    *(
        Difference(f"grpc/{case}", "details", like(r".*"), like(r".*--is-embedding.*"), EMBEDDING)
        for case in POOLED
    ),
)

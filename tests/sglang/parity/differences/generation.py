"""Answers that hold generated tokens."""

from __future__ import annotations

from typing import Final

from tests.sglang.parity.compare import ABSENT, Difference, like

KEYS: Final = "3.3 names the keys of meta_info; SGLang's others are not part of the contract"
LATENCY: Final = "3.3: seconds; SGLang's gRPC subtracts a wall clock from a monotonic one"
MODE: Final = "3.2: the server answers the mode of a stream in its initial metadata"
INDEX: Final = "3.3 has the key index"
TIMING: Final = "ours says how the time of a call was spent"

LEFT_OUT: Final = {
    "num_retractions": 0,
    "reasoning_tokens": 0,
    "cached_tokens_details": like(r'null|\{"device": \d+, "host": 0\}'),
    "dp_rank": None,
    "weight_versions": like(r'\[\{"version": "default", "start": 0, "end": \d+\}\]'),
    "response_sent_to_client_ts": "<moment>",
    "output_token_logprobs_length": like(r"\d+"),
}
"""Keys of SGLang's meta_info that ours does not have."""

DIFFERENCES: Final = (
    *(Difference("*", f"*meta_info.{key}", value, ABSENT, KEYS) for key, value in LEFT_OUT.items()),
    Difference("*", "*meta_info.index", ABSENT, like(r"\d"), INDEX),
    Difference("http/pause/*", "late.*.e2e_latency", like(r"-\d+\.\d+"), "<duration>", LATENCY),
    *(
        Difference(calls, f"*metadata.{place}", ABSENT, name, why)
        for calls in ("http/pause/*", "grpc/*")
        for place, name, why in (("0", "server-timing", TIMING), ("1", "x-tokenwire-stream", MODE))
    ),
    Difference("grpc/*", "*meta_info.e2e_latency", like(r"-\d+\.\d+"), "<duration>", LATENCY),
    Difference("http/pause/*", "*.metadata.0", ABSENT, "x-tokenwire-stream", MODE),
    Difference("grpc/*", "*metadata.0", ABSENT, "x-tokenwire-stream", MODE),
    Difference(
        "grpc/TextGenerate/two choices with an id",
        "messages.?.meta_info.id",
        "<drawn id>",
        like(r"parity-3_\d"),
        "3.2: the ids of several choices are <rid>_<choice>; SGLang draws new ones",
    ),
)

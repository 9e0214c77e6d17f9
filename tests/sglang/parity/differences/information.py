"""What the servers tell of themselves, and routes that one of them does not have."""

from __future__ import annotations

from typing import Final

from tests.sglang.parity.compare import ABSENT, Difference, like

INFO: Final = "3.5 names the keys of GetModelInfo"
LOAD: Final = "3.5 names the keys of GetLoad"
ALLOW: Final = "3.5: an allow-list of settings, never a key or the path of a secret"
OURS: Final = "3.5: ours tells of itself too"
OWNER: Final = "3.7: owned_by tokenwire"

ANYTHING: Final = like(r".*")
MODEL_INFO: Final = (
    "reasoning_parser",
    "tool_call_parser",
    "disaggregation_mode",
    "embedding",
    "preferred_sampling_params",
    "has_image_understanding",
    "has_audio_understanding",
)
LOADS: Final = (
    "num_waiting_uncached_tokens",
    "num_active_tokens",
    "num_prealloc_ready_tokens",
    "total_prefill_uncached_tokens",
    "total_prefill_busy_us",
    "decode_moments",
    "memory",
    "queues",
    "disaggregation",
)

DIFFERENCES: Final = (
    *(Difference("*odel*nfo/all", f"*.{key}", ANYTHING, ABSENT, INFO) for key in MODEL_INFO),
    Difference("*odel*nfo/all", "*.max_model_len", ABSENT, 2048, INFO),
    *(Difference("*oad*", f"*.{key}", ANYTHING, ABSENT, LOAD) for key in LOADS),
    Difference(
        "http/v1/loads/*", "body.timestamp", like(r"2\d{3}-.*"), "<moment>", "3.5: seconds, as in its items"
    ),
    Difference(
        "http/v1/loads/*", "body.version", like(r"0\.5\.\d+"), like(r"0\.1\.0"), "3.7: the server's version"
    ),
    Difference("http/v1/loads/*", "body.accelerator", None, ABSENT, "3.7 has timestamp, version and loads"),
    Difference("http/v1/loads/*", "body.num_accelerators", 1, ABSENT, "3.7 has timestamp, version and loads"),
    *(
        difference
        for case, path in (
            ("grpc/GetServerInfo/all", "messages.0.json_info"),
            ("http/*server_info/all", "body"),
        )
        for difference in (
            Difference(case, f"{path}.*", ANYTHING, ABSENT, ALLOW),
            Difference(case, f"{path}.*", ABSENT, ANYTHING, OURS),
        )
    ),
    Difference("http/*server_info/all", "body.version", like(r"0\.5\.\d+"), like(r"0\.1\.0"), OURS),
    Difference("*models*", "*data.0.owned_by", "sglang", "tokenwire", OWNER),
    Difference("http/v1/models/tiny/one", "body.owned_by", "sglang", "tokenwire", OWNER),
    Difference(
        "http/livez/up", "*", ANYTHING, ANYTHING, "3.5 has /livez; SGLang's server does not have the route"
    ),
    Difference(
        "http/get_load/all", "*", ANYTHING, ANYTHING, "1: /get_load; SGLang's server has lost the route"
    ),
    *(
        Difference(f"http{path}/text", "status", 400, 200, "3.7: here also text")
        for path in ("/tokenize", "/v1/tokenize")
    ),
    *(
        Difference(f"http{path}/text", f"body.{key}", ABSENT, ANYTHING, "3.7: here also text")
        for path in ("/tokenize", "/v1/tokenize")
        for key in ("tokens", "count", "max_model_len")
    ),
)

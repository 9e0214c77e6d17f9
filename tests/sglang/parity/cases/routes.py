"""SGLang's own HTTP routes that compute."""

from __future__ import annotations

from typing import Any, Final

from .case import Case, deadly, http
from .generation import IDS, TEXT, TOO_LONG
from .openai import ASK, CHAT

GREEDY: Final = {"temperature": 0, "max_new_tokens": 6, "ignore_eos": True}


def generate(what: str, params: dict[str, Any] | None = None, **fields: Any) -> Case:
    body = {"text": TEXT, "sampling_params": GREEDY | (params or {}), **fields}
    return http(what, "POST", "/generate", {key: value for key, value in body.items() if value is not None})


def raw(what: str, path: str, content: bytes, media_type: str = "application/json") -> Case:
    return http(what, "POST", path, content=content, headers={"content-type": media_type})


GENERATE: Final = (
    generate("text"),
    generate("ids", text=None, input_ids=IDS),
    generate("streamed", stream=True),
    generate("ids, streamed", text=None, input_ids=IDS, stream=True),
    generate("list of texts", text=[TEXT, "Open a"]),
    generate("list of one text", text=[TEXT]),
    generate("lists of ids", text=None, input_ids=[IDS, [5, 6]]),
    generate("list of texts, streamed", text=[TEXT, "Open a"], stream=True),
    generate(
        "parameters each", text=[TEXT, "Open a"], sampling_params=[GREEDY, GREEDY | {"max_new_tokens": 3}]
    ),
    generate("two choices", {"n": 2}),
    generate("two choices, streamed", {"n": 2}, stream=True),
    generate("two choices each, streamed", {"n": 2}, text=[TEXT, "Open a"], stream=True),
    generate("with an id", rid="parity-4"),
    generate("two with ids", text=[TEXT, "Open a"], rid=["parity-5", "parity-6"]),
    generate("stop string", {"stop": "tion"}),
    generate("stop strings", {"stop": ["zzz", "tion"]}),
    generate("stop token", {"stop_token_ids": [1113], "ignore_eos": False}),
    generate("regex", {"regex": "[a-c]{3}", "ignore_eos": False}),
    generate("logprobs", return_logprob=True, top_logprobs_num=2, logprob_start_len=0),
    generate("logprobs with text", return_logprob=True, return_text_in_logprobs=True),
    generate("logprobs, streamed", return_logprob=True, top_logprobs_num=1, stream=True),
    generate("neither text nor ids", text=None),
    generate("both text and ids", input_ids=IDS),
    generate("no texts", text=[]),
    generate("text not a string", text=5),
    generate("temperature", {"temperature": -1}),
    generate("temperature, streamed", {"temperature": -1}, stream=True),
    generate("temperature not a number", {"temperature": "x"}),
    generate("parameter nobody knows", {"nobody": 1}),
    generate("key nobody knows", nobody=1),
    generate("too long", text=TOO_LONG),
    generate("too long, streamed", text=TOO_LONG, stream=True),
    deadly(generate("id beyond the vocabulary", text=None, input_ids=[5, 4096])),
    generate("adapter that is not there", lora_path="nobody"),
    raw("bad JSON", "/generate", b"{"),
    raw("not an object", "/generate", b"[1]"),
    raw("nothing", "/generate", b""),
    raw(
        "not called JSON",
        "/generate",
        b'{"text": "a", "sampling_params": {"max_new_tokens": 1}}',
        "text/plain",
    ),
)

POOLED: Final = (
    http("text, not an embedding model", "POST", "/encode", {"text": "a path"}),
    http("ids, not an embedding model", "POST", "/encode", {"input_ids": [5, 6]}),
    http("list, not an embedding model", "POST", "/encode", {"text": ["a", "b"]}),
    http("neither text nor ids", "POST", "/encode", {}),
    raw("bad JSON", "/encode", b"{"),
    http("text, not a classifier", "POST", "/classify", {"text": "a path"}),
    http("neither text nor ids", "POST", "/classify", {}),
)


def tokenizer(prefix: str) -> tuple[Case, ...]:
    encode, decode = f"{prefix}/tokenize", f"{prefix}/detokenize"
    return (
        http("prompt", "POST", encode, {"model": "tiny", "prompt": "Return the path."}),
        http("without special tokens", "POST", encode, {"prompt": "Return", "add_special_tokens": False}),
        http("prompts", "POST", encode, {"prompt": ["Return", "the path"]}),
        http("no prompts", "POST", encode, {"prompt": []}),
        http("other model", "POST", encode, {"model": "nobody", "prompt": "Return"}),
        http("text", "POST", encode, {"text": "Return the path."}),
        http("messages", "POST", encode, {"messages": ASK}),
        http("nothing", "POST", encode, {}),
        raw("bad JSON", encode, b"{"),
        http("tokens", "POST", decode, {"model": "tiny", "tokens": [417, 271, 1113]}),
        http("other model", "POST", decode, {"model": "nobody", "tokens": [417]}),
        http("special tokens", "POST", decode, {"tokens": [1, 417, 2]}),
        http("special tokens kept", "POST", decode, {"tokens": [1, 417, 2], "skip_special_tokens": False}),
        http("lists", "POST", decode, {"tokens": [[417], [271], []]}),
        http("nothing", "POST", decode, {"tokens": []}),
        http("beyond the vocabulary", "POST", decode, {"tokens": [4096]}),
        http("negative", "POST", decode, {"tokens": [-1]}),
        http("no tokens", "POST", decode, {}),
    )


STRAY: Final = (
    http("unknown route", "GET", "/nobody"),
    http("other method", "DELETE", "/generate"),
    http("other method", "GET", "/v1/chat/completions"),
    http(
        "not called JSON",
        "POST",
        "/v1/chat/completions",
        content=b"{}",
        headers={"content-type": "text/plain"},
    ),
    http(
        "charset",
        "POST",
        "/v1/chat/completions",
        CHAT,
        headers={"content-type": "application/json; charset=utf-8"},
    ),
)

CASES: Final = (*GENERATE, *POOLED, *tokenizer(""), *tokenizer("/v1"), *STRAY)

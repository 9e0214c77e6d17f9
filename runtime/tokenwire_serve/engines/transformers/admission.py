"""What a request must satisfy before it may wait for the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tokenwire.codes import Code
from tokenwire.details import bad_request
from tokenwire.errors import RpcError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokenwire_serve.engine import GenerateRequest, ModelInfo, RequestOptions, Sampling

__all__ = ["check_ids", "check_options", "check_prompt", "check_sampling", "output_limit", "unsupported"]

_REFUSED: Final = (
    "lora_path",
    "require_reasoning",
    "max_thinking_tokens",
    "bootstrap_host",
    "bootstrap_port",
    "bootstrap_room",
)

_STOP_CHARACTERS: Final = 8192
"""Of all stop strings of a request together; they become an automaton (see `text`)."""


def unsupported(field: str, why: str) -> RpcError:
    """The error of a request that asks for what this engine cannot do."""
    return RpcError(Code.UNIMPLEMENTED, f"engine transformers does not support {field}: {why}")


def check_options(options: RequestOptions) -> None:
    """Refuse options that would change the result and are not there.

    `routing_key`, `session_id` and `trace_headers` are hints that change nothing here; `priority`
    is honoured by the queue.
    """
    for field in _REFUSED:
        if getattr(options, field):
            raise unsupported(field, "--engine sglang is made for that")
    if options.routed_dp_rank:
        raise unsupported("routed_dp_rank", "it has one data-parallel rank, 0")


def check_prompt(ids: list[int], model: ModelInfo, room: int = 0) -> None:
    """Check a prompt that must leave room for `room` more tokens."""
    if not ids:
        raise bad_request("prompt", "has no tokens")
    check_ids("input_ids", ids, model)
    if len(ids) + room > model.max_model_len:
        more = f" and {room} new ones" if room else ""
        raise bad_request(
            "prompt",
            f"its {len(ids)} tokens{more} exceed the context of {model.max_model_len} tokens",
        )


def check_ids(field: str, ids: Iterable[int], model: ModelInfo) -> None:
    """Check that tokens are in the vocabulary."""
    for token in ids:
        if not 0 <= token < model.vocab_size:
            raise bad_request(field, f"token {token} is not in the vocabulary of {model.vocab_size} tokens")


def check_sampling(sampling: Sampling, model: ModelInfo) -> None:
    """Check token ids among the settings, and the size of the stop strings."""
    size = sum(map(len, sampling.stop))
    if size > _STOP_CHARACTERS:
        raise bad_request("stop", f"has {size} characters in all; at most {_STOP_CHARACTERS} are taken")
    check_ids("logit_bias", sampling.logit_bias, model)
    check_ids("stop_token_ids", sampling.stop_token_ids, model)


def output_limit(request: GenerateRequest, prompt: list[int], model: ModelInfo) -> int:
    """How many tokens each choice may make.

    Raises:
        RpcError: INVALID_ARGUMENT, the prompt with its new tokens is longer than the context.
    """
    wanted = request.sampling.max_new_tokens
    if wanted is None or request.sampling.clip:
        check_prompt(prompt, model, room=0 if wanted == 0 else 1)
        rest = model.max_model_len - len(prompt)
        return rest if wanted is None else min(wanted, rest)
    check_prompt(prompt, model, room=wanted)
    return wanted

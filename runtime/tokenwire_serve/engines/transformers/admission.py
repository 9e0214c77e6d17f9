"""What a request must satisfy before it may wait for the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tokenwire.codes import Code
from tokenwire.details import bad_request
from tokenwire.errors import RpcError

from tokenwire_serve.engines.lengths import check_length

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokenwire_serve.engine import ModelInfo, RequestOptions, Sampling

__all__ = ["check_ids", "check_options", "check_prompt", "check_sampling", "unsupported"]

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


def check_prompt(ids: list[int], model: ModelInfo) -> None:
    """Check that a prompt has tokens, that all are in the vocabulary, and that it fits the context."""
    if not ids:
        raise bad_request("prompt", "has no tokens")
    check_ids("input_ids", ids, model)
    check_length(len(ids), 0, model.max_model_len)


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

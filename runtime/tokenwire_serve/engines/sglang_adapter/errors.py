"""SGLang's refusals as statuses that name the field and, where one is missing, the flag."""

from __future__ import annotations

import re
from typing import Any, Final

from tokenwire.codes import CODE_OF_HTTP, Code
from tokenwire.details import bad_request, retry_after
from tokenwire.errors import RpcError

__all__ = ["aborted_by_engine", "refusal"]

_RETRY_S: Final = 1.0
_PLACE: Final = re.compile(r"\[\d\d:\d\d:\d\d\] \S+:\d+: ")
"""Time and source line, with which xgrammar begins what it complains of."""
_FIELDS: Final = (
    (r"longer than the model's context length", "prompt"),
    (r"Requested token count exceeds", "max_new_tokens"),
    (r"LoRA|lora", "lora_path"),
    (r"max_thinking_tokens", "max_thinking_tokens"),
    (r"routed_dp_rank", "routed_dp_rank"),
    (r"priority", "priority"),
    (r"stop strings|stop_str", "stop"),
    (r"top_logprobs", "top_logprobs_num"),
    (r"logprob_start_len", "logprob_start_len"),
    (r"session", "session_id"),
    (r"bootstrap", "disaggregated_params"),
    (r"dimensions|Matryoshka|matryoshka", "dimensions"),
    (r"label_token_ids|Token ID", "label_token_ids"),
    (r"json_schema|JSON schema|json grammar", "json_schema"),
    (r"stop_regex", "stop_regex"),
    (r"stop_token_ids", "stop_token_ids"),
    (r"logit_bias", "logit_bias"),
    (r"min_new_tokens", "min_new_tokens"),
    (r"top_k\b", "top_k"),
    (r"\bregex\b", "regex"),
    (r"\bebnf\b|EBNF", "ebnf"),
    (r"structural_tag", "structural_tag"),
    (r"input_ids|input token|[Pp]rompt (is|cannot be) empty", "prompt"),
)
"""What a sentence of SGLang speaks of, and the engine's name of that field; the first that fits."""


def refusal(error: BaseException) -> BaseException:
    """What a caller is told: SGLang's ValueErrors are faults of the request; others pass as they are."""
    if isinstance(error, RpcError):
        return error
    status = getattr(error, "status_code", None)
    if isinstance(status, int):  # fastapi.HTTPException
        return of_status(status, str(getattr(error, "detail", error)))
    return of_sentence(str(error)) if isinstance(error, ValueError) else error


def of_sentence(text: str) -> RpcError:
    """INVALID_ARGUMENT for the field that a sentence of SGLang speaks of."""
    sentence = " ".join(_PLACE.sub("", text).split()) or "SGLang refuses the request"
    if "Duplicate request ID" in sentence:
        return RpcError(Code.ALREADY_EXISTS, sentence)
    if "never been loaded" in sentence:
        sentence = re.sub(r"dict_keys\((\[.*?\])\)", r"\1", sentence)
        return RpcError(Code.NOT_FOUND, sentence, bad_request("lora_path", sentence).details)
    if "add `--is-embedding`" in sentence:
        return RpcError(
            Code.INVALID_ARGUMENT,
            "the model is served for generation: embeddings and classes need the SGLang flag --is-embedding",
        )
    for pattern, field in _FIELDS:
        if re.search(pattern, sentence):
            return bad_request(field, sentence)
    return RpcError(Code.INVALID_ARGUMENT, sentence)


def of_status(status: int, message: str) -> RpcError:
    """The error of an HTTP status that SGLang would answer with."""
    if status == 400:
        return of_sentence(message)
    if "Grammar accept_token failed" in message:
        return RpcError(Code.INVALID_ARGUMENT, "the constraint of the request cannot be followed to an end")
    code = CODE_OF_HTTP.get(status, Code.INTERNAL if status >= 500 else Code.INVALID_ARGUMENT)
    if code is Code.RESOURCE_EXHAUSTED or (code is Code.UNAVAILABLE and "queue" in message.lower()):
        return retry_after(Code.RESOURCE_EXHAUSTED, message, _RETRY_S)
    return RpcError(code, message)


def aborted_by_engine(reason: dict[str, Any]) -> RpcError | None:
    """The error in a finish reason: SGLang ends requests that it refuses late with an abort and a status."""
    status = reason.get("status_code")
    if reason.get("type") != "abort" or status is None or not 400 <= int(status) < 600:
        return None
    return of_status(int(status), reason.get("message") or "SGLang ended the request")

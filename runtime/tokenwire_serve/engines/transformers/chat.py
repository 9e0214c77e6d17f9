"""Renders conversations with the chat template that comes with the model."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any, Final

from jinja2 import TemplateError
from tokenwire.details import bad_request
from transformers import PreTrainedTokenizerBase

from tokenwire_serve.engines.chat import with_plain_content

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .tokenizer import Tokenizer

__all__ = ["render", "why_no_chat"]

_OPTIONS: Final = "chat_template_kwargs"
_VARIABLES: Final = {"add_generation_prompt", "documents", "kwargs"}
_NO_OPTIONS: Final = {
    "messages",
    *signature(PreTrainedTokenizerBase.apply_chat_template).parameters,
} - _VARIABLES
"""Arguments of the renderer, which are no variables of a template."""
_REFUSALS: Final = (
    TemplateError,
    TypeError,
    ValueError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RecursionError,
)
"""What a template raises that was not written for such messages."""


def why_no_chat(tokenizer: Tokenizer) -> str:
    """Why conversations cannot be rendered; empty when they can."""
    return "" if tokenizer.hf.chat_template else "the model has no chat template; use completions instead"


def render(
    tokenizer: Tokenizer,
    messages: Sequence[Mapping[str, Any]],
    tools: Sequence[Mapping[str, Any]] | None,
    options: Mapping[str, Any],
) -> list[int]:
    """Token ids of a conversation, up to where the assistant's answer begins.

    Raises:
        RpcError: INVALID_ARGUMENT, the message names the field.
    """
    reason = why_no_chat(tokenizer)
    if reason:
        raise bad_request("messages", reason)
    plain = with_plain_content(messages)
    if tools and "tools" not in str(tokenizer.hf.chat_template):
        raise bad_request("tools", "the model's chat template has no place for tools")
    for name in options:
        if name in _NO_OPTIONS:
            raise bad_request(f"{_OPTIONS}.{name}", "is not a variable of a chat template")
    try:
        text = tokenizer.render(plain, tools or None, {"add_generation_prompt": True, **options})
    except _REFUSALS as error:
        raise bad_request("messages", f"the model's chat template refuses them: {error}") from error
    return tokenizer.encode(text, special=False)

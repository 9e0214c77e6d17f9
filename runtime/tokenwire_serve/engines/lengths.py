"""How long a request may become: its prompt and each choice together fit the context."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenwire.details import bad_request

if TYPE_CHECKING:
    from tokenwire_serve.engine import Sampling

__all__ = ["check_length", "output_limit"]


def check_length(tokens: int, room: int, context: int) -> None:
    """Check a prompt of so many tokens that must leave room for `room` more.

    Raises:
        RpcError: INVALID_ARGUMENT, it does not.
    """
    if tokens + room > context:
        more = f" and {room} new ones" if room else ""
        raise bad_request("prompt", f"its {tokens} tokens{more} exceed the context of {context} tokens")


def output_limit(sampling: Sampling, tokens: int, context: int) -> int:
    """How many tokens each choice may make after a prompt of so many.

    Raises:
        RpcError: INVALID_ARGUMENT, the prompt with its new tokens is longer than the context.
    """
    wanted = sampling.max_new_tokens
    if wanted is None or sampling.clip:
        check_length(tokens, 0 if wanted == 0 else 1, context)
        rest = context - tokens
        return rest if wanted is None else min(wanted, rest)
    if tokens < context < tokens + wanted:
        count = f"{wanted} new tokens after the prompt's {tokens}"
        raise bad_request("max_new_tokens", f"{count} exceed the context of {context} tokens")
    check_length(tokens, wanted, context)
    return wanted

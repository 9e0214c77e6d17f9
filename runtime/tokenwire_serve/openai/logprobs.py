"""Log-probabilities in the shapes of the OpenAI API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenwire_serve.engine import TokenLogprob

__all__ = ["chat_logprobs", "completion_logprobs"]

_ZERO_PROBABILITY: Final = -9999.0
"""What the OpenAI API gives for tokens that cannot come; JSON knows no infinity."""


def chat_logprobs(positions: Sequence[TokenLogprob]) -> dict[str, Any]:
    """`choices[].logprobs` of a chat completion."""
    content = [
        {
            **_token(position.text, position.logprob),
            "top_logprobs": [_token(text, logprob) for logprob, _, text in position.top],
        }
        for position in positions
    ]
    return {"content": content, "refusal": None}


def completion_logprobs(positions: Sequence[TokenLogprob], offset: int, top: int) -> dict[str, Any]:
    """`choices[].logprobs` of a text completion.

    Args:
        positions: The tokens.
        offset: Characters of the choice's text before the first of them.
        top: How many alternatives were asked for; without any there is no `top_logprobs`.
    """
    tokens = [position.text or "" for position in positions]
    offsets = []
    for token in tokens:
        offsets.append(offset)
        offset += len(token)
    return {
        "text_offset": offsets,
        "token_logprobs": [None if p.logprob is None else _shown(p.logprob) for p in positions],
        "tokens": tokens,
        "top_logprobs": [_alternatives(position) for position in positions] if top else None,
    }


def _alternatives(position: TokenLogprob) -> dict[str, float] | None:
    if position.logprob is None:
        return None
    found = {text or "": _shown(logprob) for logprob, _, text in position.top}
    return {**found, position.text or "": _shown(position.logprob)}


def _token(text: str | None, logprob: float | None) -> dict[str, Any]:
    token = text or ""
    shown = _ZERO_PROBABILITY if logprob is None else _shown(logprob)
    return {"token": token, "logprob": shown, "bytes": list(token.encode())}


def _shown(logprob: float) -> float:
    return logprob if logprob > _ZERO_PROBABILITY else _ZERO_PROBABILITY

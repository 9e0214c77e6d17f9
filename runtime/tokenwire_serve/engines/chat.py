"""Chat messages, as far as engines agree on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tokenwire.details import bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["with_plain_content"]


def with_plain_content(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The messages with content of several text parts joined into one text.

    Raises:
        RpcError: INVALID_ARGUMENT, there are no messages, one has no role, or a part is not text.
    """
    if not messages:
        raise bad_request("messages", "must hold at least one message")
    return [_plain(message, f"messages[{i}]") for i, message in enumerate(messages)]


def _plain(message: Mapping[str, Any], where: str) -> dict[str, Any]:
    if not isinstance(message.get("role"), str):
        raise bad_request(f"{where}.role", "must be a text such as 'user'")
    content = message.get("content")
    if isinstance(content, list):
        content = "".join(_text(part, f"{where}.content[{i}]") for i, part in enumerate(content))
    elif content is not None and not isinstance(content, str):
        raise bad_request(f"{where}.content", "must be a text or a list of parts")
    return {**message, "content": "" if content is None else content}


def _text(part: Any, where: str) -> str:
    kind = part.get("type") if isinstance(part, dict) else None
    text = part.get("text") if isinstance(part, dict) else None
    if kind != "text":
        raise bad_request(f"{where}.type", f"the model reads text only, not {kind!r}")
    if not isinstance(text, str):
        raise bad_request(f"{where}.text", "must be a text")
    return text

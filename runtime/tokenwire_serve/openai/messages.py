"""The messages of a chat, checked and made ready for a chat template."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from tokenwire_serve.servicer.ranges import check_count

from .fields import kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .fields import Fields

__all__ = ["read_messages", "read_tools"]

_MOST: Final = 4096
"""Most messages of a chat, parts of their contents, and tools."""
_ROLES: Final = ("system", "developer", "user", "assistant", "tool", "function")


def read_messages(fields: Fields, engine: str) -> list[dict[str, Any]]:
    """The messages, each content a string; unknown keys stay for the template to use."""
    if not fields.require("messages"):
        return []
    messages = fields.array("messages")
    if messages == []:
        fields.wrong("messages", "must not be empty")
    if not _few(messages or ()):
        fields.wrong("messages", f"must have at most {_MOST} messages, and as many parts of contents")
        return []
    return [_read_message(fields, f"messages[{place}]", m, engine) for place, m in enumerate(messages or ())]


def read_tools(fields: Fields, engine: str) -> list[dict[str, Any]] | None:
    """The tools for the template; None where there are none or the caller wants none used."""
    tools = fields.array("tools")
    choice = fields.values.get("tool_choice")
    if choice is not None and choice not in ("auto", "none"):
        fields.wrong("tool_choice", f"must be auto or none: engine {engine} cannot force a tool to be called")
    if not check_count(tools or (), "tools", fields.problems, _MOST):
        return None
    for place, tool in enumerate(tools or ()):
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            fields.wrong(f"tools[{place}]", "must be an object with a function that has a name")
    return None if choice == "none" else tools or None


def _few(messages: Sequence[Any]) -> bool:
    """Whether there are no more messages, and parts in them, than there may be."""
    if len(messages) > _MOST:
        return False
    contents = [message.get("content") for message in messages if isinstance(message, dict)]
    return sum(len(content) for content in contents if isinstance(content, list)) <= _MOST


def _read_message(fields: Fields, name: str, message: Any, engine: str) -> dict[str, Any]:
    if not isinstance(message, dict):
        fields.wrong(name, f"must be an object, not {kind_of(message)}")
        return {}
    role = message.get("role")
    if role not in _ROLES:
        fields.wrong(f"{name}.role", f"must be {' or '.join(_ROLES)}")
    calls = message.get("tool_calls")
    content = message.get("content")
    if content is None and not (role == "assistant" and (calls or message.get("function_call"))):
        fields.wrong(f"{name}.content", "is required")
    read = {**message, "content": _read_content(fields, f"{name}.content", content, engine)}
    if isinstance(calls, list):
        read["tool_calls"] = [_read_call(call) for call in calls]
    return read


def _read_content(fields: Fields, name: str, content: Any, engine: str) -> str:
    """The text of a content; its parts are set apart by a space."""
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        fields.wrong(name, f"must be a string or an array of parts, not {kind_of(content)}")
        return ""
    texts = []
    for place, part in enumerate(content):
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "text" and isinstance(part.get("text"), str):
            texts.append(part["text"])
        elif kind in (None, "text") or not isinstance(kind, str):
            fields.wrong(f"{name}[{place}]", "must be an object with type and text")
        else:
            fields.wrong(f"{name}[{place}]", f"has type {kind}, but engine {engine} takes text only")
    return " ".join(texts)


def _read_call(call: Any) -> Any:
    """A tool call with its arguments as the object that templates want."""
    function = call.get("function") if isinstance(call, dict) else None
    arguments = function.get("arguments") if isinstance(function, dict) else None
    if not isinstance(function, dict) or not isinstance(arguments, str):
        return call
    try:
        parsed = json.loads(arguments)
    except ValueError:
        return call
    return {**call, "function": {**function, "arguments": parsed}}

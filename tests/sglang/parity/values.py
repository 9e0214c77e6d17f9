"""Messages, bodies and streams as JSON values, in one form for both servers."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any, Final

from tokenwire import Enum, Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Json = Any

JSON_FIELDS: Final = {"json_info", "json_body", "json_chunk"}
"""Fields of the contract that carry JSON text."""


class Steps(dict[str, Json]):
    """A stream of cumulative messages by their number of tokens.

    Messages that wait for the network collapse to the newest (contract 3.2), so which numbers are there is
    a matter of timing. Those that both servers sent are compared, and so is the last.
    """


def plain(value: Json) -> Json:
    """A message with all of its fields, JSON text in it read."""
    if isinstance(value, Message):
        return {field.name: _field(field.name, getattr(value, field.name)) for field in _fields(value)}
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def read_json(text: str | bytes) -> Json:
    """What JSON text says; other text stays as it is."""
    text = text.decode(errors="replace") if isinstance(text, bytes) else text
    try:
        return json.loads(text)
    except ValueError:
        return text


def steps(messages: Iterable[dict[str, Json]]) -> Json:
    """A stream of messages with `meta_info`, per choice and step; messages without it, in order.

    Choices have an index over HTTP; over gRPC their ids tell them apart, and they count as they come.
    """
    choices: dict[str, Json] = {}
    ids: list[str] = []
    for message in messages:
        meta = message.get("meta_info") or {}
        if "completion_tokens" not in meta:
            choices.setdefault("other messages", []).append(message)
            continue
        if meta["id"] not in ids:
            ids.append(meta["id"])
        choice, step = message.get("index", ids.index(meta["id"])), meta["completion_tokens"]
        if "output_ids" in message:
            # SGLang's events of a list share the list of ids, which may have grown since.
            message["output_ids"] = message["output_ids"][:step]
        choices.setdefault(f"choice {choice}", Steps())[str(step)] = message
    return choices


def folded(chunks: Iterable[Json]) -> Json:
    """A stream of OpenAI chunks per choice, chunks in a row that differ in their text alone made one.

    How many tokens a chunk carries is a matter of timing.
    """
    choices: dict[str, list[Json]] = {}
    for chunk in chunks:
        key = "no choice"
        if isinstance(chunk, dict) and chunk.get("choices"):
            key = f"choice {chunk['choices'][0]['index']}"
        runs = choices.setdefault(key, [])
        if not (runs and _joined(runs[-1], chunk)):
            runs.append(chunk)
    return choices


def _joined(run: Json, chunk: Json) -> bool:
    """Append the text of a chunk to the one before it, if nothing else tells them apart.

    The text before the end may come with the reason for the end, or before it.
    """
    old, new = _growing(run), _growing(chunk)
    if old.keys() != new.keys() or not new or _without(run, old) != _without(chunk, new):
        return False
    for path, text in new.items():
        _put(run, path, old[path] + text)
    run["choices"][0].update({key: chunk["choices"][0].get(key) for key in ENDING})
    return True


ENDING: Final = ("finish_reason", "matched_stop")
GROWING: Final = (
    ("choices", 0, "text"),
    ("choices", 0, "delta", "content"),
    ("choices", 0, "logprobs", "content"),
    *(
        ("choices", 0, "logprobs", name)
        for name in ("text_offset", "token_logprobs", "tokens", "top_logprobs")
    ),
)


def _growing(chunk: Json) -> dict[Sequence[Any], Any]:
    """The parts of a chunk that grow, by path."""
    return {path: value for path in GROWING if (value := _get(chunk, path)) is not None}


def _without(chunk: Json, paths: Iterable[Sequence[Any]]) -> Json:
    copy = json.loads(json.dumps(chunk))
    copy.pop("created")
    for path in paths:
        _put(copy, path, None)
    for key in ENDING:
        copy["choices"][0].pop(key, None)
    return copy


def _get(value: Json, path: Sequence[Any]) -> Json:
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _put(value: Json, path: Sequence[Any], new: Json) -> None:
    _get(value, path[:-1])[path[-1]] = new


def _fields(message: Message) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(message)  # type: ignore[arg-type]


def _field(name: str, value: Json) -> Json:
    if name in JSON_FIELDS:
        return read_json(value)
    if name == "meta_info":
        return {key: read_json(text) for key, text in value.items()}
    return plain(value)

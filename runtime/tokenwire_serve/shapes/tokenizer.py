"""`/tokenize` and `/detokenize`: one text or several, or a conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tokenwire.http.large_answers import dump_large_json
from tokenwire.http.values import HttpReply
from tokenwire_gen.sglang.runtime.v1.sglang_grpc import TOKENIZE
from tokenwire_gen.sglang.runtime.v1.sglang_pb import TokenizeRequest

from tokenwire_serve.openai.common import MOST_INPUTS
from tokenwire_serve.openai.fields import Fields, is_ids, kind_of
from tokenwire_serve.servicer.ranges import Problems, check_count

from .generate import together
from .inputs import refuse_unknown

if TYPE_CHECKING:
    from typing import Any

    from tokenwire.http.values import HttpCall

    from tokenwire_serve.servicer.service import SglangServicer

__all__ = ["HttpTokenizer"]

_TOKENIZE: Final = frozenset(
    {"model", "prompt", "text", "messages", "add_special_tokens", "tools", "chat_template_kwargs"}
)
_DETOKENIZE: Final = frozenset({"model", "tokens", "skip_special_tokens"})


class _Given(NamedTuple):
    """Inputs of a call; a single one was not in a list, and neither is its answer."""

    items: list[Any]
    single: bool


class HttpTokenizer:
    """Answers `/tokenize` and `/detokenize`."""

    def __init__(self, servicer: SglangServicer) -> None:
        self._servicer = servicer

    async def tokenize(self, call: HttpCall) -> HttpReply:
        """`{tokens, count, max_model_len}`; `tokens` and `count` are lists for a list of prompts."""
        problems = Problems()
        fields = Fields(call.json_object(), problems)
        refuse_unknown(fields, _TOKENIZE, "a field of this route")
        model = fields.text("model")
        special = fields.boolean("add_special_tokens")
        names = [name for name in ("prompt", "text", "messages") if name in fields]
        if len(names) != 1:
            problems.add("prompt", "or text or messages must be given, and one of them only")
        if names == ["messages"]:
            return await self._tokenize_chat(fields, model)
        given = _texts(fields, names[0] if names else "prompt")
        problems.settle()
        self._servicer.require_model(model)
        answers = await together(
            *(
                call.unary(TOKENIZE, TokenizeRequest(text=text, add_special_tokens=special))
                for text in given.items
            )
        )
        limit = self._servicer.engine.model.max_model_len
        lists = [answer.tokens for answer in answers]
        return await (_tokens(lists[0], limit) if given.single else _token_lists(lists, limit))

    async def _tokenize_chat(self, fields: Fields, model: str | None) -> HttpReply:
        messages = fields.array("messages") or []
        if not messages or not all(isinstance(message, dict) for message in messages):
            fields.wrong("messages", "must be an array of objects with at least one")
        tools = fields.array("tools")
        options = fields.mapping("chat_template_kwargs")
        fields.problems.settle()
        self._servicer.require_model(model)
        engine = self._servicer.engine
        tokens = await engine.render_chat(messages, tools=tools, options=options)
        return await _tokens(tokens, engine.model.max_model_len)

    async def detokenize(self, call: HttpCall) -> HttpReply:
        """`{text}`, a list of texts for a list of lists; special tokens are left out unless wanted."""
        fields = Fields(call.json_object(), Problems())
        refuse_unknown(fields, _DETOKENIZE, "a field of this route")
        model = fields.text("model")
        skip = fields.boolean("skip_special_tokens") is not False
        given = _ids(fields)
        fields.problems.settle()
        self._servicer.require_model(model)
        names = ["tokens"] if given.single else [f"tokens[{place}]" for place in range(len(given.items))]
        texts = await together(
            *(
                self._servicer.text_of(ids, name=name, skip_special_tokens=skip)
                for ids, name in zip(given.items, names, strict=True)
            )
        )
        return await _reply({"text": texts[0] if given.single else texts})


def _texts(fields: Fields, name: str) -> _Given:
    value = fields.values.get(name)
    if isinstance(value, list) and not check_count(value, name, fields.problems, MOST_INPUTS):
        return _Given([], single=False)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return _Given(value, single=False)
    if name in fields and not isinstance(value, str):
        fields.wrong(name, f"must be a string or an array of strings, not {kind_of(value)}")
    return _Given([value], single=True)


def _ids(fields: Fields) -> _Given:
    value = fields.values.get("tokens")
    if value == [] or is_ids(value):
        return _Given([value], single=True)
    if isinstance(value, list) and isinstance(value[0], list):
        if not check_count(value, "tokens", fields.problems, MOST_INPUTS):
            return _Given([], single=False)
        if all(item == [] or is_ids(item) for item in value):
            return _Given(value, single=False)
    if fields.require("tokens"):
        fields.wrong("tokens", "must be an array of token ids, or an array of such arrays")
    return _Given([], single=False)


async def _tokens(tokens: list[int], max_model_len: int) -> HttpReply:
    return await _reply({"tokens": tokens, "count": len(tokens), "max_model_len": max_model_len})


async def _token_lists(lists: list[list[int]], max_model_len: int) -> HttpReply:
    counts = [len(tokens) for tokens in lists]
    return await _reply({"tokens": lists, "count": counts, "max_model_len": max_model_len})


async def _reply(answer: dict[str, Any]) -> HttpReply:
    return HttpReply.raw_json(await dump_large_json(answer))

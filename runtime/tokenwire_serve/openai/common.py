"""What every OpenAI call has: a model, an id, and inputs in several shapes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tokenwire_serve.servicer.core import fresh_id
from tokenwire_serve.servicer.ranges import MOST_IDS, MOST_RID, check_prompt_ids

from .fields import Fields, is_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from tokenwire_serve.engine import ModelInfo
    from tokenwire_serve.servicer.core import Core

__all__ = [
    "MOST_INPUTS",
    "MOST_TOP_LOGPROBS",
    "UNSUPPORTED",
    "read_id",
    "read_inputs",
    "read_model",
    "read_stream_options",
    "together",
]

T = TypeVar("T")
Input = TypeVar("Input")

MOST_INPUTS: Final = 2048
"""Most inputs of one call, as in the OpenAI API."""

MOST_TOP_LOGPROBS: Final = 20
"""Most alternatives per position, as in the OpenAI API."""

UNSUPPORTED: Final[dict[str, tuple[Any, ...]]] = {
    "stop_regex": ([], ""),
    "no_stop_trim": (False,),
    "skip_special_tokens": (True,),
    "custom_logit_processor": (),
    "custom_params": ({},),
    "return_hidden_states": (False,),
    "return_routed_experts": (False,),
    "return_token_ids": (False,),
    "session_params": ({},),
}
"""Fields of both kinds of completion that change its meaning and are not supported, each with the
values that ask for nothing."""

_AT_ONCE: Final = 32


def read_model(fields: Fields, core: Core) -> str:
    """The model's name as the answer gives it.

    Raises:
        RpcError: NOT_FOUND, no model goes by the name that was asked for.
    """
    return core.find_model(fields.text("model")).shown


def read_id(fields: Fields, prefix: str) -> str:
    """The id that the answer carries: `rid` where it is given."""
    rid = fields.text("rid")
    if rid is None:
        return fresh_id(prefix)
    if not rid[:MOST_RID].strip():
        fields.wrong("rid", "must not be blank")
    elif len(rid) > MOST_RID:
        fields.wrong("rid", f"must have at most {MOST_RID} characters, not {len(rid)}")
    return rid


def read_inputs(fields: Fields, name: str, model: ModelInfo) -> list[str | list[int]]:
    """A string, an array of strings, an array of token ids or an array of such arrays."""
    value = fields.values.get(name)
    if not fields.require(name):
        return []
    items = value if isinstance(value, list) and not _is_flat(value) else [value]
    if not items or len(items) > MOST_INPUTS:
        fields.wrong(name, f"must have from 1 to {MOST_INPUTS} items")
        return []
    lists = [item for item in items if isinstance(item, list)]
    total, most = sum(map(len, lists)), max(MOST_IDS, model.max_model_len)
    if total > most:
        fields.wrong(name, f"must have at most {most} token ids, not {total}")
        return []
    texts = len(lists) < len(items)
    if not all(isinstance(item, str) if texts else is_ids(item) for item in items):
        fields.wrong(name, "must be a string, an array of strings, an array of token ids or an array of such")
        return []
    for ids in lists:
        check_prompt_ids(ids, name, fields.problems, model)
    return list(items)


def _is_flat(value: list[Any]) -> bool:
    """Whether a list is one input of token ids, going by its first item."""
    return bool(value) and type(value[0]) is int


def read_stream_options(fields: Fields) -> tuple[bool, bool, bool]:
    """Whether to stream, to end with the usage, and to give it with every chunk."""
    stream = fields.boolean("stream") or False
    given = fields.mapping("stream_options")
    if given is None:
        return stream, False, False
    if not stream:
        fields.wrong("stream_options", "needs stream to be true")
    options = Fields(given, fields.problems, "stream_options.")
    usage = options.boolean("include_usage") or False
    return stream, usage, options.boolean("continuous_usage_stats") or False


async def together(
    inputs: Sequence[Input], call: Callable[[int, Input], Coroutine[object, object, T]]
) -> list[T]:
    """The results of a call per input, some of them at once; the first failure ends the others."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(place: int, item: Input) -> T:
        async with places:
            return await call(place, item)

    tasks = [asyncio.ensure_future(one(place, item)) for place, item in enumerate(inputs)]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()

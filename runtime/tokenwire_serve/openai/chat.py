"""Reads chat completion bodies."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from tokenwire.codes import Code
from tokenwire.errors import RpcError

from tokenwire_serve.servicer.ranges import Problems

from .common import MOST_TOP_LOGPROBS, UNSUPPORTED, read_id, read_model, read_stream_options
from .fields import Fields
from .job import Job
from .messages import read_messages, read_tools
from .sampling import field_names, read_options, read_sampling

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokenwire_serve.servicer.core import Core

__all__ = ["read_chat"]

_UNSUPPORTED_CHAT: Final[dict[str, tuple[Any, ...]]] = {
    **UNSUPPORTED,
    "functions": ([],),
    "function_call": ("none", "auto"),
    "modalities": (["text"], []),
    "audio": (),
    "web_search_options": (),
    "input_ids": ([],),
    "continue_final_message": (False,),
    "return_prompt_token_ids": (False,),
    "return_meta_info": (False,),
}


async def read_chat(body: Mapping[str, Any], core: Core, trace: Mapping[str, str]) -> Job:
    """The job of a chat completion.

    Raises:
        RpcError: INVALID_ARGUMENT with every violation; NOT_FOUND, an unknown model.
    """
    engine = core.engine
    fields = Fields(body, Problems())
    model = read_model(fields, core)
    if engine.model.chat:
        raise RpcError(Code.UNIMPLEMENTED, f"engine {engine.name} cannot chat: {engine.model.chat}")
    fields.refuse(_UNSUPPORTED_CHAT, engine.name)
    messages = read_messages(fields, engine.name)
    tools = read_tools(fields, engine.name)
    variables = _read_variables(fields)
    logprobs, top = _read_logprobs(fields)
    limits = ("max_completion_tokens", "max_tokens")
    sampling = read_sampling(fields, engine.model, limit_names=limits, default_limit=None)
    request_id = read_id(fields, "chatcmpl-")
    options = read_options(fields, trace)
    stream, include_usage, running_usage = read_stream_options(fields)
    fields.problems.settle()
    prompt = await engine.render_chat(messages, tools=tools, options=variables)
    return Job(
        id=request_id,
        model=model,
        created=int(time.time()),
        chat=True,
        prompts=(prompt,),
        sampling=sampling,
        options=options,
        stream=stream,
        include_usage=include_usage,
        running_usage=running_usage,
        logprobs=logprobs,
        top_logprobs=top,
        names={"prompt": "messages", **field_names(fields, limits)},
    )


def _read_variables(fields: Fields) -> dict[str, Any]:
    """What the chat template gets beside messages and tools."""
    variables = fields.mapping("chat_template_kwargs") or {}
    effort = fields.values.get("reasoning_effort")
    return variables if effort is None else {"reasoning_effort": effort, **variables}


def _read_logprobs(fields: Fields) -> tuple[bool, int]:
    """Whether log-probabilities are wanted, and how many alternatives."""
    wanted = fields.boolean("logprobs") or False
    top = fields.integer("top_logprobs", low=0, high=MOST_TOP_LOGPROBS) or 0
    if top and not wanted:
        fields.wrong("top_logprobs", "needs logprobs to be true")
    return wanted, top

"""What the OpenAI side uses of SGLang, handed in by the module that imports it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tokenwire_serve.engine import RequestOptions
    from tokenwire_serve.openai.backend import Operation

    from .runs import Receiver, Run

__all__ = ["Toolkit"]


@dataclass(frozen=True, slots=True)
class Toolkit:
    """Parts of one running SGLang.

    Attributes:
        manager: The TokenizerManager.
        servings: SGLang's serving object of each operation, over the manager that it is given.
        requests: Its model of the body of each operation.
        chat_class: Its own class for chats; a subclass may stream in a way of its own.
        start: Starts a run of a request that is made already.
        admit: Refuses (RpcError) so many sequences more, or counts them; returns what counts them off.
        check: Refuses (RpcError) options that need a flag which was not given.
        is_generate: Whether a request of SGLang's is a GenerateReqInput.
        event: `build_sse_content`: one chunk of a chat, with SSE framing.
        usage_event: The usage chunk of a chat, of its id, time, model and counts.
        quote: The JSON of a text, as SGLang's chunks have it.
        wants_usage: From `stream_options` whether the usage is wanted at the end, and all along.
    """

    manager: Any
    servings: Callable[[Any], Mapping[Operation, Any]]
    requests: Mapping[Operation, type[Any]]
    chat_class: type[Any]
    start: Callable[[Any, Receiver], Run]
    admit: Callable[[int], Callable[[], None]]
    check: Callable[[RequestOptions], None]
    is_generate: Callable[[Any], bool]
    event: Callable[..., str]
    usage_event: Callable[[str, int, str, Mapping[str, int]], bytes]
    quote: Callable[[str], bytes]
    wants_usage: Callable[[Any], tuple[bool, bool]]

"""OpenAI pass-through over HTTP: bytes in, the same bytes out, framed as events where streamed."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from tokenwire.codes import Code
from tokenwire.details import bad_request
from tokenwire.errors import RpcError

from .failures import failure_event
from .values import EventStream, HttpReply, event, leave, take_first

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tokenwire.method import Method

    from .routes import OpenAIAdapter
    from .values import HttpCall, HttpHandler

__all__ = ["adapter_handler", "list_models", "retrieve_model"]

_ERROR: Final = b'{"error"'
_SECRET: Final = frozenset({"authorization", "cookie", "proxy-authorization"})


def adapter_handler(adapter: OpenAIAdapter) -> HttpHandler:
    """The function that answers an adapter's route."""
    return _stream_handler(adapter) if adapter.stream else _unary_handler(adapter)


def _unary_handler(adapter: OpenAIAdapter) -> HttpHandler:
    json_of = attrgetter(adapter.json_field)
    status_of = attrgetter(adapter.status_field) if adapter.status_field else None

    async def handler(call: HttpCall) -> HttpReply:
        request = adapter.request(call.body, _carried(call.headers))
        response = await call.unary(adapter.rpc, request)
        status = status_of(response) if status_of is not None else 200
        return HttpReply.raw_json(json_of(response), status or 200)

    return handler


class _Frames:
    """The events of one call.

    An error that was an event already is not told twice, and an abort not at all: the finish
    reason in the last event has told it.
    """

    __slots__ = ("_json_of", "_told")

    def __init__(self, json_of: Callable[[Any], bytes]) -> None:
        self._json_of = json_of
        self._told = False

    def frame(self, chunk: Any) -> bytes:
        data = self._json_of(chunk)
        if not data:
            return b""
        self._told = data.startswith(_ERROR)
        return event(data)

    def failure(self, error: Exception) -> bytes:
        aborted = isinstance(error, RpcError) and error.code is Code.CANCELLED
        return b"" if self._told or aborted else failure_event(error)


def _stream_handler(adapter: OpenAIAdapter) -> HttpHandler:
    json_of: Callable[[Any], bytes] = attrgetter(adapter.json_field)
    finished_of = attrgetter(adapter.finished_field)

    async def handler(call: HttpCall) -> HttpReply:
        request = adapter.request(call.body, _carried(call.headers))
        chunks = call.stream(adapter.rpc, request)
        first = await take_first(chunks)
        if first is None:
            raise RpcError(Code.INTERNAL, "the call ended without an answer")
        if finished_of(first) and json_of(first):
            await leave(chunks)
            return HttpReply.raw_json(json_of(first))
        frames = _Frames(json_of)
        head = frames.frame(first)
        return HttpReply(body=EventStream(chunks, frames.frame, frames.failure, head=head))

    return handler


def list_models(rpc: Method[Any, Any], *, owner: str, created: int) -> HttpHandler:
    """The function that answers a list-models RPC in the shape of the OpenAI API.

    Args:
        rpc: Answers with `models`, each with `id`, `root`, `parent` and `max_model_len`.
        owner: Value of `owned_by`.
        created: Value of `created`, seconds since 1970.
    """

    async def handler(call: HttpCall) -> HttpReply:
        response: Any = await call.unary(rpc, rpc.request())
        cards = [_card(model, owner, created) for model in response.models]
        return HttpReply.json({"object": "list", "data": cards})

    return handler


def retrieve_model(rpc: Method[Any, Any], *, owner: str, created: int) -> HttpHandler:
    """The function that answers with the model that the path's variable `model` names; see `list_models`."""

    async def handler(call: HttpCall) -> HttpReply:
        name = call.path_params["model"].replace("%2F", "/")
        response: Any = await call.unary(rpc, rpc.request())
        for model in response.models:
            if model.id == name:
                return HttpReply.json(_card(model, owner, created))
        known = ", ".join(model.id for model in response.models)
        sentence = f"{name!r} is not served here; served: {known}"
        raise RpcError(Code.NOT_FOUND, f"model {sentence}", bad_request("model", sentence).details)

    return handler


def _card(model: Any, owner: str, created: int) -> dict[str, Any]:
    return {
        "id": model.id,
        "object": "model",
        "created": created,
        "owned_by": owner,
        "root": model.root,
        "parent": model.parent,
        "max_model_len": model.max_model_len,
    }


def _carried(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that travel inside the request: all but those that hold a secret."""
    return {name: value for name, value in headers.items() if name not in _SECRET}

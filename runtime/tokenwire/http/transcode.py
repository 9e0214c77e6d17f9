"""RPCs as JSON over HTTP: body, path and query make the request, the response makes the answer.

The binding rules are those of google.api.http (google/api/http.proto of googleapis).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from tokenwire.codes import Code
from tokenwire.details import bad_request
from tokenwire.errors import DecodeError, RpcError
from tokenwire.message import Casing

from .failures import failure_event
from .values import EventStream, HttpReply, dump_json, event, leave, take_first

if TYPE_CHECKING:
    from tokenwire.fields import Field
    from tokenwire.message import Message

    from .routes import Route
    from .values import HttpCall, HttpHandler

__all__ = ["route_handler"]

_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}


def route_handler(route: Route) -> HttpHandler:
    """The function that answers a route with the JSON of its RPC's messages.

    Raises:
        ValueError: The RPC takes a stream, which one HTTP body cannot be.
    """
    if route.rpc.client_streaming:
        raise ValueError(
            f"{route.method} {route.path}: {route.rpc.path} takes a stream; HTTP cannot serve it"
        )
    return partial(_stream if route.rpc.server_streaming else _unary, route)


async def _unary(route: Route, call: HttpCall) -> HttpReply:
    response = await call.unary(route.rpc, _request(route, call))
    return HttpReply.raw_json(_json(route, response))


async def _stream(route: Route, call: HttpCall) -> HttpReply:
    """Answer with events; the first message is awaited, so that an error before it has a status."""

    def frame(message: Message) -> bytes:
        return event(_json(route, message))

    messages = call.stream(route.rpc, _request(route, call))
    first = await take_first(messages)
    if first is None:
        await leave(messages)
    head = b"" if first is None else frame(first)
    return HttpReply(body=EventStream(messages, frame, failure_event, head=head))


def _json(route: Route, message: Message) -> bytes:
    value: Any = message.to_dict(casing=Casing.SNAKE, include_default_values=True)
    return dump_json(value[route.response_body] if route.response_body else value)


def _request(route: Route, call: HttpCall) -> Any:
    """The request message of a call.

    Raises:
        RpcError: INVALID_ARGUMENT, the call does not fit the message; the sentence names the field.
    """
    cls: type[Message] = route.rpc.request
    values = _body_values(route, call)
    if route.body != "*" or not call.body:
        for name, text in call.query:
            _put(cls, values, name, text)
    for name, text in call.path_params.items():
        _put(cls, values, name, text, replace=True)
    try:
        return cls.from_dict(values)
    except DecodeError as error:
        raise _refused(cls, error) from None


def _refused(cls: type[Message], error: DecodeError) -> RpcError:
    """What does not fit; the error begins with the message's name and the path to the field."""
    place, _, problem = str(error).partition(": ")
    field = place.removeprefix(cls.__name__).lstrip(".")
    return bad_request(field, problem) if field else RpcError(Code.INVALID_ARGUMENT, problem)


def _body_values(route: Route, call: HttpCall) -> dict[str, Any]:
    """What the body says, as the JSON object of the request."""
    if route.body == "*":
        return dict(call.json_object())
    if not route.body or not call.body:
        return {}
    return {route.body: call.json()}


def _put(cls: type[Message], values: dict[str, Any], path: str, text: str, *, replace: bool = False) -> None:
    """Set the field that a dotted path names to a value from the path or the query.

    Raises:
        RpcError: INVALID_ARGUMENT, there is no such field, or it cannot be given this way.
    """
    *outer, name = path.split(".")
    for step in outer:
        field = _field(cls, step, path)
        if field.kind != "message" or field.label in ("repeated", "map") or field.wrapped:
            raise RpcError(Code.INVALID_ARGUMENT, f"{path!r} leads through {step!r}, which has no fields")
        cls = field.type
        values = values.setdefault(field.proto_name, {})
        if not isinstance(values, dict):
            raise RpcError(Code.INVALID_ARGUMENT, f"{step!r} must be an object")
    field = _field(cls, name, path)
    value = _value(field, text, path)
    if field.label == "repeated":
        values.setdefault(field.proto_name, []).append(value)
    elif replace or field.proto_name not in values:
        values.pop(field.json_name, None)
        values[field.proto_name] = value
    else:
        raise RpcError(Code.INVALID_ARGUMENT, f"{path!r} is given twice")


def _field(cls: type[Message], name: str, path: str) -> Field:
    field = cls._tw_table().by_json_name.get(name)
    if field is None:
        raise RpcError(Code.INVALID_ARGUMENT, f"there is no field {path!r}")
    return field


def _value(field: Field, text: str, path: str) -> Any:
    """The JSON value that a text stands for; numbers may be texts in proto3 JSON, booleans not."""
    if field.label == "map" or (field.kind == "message" and not field.wrapped):
        raise RpcError(Code.INVALID_ARGUMENT, f"{path!r} cannot be given in the path or the query")
    if field.kind == "bool" or field.wrapped.endswith(".BoolValue"):
        if text not in _BOOLEANS:
            raise RpcError(Code.INVALID_ARGUMENT, f"{path!r} must be true or false, not {text!r}")
        return _BOOLEANS[text]
    if field.kind == "enum" and text.removeprefix("-").isdecimal():
        return int(text)
    return text

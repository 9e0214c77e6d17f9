"""The annotations of an RPC, checked against its messages: auth, deltas, OpenAI pass-through, routes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .model import Auth, DeltasModel, Kind, OpenAIModel, RouteModel
from .routes import path_problem, path_variables
from .schema import SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .schema import FieldSchema, HttpBinding, MessageSchema, MethodSchema, OpenAIRules

__all__ = ["Rules", "Side"]

AUTH = {0: Auth.USER, 1: Auth.PUBLIC, 2: Auth.USER, 3: Auth.ADMIN}
INTEGERS = frozenset(
    {Kind.INT32, Kind.INT64, Kind.UINT32, Kind.UINT64, Kind.SINT32, Kind.SINT64}
    | {Kind.FIXED32, Kind.FIXED64, Kind.SFIXED32, Kind.SFIXED64}
)


@dataclass(frozen=True, slots=True)
class Side:
    """The request or the response of an RPC, with the attributes of its fields by their names."""

    schema: MessageSchema
    names: Mapping[str, str]


class Rules:
    """Checks the annotations of one RPC against its messages."""

    def __init__(
        self, method: MethodSchema, request: Side, response: Side, errors: list[SchemaError]
    ) -> None:
        self._method = method
        self._request = request
        self._response = response
        self._errors = errors

    def auth(self) -> Auth:
        """Who may call it."""
        scope = AUTH.get(self._method.rules.auth)
        if scope is None:
            self._error(f"auth {self._method.rules.auth} is unknown: use a value of AuthScope")
        return scope or Auth.USER

    def deltas(self) -> DeltasModel | None:
        """How its response messages grow; None for unary RPCs and messages that do not grow."""
        sequence = self._method.rules.sequence
        parts = self._sequence(sequence) if sequence else ()
        growing = [f for f in self._response.schema.fields if f.rules is not None and f.rules.delta]
        keyed = [f for f in self._response.schema.fields if f.rules is not None and f.rules.delta_keys]
        if not self._method.server_streaming or not (growing or keyed):
            if sequence is not None:
                self._error("stream rules need a response stream with delta fields: annotate them")
            return None
        return DeltasModel(
            fields=tuple(self._response.names[f.name] for f in growing),
            keys=tuple(
                (self._response.names[f.name], f.rules.delta_keys) for f in keyed if f.rules is not None
            ),
            sequence=parts,
        )

    def _sequence(self, sequence: str) -> tuple[str, ...]:
        name, _, key = sequence.partition(".")
        field = self._field(self._response, name, "stream.sequence")
        if field is None:
            return ()
        is_map = field.map_key is Kind.STRING
        if bool(key) != is_map or (not is_map and (field.repeated or field.kind is Kind.MESSAGE)):
            self._error(f'stream.sequence {sequence!r} must be "map_field.key" or the name of a scalar field')
        attribute = self._response.names[name]
        return (attribute, key) if key else (attribute,)

    def openai(self) -> OpenAIModel | None:
        """How it passes an OpenAI call through; None where it does not."""
        rules = self._method.rules.openai
        if rules is None:
            return None
        self._check_openai(rules)
        request, response = self._request, self._response
        return OpenAIModel(
            body_field=self._typed(request, rules.body_field, "openai.body_field", "bytes", _is_bytes),
            headers_field=self._typed(
                request, rules.headers_field, "openai.headers_field", "map<string, string>", _is_string_map
            ),
            json_field=self._typed(response, rules.json_field, "openai.json_field", "bytes", _is_bytes),
            status_field=self._typed(
                response, rules.status_field, "openai.status_field", "an integer", _is_integer
            ),
            finished_field=self._typed(
                response, rules.finished_field, "openai.finished_field", "bool", _is_bool
            ),
        )

    def _check_openai(self, rules: OpenAIRules) -> None:
        if self._method.client_streaming:
            self._error("openai fits RPCs with a single request: remove it, or `stream` before the request")
        if not self._method.rules.bindings:
            self._error("openai needs a path: add an http route")
        if self._method.server_streaming and not rules.finished_field:
            self._error("openai.finished_field is missing: name the bool field that ends the stream")
        if not self._method.server_streaming and rules.finished_field:
            self._error("openai.finished_field fits response streams: remove it here")
        for name in ("body_field", "json_field"):
            if not getattr(rules, name):
                self._error(f"openai.{name} is missing: name the bytes field that holds the JSON")

    def routes(self) -> tuple[RouteModel, ...]:
        """Its HTTP routes."""
        bindings = self._method.rules.bindings
        if bindings and self._method.client_streaming:
            self._error("http fits RPCs with a single request: remove the route")
        return tuple(self._route(binding) for binding in bindings)

    def _route(self, binding: HttpBinding) -> RouteModel:
        if not binding.method and not binding.path:
            self._error("http has no pattern: set get, put, post, delete, patch or custom")
        elif not re.fullmatch(r"[A-Z]+", binding.method):
            self._error(f"http method {binding.method!r} is not a method: write it in capitals, POST say")
        problem = path_problem(binding.path)
        if problem:
            self._error(f"http path {binding.path!r} {problem}")
        elif not binding.handler:
            for variable in path_variables(binding.path):
                self._variable(variable, f"http path {binding.path!r}")
        if binding.handler and not binding.handler.isidentifier():
            self._error(
                f"http handler {binding.handler!r} is not a function's name: use letters, digits and _"
            )
        body = binding.body
        if body not in {"", "*"}:
            body = self._named(self._request, body, "http body")
        answer = binding.response_body and self._named(
            self._response, binding.response_body, "http response_body"
        )
        return RouteModel(binding.method, binding.path, binding.handler, body, answer)

    def _variable(self, variable: str, what: str) -> None:
        name, _, inner = variable.partition(".")
        field = self._field(self._request, name, what)
        if field is not None and (field.repeated or bool(inner) != (field.kind is Kind.MESSAGE)):
            self._error(f"{what}: {variable} must be a single value, not a list or a message")

    def _named(self, side: Side, name: str, what: str) -> str:
        field = self._field(side, name, what)
        return "" if field is None else side.names[name]

    def _typed(self, side: Side, name: str, what: str, kind: str, fits: Callable[[FieldSchema], bool]) -> str:
        if not name:
            return ""
        field = self._field(side, name, what)
        if field is None:
            return ""
        if not fits(field):
            self._error(f"{what}: field {name} of {side.schema.full_name} must be {kind}: name another one")
        return side.names[name]

    def _field(self, side: Side, name: str, what: str) -> FieldSchema | None:
        field = next((f for f in side.schema.fields if f.name == name), None)
        if field is None:
            self._error(f"{what}: {side.schema.full_name} has no field {name!r}: name one that it has")
        return field

    def _error(self, message: str) -> None:
        self._errors.append(SchemaError(self._method.place, f"rpc {self._method.name}: {message}"))


def _is_bytes(field: FieldSchema) -> bool:
    return field.kind is Kind.BYTES and not field.repeated


def _is_bool(field: FieldSchema) -> bool:
    return field.kind is Kind.BOOL and not field.repeated


def _is_integer(field: FieldSchema) -> bool:
    return field.kind in INTEGERS and not field.repeated


def _is_string_map(field: FieldSchema) -> bool:
    return field.map_key is Kind.STRING and field.kind is Kind.STRING

"""Services of a schema to the model: names, and what their annotations mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import naming
from .model import (
    Auth,
    DeltasModel,
    Kind,
    MethodModel,
    OpenAIModel,
    RouteModel,
    ServiceModel,
    TypeRef,
)
from .routes import path_problem, path_variables
from .schema import MessageSchema, SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .index import TypeIndex
    from .schema import FieldSchema, FileSchema, HttpBinding, MethodSchema, ServiceSchema

__all__ = ["ServiceBuilder", "ServiceNames"]

AUTH = {0: Auth.USER, 1: Auth.PUBLIC, 2: Auth.USER, 3: Auth.ADMIN}
INTEGERS = frozenset(
    {Kind.INT32, Kind.INT64, Kind.UINT32, Kind.UINT64, Kind.SINT32, Kind.SINT64}
    | {Kind.FIXED32, Kind.FIXED64, Kind.SFIXED32, Kind.SFIXED64}
)


@dataclass(frozen=True, slots=True)
class ServiceNames:
    """Names of one package's services and methods, each alone in the package.

    A service keeps its name; so does a method's constant, unless another service of the package has
    one of that name already: then the service's name is put before it.

    Attributes:
        services: Constant, base class and client class of each service, by its full name.
        methods: Constant of each method, by "full.Service.Method".
    """

    services: Mapping[str, tuple[str, str, str]]
    methods: Mapping[str, str]

    @classmethod
    def settle(cls, files: Sequence[FileSchema], taken: frozenset[str]) -> ServiceNames:
        """Name everything in the services of one package."""
        used = set(taken)

        def take(*wishes: str) -> str:
            wish = next((wish for wish in wishes if wish not in used), wishes[-1])
            [name] = naming.settle([wish], naming.MODULE, used)
            used.add(name)
            return name

        every = [service for file in files for service in file.services]
        services = {
            s.full_name: (take(naming.constant_case(s.name)), take(f"{s.name}Base"), take(f"{s.name}Client"))
            for s in every
        }
        methods: dict[str, str] = {}
        for service in every:
            for method in service.methods:
                short = naming.constant_case(method.name)
                long = f"{naming.constant_case(service.name)}_{short}"
                methods[f"{service.full_name}.{method.name}"] = take(short, long)
        return cls(services, methods)

    @property
    def all(self) -> frozenset[str]:
        """Every name that was given."""
        return frozenset(self.methods.values()).union(*self.services.values())


class ServiceBuilder:
    """Builds the services of one file."""

    def __init__(
        self, index: TypeIndex, refs: Mapping[str, TypeRef], names: ServiceNames, errors: list[SchemaError]
    ) -> None:
        self._index = index
        self._refs = refs
        self._names = names
        self._errors = errors

    def build(self, service: ServiceSchema) -> ServiceModel:
        """Build one service."""
        constant, base, client = self._names.services[service.full_name]
        python_names = naming.settle((naming.method_name(m.name) for m in service.methods), naming.METHODS)
        return ServiceModel(
            name=service.name,
            full_name=service.full_name,
            constant=constant,
            base=base,
            client=client,
            methods=tuple(
                self._method(service, method, name)
                for method, name in zip(service.methods, python_names, strict=True)
            ),
            comment=service.comment,
            deprecated=service.deprecated,
        )

    def _method(self, service: ServiceSchema, method: MethodSchema, python_name: str) -> MethodModel:
        for type_name in (method.input, method.output):
            if not self._index.types[type_name].file.proto3:
                hint = "copy what you need into a proto3 message"
                self._errors.append(
                    SchemaError(method.place, f"rpc {method.name}: {type_name} is declared in proto2: {hint}")
                )
        rules = Rules(method, self._message(method.input), self._message(method.output), self._errors)
        return MethodModel(
            name=method.name,
            python_name=python_name,
            constant=self._names.methods[f"{service.full_name}.{method.name}"],
            path=f"/{service.full_name}/{method.name}",
            request=self._refs[method.input],
            response=self._refs[method.output],
            client_streaming=method.client_streaming,
            server_streaming=method.server_streaming,
            auth=rules.auth(),
            deltas=rules.deltas(),
            openai=rules.openai(),
            routes=rules.routes(),
            comment=method.comment,
            deprecated=method.deprecated,
        )

    def _message(self, full_name: str) -> MessageSchema:
        schema = self._index.types[full_name].schema
        assert isinstance(schema, MessageSchema)
        return schema


class Rules:
    """Checks the annotations of one RPC against its messages."""

    def __init__(
        self, method: MethodSchema, request: MessageSchema, response: MessageSchema, errors: list[SchemaError]
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
        growing = [f for f in self._response.fields if f.rules is not None and f.rules.delta]
        keyed = [f for f in self._response.fields if f.rules is not None and f.rules.delta_keys]
        if not self._method.server_streaming or not (growing or keyed):
            if sequence is not None:
                self._error("stream rules need a response stream with delta fields: annotate them")
            return None
        return DeltasModel(
            fields=tuple(python_name(f) for f in growing),
            keys=tuple((python_name(f), f.rules.delta_keys) for f in keyed if f.rules is not None),
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
        return (python_name(field), key) if key else (python_name(field),)

    def openai(self) -> OpenAIModel | None:
        """How it passes an OpenAI call through; None where it does not."""
        rules = self._method.rules.openai
        if rules is None:
            return None
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

    def routes(self) -> tuple[RouteModel, ...]:
        """Its HTTP routes."""
        bindings = self._method.rules.bindings
        if bindings and self._method.client_streaming:
            self._error("http fits RPCs with a single request: remove the route")
        return tuple(self._route(binding) for binding in bindings)

    def _route(self, binding: HttpBinding) -> RouteModel:
        if not binding.method and not binding.path:
            self._error("http has no pattern: set get, put, post, delete, patch or custom")
        elif not re.fullmatch(r"[A-Z]+|\*", binding.method):
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

    def _named(self, message: MessageSchema, name: str, what: str) -> str:
        field = self._field(message, name, what)
        return "" if field is None else python_name(field)

    def _typed(
        self, message: MessageSchema, name: str, what: str, kind: str, fits: Callable[[FieldSchema], bool]
    ) -> str:
        if not name:
            return ""
        field = self._field(message, name, what)
        if field is None:
            return ""
        if not fits(field):
            self._error(f"{what}: field {name} of {message.full_name} must be {kind}: name another one")
        return python_name(field)

    def _field(self, message: MessageSchema, name: str, what: str) -> FieldSchema | None:
        field = next((f for f in message.fields if f.name == name), None)
        if field is None:
            self._error(f"{what}: {message.full_name} has no field {name!r}: name one that it has")
        return field

    def _error(self, message: str) -> None:
        self._errors.append(SchemaError(self._method.place, f"rpc {self._method.name}: {message}"))


def python_name(field: FieldSchema) -> str:
    """The attribute that holds a field which annotations name."""
    return naming.escape(field.name, naming.FIELDS)


def _is_bytes(field: FieldSchema) -> bool:
    return field.kind is Kind.BYTES and not field.repeated


def _is_bool(field: FieldSchema) -> bool:
    return field.kind is Kind.BOOL and not field.repeated


def _is_integer(field: FieldSchema) -> bool:
    return field.kind in INTEGERS and not field.repeated


def _is_string_map(field: FieldSchema) -> bool:
    return field.map_key is Kind.STRING and field.kind is Kind.STRING

"""openapi.json: the HTTP face of a package as an OpenAPI 3.1 document.

Routes of handlers and of OpenAI pass-through have shapes that the schema does not know; their bodies
are described as objects, with the message as a hint.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from .jsonschema import Schemas
from .model import Auth, Kind, Label

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .model import FieldModel, MethodModel, PackageModel, RouteModel, ServiceModel

__all__ = ["openapi_document"]

Json = dict[str, Any]

VERBS = frozenset({"GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"})
ERROR: Json = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type"],
            "properties": {
                "message": {"type": "string", "description": "One sentence: what is wrong."},
                "type": {
                    "type": "string",
                    "description": "Kind of error, invalid_request_error for instance.",
                },
                "param": {
                    "type": ["string", "null"],
                    "description": "The field at fault, where there is one.",
                },
                "code": {"type": ["string", "integer", "null"], "description": "Code of the error."},
            },
        }
    },
}


def openapi_document(package: PackageModel, packages: Sequence[PackageModel]) -> str:
    """Describe all routes of a package; empty when it has none.

    Args:
        package: The package.
        packages: All that is generated beside, for the messages that it refers to.
    """
    schemas = Schemas(message for p in packages for file in p.files for message in file.messages)
    for enum in (enum for p in packages for file in p.files for enum in file.enums):
        schemas.add_enum(enum)
    paths: dict[str, Json] = {}
    names: set[str] = set()
    for service, methods, route in _routes(package):
        if route.method in VERBS:
            operation = Operation(service, methods, route, schemas, names).describe()
            path = paths.setdefault(re.sub(r"\{([\w.]+)=[^}]*\}", r"{\1}", route.path), {})
            path.setdefault(route.method.lower(), operation)
    if not paths:
        return ""
    services = [service for file in package.files for service in file.services]
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": package.package or "unpackaged",
            "version": package.package.rpartition(".")[2] or "0",
            "description": "\n\n".join(filter(None, (s.comment for s in services))),
        },
        "tags": [{"name": s.name, "description": s.comment} for s in services],
        "paths": paths,
        "components": {
            "schemas": {**schemas.used(), "Error": ERROR},
            "securitySchemes": {
                "user": {"type": "http", "scheme": "bearer", "description": "An API key."},
                "admin": {"type": "http", "scheme": "bearer", "description": "The admin key."},
            },
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _routes(package: PackageModel) -> Iterator[tuple[ServiceModel, list[MethodModel], RouteModel]]:
    """Each method and path once, with all RPCs that share it."""
    found: dict[tuple[str, str], tuple[ServiceModel, list[MethodModel], RouteModel]] = {}
    for file in package.files:
        for service in file.services:
            for method in service.methods:
                for route in method.routes:
                    entry = found.setdefault((route.method, route.path), (service, [], route))
                    entry[1].append(method)
    yield from found.values()


class Operation:
    """One operation object."""

    def __init__(
        self,
        service: ServiceModel,
        methods: Sequence[MethodModel],
        route: RouteModel,
        schemas: Schemas,
        names: set[str],
    ) -> None:
        self._service = service
        self._methods = methods
        self._method = methods[0]
        self._route = route
        self._schemas = schemas
        self._names = names

    def describe(self) -> Json:
        """Write it."""
        method = self._method
        lines = method.comment.split("\n\n")
        result: Json = {
            "operationId": self._operation_id(),
            "summary": " ".join(lines[0].split()),
            "tags": [self._service.name],
        }
        if len(lines) > 1:
            result["description"] = "\n\n".join(" ".join(line.split()) for line in lines[1:])
        if method.deprecated:
            result["deprecated"] = True
        parameters = [*self._path_parameters(), *self._query_parameters()]
        if parameters:
            result["parameters"] = parameters
        body = self._body()
        if body is not None:
            result["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
        result["responses"] = {
            "200": self._answer(),
            "default": _content("The error.", {"application/json": {"$ref": "#/components/schemas/Error"}}),
        }
        result["security"] = [] if method.auth is Auth.PUBLIC else [{method.auth.lower(): []}]
        return result

    def _operation_id(self) -> str:
        base = self._route.handler or self._method.python_name
        name, count = base, 1
        while name in self._names:
            count += 1
            name = f"{base}_{count}"
        self._names.add(name)
        return name

    def _bound(self) -> list[str]:
        return re.findall(r"\{([\w.]+)", self._route.path)

    def _path_parameters(self) -> Iterator[Json]:
        fields = {field.name: field for field in self._schemas.fields(self._method.request)}
        for name in self._bound():
            field = fields.get(name)
            schema = {"type": "string"} if field is None else self._schemas.value(field)
            yield _parameter(name, "path", schema, field)

    def _query_parameters(self) -> Iterator[Json]:
        if self._route.body == "*" or self._route.handler:
            return
        skipped = {self._route.body, *(name.partition(".")[0] for name in self._bound())}
        for field in self._schemas.fields(self._method.request):
            plain = field.label is not Label.MAP and (field.kind is not Kind.MESSAGE or _is_wrapped(field))
            if plain and field.name not in skipped:
                yield _parameter(field.name, "query", self._schemas.field(field), field)

    def _body(self) -> Json | None:
        if not self._route.body:
            return None
        if self._method.openai:
            return {"type": "object", "description": "The JSON body of the OpenAI API, passed on untouched."}
        if self._route.handler:
            hints = [self._schemas.message(method.request) for method in self._methods]
            return {"anyOf": [*hints, {"type": "object"}]}
        if self._route.body == "*":
            return self._schemas.message(self._method.request)
        return self._part(self._schemas.fields(self._method.request), self._route.body)

    def _answer(self) -> Json:
        method = self._method
        if method.openai:
            content: Json = {"application/json": {}}
            if method.server_streaming:
                content["text/event-stream"] = {}
            return _content("The JSON of the OpenAI API; events of it when the body asks to stream.", content)
        if self._route.handler and method.auth is Auth.PUBLIC:
            return {"description": f"The answer of the handler {self._route.handler}; it may be empty."}
        if self._route.handler:
            content = {"application/json": {}}
            if method.server_streaming:
                content["text/event-stream"] = {}
            return _content(f"The answer of the handler {self._route.handler}.", content)
        if self._route.response_body:
            schema = self._part(self._schemas.fields(method.response), self._route.response_body)
        else:
            schema = self._schemas.message(method.response)
        media = "text/event-stream" if method.server_streaming else "application/json"
        return _content(f"The {method.response.name}.", {media: schema})

    def _part(self, fields: Sequence[FieldModel], name: str) -> Json:
        return next((self._schemas.field(field) for field in fields if field.python_name == name), {})


def _content(description: str, schemas: Json) -> Json:
    return {
        "description": description,
        "content": {media: {"schema": schema} for media, schema in schemas.items()},
    }


def _is_wrapped(field: FieldModel) -> bool:
    return field.type is not None and bool(field.type.wrapped)


def _parameter(name: str, place: str, schema: Json, field: FieldModel | None) -> Json:
    result: Json = {"name": name, "in": place, "required": place == "path", "schema": schema}
    if field is not None and field.comment:
        result["description"] = " ".join(field.comment.split())
    return result

"""What a schema says, as plain values with places: the parse stage's answer.

Names are as in the .proto, type names are full and without a leading dot. `build` turns this into
the model; it needs no protobuf for that, and neither do tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .model import Kind

__all__ = [
    "EnumSchema",
    "EnumValueSchema",
    "FieldRules",
    "FieldSchema",
    "FileSchema",
    "HttpBinding",
    "MessageSchema",
    "MethodRules",
    "MethodSchema",
    "OneofSchema",
    "OpenAIRules",
    "Place",
    "SchemaError",
    "ServiceSchema",
]


class Place(NamedTuple):
    """Where something stands: a proto file, and line and column counted from 1."""

    path: str
    line: int = 1
    column: int = 1


class SchemaError(NamedTuple):
    """One mistake of a schema: where, and a sentence that says what to do."""

    place: Place
    message: str

    def __str__(self) -> str:
        return f"{self.place.path}:{self.place.line}:{self.place.column}: {self.message}"


@dataclass(frozen=True, slots=True)
class FieldRules:
    """tokenwire.options.v1.FieldRules."""

    delta: bool = False
    delta_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldSchema:
    """One field; of a map field, `kind` and `type_name` are those of its values."""

    name: str
    number: int
    json_name: str
    kind: Kind
    place: Place
    type_name: str = ""
    repeated: bool = False
    explicit_presence: bool = False
    packed: bool = False
    map_key: Kind | None = None
    oneof: str = ""
    comment: str = ""
    deprecated: bool = False
    rules: FieldRules | None = None


@dataclass(frozen=True, slots=True)
class OneofSchema:
    """One oneof, synthetic ones aside."""

    name: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class MessageSchema:
    """One message without those nested in it; `path` is ("Outer", "Inner")."""

    full_name: str
    path: tuple[str, ...]
    fields: tuple[FieldSchema, ...]
    oneofs: tuple[OneofSchema, ...]
    place: Place
    comment: str = ""
    deprecated: bool = False


@dataclass(frozen=True, slots=True)
class EnumValueSchema:
    """One value of an enum."""

    name: str
    number: int
    comment: str = ""
    deprecated: bool = False


@dataclass(frozen=True, slots=True)
class EnumSchema:
    """One enum; `path` is ("Outer", "Color")."""

    full_name: str
    path: tuple[str, ...]
    values: tuple[EnumValueSchema, ...]
    place: Place
    comment: str = ""
    deprecated: bool = False


@dataclass(frozen=True, slots=True)
class HttpBinding:
    """One HTTP method and path, from our options or from google.api.http."""

    method: str
    path: str
    handler: str = ""
    body: str = "*"
    response_body: str = ""


@dataclass(frozen=True, slots=True)
class OpenAIRules:
    """tokenwire.options.v1.OpenAIPassThrough."""

    body_field: str
    headers_field: str
    json_field: str
    status_field: str
    finished_field: str


@dataclass(frozen=True, slots=True)
class MethodRules:
    """What the options of an RPC say.

    Attributes:
        auth: Number in tokenwire.options.v1.AuthScope.
        sequence: As in tokenwire.options.v1.StreamRules; None where there are no such rules.
    """

    bindings: tuple[HttpBinding, ...] = ()
    openai: OpenAIRules | None = None
    auth: int = 0
    sequence: str | None = None


@dataclass(frozen=True, slots=True)
class MethodSchema:
    """One RPC."""

    name: str
    input: str
    output: str
    place: Place
    rules: MethodRules
    client_streaming: bool = False
    server_streaming: bool = False
    comment: str = ""
    deprecated: bool = False


@dataclass(frozen=True, slots=True)
class ServiceSchema:
    """One service."""

    name: str
    full_name: str
    methods: tuple[MethodSchema, ...]
    place: Place
    comment: str = ""
    deprecated: bool = False


@dataclass(frozen=True, slots=True)
class FileSchema:
    """One proto file.

    Attributes:
        wanted: Code is to be generated for it; other files are there to be referred to.
        proto3: Its semantics are those of proto3, whatever its syntax line says.
    """

    path: str
    package: str
    wanted: bool
    proto3: bool
    messages: tuple[MessageSchema, ...]
    enums: tuple[EnumSchema, ...]
    services: tuple[ServiceSchema, ...]
    comment: str = ""

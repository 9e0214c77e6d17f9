"""The frozen model that templates render: what a schema says, with every name settled.

It knows neither protobuf nor Jinja. Everything is a value: strings, numbers, tuples. Proto names
are kept beside the Python names that `naming` gave them, and types are references that say which
module to import and which local expression to write.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

__all__ = [
    "Auth",
    "DeltasModel",
    "EnumModel",
    "EnumValueModel",
    "FieldModel",
    "FileModel",
    "Kind",
    "Label",
    "MessageModel",
    "MethodModel",
    "OneofModel",
    "OpenAIModel",
    "PackageModel",
    "RouteModel",
    "ServiceModel",
    "TypeRef",
]


class Kind(StrEnum):
    """What a field holds: one of the 15 scalar types, an enum or a message; values as in a .proto."""

    DOUBLE = "double"
    FLOAT = "float"
    INT32 = "int32"
    INT64 = "int64"
    UINT32 = "uint32"
    UINT64 = "uint64"
    SINT32 = "sint32"
    SINT64 = "sint64"
    FIXED32 = "fixed32"
    FIXED64 = "fixed64"
    SFIXED32 = "sfixed32"
    SFIXED64 = "sfixed64"
    BOOL = "bool"
    STRING = "string"
    BYTES = "bytes"
    ENUM = "enum"
    MESSAGE = "message"


class Label(StrEnum):
    """How many values a field has, and whether its absence can be told.

    A singular message outside a oneof is OPTIONAL, with the keyword or without.
    """

    IMPLICIT = "implicit"
    OPTIONAL = "optional"
    ONEOF = "oneof"
    REPEATED = "repeated"
    MAP = "map"


class Auth(StrEnum):
    """Who may call a method; values are members of `tokenwire.AuthScope`."""

    PUBLIC = "PUBLIC"
    USER = "USER"
    ADMIN = "ADMIN"


@dataclass(frozen=True, slots=True)
class TypeRef:
    """A message or an enum, as seen from one file's generated modules.

    Attributes:
        full_name: Proto name without a leading dot, "google.rpc.Status".
        name: Class name in the module that defines it; `Outer.Inner` is "OuterInner".
        local: Expression that names the class in every module generated from the referring file;
            equal to `name` unless that name is taken there.
        module: Relative module without its kind's suffix, "..rpc.status"; "." + stem for a type
            of the referring file itself. An absolute module, complete, for well-known types:
            "tokenwire.wkt".
        is_local: The referring file defines it.
        wrapped: Python type that stands for the message where it is a field
            ("datetime.datetime", "datetime.timedelta", "int", "str", ...); empty for messages
            that are presented as themselves, and for enums.
        zero: For an enum, the Python name of the first member whose number is 0.
    """

    full_name: str
    name: str
    local: str
    module: str
    is_local: bool = False
    wrapped: str = ""
    zero: str = ""

    @property
    def is_wkt(self) -> bool:
        """Whether the runtime provides it, in `module`, whole."""
        return not self.module.startswith(".")

    @property
    def pb_module(self) -> str:
        """The module that defines the class."""
        return self.module if self.is_wkt else f"{self.module}_pb"


@dataclass(frozen=True, slots=True)
class FieldModel:
    """One field of a message.

    Attributes:
        number: Field number.
        name: Name in the schema.
        python_name: Attribute name; differs where `name` would meet a keyword, a method of
            messages or a type that annotations of the message use.
        json_name: Key of the proto3 JSON mapping.
        kind: What it holds; for a map, what its values are.
        label: How many.
        packed: Repeated numbers written as one length-delimited run.
        type: The class, where `kind` is ENUM or MESSAGE.
        map_key: Kind of a map's keys; None for other fields.
        oneof: Schema name of the oneof it is a member of; empty for other fields.
        annotation: Complete Python type, "list[str]" or "Status | None" for instance.
        default: Python expression of the value when absent ("0", '""', "None", "[]", "{}",
            "ServerStatus.SERVER_STATUS_UNSPECIFIED").
        comment: The schema's words, without comment markers; empty where there are none.
        deprecated: The schema marks it so.
    """

    number: int
    name: str
    python_name: str
    json_name: str
    kind: Kind
    label: Label
    annotation: str
    default: str
    packed: bool = False
    type: TypeRef | None = None
    map_key: Kind | None = None
    oneof: str = ""
    comment: str = ""
    deprecated: bool = False


@dataclass(frozen=True, slots=True)
class OneofModel:
    """One oneof of a message, the synthetic ones of `optional` fields aside.

    Attributes:
        name: Name in the schema.
        fields: Its members, in the order of the schema.
    """

    name: str
    fields: tuple[FieldModel, ...]


@dataclass(frozen=True, slots=True)
class MessageModel:
    """One message, nested ones flattened: each file lists all of them, outer before inner.

    Attributes:
        full_name: Proto name without a leading dot.
        name: Class name.
        fields: In the order of the schema.
        oneofs: In the order of the schema.
        comment: The schema's words, and those on its oneofs.
        wrapped: As in `TypeRef`.
    """

    full_name: str
    name: str
    fields: tuple[FieldModel, ...]
    oneofs: tuple[OneofModel, ...] = ()
    comment: str = ""
    deprecated: bool = False
    wrapped: str = ""


@dataclass(frozen=True, slots=True)
class EnumValueModel:
    """One value of an enum.

    Attributes:
        name: Name in the schema.
        python_name: Member name.
    """

    name: str
    python_name: str
    number: int
    comment: str = ""
    deprecated: bool = False


@dataclass(frozen=True, slots=True)
class EnumModel:
    """One enum, nested ones flattened; the first value's number is 0."""

    full_name: str
    name: str
    values: tuple[EnumValueModel, ...]
    comment: str = ""
    deprecated: bool = False


@dataclass(frozen=True, slots=True)
class RouteModel:
    """One HTTP method and path of an RPC.

    Attributes:
        method: HTTP method in capitals.
        path: Path or path template, as written.
        handler: Name of the application's function; empty when the JSON is the message's.
        body: "*" for the whole request, a request field's Python name, or "" for no body.
        response_body: A response field's Python name, or "" for the whole response.
    """

    method: str
    path: str
    handler: str = ""
    body: str = "*"
    response_body: str = ""


@dataclass(frozen=True, slots=True)
class OpenAIModel:
    """How an RPC carries an OpenAI API call: Python names of the fields, "" where there is none."""

    body_field: str
    headers_field: str
    json_field: str
    status_field: str
    finished_field: str


@dataclass(frozen=True, slots=True)
class DeltasModel:
    """How the messages of a response stream grow, in Python names; see `tokenwire.Deltas`."""

    fields: tuple[str, ...]
    keys: tuple[tuple[str, tuple[str, ...]], ...]
    sequence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MethodModel:
    """One RPC.

    Attributes:
        name: Name in the schema.
        python_name: Name of the function in servicer and client.
        constant: Name of its `Method` constant.
        path: "/package.Service/Method".
    """

    name: str
    python_name: str
    constant: str
    path: str
    request: TypeRef
    response: TypeRef
    client_streaming: bool = False
    server_streaming: bool = False
    auth: Auth = Auth.USER
    deltas: DeltasModel | None = None
    openai: OpenAIModel | None = None
    routes: tuple[RouteModel, ...] = ()
    comment: str = ""
    deprecated: bool = False


@dataclass(frozen=True, slots=True)
class ServiceModel:
    """One service.

    Attributes:
        name: Name in the schema.
        full_name: With its package.
        constant: Name of its `Service` constant.
        base: Name of the servicer's abstract class.
        client: Name of the client class.
    """

    name: str
    full_name: str
    constant: str
    base: str
    client: str
    methods: tuple[MethodModel, ...]
    comment: str = ""
    deprecated: bool = False


@dataclass(frozen=True, slots=True)
class FileModel:
    """One proto file.

    Attributes:
        path: As buf names it, "sglang/runtime/v1/sglang.proto".
        package: Proto package; empty when there is none.
        directory: Where its modules go, below the output root: "sglang/runtime/v1".
        stem: Start of its modules' names: "sglang" gives sglang_pb.py.
        messages: All messages of the file, nested ones too.
        enums: All enums of the file, nested ones too.
        types: The messages and enums of other files that this one uses, ordered by `full_name`.
        names: Every name that modules generated from this file define or import for the schema's
            sake; helpers that they import beside must not take one of these.
        internal: It becomes part of the runtime and names the runtime's own modules, never the
            top package.
    """

    path: str
    package: str
    directory: str
    stem: str
    messages: tuple[MessageModel, ...] = ()
    enums: tuple[EnumModel, ...] = ()
    services: tuple[ServiceModel, ...] = ()
    types: tuple[TypeRef, ...] = ()
    names: frozenset[str] = field(default_factory=frozenset)
    comment: str = ""
    internal: bool = False


@dataclass(frozen=True, slots=True)
class PackageModel:
    """All files of one proto package that are generated together.

    Attributes:
        package: Proto package; empty when there is none.
        directory: Where its modules go, below the output root.
        files: Ordered by path.
    """

    package: str
    directory: str
    files: tuple[FileModel, ...]

"""What a message class knows about its fields, made when something first asks for it.

Encoding, decoding and construction never need this. JSON, `repr`, comparison, error messages and
betterproto2's own tools do.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal

import betterproto2

from .codec.binding import two_members

if TYPE_CHECKING:
    from collections.abc import Callable

    from .message import Message

__all__ = ["INTEGER_RANGES", "WRAPPER_KINDS", "Field", "Label", "Table", "camel_case", "wrapped_class"]

Label = Literal["implicit", "optional", "oneof", "repeated", "map"]

INTEGER_RANGES = {
    **dict.fromkeys(("int32", "sint32", "sfixed32", "enum"), (-(1 << 31), (1 << 31) - 1)),
    **dict.fromkeys(("int64", "sint64", "sfixed64"), (-(1 << 63), (1 << 63) - 1)),
    **dict.fromkeys(("uint32", "fixed32"), (0, (1 << 32) - 1)),
    **dict.fromkeys(("uint64", "fixed64"), (0, (1 << 64) - 1)),
}
"""Smallest and largest value of each integer type."""

WRAPPER_KINDS = {
    f"google.protobuf.{name}Value": name.lower()
    for name in ("Bool", "Bytes", "Double", "Float", "Int32", "Int64", "String", "UInt32", "UInt64")
}
"""The wrapper messages of google/protobuf/wrappers.proto, and the type of what each holds."""

ZERO: dict[str, Callable[[], Any]] = {
    "string": str,
    "bytes": bytes,
    "bool": bool,
    "float": float,
    "double": float,
    "message": type(None),
}


@dataclass(slots=True)
class Field:
    """One field of a message, as generated code declares it.

    Attributes:
        name: Attribute name.
        number: Field number.
        kind: A scalar type of the schema language, "enum" or "message"; that of the values of a map.
        label: How many values, and whether absence can be told.
        type: Class of an enum or a message.
        wrapped: Full name of the well-known type that a plain Python value stands for.
        key: Kind of the keys of a map.
        group: Name of the oneof that it is a member of.
        proto_name: Name in the schema; empty where `name` is that.
        json_name: Key in JSON; empty where it is `proto_name` in lower camel case.
    """

    name: str
    number: int
    kind: str
    label: Label = "implicit"
    type: Any = None
    wrapped: str = ""
    key: str = ""
    group: str = ""
    proto_name: str = ""
    json_name: str = ""

    def __post_init__(self) -> None:
        self.proto_name = self.proto_name or self.name
        self.json_name = self.json_name or camel_case(self.proto_name)

    @property
    def has_presence(self) -> bool:
        """Whether absent and zero are told apart."""
        return self.label in ("optional", "oneof")

    def default(self) -> Any:
        """A fresh value for an absent field."""
        match self.label:
            case "repeated":
                return []
            case "map":
                return {}
            case "implicit" if self.kind == "enum":
                return self.type(0)
            case "implicit":
                return ZERO.get(self.kind, int)()
        return None

    def class_of_value(self) -> Any:
        """The Python class of one value: of the field, of an element, of a map's value."""
        if self.wrapped:
            return wrapped_class(self.wrapped)
        return self.type or type(ZERO.get(self.kind, int)())

    def dataclass_field(self) -> dataclasses.Field[Any]:
        """This field as the standard library's and betterproto2's tools want it."""
        unwrap = partial(wrapped_class, self.wrapped) if self.wrapped else None
        is_map = self.label == "map"
        made: dataclasses.Field[Any] = betterproto2.field(
            self.number,
            "map" if is_map else self.kind,
            default_factory=self.default if self.kind == "enum" else None,
            map_meta=betterproto2.map_meta(self.key, self.kind, unwrap_2=unwrap) if is_map else None,
            group=self.group or None,
            unwrap=None if is_map else unwrap,
            optional=self.has_presence,
            repeated=self.label == "repeated",
        )
        made.name = self.name
        return made


class Table:
    """The fields of one message class, in the ways that they are looked up."""

    def __init__(self, cls: type[Message], fields: tuple[Field, ...]) -> None:
        self.cls = cls
        self.fields = fields
        self.by_name = {field.name: field for field in fields}
        self.by_number = {field.number: field for field in fields}
        self.ordered = sorted(fields, key=lambda field: field.number)
        self.containers = tuple(field for field in fields if field.label in ("repeated", "map"))

    @cached_property
    def by_json_name(self) -> dict[str, Field]:
        """Fields by the keys that JSON may use: JSON names, and where those leave room, proto names."""
        names = {field.proto_name: field for field in self.fields}
        return names | {field.json_name: field for field in self.fields}

    @cached_property
    def groups(self) -> dict[str, tuple[Field, ...]]:
        """The members of each oneof."""
        groups: dict[str, list[Field]] = {}
        for field in self.fields:
            if field.group:
                groups.setdefault(field.group, []).append(field)
        return {name: tuple(members) for name, members in groups.items()}

    def check_oneofs(self, message: Message) -> None:
        """Raise ValueError if a oneof has more than one member set."""
        for group, members in self.groups.items():
            names = [member.name for member in members if getattr(message, member.name) is not None]
            if len(names) > 1:
                raise two_members(group, *names)

    @cached_property
    def dataclass_fields(self) -> dict[str, dataclasses.Field[Any]]:
        """The value of `__dataclass_fields__`."""
        made = {}
        for field in self.fields:
            made[field.name] = dataclass_field = field.dataclass_field()
            dataclass_field.type = self.cls.__annotations__.get(field.name, Any)
            dataclass_field.kw_only = True
            dataclass_field._field_type = dataclasses._FIELD  # type: ignore[attr-defined]  # `fields()` asks for it
        return made


def camel_case(name: str) -> str:
    """The JSON name that protoc gives a field: `_x` becomes `X`."""
    head, *words = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in words)


def wrapped_class(full_name: str) -> type[Message]:
    """The class of a well-known type that fields present as a plain Python value."""
    from . import wkt

    found: type[Message] = getattr(wkt, full_name.rpartition(".")[2])
    return found

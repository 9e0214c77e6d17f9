"""What the templates of `*_pb.py` and `*_codec.py` lay out, with imports and local names settled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .codec_decode import decode_lines
from .codec_encode import encode_lines, is_small
from .codec_scope import Scope, call_lines
from .imports import Imports
from .model import Kind, Label
from .text import literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .model import EnumModel, FieldModel, FileModel, MessageModel

__all__ = ["CodecModule", "MessageCodec", "PbModule", "plan_codec", "plan_pb"]

BASES = {
    **dict.fromkeys(("Any", "Duration", "FieldMask", "Timestamp"), "tokenwire.wellknown.base"),
    **dict.fromkeys(("ListValue", "Struct", "Value"), "tokenwire.wellknown.struct"),
}
"""Where the runtime keeps what its well-known types of these names inherit, `AnyBase` and so on."""

REALS = {(Label.IMPLICIT, Kind.FLOAT), (Label.IMPLICIT, Kind.DOUBLE)}
FRESH = {Label.REPEATED: "[]", Label.MAP: "{}"}
LABELS = {
    Label.IMPLICIT: "",
    Label.OPTIONAL: '"optional"',
    Label.ONEOF: '"oneof"',
    Label.REPEATED: '"repeated"',
    Label.MAP: '"map"',
}


@dataclass(frozen=True, slots=True)
class MessageCodec:
    """The codec of one message.

    Attributes:
        class_name: Expression of the message class.
        encoder: Name of the function that encodes.
        decoder: Name of the function that decodes.
        fresh: Attributes that each message needs a list or dict of its own for, with its expression.
        variables: Names in the lines of `encode` that hold whatever the program put into fields.
        is_small: Whether `encode` adds to `out`, not to `parts`.
        encode: Lines that append the encoded fields of `m`.
        decode: Branches on `tag`, each of which ends the turn of the loop.
    """

    class_name: str
    encoder: str
    decoder: str
    fresh: tuple[tuple[str, str], ...]
    variables: tuple[str, ...]
    is_small: bool
    encode: tuple[str, ...]
    decode: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CodecModule:
    """One codec module.

    Attributes:
        imports: The import block.
        tables: Names of enum tables, each with the expression of its enum.
        entries: The functions that read map entries, as lines.
        messages: In the order of the file.
    """

    imports: str
    tables: tuple[tuple[str, str], ...]
    entries: tuple[tuple[str, ...], ...]
    messages: tuple[MessageCodec, ...]


@dataclass(frozen=True, slots=True)
class PbModule:
    """One module of messages and enums.

    Attributes:
        imports: The import block.
        names: Local name of each helper, by its own name.
        bases: Local name of each message's base class, by full name.
        declared: By full message name, the lines of the expression that declares its fields.
        renamed: By full enum name, number, schema name and Python name of the values whose two differ.
    """

    imports: str
    names: Mapping[str, str]
    bases: Mapping[str, str]
    declared: Mapping[str, tuple[str, ...]]
    renamed: Mapping[str, tuple[tuple[int, str, str], ...]]


def plan_codec(file: FileModel) -> CodecModule:
    """Settle the codec module of a file."""
    scope = Scope(file)
    for name in ("decode_error", "keep_unknown", "register", "wrong_class"):
        scope.codec(name)
    for name in ("MAX_DEPTH", "UNREADABLE", "too_deep", "truncated"):
        scope.wire(name)
    scope.long("long_tag")
    if any(message.fields for message in file.messages):
        scope.codec("encode_error")
        scope.codec("new")
        scope.wire("UNWRITABLE")
    messages = tuple(_message_codec(message, scope) for message in file.messages)
    if scope.tables:
        scope.codec("enum_table")
    return CodecModule(
        scope.imports.render(), tuple(scope.tables.items()), tuple(scope.entries.values()), messages
    )


def _message_codec(message: MessageModel, scope: Scope) -> MessageCodec:
    return MessageCodec(
        class_name=scope.of_class(message.name),
        encoder=scope.function(message.full_name, "encode"),
        decoder=scope.function(message.full_name, "decode"),
        fresh=tuple((f.python_name, FRESH[f.label]) for f in message.fields if f.label in FRESH),
        variables=tuple(_variables(message, scope)),
        is_small=is_small(message),
        encode=encode_lines(message, scope),
        decode=decode_lines(message, scope),
    )


def _variables(message: MessageModel, scope: Scope) -> Iterator[str]:
    """Variables that hold values of several types in one function."""
    maps = any(field.label is Label.MAP for field in message.fields)
    names = ["entries", "key"] if maps else []
    if any(field.label is Label.REPEATED for field in message.fields):
        names.append("values")
    if any(not field.packed and (field.label, field.kind) not in REALS for field in message.fields):
        names.append("value")
    if names:
        scope.imports.use("typing", "Any", typing=True)
    yield from names


def plan_pb(file: FileModel) -> PbModule:
    """Settle the module of a file's messages and enums."""
    imports = Imports.of(file)
    names = {}
    if any(message.fields for message in file.messages):
        names["Field"] = imports.use("tokenwire.message", "Field")
    if file.enums:
        names["Enum"] = imports.use("tokenwire.message", "Enum")
    for message in file.messages:
        for field in message.fields:
            _import_type(field, imports)
    if any(len(oneof.fields) > 1 for message in file.messages for oneof in message.oneofs):
        names["one_of"] = imports.use("tokenwire.codec.binding", "one_of")
    declared = {m.full_name: _declared(m, names["Field"]) for m in file.messages if m.fields}
    bases = {message.full_name: _base(message, file, imports) for message in file.messages}
    renamed = {enum.full_name: _renamed(enum) for enum in file.enums}
    return PbModule(imports.render(), names, bases, declared, renamed)


def _base(message: MessageModel, file: FileModel, imports: Imports) -> str:
    """Import the class that a message inherits."""
    if file.internal and file.path == "google/protobuf/wrappers.proto":
        return imports.use("tokenwire.wellknown.base", "WrapperBase")
    if file.internal and file.package == "google.protobuf" and message.name in BASES:
        return imports.use(BASES[message.name], f"{message.name}Base")
    return imports.use("tokenwire.message", "Message")


def _import_type(field: FieldModel, imports: Imports) -> None:
    ref = field.type
    if ref is None:
        return
    if ref.wrapped.startswith("datetime."):
        imports.use_module("datetime")
    elif not ref.wrapped and not ref.is_local:
        imports.use_type(ref, ref.pb_module)


def _declared(message: MessageModel, name: str) -> tuple[str, ...]:
    """The tuple that declares the fields of a message, as lines."""
    if len(message.fields) == 1:
        call = call_lines(f"({name}(", _arguments(message.fields[0]), "),)", 15)
        if len(call) == 1:
            return tuple(call)
    lines = ["("]
    for field in message.fields:
        lines += [f"    {line}" for line in call_lines(f"{name}(", _arguments(field), "),", 12)]
    return (*lines, ")")


def _arguments(field: FieldModel) -> list[str]:
    """The arguments of the call that declares a field."""
    arguments = [literal(field.python_name), str(field.number), literal(str(field.kind))]
    if LABELS[field.label]:
        arguments.append(LABELS[field.label])
    ref = field.type
    if ref is not None and (not ref.wrapped or ref.wrapped.startswith("datetime.")):
        arguments.append(f"type={ref.wrapped or ref.local}")
    if ref is not None and ref.wrapped:
        arguments.append(f"wrapped={literal(ref.full_name)}")
    if field.map_key is not None:
        arguments.append(f"key={literal(str(field.map_key))}")
    if field.oneof:
        arguments.append(f"group={literal(field.oneof)}")
    if field.name != field.python_name:
        arguments.append(f"proto_name={literal(field.name)}")
    if field.json_name != _camel_case(field.name):
        arguments.append(f"json_name={literal(field.json_name)}")
    return arguments


def _camel_case(name: str) -> str:
    head, *words = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in words)


def _renamed(enum: EnumModel) -> tuple[tuple[int, str, str], ...]:
    return tuple((v.number, v.name, v.python_name) for v in enum.values if v.name != v.python_name)

"""The lines of Python that decode: branches on `tag`, each of which moves `pos` on and continues."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .codec_encode import REALS, WIRE_TYPES, scalar, wrapped_name
from .codec_scope import call_lines, nested_lines, tag
from .model import Kind, Label
from .text import WIDTH

if TYPE_CHECKING:
    from .codec_scope import Scope
    from .model import FieldModel, MessageModel, TypeRef

__all__ = ["decode_lines"]

BRANCH = 16
"""Columns that the body of a branch is indented by."""

SIGNED = frozenset({Kind.SINT32, Kind.SINT64})
SHORT = {Kind.FLOAT: "f32", Kind.DOUBLE: "f64", Kind.ENUM: "int32", Kind.BOOL: "uint64"}
ZERO = {Kind.STRING: '""', Kind.BYTES: 'b""', Kind.BOOL: "False", Kind.FLOAT: "0.0", Kind.DOUBLE: "0.0"}
TYPES = {
    Kind.STRING: "str",
    Kind.BYTES: "bytes",
    Kind.BOOL: "bool",
    Kind.FLOAT: "float",
    Kind.DOUBLE: "float",
}

SHORT_ENTRY = [
    "if 3 < end - pos < 128 and data[pos] == 10:",
    "    middle = pos + 2 + data[pos + 1]",
    "    if middle < end and data[middle] == 18 and middle + 2 + data[middle + 1] == end:",
    "        into[data[pos + 2 : middle].decode()] = data[middle + 2 : end].decode()",
    "        return",
]
"""Reads a short entry from text to text as everybody writes it: the key, then the value."""


def decode_lines(message: MessageModel, scope: Scope) -> tuple[str, ...]:
    """The branches for every field of `m`, in order of number.

    They stand side by side: a chain of `elif` nests for Python's compiler, which ends at some 2,000.
    """
    lines: list[str] = []
    for field in sorted(message.fields, key=lambda field: field.number):
        for number, body in _branches(field, message, scope):
            lines += [f"if tag == {number}:", *_indent([*body, "continue"])]
    return tuple(lines)


def _branches(field: FieldModel, message: MessageModel, scope: Scope) -> list[tuple[int, list[str]]]:
    number = field.number << 3 | WIRE_TYPES[field.kind]
    attribute = f"m.{field.python_name}"
    if field.label is Label.MAP:
        return [(field.number << 3 | 2, _entry(field, scope))]
    if field.label is Label.REPEATED:
        one = (number, _read(field, scope, f"{attribute}.append(", ")", ""))
        is_packable = WIRE_TYPES[field.kind] != 2
        return [(field.number << 3 | 2, _packed(field, scope)), one] if is_packable else [one]
    lines = _read(field, scope, f"{attribute} = ", "", attribute)
    oneof = next((oneof for oneof in message.oneofs if oneof.name == field.oneof), None)
    others = [other for other in oneof.fields if other != field] if oneof else []
    return [(number, [*lines, *(f"m.{other.python_name} = None" for other in others)])]


def _read(field: FieldModel, scope: Scope, head: str, tail: str, old: str) -> list[str]:
    """The lines that read one value and put it between `head` and `tail`.

    `old` is what a message that comes in pieces is merged into; empty where there is none.
    """
    if WIRE_TYPES[field.kind] == 2:
        return [*_length(scope), *_delimited(field, scope, head, tail, old), "pos = stop"]
    lines, value = _number(field, scope)
    if tail:
        return [*lines, *_appended(head, value, tail)]
    if BRANCH + len(head + value) <= WIDTH or "[" not in value:
        return [*lines, f"{head}{value}"]
    return [*lines, *_subscript(f"{head}{value}")]


def _appended(head: str, value: str, tail: str) -> list[str]:
    if BRANCH + len(f"    {value},") <= WIDTH or "[" not in value:
        return call_lines(head, [value], tail, BRANCH)
    return [head, *_indent(_subscript(f"{value},")), tail]


def _subscript(line: str) -> list[str]:
    """A line that ends in a subscript and is too long, as the formatter breaks it."""
    head, _, rest = line.partition("[")
    inner, _, tail = rest.partition("]")
    return [f"{head}[", f"    {inner}", f"]{tail}"]


def _number(field: FieldModel, scope: Scope) -> tuple[list[str], str]:
    """The lines that read a number, and the expression of the field's value."""
    kind = field.kind
    short = SHORT.get(kind, str(kind))
    if WIRE_TYPES[kind] in (1, 5):
        read, size = scope.wire(f"read_{short}"), 8 if WIRE_TYPES[kind] == 1 else 4
        return [f"(value,) = {read}(data, pos)", f"pos += {size}"], "value"
    if kind in SIGNED:
        return [f"value, pos = {scope.wire(f'read_{short}')}(data, pos)"], "value"
    long = scope.long(f"long_{short}")
    lines = ["value = data[pos]", "pos += 1", "if value > 127:", f"    value, pos = {long}(data, pos, value)"]
    if kind is Kind.ENUM and field.type is not None:
        return lines, f"{scope.table(field.type)}[value]"
    return lines, "value != 0" if kind is Kind.BOOL else "value"


def _delimited(field: FieldModel, scope: Scope, head: str, tail: str, old: str) -> list[str]:
    if field.type is None:
        return [f"{head}data[pos:stop]{'.decode()' if field.kind is Kind.STRING else ''}{tail}"]
    arguments = ["data", "pos", "stop", "depth - 1", *([old] if old else [])]
    reader = f"{_reader(field.type, scope)}("
    if not tail:
        return call_lines(f"{head}{reader}", arguments, indent=BRANCH)
    return nested_lines(head, reader, arguments, BRANCH)


def _reader(ref: TypeRef, scope: Scope) -> str:
    return scope.wrapped(f"read_{wrapped_name(ref)}") if ref.wrapped else scope.decoder(ref)


def _length(scope: Scope) -> list[str]:
    return [
        "size = data[pos]",
        "pos += 1",
        "if size > 127:",
        f"    size, pos = {scope.long('long_size')}(data, pos, size)",
        "stop = pos + size",
    ]


def _packed(field: FieldModel, scope: Scope) -> list[str]:
    kind = field.kind
    short = {Kind.FLOAT: "f32", Kind.DOUBLE: "f64"}.get(kind, str(kind))
    unpack = scope.packed(f"unpack_{short}")
    table = [scope.table(field.type)] if kind is Kind.ENUM and field.type is not None else []
    call = call_lines(f"m.{field.python_name} += {unpack}(", ["data[pos:stop]", *table], indent=BRANCH)
    return [*_length(scope), *call, "pos = stop"]


def _entry(field: FieldModel, scope: Scope) -> list[str]:
    arguments = ["m", f"m.{field.python_name}", "tag", "data", "pos", "stop", "depth - 1"]
    call = call_lines(f"{_entry_function(field, scope)}(", arguments, indent=BRANCH)
    return [*_length(scope), *call, "pos = stop"]


def _entry_function(field: FieldModel, scope: Scope) -> str:
    """The name of the function that reads one entry of such a map; made on first use."""
    assert field.map_key is not None
    name = scope.entry_function(str(field.map_key), str(field.kind), field.type)
    if name not in scope.entries:
        scope.entries[name] = ()
        scope.entries[name] = tuple(_entry_lines(field, name, scope))
    return name


def _entry_lines(field: FieldModel, name: str, scope: Scope) -> list[str]:
    key, kind, ref = field.map_key, field.kind, field.type
    assert key is not None
    key_field = replace(field, kind=key, type=None)
    return [
        f"def {name}(",
        f"    m: {scope.imports.use('tokenwire.message', 'Message', typing=True)},",
        f"    into: dict[{TYPES.get(key, 'int')}, {_item_type(kind, ref, scope)}],",
        "    field: int,",
        "    data: bytes,",
        "    pos: int,",
        "    end: int,",
        "    depth: int,",
        ") -> None:",
        "    if depth < 0:",
        f"        raise {scope.wire('too_deep')}()",
        *(_indent(SHORT_ENTRY) if {key, kind} == {Kind.STRING} else ()),
        f"    key = {ZERO.get(key, '0')}",
        f"    {_item_start(kind, ref, scope)}",
        "    unknown: list[bytes] = []",
        "    while pos < end:",
        "        start = pos",
        "        tag = data[pos]",
        "        pos += 1",
        "        if tag > 127:",
        f"            tag, pos = {scope.long('long_tag')}(data, pos, tag)",
        f"        if tag == {8 | WIRE_TYPES[key]}:",
        *_indent(_read(key_field, scope, "key = ", "", ""), 3),
        f"        elif tag == {16 | WIRE_TYPES[kind]}:",
        *_indent(_read(field, scope, "item = ", "", "item"), 3),
        "        else:",
        f"            pos = {scope.wire('skip')}(data, pos, tag, depth)",
        "            unknown.append(data[start:pos])",
        "    if pos > end:",
        f"        raise {scope.wire('truncated')}()",
        "    if unknown:",
        *_indent(_unknown_entry(key, kind, ref, scope), 2),
        "    else:",
        f"        into[key] = {_item_value(ref, scope)}",
    ]


def _item_type(kind: Kind, ref: TypeRef | None, scope: Scope) -> str:
    if ref is None:
        return TYPES.get(kind, "int")
    if ref.wrapped.startswith("datetime."):
        scope.imports.use_module("datetime", typing=True)
    return ref.wrapped or scope.of_type(ref)


def _item_start(kind: Kind, ref: TypeRef | None, scope: Scope) -> str:
    """The line that gives an entry's value its default."""
    if ref is None:
        return f"item = {ZERO.get(kind, '0')}"
    if kind is Kind.ENUM:
        return f"item = {scope.table(ref)}[0]"
    return f"item: {_item_type(kind, ref, scope)} | None = None"


def _item_value(ref: TypeRef | None, scope: Scope) -> str:
    if ref is None or ref.zero:
        return "item"
    return f'{_reader(ref, scope)}(b"", 0, 0, 0) if item is None else item'


def _unknown_entry(key: Kind, kind: Kind, ref: TypeRef | None, scope: Scope) -> list[str]:
    """The lines that keep an entry with unknown fields as one unknown field, as google.protobuf does."""
    lines = []
    for number, part, name in ((2, kind, "item"), (1, key, "key")):
        test = f"{name} is not None" if part is Kind.MESSAGE else name
        if part in REALS:
            write, zero = map(scope.wire, REALS[part])
            test = f"{write}({name}) != {zero}"
        before, parts = scalar(part, ref if number == 2 else None, name, scope)
        sliced = f"unknown[:0] = {', '.join([tag(number, WIRE_TYPES[part]), *parts])}"
        lines += [f"if {test}:", *_indent([*before, sliced])]
    return [*lines, f"{scope.codec('keep_entry')}(m, field, unknown)"]


def _indent(lines: list[str], levels: int = 1) -> list[str]:
    return [f"{'    ' * levels}{line}" for line in lines]

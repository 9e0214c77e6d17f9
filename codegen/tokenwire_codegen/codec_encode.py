"""The lines of Python that encode one field: straight-line code on `m`.

A message of few fields adds bytes to bytes, in `out`: that is the fastest for what is small, at a copy of
what is there for each field that follows. All others, and all lists, collect `parts` to join.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .codec_scope import call_lines, tag
from .model import Kind, Label
from .text import WIDTH

if TYPE_CHECKING:
    from .codec_scope import Scope
    from .model import FieldModel, MessageModel, TypeRef

__all__ = ["REALS", "WIRE_TYPES", "encode_lines", "is_small", "scalar", "wrapped_name"]

FEW_FIELDS = 4

WIRE_TYPES = {
    **dict.fromkeys(Kind, 0),
    **dict.fromkeys((Kind.DOUBLE, Kind.FIXED64, Kind.SFIXED64), 1),
    **dict.fromkeys((Kind.STRING, Kind.BYTES, Kind.MESSAGE), 2),
    **dict.fromkeys((Kind.FLOAT, Kind.FIXED32, Kind.SFIXED32), 5),
}
SMALL = frozenset({Kind.INT32, Kind.INT64, Kind.UINT32, Kind.UINT64, Kind.ENUM})
"""Kinds whose small values a table holds as bytes."""
TABLE = 2048
"""How many numbers are in that table."""
SIZED = 512
MAX_SIZED = 4
"""Lengths in the tables that put the tag of a field before a length, and fields that have such a table."""
BODY = 8
"""Columns that the lines are indented by."""
CALL = re.compile(r"( *)((?:raw = |raise )[\w.]+\()(.*)\)")
REALS = {Kind.FLOAT: ("f32", "ZERO4"), Kind.DOUBLE: ("f64", "ZERO8")}


def is_small(message: MessageModel) -> bool:
    """Whether the message is written into `out`, not collected in `parts`; a oneof is one field here."""
    spare = sum(len(oneof.fields) - 1 for oneof in message.oneofs)
    return len(message.fields) - spare <= FEW_FIELDS


def encode_lines(message: MessageModel, scope: Scope) -> tuple[str, ...]:
    """The lines that append every field of `m`, in order of number, to `out` or to `parts`."""
    lines: list[str] = []
    small = is_small(message)
    seen: dict[str, int] = {}
    groups = {oneof.name: f"oneof_{index}" for index, oneof in enumerate(message.oneofs, 1)}
    sizes = {oneof.name: len(oneof.fields) for oneof in message.oneofs}
    lines += [f'{variable} = ""' for name, variable in groups.items() if sizes[name] > 1]
    for field in sorted(message.fields, key=lambda field: field.number):
        if field.label is not Label.ONEOF or sizes[field.oneof] == 1:
            lines += _field(field, scope, small)
            continue
        order = seen[field.oneof] = seen.get(field.oneof, 0) + 1
        guard = _guard(field, groups[field.oneof], order, sizes[field.oneof], scope)
        lines += _present(field, scope, guard, small)
    if small and lines:
        first = next(index for index, line in enumerate(lines) if line.lstrip().startswith("out "))
        lines[first] = lines[first].replace("out += ", "out = ")
    return tuple(part for line in lines for part in _fit(line))


def _fit(line: str) -> list[str]:
    """A call that is too long, on lines of its own for its arguments."""
    found = CALL.fullmatch(line)
    if found is None or BODY + len(line) <= WIDTH:
        return [line]
    indent, head, arguments = found.groups()
    parts = call_lines(head, arguments.split(", "), indent=BODY + len(indent))
    return [f"{indent}{part}" for part in parts]


def _guard(field: FieldModel, variable: str, order: int, size: int, scope: Scope) -> list[str]:
    """The lines that make a second member of a oneof an error."""
    lines = []
    if order > 1:
        error = f'{scope.codec("two_members")}("{field.oneof}", {variable}, "{field.python_name}")'
        lines += [f"if {variable}:", f"    raise {error}"]
    if order < size:
        lines.append(f'{variable} = "{field.python_name}"')
    return lines


def _field(field: FieldModel, scope: Scope, small: bool) -> list[str]:
    match field.label:
        case Label.IMPLICIT:
            return _implicit(field, scope, small)
        case Label.REPEATED:
            return _repeated(field, scope, small)
        case Label.MAP:
            return _map(field, scope, small)
        case _:
            return _present(field, scope, [], small)


def _implicit(field: FieldModel, scope: Scope, small: bool) -> list[str]:
    attribute = f"m.{field.python_name}"
    if field.kind in REALS:
        write, zero = map(scope.wire, REALS[field.kind])
        add = _add([tag(field.number, WIRE_TYPES[field.kind]), "raw"], small)
        return [f"raw = {write}({attribute})", f"if raw != {zero}:", f"    {add}"]
    return [f"if value := {attribute}:", *_indent(_append(field, scope, small))]


def _present(field: FieldModel, scope: Scope, guard: list[str], small: bool) -> list[str]:
    head = f"if (value := m.{field.python_name}) is not None:"
    return [head, *_indent([*guard, *_append(field, scope, small)])]


def _repeated(field: FieldModel, scope: Scope, small: bool) -> list[str]:
    attribute = f"m.{field.python_name}"
    if not field.packed:
        loop = ["for value in values:", *_indent(_append(field, scope, small=False))]
        return [f"if values := {attribute}:", *_indent(_joined(loop, small))]
    pack = scope.packed(f"pack_{'int32' if field.kind is Kind.ENUM else _short(field.kind)}")
    return [
        f"if values := {attribute}:",
        f"    raw = {pack}(values)",
        "    size = len(raw)",
        f"    {_add_sized(field.number, 'raw', small, scope)}",
    ]


def _joined(loop: list[str], small: bool) -> list[str]:
    """A loop that collects parts, where all else is added to `out`."""
    return ["parts = [out]", *loop, 'out = b"".join(parts)'] if small else loop


def _map(field: FieldModel, scope: Scope, small: bool) -> list[str]:
    body = _text_entry(field, scope) if {field.map_key, field.kind} == {Kind.STRING} else _entry(field, scope)
    loop = ["for key, value in entries.items():", *_indent(body)]
    return [f"if entries := m.{field.python_name}:", *_indent(_joined(loop, small))]


def _entry(field: FieldModel, scope: Scope) -> list[str]:
    assert field.map_key is not None
    key_lines, key_parts = scalar(field.map_key, None, "key", scope)
    lines, parts = scalar(field.kind, field.type, "value", scope)
    key_tag, value_tag = tag(1, WIRE_TYPES[field.map_key]), tag(2, WIRE_TYPES[field.kind])
    return [
        *key_lines,
        f"entry = {_sum([key_tag, *key_parts])}",
        *lines,
        f"entry += {_sum([value_tag, *parts])}",
        "size = len(entry)",
        f"parts += {tag(field.number, 2)}, {_size(scope)}, entry",
    ]


def _text_entry(field: FieldModel, scope: Scope) -> list[str]:
    """An entry from text to text; one below 128 bytes, tags and lengths included, is laid out here."""
    prefix, key_size, value_size = tag(field.number, 2), scope.wire("SIZED_1"), scope.wire("SIZED_2")
    if field.number <= MAX_SIZED:
        head = f"{scope.wire(f'SIZED_{field.number}')}[size + more + 4]"
    else:
        head = f"{prefix}, {scope.wire('VARINTS')}[size + more + 4]"
    return [
        "key, value = key.encode(), value.encode()",
        "size, more = len(key), len(value)",
        "if size + more < 124:",
        f"    parts += {head}, {key_size}[size], key, {value_size}[more], value",
        "else:",
        f"    parts += {prefix}, {scope.codec('long_entry')}(key, value)",
    ]


def _append(field: FieldModel, scope: Scope, small: bool) -> list[str]:
    if WIRE_TYPES[field.kind] == 2:
        lines, raw = _content(field.kind, field.type, "value", scope)
        return [*lines, _add_sized(field.number, raw, small, scope)]
    lines, parts = scalar(field.kind, field.type, "value", scope)
    return [*lines, _add([tag(field.number, WIRE_TYPES[field.kind]), *parts], small)]


def _add(parts: list[str], small: bool) -> str:
    return f"out += {_sum(parts)}" if small else f"parts += {', '.join(parts)}"


def _add_sized(number: int, raw: str, small: bool, scope: Scope) -> str:
    """The line that adds `raw`, whose length is in `size`, after the tag of a field."""
    prefix = tag(number, 2)
    if not small or number > MAX_SIZED:
        return _add([prefix, _size(scope), raw], small)
    table, varint = scope.wire(f"SIZED_{number}"), scope.wire("varint")
    return f"out += {table}[size] + {raw} if size < {SIZED} else {prefix} + {varint}(size) + {raw}"


def scalar(kind: Kind, ref: TypeRef | None, name: str, scope: Scope) -> tuple[list[str], list[str]]:
    """How one value, in variable `name`, is written: lines to run before, and the parts."""
    if WIRE_TYPES[kind] == 2:
        lines, raw = _content(kind, ref, name, scope)
        return lines, [_size(scope), raw]
    if kind is Kind.BOOL:
        return [], [f"{scope.wire('BOOL')}[{name}]"]
    write = scope.wire("int32" if kind is Kind.ENUM else _short(kind))
    if kind in SMALL:
        return [], [f"{scope.wire('VARINTS')}[{name}] if 0 <= {name} < {TABLE} else {write}({name})"]
    return [], [f"{write}({name})"]


def _content(kind: Kind, ref: TypeRef | None, name: str, scope: Scope) -> tuple[list[str], str]:
    """The lines that make the bytes of a length-delimited value and their `size`, and the bytes' name."""
    if kind is Kind.BYTES:
        return [f"size = len({name})"], name
    return [f"raw = {_raw(kind, ref, name, scope)}", "size = len(raw)"], "raw"


def _raw(kind: Kind, ref: TypeRef | None, name: str, scope: Scope) -> str:
    if kind is Kind.STRING:
        return f"{name}.encode()"
    assert ref is not None
    if ref.wrapped:
        return f"{scope.wrapped('write_' + wrapped_name(ref))}({name})"
    return f"{scope.encoder(ref)}({name}, True)"


def wrapped_name(ref: TypeRef) -> str:
    """What the runtime calls a well-known type: "timestamp", "int32_value"."""
    return ref.full_name.rpartition(".")[2].lower().replace("value", "_value")


def _sum(parts: list[str]) -> str:
    """Parts joined by "+", a conditional one in brackets."""
    return " + ".join(f"({part})" if " if " in part else part for part in parts)


def _size(scope: Scope) -> str:
    return f"{scope.wire('VARINTS')}[size] if size < {TABLE} else {scope.wire('varint')}(size)"


def _short(kind: Kind) -> str:
    return {Kind.FLOAT: "f32", Kind.DOUBLE: "f64"}.get(kind, str(kind))


def _indent(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]

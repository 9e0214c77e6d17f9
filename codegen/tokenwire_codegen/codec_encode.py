"""The lines of Python that encode one field: straight-line code on `m`, appending to `parts`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .codec_scope import tag
from .model import Kind, Label

if TYPE_CHECKING:
    from .codec_scope import Scope
    from .model import FieldModel, MessageModel, TypeRef

__all__ = ["REALS", "WIRE_TYPES", "encode_lines", "scalar", "wrapped_name"]

WIRE_TYPES = {
    **dict.fromkeys(Kind, 0),
    **dict.fromkeys((Kind.DOUBLE, Kind.FIXED64, Kind.SFIXED64), 1),
    **dict.fromkeys((Kind.STRING, Kind.BYTES, Kind.MESSAGE), 2),
    **dict.fromkeys((Kind.FLOAT, Kind.FIXED32, Kind.SFIXED32), 5),
}
SMALL = frozenset({Kind.INT32, Kind.INT64, Kind.UINT32, Kind.UINT64, Kind.ENUM})
"""Kinds whose values below 128 are one byte that a table holds."""
REALS = {Kind.FLOAT: ("f32", "ZERO4"), Kind.DOUBLE: ("f64", "ZERO8")}


def encode_lines(message: MessageModel, scope: Scope) -> tuple[str, ...]:
    """The lines that append every field of `m`, in order of number, to `parts`."""
    lines: list[str] = []
    seen: dict[str, int] = {}
    groups = {oneof.name: f"oneof_{index}" for index, oneof in enumerate(message.oneofs, 1)}
    sizes = {oneof.name: len(oneof.fields) for oneof in message.oneofs}
    lines += [f'{variable} = ""' for name, variable in groups.items() if sizes[name] > 1]
    for field in sorted(message.fields, key=lambda field: field.number):
        if field.label is not Label.ONEOF or sizes[field.oneof] == 1:
            lines += _field(field, scope)
            continue
        order = seen[field.oneof] = seen.get(field.oneof, 0) + 1
        guard = _guard(field, groups[field.oneof], order, sizes[field.oneof], scope)
        lines += _present(field, scope, guard)
    return tuple(lines)


def _guard(field: FieldModel, variable: str, order: int, size: int, scope: Scope) -> list[str]:
    """The lines that make a second member of a oneof an error."""
    lines = []
    if order > 1:
        error = f'{scope.codec("two_members")}("{field.oneof}", {variable}, "{field.python_name}")'
        lines += [f"if {variable}:", f"    raise {error}"]
    if order < size:
        lines.append(f'{variable} = "{field.python_name}"')
    return lines


def _field(field: FieldModel, scope: Scope) -> list[str]:
    match field.label:
        case Label.IMPLICIT:
            return _implicit(field, scope)
        case Label.REPEATED:
            return _repeated(field, scope)
        case Label.MAP:
            return _map(field, scope)
        case _:
            return _present(field, scope, [])


def _implicit(field: FieldModel, scope: Scope) -> list[str]:
    attribute = f"m.{field.python_name}"
    if field.kind in REALS:
        write, zero = map(scope.wire, REALS[field.kind])
        prefix = tag(field.number, WIRE_TYPES[field.kind])
        return [f"raw = {write}({attribute})", f"if raw != {zero}:", f"    parts += {prefix}, raw"]
    return [f"if value := {attribute}:", *_indent(_append(field, scope))]


def _present(field: FieldModel, scope: Scope, guard: list[str]) -> list[str]:
    head = f"if (value := m.{field.python_name}) is not None:"
    return [head, *_indent([*guard, *_append(field, scope)])]


def _repeated(field: FieldModel, scope: Scope) -> list[str]:
    attribute = f"m.{field.python_name}"
    if not field.packed:
        return [f"for value in {attribute} or ():", *_indent(_append(field, scope))]
    pack = scope.packed(f"pack_{'int32' if field.kind is Kind.ENUM else _short(field.kind)}")
    return [
        f"if values := {attribute}:",
        f"    raw = {pack}(values)",
        "    size = len(raw)",
        f"    parts += {tag(field.number, 2)}, {_size(scope)}, raw",
    ]


def _map(field: FieldModel, scope: Scope) -> list[str]:
    assert field.map_key is not None
    key_lines, key_parts = scalar(field.map_key, None, "key", scope)
    lines, parts = scalar(field.kind, field.type, "value", scope)
    key_tag, value_tag = tag(1, WIRE_TYPES[field.map_key]), tag(2, WIRE_TYPES[field.kind])
    body = [
        *key_lines,
        _concat("entry = ", [key_tag, *key_parts]),
        *lines,
        _concat("entry += ", [value_tag, *parts]),
        "size = len(entry)",
        f"parts += {tag(field.number, 2)}, {_size(scope)}, entry",
    ]
    return [
        f"if entries := m.{field.python_name}:",
        "    for key, value in entries.items():",
        *_indent(_indent(body)),
    ]


def _append(field: FieldModel, scope: Scope) -> list[str]:
    lines, parts = scalar(field.kind, field.type, "value", scope)
    return [*lines, f"parts += {', '.join([tag(field.number, WIRE_TYPES[field.kind]), *parts])}"]


def scalar(kind: Kind, ref: TypeRef | None, name: str, scope: Scope) -> tuple[list[str], list[str]]:
    """How one value, in variable `name`, is written: lines to run before, and the parts."""
    if kind is Kind.BYTES:
        return [f"size = len({name})"], [_size(scope), name]
    if WIRE_TYPES[kind] == 2:
        return [f"raw = {_raw(kind, ref, name, scope)}", "size = len(raw)"], [_size(scope), "raw"]
    if kind is Kind.BOOL:
        return [], [f"{scope.wire('BOOL')}[{name}]"]
    write = scope.wire("int32" if kind is Kind.ENUM else _short(kind))
    if kind in SMALL:
        return [], [f"{scope.wire('BYTE')}[{name}] if 0 <= {name} < 128 else {write}({name})"]
    return [], [f"{write}({name})"]


def _raw(kind: Kind, ref: TypeRef | None, name: str, scope: Scope) -> str:
    if kind is Kind.STRING:
        return f"{name}.encode()"
    assert ref is not None
    if ref.wrapped:
        return f"{scope.wrapped('write_' + wrapped_name(ref))}({name})"
    return f"{scope.encoder(ref)}({name})"


def wrapped_name(ref: TypeRef) -> str:
    """What the runtime calls a well-known type: "timestamp", "int32_value"."""
    return ref.full_name.rpartition(".")[2].lower().replace("value", "_value")


def _concat(start: str, parts: list[str]) -> str:
    """Parts joined by "+", a conditional one in brackets."""
    return start + " + ".join(f"({part})" if " if " in part else part for part in parts)


def _size(scope: Scope) -> str:
    return f"{scope.wire('BYTE')}[size] if size < 128 else {scope.wire('varint')}(size)"


def _short(kind: Kind) -> str:
    return {Kind.FLOAT: "f32", Kind.DOUBLE: "f64"}.get(kind, str(kind))


def _indent(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]

"""Messages to JSON values, by the proto3 JSON mapping."""

from __future__ import annotations

import math
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tokenwire.codec.wire import UNWRITABLE, ZERO4, ZERO8, f32, f64, read_f32
from tokenwire.fields import WRAPPER_KINDS
from tokenwire.wellknown.wrapped import split_duration, split_timestamp

from .names import enum_names, is_null
from .text import duration_to_text, timestamp_to_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokenwire.fields import Field
    from tokenwire.message import Message

__all__ = ["Style", "fields_to_json", "scalar_to_json"]

TEXT = frozenset({"int64", "uint64", "sint64", "fixed64", "sfixed64"})
"""Integers that JavaScript's numbers cannot hold: JSON has them as text."""


@dataclass(frozen=True, slots=True)
class Style:
    """What the caller of `to_dict` chose.

    Attributes:
        proto_names: Keys are the names in the schema.
        defaults: Fields without presence are given even when they are zero.
        python: Values are left as they are.
    """

    proto_names: bool = False
    defaults: bool = False
    python: bool = False

    def write(self, message: Message) -> Any:
        """Any message, a well-known one in its own form.

        Raises:
            ValueError: A field holds what its type cannot.
        """
        try:
            return message._tw_to_json(self)
        except UNWRITABLE as error:
            from tokenwire.codec.diagnose import encode_error

            raise encode_error(message, error) from error


def fields_to_json(message: Message, style: Style) -> dict[str, Any]:
    """A message as an object of its fields."""
    made: dict[str, Any] = {}
    table = message._tw_table()
    table.check_oneofs(message)
    for field in table.ordered:
        value = getattr(message, field.name)
        if _is_shown(value, field, style):
            name = field.proto_name if style.proto_names else field.json_name
            made[name] = _field_to_json(value, field, style)
    return made


def _is_shown(value: Any, field: Field, style: Style) -> bool:
    if field.has_presence:
        return value is not None
    if style.defaults:
        return True
    if field.label == "implicit" and field.kind in ("float", "double"):
        # Minus zero is shown, and a double that is zero as a float is not.
        return f32(value) != ZERO4 if field.kind == "float" else f64(value) != ZERO8
    return bool(value)


def _field_to_json(value: Any, field: Field, style: Style) -> Any:
    convert = _converter(field, style)
    if field.label == "repeated":
        return [convert(item) for item in value]
    if field.label == "map":
        return {key if style.python else _key(key): convert(item) for key, item in value.items()}
    return convert(value)


def _converter(field: Field, style: Style) -> Callable[[Any], Any]:
    if style.python and (field.kind != "message" or field.wrapped):
        return _as_it_is
    if field.wrapped:
        return lambda value: _wrapped(value, field.wrapped)
    if field.kind == "message":
        return lambda message: message._tw_to_json(style)
    if field.kind == "enum":
        return lambda number: _enum(number, field.type)
    return lambda value: scalar_to_json(value, field.kind)


def scalar_to_json(value: Any, kind: str) -> Any:
    """A value of one of the scalar types."""
    if kind in TEXT:
        return str(int(value))
    match kind:
        case "bytes":
            return b64encode(value).decode()
        case "float":
            return _special(value) or _shortest(value)
        case "double":
            return _special(value) or float(value)
        case "bool":
            return bool(value)
        case "string":
            value.encode()
            return value
    return int(value)


def _as_it_is(value: Any) -> Any:
    return value


def _key(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


def _enum(number: Any, enum: Any) -> Any:
    if is_null(enum):
        return None
    return enum_names(enum).get(number, int(number))


def _special(value: float) -> str:
    """NaN and the infinities, which JSON's numbers lack; empty for other numbers."""
    if math.isfinite(value):
        return ""
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _shortest(value: float) -> Any:
    """The shortest number that is the same in 32 bits."""
    raw = f32(value)
    (exact,) = read_f32(raw)
    if special := _special(exact):
        return special
    for digits in range(6, 9):
        short = float(f"{exact:.{digits}g}")
        if f32(short) == raw:
            return short
    return float(f"{exact:.9g}")


def _wrapped(value: Any, name: str) -> Any:
    """A Python value that stands for a well-known message."""
    match name:
        case "google.protobuf.Timestamp":
            return timestamp_to_text(*split_timestamp(value))
        case "google.protobuf.Duration":
            return duration_to_text(*split_duration(value))
    return scalar_to_json(value, WRAPPER_KINDS[name])

"""JSON values to messages, by the proto3 JSON mapping, as google.protobuf's json_format reads it."""

from __future__ import annotations

import base64
import json
import math
from typing import TYPE_CHECKING, Any, TypeVar

from tokenwire.codec.wire import MAX_DEPTH, f32
from tokenwire.errors import DecodeError
from tokenwire.fields import INTEGER_RANGES, WRAPPER_KINDS
from tokenwire.wellknown.wrapped import join_duration, join_timestamp

from .names import enum_numbers, is_null
from .text import duration_from_text, timestamp_from_text

if TYPE_CHECKING:
    from tokenwire.fields import Field
    from tokenwire.message import Message

__all__ = ["Reader", "fields_from_json", "loads", "scalar_from_json"]

MessageT = TypeVar("MessageT", bound="Message")

INFINITIES = (f32(math.inf), f32(-math.inf))
ABSENT = object()


class Reader:
    """One run of `from_dict`: what the caller chose, and how deep it is.

    Args:
        ignore_unknown: Pass over fields, and names of enum values, that the schema does not know.
    """

    def __init__(self, ignore_unknown: bool) -> None:
        self.ignore_unknown = ignore_unknown
        self._depth = 0

    def message(self, cls: type[MessageT], value: Any, path: str) -> MessageT:
        """Read a message, a well-known one from its own form.

        Raises:
            DecodeError: The value does not fit; the error begins with `path`.
        """
        if self._depth == MAX_DEPTH:
            raise DecodeError(f"{path}: messages nest deeper than {MAX_DEPTH} levels")
        self._depth += 1
        try:
            return cls._tw_from_json(value, path, self)
        except DecodeError:
            raise
        except (LookupError, OverflowError, TypeError, ValueError) as error:
            raise DecodeError(f"{path}: {error}") from error
        finally:
            self._depth -= 1

    def element(self, value: Any, field: Field, path: str) -> Any:
        """Read one value of a field: of a repeated one an element, of a map a value."""
        if field.wrapped:
            return wrapped_from_json(value, field.wrapped, path)
        if field.kind == "message":
            return self.message(field.type, value, path)
        try:
            if field.kind == "enum":
                return self._enum(value, field)
            return scalar_from_json(value, field.kind)
        except (OverflowError, TypeError, ValueError) as error:
            raise DecodeError(f"{path}: {error}") from error

    def _enum(self, value: Any, field: Field) -> Any:
        number = enum_numbers(field.type).get(value) if isinstance(value, str) else None
        if number is None:
            try:
                number = int(value)
            except ValueError:
                if self.ignore_unknown and isinstance(value, str):
                    return ABSENT
                raise ValueError(f"enum {field.type.__name__} has no value {value!r}") from None
        return field.type(_in_range(number, "enum"))


def loads(text: str | bytes, path: str) -> Any:
    """Parse JSON text; a key that comes twice is an error.

    Raises:
        DecodeError: It is not JSON.
    """
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except (RecursionError, ValueError) as error:
        raise DecodeError(f"{path}: not JSON: {error}") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"key {next(key for key in keys if keys.count(key) > 1)!r} comes twice")
    return made


def fields_from_json(cls: type[MessageT], value: Any, path: str, reader: Reader) -> MessageT:
    """Read a message from an object of its fields.

    Raises:
        DecodeError: The value does not fit.
    """
    if not isinstance(value, dict):
        raise DecodeError(f"{path}: expected an object, not {_shown(value)}")
    message = cls._tw_blank()
    table = cls._tw_table()
    seen: dict[str, str] = {}
    for key, item in value.items():
        field = table.by_json_name.get(key)
        if field is None:
            if reader.ignore_unknown:
                continue
            raise DecodeError(f"{path}: {cls._tw_name} has no field {key!r}")
        _check_once(field, key, item, seen, path)
        found = _field(item, field, f"{path}.{key}", reader)
        if found is not ABSENT:
            setattr(message, field.name, found)
    return message


def _check_once(field: Field, key: str, item: Any, seen: dict[str, str], path: str) -> None:
    for name in (field.name, f"oneof {field.group}" if field.group and item is not None else ""):
        if name and seen.setdefault(name, key) != key:
            raise DecodeError(f"{path}: {seen[name]!r} and {key!r} are both given, at most one may be")


def _field(item: Any, field: Field, path: str, reader: Reader) -> Any:
    if item is None and not _takes_null(field):
        return ABSENT
    if field.label == "repeated":
        return _list(item, field, path, reader)
    if field.label == "map":
        return _map(item, field, path, reader)
    if item is None and field.kind == "enum":
        return field.type(0)
    return reader.element(item, field, path)


def _takes_null(field: Field) -> bool:
    """Whether null is a value of the field: it is of google.protobuf.Value or NullValue."""
    if field.label in ("repeated", "map"):
        return False
    return is_null(field.type) if field.kind == "enum" else _is_value(field)


def _is_value(field: Field) -> bool:
    return field.kind == "message" and not field.wrapped and field.type._tw_name == "google.protobuf.Value"


def _list(items: Any, field: Field, path: str, reader: Reader) -> list[Any]:
    if not isinstance(items, (list, tuple)):
        raise DecodeError(f"{path}: expected a list, not {_shown(items)}")
    made = []
    for index, item in enumerate(items):
        if item is None and not _is_value(field):
            raise DecodeError(f"{path}[{index}]: null is not allowed in a list")
        made.append(reader.element(item, field, f"{path}[{index}]"))
    return [item for item in made if item is not ABSENT]


def _map(items: Any, field: Field, path: str, reader: Reader) -> dict[Any, Any]:
    if not isinstance(items, dict):
        raise DecodeError(f"{path}: expected an object, not {_shown(items)}")
    made = {}
    for key, item in items.items():
        found = reader.element(item, field, f"{path}[{key!r}]")
        if found is not ABSENT:
            made[_key(key, field.key, path)] = found
    return made


def _key(key: Any, kind: str, path: str) -> Any:
    try:
        if kind == "bool":
            return {"true": True, "false": False}[key]
        return scalar_from_json(key, kind)
    except (LookupError, TypeError, ValueError) as error:
        raise DecodeError(f"{path}: {key!r} is not a key of type {kind}") from error


def scalar_from_json(value: Any, kind: str) -> Any:
    """Read a value of one of the scalar types.

    Raises:
        ValueError: It does not fit.
        TypeError: It is of a type that the scalar type has no use for.
    """
    match kind:
        case "string":
            return _string(value)
        case "bytes":
            return _bytes(value)
        case "bool":
            if not isinstance(value, bool):
                raise ValueError(f"expected true or false, not {_shown(value)}")
            return value
        case "float" | "double":
            return _real(value, kind)
    return _in_range(_integer(value), kind)


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected a string, not {_shown(value)}")
    value.encode()
    return value


def _bytes(value: Any) -> bytes:
    """Base64, standard or URL-safe, with or without padding."""
    if not isinstance(value, (str, bytes)):
        raise ValueError(f"expected base64, not {_shown(value)}")
    raw = value.encode() if isinstance(value, str) else value
    return base64.urlsafe_b64decode(raw + b"=" * (4 - len(raw) % 4))


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError(f"expected an integer, not {_shown(value)}")
    if isinstance(value, str) and " " in value:
        raise ValueError(f"expected an integer, not {value!r}")
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            value = _real(value, "double")
    if isinstance(value, float) and not value.is_integer():
        raise ValueError(f"expected an integer, not {value}")
    return int(value)


def _in_range(value: int, kind: str) -> int:
    low, high = INTEGER_RANGES[kind]
    if not low <= value <= high:
        raise ValueError(f"{value} is out of range for {'int32' if kind == 'enum' else kind}")
    return value


def _real(value: Any, kind: str) -> float:
    if not isinstance(value, (int, float, str)):
        raise ValueError(f"expected a number, not {_shown(value)}")
    if value == "nan":
        raise ValueError('expected "NaN", not "nan"')
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} must be written as a string")
    try:
        number = float(value)
    except ValueError:
        raise ValueError(f"expected a number, not {value!r}") from None
    if kind == "float" and not isinstance(value, str) and f32(number) in INFINITIES:
        raise ValueError(f"{number} is out of range for float")
    return number


def wrapped_from_json(value: Any, name: str, path: str) -> Any:
    """Read the Python value that stands for a well-known message.

    Raises:
        DecodeError: It does not fit.
    """
    try:
        match name:
            case "google.protobuf.Timestamp":
                return join_timestamp(*timestamp_from_text(value))
            case "google.protobuf.Duration":
                return join_duration(*duration_from_text(value))
        return scalar_from_json(value, WRAPPER_KINDS[name])
    except (OverflowError, TypeError, ValueError) as error:
        raise DecodeError(f"{path}: {error}") from error


def _shown(value: Any) -> str:
    return "null" if value is None else f"{value!r:.40}"

"""Clear errors for what a codec refused: which message, which field, where.

Generated codecs carry no error texts. When one fails, the message or the bytes are walked once more,
slowly, by the message's table of fields, to find the first place that is wrong.
"""

from __future__ import annotations

import datetime
import struct
from contextlib import contextmanager
from operator import index
from typing import TYPE_CHECKING, Any

from tokenwire.errors import DecodeError
from tokenwire.fields import INTEGER_RANGES, WRAPPER_KINDS, Field, wrapped_class

from . import packed, wire

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tokenwire.message import Message

__all__ = ["decode_error", "encode_error"]

STAND_INS: dict[str, type] = {
    "google.protobuf.Timestamp": datetime.datetime,
    "google.protobuf.Duration": datetime.timedelta,
}
PYTHON: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "bytes": (bytes, bytearray, memoryview),
    "bool": (bool, int),
    "float": (float, int),
    "double": (float, int),
}


def encode_error(message: Message, error: Exception) -> ValueError:
    """The error for a message that could not be written, found by looking at each field."""
    name = type(message).__name__
    try:
        problem = _first_problem(message, name)
    except RecursionError:
        problem = f"{name}: the message contains itself, or nests too deep"
    return ValueError(problem or f"{name}: {error}")


def _first_problem(message: Message, path: str) -> str:
    table = message._tw_table()
    try:
        table.check_oneofs(message)
    except ValueError as error:
        return f"{path}: {error}"
    for field in table.ordered:
        value = getattr(message, field.name)
        absent = value is None if field.has_presence else not value
        problem = "" if absent else _field_problem(value, field, f"{path}.{field.name}")
        if problem:
            return problem
    return ""


def _field_problem(value: Any, field: Field, path: str) -> str:
    if field.label == "map":
        return _map_problem(value, field, path)
    if field.label == "repeated":
        if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
            return f"{path}: expected a list, not {type(value).__name__}"
        return _first(_value_problem(item, field, f"{path}[{place}]") for place, item in enumerate(value))
    return _value_problem(value, field, path)


def _map_problem(value: Any, field: Field, path: str) -> str:
    if not hasattr(value, "items"):
        return f"{path}: expected a dict, not {type(value).__name__}"
    key = Field("key", 1, field.key)
    wrong_key = _first(_value_problem(name, key, f"{path} key") for name in value)
    return wrong_key or _first(_value_problem(v, field, f"{path}[{name!r}]") for name, v in value.items())


def _first(problems: Iterable[str]) -> str:
    return next(filter(None, problems), "")


def _value_problem(value: Any, field: Field, path: str) -> str:
    wanted: Any = STAND_INS.get(field.wrapped)
    if field.kind == "message" and not field.wrapped:
        wanted = field.type
    if wanted is not None:
        if not isinstance(value, wanted):
            return f"{path}: expected {wanted.__name__}, not {type(value).__name__}"
        return "" if field.wrapped else _first_problem(value, path)
    problem = _scalar_problem(value, WRAPPER_KINDS.get(field.wrapped, field.kind))
    return f"{path}: {problem}" if problem else ""


def _scalar_problem(value: Any, kind: str) -> str:
    if kind in PYTHON:
        return _plain_problem(value, kind)
    try:
        number = index(value)
    except TypeError:
        return f"expected int, not {value!r:.40}"
    low, high = INTEGER_RANGES[kind]
    return "" if low <= number <= high else f"{number} is out of range for {kind}"


def _plain_problem(value: Any, kind: str) -> str:
    wanted = PYTHON[kind]
    if not isinstance(value, wanted) or (kind == "bool" and value not in (0, 1)):
        return f"expected {wanted[0].__name__}, not {value!r:.40}"
    try:
        if isinstance(value, str):
            value.encode()
        elif isinstance(value, int) and kind != "bool":
            float(value)
    except (OverflowError, UnicodeEncodeError) as error:
        return str(error)
    return ""


def decode_error(cls: type[Message], data: bytes, error: Exception) -> DecodeError:
    """The error for bytes that could not be read, found by reading them field by field."""
    try:
        _walk(cls._tw_table().by_number, data, (0, len(data)), wire.MAX_DEPTH, cls.__name__)
    except DecodeError as found:
        return found
    return DecodeError(f"{cls.__name__}: {error}")


@contextmanager
def _located(path: str, pos: int) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError:
        raise DecodeError(f"{path}: not valid UTF-8 (at byte {pos})") from None
    except (IndexError, struct.error):
        raise DecodeError(f"{path}: the data ends in the middle of it (at byte {pos})") from None
    except DecodeError as error:
        raise DecodeError(f"{path}: {error} (at byte {pos})") from None


def _walk(fields: Mapping[int, Field], data: bytes, span: tuple[int, int], depth: int, path: str) -> None:
    pos, end = span
    if depth < 0:
        raise DecodeError(f"{path}: {wire.too_deep()} (at byte {pos})")
    while pos < end:
        start = pos
        with _located(path, start):
            tag, pos = wire.read_tag(data, pos)
        field = fields.get(tag >> 3)
        name = f"{path}.{field.name}" if field else f"{path}, unknown field {tag >> 3}"
        with _located(name, start):
            stop = wire.skip(data, pos, tag, depth)
            if stop > end:
                raise wire.truncated()
        if field is not None and tag & 7 == 2:
            _, pos = wire.read_size(data, pos)
            _check(field, data, (pos, stop), depth, name)
        pos = stop


def _check(field: Field, data: bytes, span: tuple[int, int], depth: int, path: str) -> None:
    """Check the inside of a length-delimited field."""
    pos, stop = span
    if field.label == "map":
        value = Field("value", 2, field.kind, type=field.type, wrapped=field.wrapped)
        _walk({1: Field("key", 1, field.key), 2: value}, data, span, depth - 1, path)
    elif field.kind == "message":
        cls: Any = wrapped_class(field.wrapped) if field.wrapped else field.type
        _walk(cls._tw_table().by_number, data, span, depth - 1, path)
        if field.wrapped:
            with _located(path, pos):
                cls.parse(data[pos:stop]).to_wrapped()
    elif field.kind == "string":
        with _located(path, pos):
            data[pos:stop].decode()
    elif field.label == "repeated" and field.kind != "bytes":
        short = {"float": "f32", "double": "f64", "enum": "int32"}.get(field.kind, field.kind)
        with _located(path, pos):
            getattr(packed, f"unpack_{short}")(data[pos:stop])

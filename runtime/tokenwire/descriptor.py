"""What a generated package's descriptor set says: files, symbols, methods, fields, comments.

A minimal reader of google.protobuf.FileDescriptorSet; field numbers are those of descriptor.proto.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from .codec.wire import MAX_DEPTH, read_size, read_tag, read_uint64, skip

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["EnumInfo", "FieldInfo", "FileInfo", "MessageInfo", "MethodInfo", "ServiceInfo", "load_files"]

Path = tuple[int, ...]

_TYPES: Final = (
    "",
    "double",
    "float",
    "int64",
    "uint64",
    "int32",
    "fixed64",
    "fixed32",
    "bool",
    "string",
    "group",
    "message",
    "bytes",
    "uint32",
    "enum",
    "sfixed32",
    "sfixed64",
    "sint32",
    "sint64",
)
_REPEATED: Final = 3
_EXTENSION_OF_MESSAGE: Final = 6


@dataclass(slots=True)
class FieldInfo:
    """A field; `type` is a scalar's name or the full name of a message or enum."""

    name: str
    number: int
    type: str
    repeated: bool
    optional: bool
    extendee: str
    comment: str


@dataclass(slots=True)
class EnumInfo:
    """An enum with its values' names and numbers."""

    name: str
    values: list[tuple[str, int]]
    comment: str


@dataclass(slots=True)
class MessageInfo:
    """A message; `entry` marks the one that a map field stands for."""

    name: str
    fields: list[FieldInfo]
    entry: bool
    comment: str


@dataclass(slots=True)
class MethodInfo:
    """An RPC; types are full names."""

    name: str
    request: str
    response: str
    client_streaming: bool
    server_streaming: bool
    comment: str


@dataclass(slots=True)
class ServiceInfo:
    """A service; `name` is its full name."""

    name: str
    methods: list[MethodInfo]
    comment: str


@dataclass(slots=True)
class FileInfo:
    """One .proto file.

    Attributes:
        data: Its encoded FileDescriptorProto.
        symbols: Full names of all that it declares.
        extensions: Fields that it adds to other messages.
    """

    data: bytes
    name: str = ""
    package: str = ""
    imports: list[str] = field(default_factory=list)
    messages: list[MessageInfo] = field(default_factory=list)
    enums: list[EnumInfo] = field(default_factory=list)
    services: list[ServiceInfo] = field(default_factory=list)
    extensions: list[FieldInfo] = field(default_factory=list)
    symbols: set[str] = field(default_factory=set)


@cache
def load_files(package: str) -> tuple[FileInfo, ...]:
    """The files of a generated package's descriptor set, all that they import among them.

    Raises:
        FileNotFoundError: The package has no descriptor.
        ModuleNotFoundError: There is no such package.
    """
    data = (files(package) / "descriptor.binpb").read_bytes()
    return tuple(_FileReader(value).read() for _, value in _entries(data) if isinstance(value, bytes))


def _entries(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field numbers and values; varints as numbers, what has a length as bytes, others passed over."""
    position = 0
    while position < len(data):
        tag, position = read_tag(data, position)
        if tag & 7 == 0:
            value, position = read_uint64(data, position)
            yield tag >> 3, value
        elif tag & 7 == 2:
            size, position = read_size(data, position)
            yield tag >> 3, data[position : position + size]
            position += size
        else:
            position = skip(data, position, tag, MAX_DEPTH)


class _Record:
    """The fields of one encoded message, by number."""

    def __init__(self, data: bytes) -> None:
        self._values: dict[int, list[int | bytes]] = {}
        for number, value in _entries(data):
            self._values.setdefault(number, []).append(value)

    def number(self, field_number: int) -> int:
        value = self._values.get(field_number, [0])[-1]
        return value if isinstance(value, int) else 0

    def text(self, field_number: int) -> str:
        return self.all(field_number)[-1].decode() if field_number in self._values else ""

    def all(self, field_number: int) -> list[bytes]:
        return [value for value in self._values.get(field_number, ()) if isinstance(value, bytes)]


class _FileReader:
    """Reads one FileDescriptorProto."""

    def __init__(self, data: bytes) -> None:
        self._record = _Record(data)
        self._file = FileInfo(data)
        self._comments = dict(_comments(self._record))

    def read(self) -> FileInfo:
        record, found = self._record, self._file
        found.name = record.text(1)
        found.package = record.text(2)
        found.imports = [name.decode() for name in record.all(3)]
        scope = found.package
        for index, data in enumerate(record.all(4)):
            self._message(_Record(data), scope, (4, index))
        for index, data in enumerate(record.all(5)):
            self._enum(_Record(data), scope, (5, index))
        for index, data in enumerate(record.all(6)):
            self._service(_Record(data), scope, (6, index))
        for index, data in enumerate(record.all(7)):
            self._extension(_Record(data), scope, (7, index))
        return found

    def _name(self, scope: str, record: _Record) -> str:
        name = f"{scope}.{record.text(1)}".lstrip(".")
        self._file.symbols.add(name)
        return name

    def _message(self, record: _Record, scope: str, path: Path) -> None:
        name = self._name(scope, record)
        fields = [
            self._field(_Record(data), name, (*path, 2, index)) for index, data in enumerate(record.all(2))
        ]
        options = record.all(7)
        entry = bool(options and _Record(options[-1]).number(7))
        self._file.messages.append(MessageInfo(name, fields, entry, self._comment(path)))
        for data in record.all(8):
            self._name(name, _Record(data))
        for index, data in enumerate(record.all(3)):
            self._message(_Record(data), name, (*path, 3, index))
        for index, data in enumerate(record.all(4)):
            self._enum(_Record(data), name, (*path, 4, index))
        for index, data in enumerate(record.all(_EXTENSION_OF_MESSAGE)):
            self._extension(_Record(data), name, (*path, _EXTENSION_OF_MESSAGE, index))

    def _field(self, record: _Record, scope: str, path: Path) -> FieldInfo:
        self._name(scope, record)
        return FieldInfo(
            name=record.text(1),
            number=record.number(3),
            type=record.text(6).lstrip(".") or _TYPES[record.number(5)],
            repeated=record.number(4) == _REPEATED,
            optional=bool(record.number(17)),
            extendee=record.text(2).lstrip("."),
            comment=self._comment(path),
        )

    def _extension(self, record: _Record, scope: str, path: Path) -> None:
        self._file.extensions.append(self._field(record, scope, path))

    def _enum(self, record: _Record, scope: str, path: Path) -> None:
        name = self._name(scope, record)
        values = [_Record(data) for data in record.all(2)]
        for value in values:
            self._name(scope, value)
        pairs = [(value.text(1), value.number(2)) for value in values]
        self._file.enums.append(EnumInfo(name, pairs, self._comment(path)))

    def _service(self, record: _Record, scope: str, path: Path) -> None:
        name = self._name(scope, record)
        methods = []
        for index, data in enumerate(record.all(2)):
            method = _Record(data)
            self._name(name, method)
            methods.append(
                MethodInfo(
                    name=method.text(1),
                    request=method.text(2).lstrip("."),
                    response=method.text(3).lstrip("."),
                    client_streaming=bool(method.number(5)),
                    server_streaming=bool(method.number(6)),
                    comment=self._comment((*path, 2, index)),
                )
            )
        self._file.services.append(ServiceInfo(name, methods, self._comment(path)))

    def _comment(self, path: Path) -> str:
        return self._comments.get(path, "")


def _comments(file: _Record) -> Iterator[tuple[Path, str]]:
    """The comment of each place in a file that has one, where the descriptor carries them."""
    for info in file.all(9):
        for data in _Record(info).all(1):
            location = _Record(data)
            comment = location.text(3) or location.text(4)
            if comment:
                yield _path(location), "\n".join(line.strip() for line in comment.strip().splitlines())


def _path(location: _Record) -> Path:
    packed = b"".join(location.all(1))
    numbers: list[int] = []
    position = 0
    while position < len(packed):
        number, position = read_uint64(packed, position)
        numbers.append(number)
    return tuple(numbers)

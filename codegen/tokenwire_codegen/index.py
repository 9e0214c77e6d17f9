"""All messages and enums of a request with their settled Python names, looked up by full name."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import naming
from .model import TypeRef
from .schema import EnumSchema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .schema import FileSchema, MessageSchema

__all__ = ["TypeEntry", "TypeIndex", "qualified_name", "relative_module"]

WKT_PACKAGE = "google.protobuf"
WKT_MODULE = "tokenwire.wkt"
WRAPPED = {
    "google.protobuf.Timestamp": "datetime.datetime",
    "google.protobuf.Duration": "datetime.timedelta",
    "google.protobuf.DoubleValue": "float",
    "google.protobuf.FloatValue": "float",
    "google.protobuf.Int64Value": "int",
    "google.protobuf.UInt64Value": "int",
    "google.protobuf.Int32Value": "int",
    "google.protobuf.UInt32Value": "int",
    "google.protobuf.BoolValue": "bool",
    "google.protobuf.StringValue": "str",
    "google.protobuf.BytesValue": "bytes",
}
"""Python types that stand for well-known messages where those are fields, as in betterproto2."""


@dataclass(frozen=True, slots=True)
class TypeEntry:
    """One message or enum: its schema, where it is, and its settled class name."""

    schema: MessageSchema | EnumSchema
    file: FileSchema
    name: str
    zero: str


class TypeIndex:
    """Every type of a request.

    Args:
        files: All files of the request.
        internal: The output is part of the runtime.
    """

    def __init__(self, files: Sequence[FileSchema], internal: bool) -> None:
        self._internal = internal
        self.directories = {file.path: naming.package_directory(file.package) for file in files}
        self.stems: dict[str, str] = {}
        self.class_names: dict[str, frozenset[str]] = {}
        self.types: dict[str, TypeEntry] = {}
        packages: dict[str, list[FileSchema]] = defaultdict(list)
        for file in files:
            packages[file.package].append(file)
        for package, members in packages.items():
            members.sort(key=lambda file: file.path)
            wishes = (naming.module_name(file.path) for file in members)
            stems = naming.settle(wishes, frozenset(), self._stems_of_packages(members[0]))
            self.stems.update(zip((f.path for f in members), stems, strict=True))
            self.class_names[package] = self._add_package(members)

    def _stems_of_packages(self, file: FileSchema) -> set[str]:
        """Stems whose modules would meet a package below the file's own: "x" beside a package "x_pb"."""
        above = self.directories[file.path] + "/"
        below = {
            d.removeprefix(above).partition("/")[0] for d in self.directories.values() if d.startswith(above)
        }
        return {name.rpartition("_")[0] for name in below}

    def _add_package(self, files: Sequence[FileSchema]) -> frozenset[str]:
        owners: list[tuple[MessageSchema | EnumSchema, FileSchema]] = []
        for file in files:
            owners += [(message, file) for message in file.messages]
            owners += [(enum, file) for enum in file.enums]
        owners.sort(key=lambda owner: len(owner[0].path) > 1)
        names = naming.settle(("".join(schema.path) for schema, _ in owners), naming.MODULE)
        for (schema, file), name in zip(owners, names, strict=True):
            zero = _zero(schema) if isinstance(schema, EnumSchema) else ""
            self.types[schema.full_name] = TypeEntry(schema, file, name, zero)
        return frozenset(names)

    def field_names(self, message: MessageSchema) -> dict[str, str]:
        """The attribute of each field: off methods, keywords and the types that the fields have."""
        reserved = set(naming.FIELDS)
        for field in message.fields:
            if field.type_name:
                wrapped = WRAPPED.get(field.type_name, "").partition(".")[0]
                reserved |= {wrapped, self.types[field.type_name].name, qualified_name(field.type_name)}
        return {field.name: naming.escape(field.name, frozenset(reserved)) for field in message.fields}

    def ref(self, full_name: str, origin: FileSchema, local: str = "") -> TypeRef:
        """Refer to a type from a file."""
        entry = self.types[full_name]
        provided = entry.file.package == WKT_PACKAGE and not (
            self._internal and origin.package == WKT_PACKAGE
        )
        target = f"{self.directories[entry.file.path]}/{self.stems[entry.file.path]}"
        module = WKT_MODULE if provided else relative_module(self.directories[origin.path], target)
        return TypeRef(
            full_name=full_name,
            name=entry.name,
            local=local or entry.name,
            module=module,
            is_local=entry.file.path == origin.path,
            wrapped=WRAPPED.get(full_name, ""),
            zero=entry.zero,
        )


def _zero(enum: EnumSchema) -> str:
    names = (value.name for value in enum.values if value.number == 0)
    return next((naming.escape(name, naming.ENUM_MEMBERS) for name in names), "")


def qualified_name(full_name: str) -> str:
    """A name for a type in a module where another one has its own: "GoogleRpcStatus"."""
    return "".join(part[:1].upper() + part[1:] for part in full_name.split("."))


def relative_module(directory: str, target: str) -> str:
    """Name the module `target` ("a/b/c") relatively, from a module in `directory` ("a/x")."""
    here, there = directory.split("/"), target.split("/")
    common = 0
    while common < min(len(here), len(there) - 1) and here[common] == there[common]:
        common += 1
    return "." * (len(here) - common + 1) + ".".join(there[common:])

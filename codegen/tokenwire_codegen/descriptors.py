"""The parse stage: descriptors of a plugin request to `schema` values.

Besides `descriptor_sets` and `plugin` the only module that imports google.protobuf. Custom options
are read through a pool built from the request's own files, so they mean what the schema's copy of
them says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf import descriptor_pb2 as pb
from google.protobuf import descriptor_pool, message_factory

from .annotations import field_rules, method_rules
from .comments import clean
from .descriptor_sets import descriptor_set
from .model import Kind
from .schema import (
    EnumSchema,
    EnumValueSchema,
    FieldSchema,
    FileSchema,
    MessageSchema,
    MethodSchema,
    OneofSchema,
    Place,
    SchemaError,
    ServiceSchema,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from google.protobuf.descriptor import FieldDescriptor

__all__ = ["parse_files"]

Path = tuple[int, ...]

GROUP = pb.FieldDescriptorProto.TYPE_GROUP
REPEATED = pb.FieldDescriptorProto.LABEL_REPEATED
KINDS = {pb.FieldDescriptorProto.Type.Value(f"TYPE_{kind.name}"): kind for kind in Kind} | {
    GROUP: Kind.MESSAGE
}
UNPACKABLE = frozenset({Kind.STRING, Kind.BYTES, Kind.MESSAGE})
METHOD_RULES, FIELD_RULES = "tokenwire.options.v1.method", "tokenwire.options.v1.field"
GOOGLE_HTTP = "google.api.http"


def parse_files(
    files: Sequence[pb.FileDescriptorProto], wanted: frozenset[str]
) -> tuple[tuple[FileSchema, ...], list[SchemaError]]:
    """Read all files of a request, and collect what is not supported in the wanted ones."""
    options = CustomOptions(files)
    errors: list[SchemaError] = []
    return tuple(FileParser(file, options, file.name in wanted, errors).parse() for file in files), errors


class CustomOptions:
    """Reads tokenwire's options and google.api.http as the request's own files declare them."""

    def __init__(self, files: Sequence[pb.FileDescriptorProto]) -> None:
        self._extensions: dict[str, FieldDescriptor] = {}
        self._classes: dict[str, Any] = {}
        declared = {
            f"{file.package}.{extension.name}": file.name
            for file in files
            for extension in file.extension
            if f"{file.package}.{extension.name}" in {METHOD_RULES, FIELD_RULES, GOOGLE_HTTP}
        }
        if not declared:
            return
        pool = descriptor_pool.DescriptorPool()
        for file in descriptor_set(files, declared.values()).file:
            pool.AddSerializedFile(file.SerializeToString())
        for name in ("MethodOptions", "FieldOptions"):
            descriptor = pool.FindMessageTypeByName(f"google.protobuf.{name}")
            self._classes[name] = message_factory.GetMessageClass(descriptor)
        self._extensions = {name: pool.FindExtensionByName(name) for name in declared}

    def get(self, options: pb.MethodOptions | pb.FieldOptions, name: str) -> Any | None:
        """The value of an option, or None where it is not set or not declared."""
        extension = self._extensions.get(name)
        if extension is None:
            return None
        message = self._classes[type(options).__name__].FromString(options.SerializeToString())
        return message.Extensions[extension] if message.HasExtension(extension) else None


class FileParser:
    """Reads one file; descriptor paths (google.protobuf.SourceCodeInfo) lead to words and places."""

    def __init__(
        self, file: pb.FileDescriptorProto, options: CustomOptions, wanted: bool, errors: list[SchemaError]
    ) -> None:
        self._file = file
        self._options = options
        self._wanted = wanted
        self._errors = errors
        self._locations = {tuple(loc.path): loc for loc in file.source_code_info.location} if wanted else {}
        self._messages: list[MessageSchema] = []
        self._enums: list[EnumSchema] = []

    def parse(self) -> FileSchema:
        """Read everything that the file declares."""
        file = self._file
        proto3 = file.syntax == "proto3"
        if not proto3 and (file.message_type or file.enum_type or file.service):
            syntax = "editions are" if file.syntax == "editions" else "proto2 is"
            self._error((12,), f'{syntax} not supported: write syntax = "proto3"')
        prefix = f"{file.package}." if file.package else ""
        for index, message in enumerate(file.message_type):
            self._message(message, (4, index), (), prefix)
        for index, enum in enumerate(file.enum_type):
            self._enum(enum, (5, index), (), prefix)
        services = tuple(self._service(s, (6, i), prefix) for i, s in enumerate(file.service))
        for index, extension in enumerate(file.extension):
            self._extension(extension, (7, index))
        return FileSchema(
            path=file.name,
            package=file.package,
            wanted=self._wanted and bool(self._messages or self._enums or services),
            proto3=proto3,
            messages=tuple(self._messages),
            enums=tuple(self._enums),
            services=services,
            comment=self._comment((12,)) or self._comment((2,)),
        )

    def _message(self, message: pb.DescriptorProto, path: Path, outer: tuple[str, ...], prefix: str) -> None:
        names = (*outer, message.name)
        full_name = prefix + message.name
        entries = {
            f".{full_name}.{nested.name}": nested
            for nested in message.nested_type
            if nested.options.map_entry
        }
        place = self._place(path)
        fields = tuple(
            self._field(field, (*path, 2, index), message, entries)
            for index, field in enumerate(message.field)
        )
        synthetic = {field.oneof_index for field in message.field if field.proto3_optional}
        oneofs = tuple(
            OneofSchema(oneof.name, self._comment((*path, 8, index)))
            for index, oneof in enumerate(message.oneof_decl)
            if index not in synthetic
        )
        comment = self._comment(path)
        self._messages.append(
            MessageSchema(full_name, names, fields, oneofs, place, comment, message.options.deprecated)
        )
        if message.extension_range:
            self._error((*path, 5, 0), "extension ranges are not supported: declare the fields themselves")
        for index, nested in enumerate(message.nested_type):
            if not nested.options.map_entry:
                self._message(nested, (*path, 3, index), names, f"{full_name}.")
        for index, enum in enumerate(message.enum_type):
            self._enum(enum, (*path, 4, index), names, f"{full_name}.")
        for index, extension in enumerate(message.extension):
            self._extension(extension, (*path, 6, index))

    def _field(
        self,
        field: pb.FieldDescriptorProto,
        path: Path,
        message: pb.DescriptorProto,
        entries: dict[str, pb.DescriptorProto],
    ) -> FieldSchema:
        self._check_field(field, path)
        has_options = field.HasField("options")
        entry = entries.get(field.type_name)
        value = field if entry is None else entry.field[1]
        kind = KINDS[value.type]
        repeated = field.label == REPEATED
        in_oneof = field.HasField("oneof_index") and not field.proto3_optional
        packed = field.options.packed if has_options and field.options.HasField("packed") else True
        rules = self._options.get(field.options, FIELD_RULES) if has_options else None
        return FieldSchema(
            name=field.name,
            number=field.number,
            json_name=field.json_name,
            kind=kind,
            place=self._place(path),
            type_name=value.type_name[1:],
            repeated=repeated,
            explicit_presence=field.proto3_optional,
            packed=repeated and entry is None and packed and kind not in UNPACKABLE,
            map_key=None if entry is None else KINDS[entry.field[0].type],
            oneof=message.oneof_decl[field.oneof_index].name if in_oneof else "",
            comment=self._comment(path),
            deprecated=has_options and field.options.deprecated,
            rules=None if rules is None else field_rules(rules),
        )

    def _check_field(self, field: pb.FieldDescriptorProto, path: Path) -> None:
        if field.type == GROUP:
            self._error(path, f"field {field.name}: groups are not supported: use a message field")
        if field.label == pb.FieldDescriptorProto.LABEL_REQUIRED:
            self._error(path, f"field {field.name}: required fields are not supported: drop the label")
        if field.HasField("default_value"):
            self._error(path, f"field {field.name}: default values are not supported: drop the default")

    def _enum(self, enum: pb.EnumDescriptorProto, path: Path, outer: tuple[str, ...], prefix: str) -> None:
        if self._file.syntax != "proto3":
            self._error(path, f"enum {enum.name}: closed enums are not supported: declare it in proto3")
        values = tuple(
            EnumValueSchema(
                value.name, value.number, self._comment((*path, 2, index)), value.options.deprecated
            )
            for index, value in enumerate(enum.value)
        )
        names = (*outer, enum.name)
        deprecated, comment = enum.options.deprecated, self._comment(path)
        self._enums.append(
            EnumSchema(prefix + enum.name, names, values, self._place(path), comment, deprecated)
        )

    def _service(self, service: pb.ServiceDescriptorProto, path: Path, prefix: str) -> ServiceSchema:
        methods = tuple(self._method(m, (*path, 2, index)) for index, m in enumerate(service.method))
        return ServiceSchema(
            name=service.name,
            full_name=prefix + service.name,
            methods=methods,
            place=self._place(path),
            comment=self._comment(path),
            deprecated=service.options.deprecated,
        )

    def _method(self, method: pb.MethodDescriptorProto, path: Path) -> MethodSchema:
        ours = self._options.get(method.options, METHOD_RULES)
        google = self._options.get(method.options, GOOGLE_HTTP)
        return MethodSchema(
            name=method.name,
            input=method.input_type[1:],
            output=method.output_type[1:],
            place=self._place(path),
            rules=method_rules(ours, google),
            client_streaming=method.client_streaming,
            server_streaming=method.server_streaming,
            comment=self._comment(path),
            deprecated=method.options.deprecated,
        )

    def _extension(self, extension: pb.FieldDescriptorProto, path: Path) -> None:
        extendee = extension.extendee[1:]
        if not (extendee.startswith("google.protobuf.") and extendee.endswith("Options")):
            self._error(
                path,
                f"extensions of {extendee} are not supported: declare field {extension.name} in the message",
            )

    def _place(self, path: Path) -> Place:
        location = self._locations.get(path)
        if location is None:
            return Place(self._file.name)
        return Place(self._file.name, location.span[0] + 1, location.span[1] + 1)

    def _comment(self, path: Path) -> str:
        location = self._locations.get(path)
        return "" if location is None else clean(location.leading_comments or location.trailing_comments)

    def _error(self, path: Path, message: str) -> None:
        if self._wanted:
            self._errors.append(SchemaError(self._place(path), message))

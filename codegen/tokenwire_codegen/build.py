"""The middle stage: schema values to the frozen model, with all names settled and mistakes collected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import naming
from .index import TypeIndex, qualified_name
from .model import (
    EnumModel,
    EnumValueModel,
    FieldModel,
    FileModel,
    Kind,
    Label,
    MessageModel,
    OneofModel,
    PackageModel,
    TypeRef,
)
from .schema import SchemaError
from .services import ServiceBuilder, ServiceNames

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .schema import EnumSchema, FieldSchema, FileSchema, MessageSchema

__all__ = ["build"]

PYTHON = {
    **dict.fromkeys((Kind.DOUBLE, Kind.FLOAT), ("float", "0.0")),
    Kind.BOOL: ("bool", "False"),
    Kind.STRING: ("str", '""'),
    Kind.BYTES: ("bytes", 'b""'),
}
INTEGER = ("int", "0")


def build(
    files: Sequence[FileSchema], *, internal: bool = False
) -> tuple[tuple[PackageModel, ...], list[SchemaError]]:
    """Build the model of the wanted files, one entry per package, and collect the schema's mistakes."""
    index = TypeIndex(files, internal)
    errors: list[SchemaError] = []
    packages: dict[str, list[FileSchema]] = {}
    for file in files:
        if file.wanted:
            packages.setdefault(file.package, []).append(file)
    models = []
    for package, members in sorted(packages.items()):
        members.sort(key=lambda file: file.path)
        names = ServiceNames.settle(members, index.class_names[package])
        built = [FileBuilder(file, index, names, errors).build(internal) for file in members]
        models.append(PackageModel(package, built[0].directory, tuple(built)))
    return tuple(models), errors


class FileBuilder:
    """Builds the model of one file."""

    def __init__(
        self, file: FileSchema, index: TypeIndex, names: ServiceNames, errors: list[SchemaError]
    ) -> None:
        self._file = file
        self._index = index
        self._names = names
        self._errors = errors
        self._taken = index.class_names[file.package] | names.all
        self._refs = self._references()

    def build(self, internal: bool) -> FileModel:
        """Build everything that the file declares."""
        file = self._file
        messages = tuple(self._message(message) for message in file.messages)
        foreign = tuple(ref for _, ref in sorted(self._refs.items()) if not ref.is_local)
        services = ServiceBuilder(self._index, self._refs, self._names, self._errors)
        return FileModel(
            path=file.path,
            package=file.package,
            directory=self._index.directories[file.path],
            stem=self._index.stems[file.path],
            messages=messages,
            enums=tuple(self._enum(enum) for enum in file.enums),
            services=tuple(services.build(service) for service in file.services),
            types=foreign,
            names=self._taken | {ref.local for ref in foreign},
            comment=file.comment,
            internal=internal,
        )

    def _references(self) -> dict[str, TypeRef]:
        """Every type that the file uses, under a name that no other one has in its modules."""
        used = {f.type_name for message in self._file.messages for f in message.fields if f.type_name}
        for service in self._file.services:
            used.update(name for method in service.methods for name in (method.input, method.output))
        refs: dict[str, TypeRef] = {}
        taken = set(self._taken)
        for full_name in sorted(used):
            ref = self._index.ref(full_name, self._file)
            if self._index.types[full_name].file.package != self._file.package:
                wish = qualified_name(full_name) if ref.name in taken else ref.name
                [local] = naming.settle([wish], naming.MODULE, taken)
                taken.add(local)
                ref = self._index.ref(full_name, self._file, local)
            refs[full_name] = ref
        return refs

    def _message(self, message: MessageSchema) -> MessageModel:
        names = self._index.field_names(message)
        fields = tuple(self._field(field, names[field.name]) for field in message.fields)
        oneofs = tuple(
            OneofModel(oneof.name, tuple(field for field in fields if field.oneof == oneof.name))
            for oneof in message.oneofs
        )
        words = (f"Oneof `{oneof.name}`: {oneof.comment}" for oneof in message.oneofs if oneof.comment)
        return MessageModel(
            full_name=message.full_name,
            name=self._index.types[message.full_name].name,
            fields=fields,
            oneofs=oneofs,
            comment="\n\n".join(filter(None, (message.comment, *words))),
            deprecated=message.deprecated,
            wrapped=self._index.ref(message.full_name, self._file).wrapped,
        )

    def _field(self, field: FieldSchema, python_name: str) -> FieldModel:
        ref = self._refs[field.type_name] if field.type_name else None
        if self._file.proto3 and ref is not None and not self._index.types[ref.full_name].file.proto3:
            hint = "copy what you need into a proto3 message"
            self._errors.append(
                SchemaError(field.place, f"field {field.name}: {ref.full_name} is declared in proto2: {hint}")
            )
        if field.rules is not None:
            self._check_rules(field)
        label = _label(field)
        element, zero = _python_type(field.kind, ref)
        annotation, default = _annotate(label, element, zero, field.map_key)
        return FieldModel(
            number=field.number,
            name=field.name,
            python_name=python_name,
            json_name=field.json_name,
            kind=field.kind,
            label=label,
            annotation=annotation,
            default=default,
            packed=field.packed,
            type=ref,
            map_key=field.map_key,
            oneof=field.oneof,
            comment=field.comment,
            deprecated=field.deprecated,
        )

    def _check_rules(self, field: FieldSchema) -> None:
        assert field.rules is not None
        grows = field.map_key is None and (field.repeated or field.kind in {Kind.STRING, Kind.BYTES})
        if field.rules.delta and not grows:
            problem = "delta fits string, bytes and repeated fields: remove it here"
            self._errors.append(SchemaError(field.place, f"field {field.name}: {problem}"))
        if field.rules.delta_keys and not (field.map_key is Kind.STRING and field.kind is Kind.STRING):
            problem = "delta_keys fits map<string, string> fields: remove it here"
            self._errors.append(SchemaError(field.place, f"field {field.name}: {problem}"))

    def _enum(self, enum: EnumSchema) -> EnumModel:
        values = tuple(
            EnumValueModel(
                name=value.name,
                python_name=naming.escape(value.name, naming.ENUM_MEMBERS),
                number=value.number,
                comment=value.comment,
                deprecated=value.deprecated,
            )
            for value in enum.values
        )
        if values[0].number != 0:
            problem = f"enum {enum.path[-1]}: its first value must be 0, as in proto3"
            self._errors.append(SchemaError(enum.place, problem))
        name = self._index.types[enum.full_name].name
        return EnumModel(enum.full_name, name, values, enum.comment, enum.deprecated)


def _label(field: FieldSchema) -> Label:
    if field.map_key is not None:
        return Label.MAP
    if field.repeated:
        return Label.REPEATED
    if field.oneof:
        return Label.ONEOF
    return Label.OPTIONAL if field.explicit_presence or field.kind is Kind.MESSAGE else Label.IMPLICIT


def _python_type(kind: Kind, ref: TypeRef | None) -> tuple[str, str]:
    """The type of one value, and the expression of its default."""
    if ref is None:
        return PYTHON.get(kind, INTEGER)
    return ref.wrapped or ref.local, f"{ref.local}.{ref.zero}" if kind is Kind.ENUM else "None"


def _annotate(label: Label, element: str, zero: str, key: Kind | None) -> tuple[str, str]:
    if key is not None:
        return f"dict[{PYTHON.get(key, INTEGER)[0]}, {element}]", "{}"
    match label:
        case Label.REPEATED:
            return f"list[{element}]", "[]"
        case Label.IMPLICIT:
            return element, zero
        case _:
            return f"{element} | None", "None"

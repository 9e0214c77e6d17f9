"""Sets of descriptors: what a package's reflection needs, and what a file's types refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.protobuf import descriptor_pb2 as pb

from .comments import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["descriptor_set", "referenced"]


def descriptor_set(files: Sequence[pb.FileDescriptorProto], wanted: Iterable[str]) -> pb.FileDescriptorSet:
    """Collect the named files and all they import, imports first; the named ones keep their comments."""
    by_name = {file.name: file for file in files}
    named = frozenset(wanted)
    needed: set[str] = set()
    queue = list(named)
    while queue:
        name = queue.pop()
        if name not in needed:
            needed.add(name)
            queue += by_name[name].dependency
    result = pb.FileDescriptorSet()
    for file in files:
        if file.name in needed:
            result.file.add().CopyFrom(file)
            result.file[-1].ClearField("source_code_info")
            if file.name in named:
                result.file[-1].source_code_info.location.extend(_comments(file))
    return result


def _comments(file: pb.FileDescriptorProto) -> Iterator[pb.SourceCodeInfo.Location]:
    """The comments of a file's elements, without the places, which change with every line."""
    for location in file.source_code_info.location:
        words = clean(location.leading_comments or location.trailing_comments)
        if words:
            yield pb.SourceCodeInfo.Location(path=location.path, span=(0, 0, 0), leading_comments=words)


def referenced(files: Sequence[pb.FileDescriptorProto], wanted: Iterable[str]) -> set[str]:
    """The files that declare what the named ones use as types, directly or over others."""
    owners: dict[str, str] = {}
    uses: dict[str, set[str]] = {}
    for file in files:
        prefix = f".{file.package}" if file.package else ""
        used = uses[file.name] = set()
        queue = [(prefix, message) for message in file.message_type]
        while queue:
            outer, message = queue.pop()
            name = f"{outer}.{message.name}"
            owners[name] = file.name
            owners.update((f"{name}.{enum.name}", file.name) for enum in message.enum_type)
            used.update(field.type_name for field in message.field)
            queue += [(name, nested) for nested in message.nested_type]
        owners.update((f"{prefix}.{enum.name}", file.name) for enum in file.enum_type)
        used.update(n for s in file.service for m in s.method for n in (m.input_type, m.output_type))
    found = set(wanted)
    left = list(found)
    while left:
        new = {owners[name] for name in uses[left.pop()] if name} - found
        found |= new
        left += new
    return found

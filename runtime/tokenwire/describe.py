"""Services, methods and messages of a generated package, as readable proto text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .descriptor import EnumInfo, FieldInfo, FileInfo, MessageInfo, MethodInfo

__all__ = ["describe", "list_methods"]


def list_methods(files: Iterable[FileInfo], services: Iterable[str]) -> Iterator[str]:
    """One line per method of the named services."""
    wanted = set(services)
    for file in files:
        for service in file.services:
            if service.name in wanted:
                for method in service.methods:
                    yield f"{service.name}/{signature(method, file.package)}"


def describe(files: Iterable[FileInfo], name: str) -> Iterator[str]:
    """The lines that describe a service, method, message or enum, by full or short name.

    Yields nothing for a name that is not known.
    """
    for file in files:
        for service in file.services:
            whole = _is(name, service.name)
            for method in service.methods:
                full = f"{service.name}/{method.name}"
                if whole or name.lstrip("/") in (full, method.name) or full.endswith(f".{name}"):
                    yield from _method(method, file)
                    if not whole:
                        for message in file.messages:
                            if message.name in (method.request, method.response):
                                yield from _message(message, file)
        for message in file.messages:
            if _is(name, message.name):
                yield from _message(message, file)
        for enum in file.enums:
            if _is(name, enum.name):
                yield from _enum(enum)


def signature(method: MethodInfo, package: str) -> str:
    """ "Name(Request) returns (stream Response)", types of the package itself by their short names."""
    request = ("stream " if method.client_streaming else "") + _short(method.request, package)
    response = ("stream " if method.server_streaming else "") + _short(method.response, package)
    return f"{method.name}({request}) returns ({response})"


def _is(name: str, full: str) -> bool:
    return name == full or full.endswith(f".{name}")


def _short(name: str, package: str) -> str:
    return name.removeprefix(f"{package}.") if package else name


def _comment(text: str, indent: str = "") -> Iterator[str]:
    for line in text.splitlines():
        yield f"{indent}// {line}".rstrip()


def _method(method: MethodInfo, file: FileInfo) -> Iterator[str]:
    yield from _comment(method.comment)
    yield f"rpc {signature(method, file.package)};"
    yield ""


def _message(message: MessageInfo, file: FileInfo) -> Iterator[str]:
    yield from _comment(message.comment)
    yield f"message {_short(message.name, file.package)} {{"
    entries = {entry.name: entry for entry in file.messages if entry.entry}
    for field in message.fields:
        yield from _comment(field.comment, "  ")
        yield f"  {_type(field, entries, file.package)} {field.name} = {field.number};"
    yield "}"
    yield ""


def _type(field: FieldInfo, entries: dict[str, MessageInfo], package: str) -> str:
    entry = entries.get(field.type)
    if entry is not None:
        key, value = (_short(part.type, package) for part in entry.fields)
        return f"map<{key}, {value}>"
    label = "repeated " if field.repeated else "optional " if field.optional else ""
    return label + _short(field.type, package)


def _enum(enum: EnumInfo) -> Iterator[str]:
    yield from _comment(enum.comment)
    yield f"enum {enum.name.rpartition('.')[2]} {{"
    for name, number in enum.values:
        yield f"  {name} = {number};"
    yield "}"
    yield ""

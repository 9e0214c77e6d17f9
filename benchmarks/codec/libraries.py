"""The same messages in four libraries: what makes, writes and reads them."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc_tools
import msgspec
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import FieldDescriptor
from tokenwire_gen.sglang.runtime import v1

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.descriptor import Descriptor, EnumDescriptor
    from google.protobuf.message import Message

__all__ = ["Library", "betterproto2", "json", "tokenwire", "upb"]

ROOT = Path(__file__).parents[2]
PACKAGE = "sglang.runtime.v1"
PYTHON = {
    FieldDescriptor.CPPTYPE_BOOL: bool,
    FieldDescriptor.CPPTYPE_DOUBLE: float,
    FieldDescriptor.CPPTYPE_FLOAT: float,
    FieldDescriptor.CPPTYPE_STRING: str,
}
"""Types in Python by those of C++; what is not here is an int."""


@dataclass(frozen=True)
class Library:
    """How a library goes about it.

    Attributes:
        message: The class of a message, by its name in the schema.
        write: Expression for the bytes of `{}`; names in it are those of `names`.
        parse: What reads a message of a class.
        names: What `write` uses.
    """

    message: Callable[[str], Any]
    write: str
    parse: Callable[[Any], Callable[[bytes], Any]]
    names: dict[str, Any]


def tokenwire() -> Library:
    """This repository."""
    return Library(lambda name: getattr(v1, name), "bytes({})", lambda cls: cls.parse, {})


def upb() -> Library:
    """google.protobuf, whose messages are C."""
    return Library(_google_class, "{}.SerializeToString()", lambda cls: cls.FromString, {})


def betterproto2(folder: Path) -> Library:
    """betterproto2, with the code of its own compiler, which is run now; takes some seconds."""
    scripts = Path(sys.executable).parent
    includes = [ROOT / "proto", Path(grpc_tools.__file__).parent / "_proto"]
    plugin = f"--plugin=protoc-gen-bp={scripts / 'protoc-gen-python_betterproto2'}"
    command = [sys.executable, "-m", "grpc_tools.protoc", *(f"-I{path}" for path in includes), plugin]
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ.get('PATH', '')}"}
    out = folder / "reference"
    out.mkdir()
    command += [f"--bp_out={out}", "sglang/runtime/v1/sglang.proto"]
    subprocess.run(command, check=True, env=environment, capture_output=True)
    sys.path.insert(0, str(folder))
    module = importlib.import_module(f"reference.{PACKAGE}")
    return Library(
        lambda name: getattr(module, name.replace("OpenAI", "OpenAi")),
        "bytes({})",
        lambda cls: cls.FromString,
        {},
    )


def json() -> Library:
    """msgspec: structs with the same fields, as JSON."""
    return Library(
        lambda name: _struct(_google_class(name).DESCRIPTOR),
        "encode({})",
        lambda cls: msgspec.json.Decoder(cls).decode,
        {"encode": msgspec.json.Encoder().encode},
    )


@cache
def _pool() -> descriptor_pool.DescriptorPool:
    descriptors = Path(v1.__file__).with_name("descriptor.binpb").read_bytes()
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(descriptors).file:
        pool.Add(file)
    return pool


def _google_class(name: str) -> type[Message]:
    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(f"{PACKAGE}.{name}"))


@cache
def _struct(message: Descriptor) -> type[msgspec.Struct]:
    fields = [(field.name, *_type_and_default(field)) for field in message.fields]
    return msgspec.defstruct(message.name, fields, kw_only=True, omit_defaults=True)


@cache
def _enum(enum: EnumDescriptor) -> type[IntEnum]:
    return IntEnum(enum.name, {value.name: value.number for value in enum.values})


def _type_and_default(field: FieldDescriptor) -> tuple[Any, Any]:
    inner = field.message_type
    if inner is not None and inner.GetOptions().map_entry:
        key, value = inner.fields
        return dict[_type(key), _type(value)], msgspec.field(default_factory=dict)  # type: ignore[misc]
    of = _type(field)
    if field.is_repeated:
        return list[of], msgspec.field(default_factory=list)  # type: ignore[valid-type]
    if field.has_presence:
        return of | None, None
    return of, of(0) if field.enum_type is not None else of()


def _type(field: FieldDescriptor) -> Any:
    if field.message_type is not None:
        return _struct(field.message_type)
    if field.enum_type is not None:
        return _enum(field.enum_type)
    return bytes if field.type == FieldDescriptor.TYPE_BYTES else PYTHON.get(field.cpp_type, int)

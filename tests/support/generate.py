"""Generates code from a schema inside a test and imports it, with google.protobuf as the oracle.

    gen = generate('syntax = "proto3"; package demo; message Note { string text = 1; }', tmp_path)
    note = gen.demo.Note(text="hi")             # a generated class, through its package
    oracle = gen.oracle("demo.Note")            # google.protobuf's class for the same message
    assert oracle.FromString(bytes(note)).text == "hi"

No process is started: protoc runs inside grpc_tools, and the plugin is called as a function.
"""

from __future__ import annotations

import contextlib
import importlib
import itertools
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc_tools
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc
from tokenwire_codegen import plugin

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

ROOT = Path(__file__).parents[2]
WELL_KNOWN = Path(grpc_tools.__file__).parent / "_proto"
COUNTER = itertools.count()


class SchemaRejectedError(Exception):
    """The generator refused a schema; `errors` are its messages."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors


class Generated:
    """Generated code in a directory of its own.

    Attributes:
        files: What was generated, by path below `directory`.
        directory: Where it lies.
        descriptors: The descriptors that it was generated from, imports included.
    """

    def __init__(self, files: dict[str, bytes], directory: Path, descriptors: FileDescriptorSet) -> None:
        self.files = files
        self.directory = directory
        self.descriptors = descriptors

    def module(self, name: str) -> ModuleType:
        """Import a generated package or module by its name below the output root, "demo.v1" say."""
        return importlib.import_module(f"{self.directory.name}.{name}")

    def __getattr__(self, name: str) -> ModuleType:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.module(name)

    def text(self, path: str) -> str:
        """The text of a generated file."""
        return self.files[path].decode()

    @cached_property
    def pool(self) -> descriptor_pool.DescriptorPool:
        """google.protobuf's view of the schema, without files that it refuses."""
        pool = descriptor_pool.DescriptorPool()
        for file in self.descriptors.file:
            # Its Python package refuses a json_name that is another field's name; protoc does not.
            with contextlib.suppress(TypeError):
                pool.AddSerializedFile(file.SerializeToString())
        return pool

    def oracle(self, full_name: str) -> Any:
        """google.protobuf's class of a message."""
        return message_factory.GetMessageClass(self.pool.FindMessageTypeByName(full_name))


def compile_protos(directory: Path, names: Sequence[str], includes: Sequence[Path] = ()) -> FileDescriptorSet:
    """Compile proto files of a directory, with imports from `includes` and the repository's protos."""
    out = directory / f"descriptors{next(COUNTER)}.binpb"
    paths = [directory, *includes, ROOT / "proto", WELL_KNOWN]
    arguments = ["protoc", *(f"-I{path}" for path in paths), f"--descriptor_set_out={out}"]
    status = protoc.main([*arguments, "--include_imports", "--include_source_info", *names])
    assert status == 0, "protoc refused the schema, see above"
    return FileDescriptorSet.FromString(out.read_bytes())


def generate_from(
    descriptors: FileDescriptorSet, names: Sequence[str], tmp_path: Path, parameter: str = ""
) -> Generated:
    """Generate code for the named files of a descriptor set.

    Raises:
        SchemaRejectedError: The generator found mistakes.
    """
    request = CodeGeneratorRequest(file_to_generate=names, parameter=parameter, proto_file=descriptors.file)
    files, errors = plugin.generate(request)
    if errors:
        raise SchemaRejectedError(errors)
    directory = tmp_path / f"generated{next(COUNTER)}"
    for name, content in {"__init__.py": b"", **files}.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    if str(tmp_path) not in sys.path:
        sys.path.insert(0, str(tmp_path))
    importlib.invalidate_caches()
    return Generated(files, directory, descriptors)


def generate(
    source: str | Mapping[str, str] | Sequence[Path],
    tmp_path: Path,
    parameter: str = "",
    includes: Sequence[Path] = (),
) -> Generated:
    """Generate code into a fresh directory below `tmp_path`, ready to be imported.

    Args:
        source: The text of one file (named test.proto), texts by file name, or paths of files, each
            below one of `includes`.
        tmp_path: The test's directory.
        parameter: The plugin's options, "kinds=pb+codec" say.
        includes: Directories to find imports in.

    Raises:
        SchemaRejectedError: The generator found mistakes.
    """
    folder = tmp_path / f"proto{next(COUNTER)}"
    folder.mkdir()
    texts = {"test.proto": source} if isinstance(source, str) else source
    if isinstance(texts, Mapping):
        names = list(texts)
        for name, text in texts.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    else:
        names = [_below(path, includes) for path in texts]
    return generate_from(compile_protos(folder, names, includes), names, tmp_path, parameter)


def _below(path: Path, includes: Sequence[Path]) -> str:
    for include in includes:
        with contextlib.suppress(ValueError):
            return path.relative_to(include).as_posix()
    raise AssertionError(f"{path} is below none of {includes}")

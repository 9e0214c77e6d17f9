"""protoc-gen-tokenwire: reads a CodeGeneratorRequest, writes a CodeGeneratorResponse.

buf and protoc start it; `generate` is the same without a process. Options come as the request's
parameter, see `options.parse`.
"""

from __future__ import annotations

import sys

from google.protobuf.compiler import plugin_pb2

from . import options as opts
from .build import build
from .descriptor_sets import descriptor_set, referenced
from .descriptors import parse_files
from .render import Renderer, TemplateFaultError
from .routes import conflicts

__all__ = ["encode_response", "generate", "main"]

Response = plugin_pb2.CodeGeneratorResponse
EDITIONS = (1000, 1001)
"""2023 and 2024: understood so far that they are refused with a place and not by buf."""
FEATURES = Response.FEATURE_PROTO3_OPTIONAL | Response.FEATURE_SUPPORTS_EDITIONS
WELL_KNOWN = "google/protobuf/"
NEVER = frozenset({"google/protobuf/descriptor.proto", "google/protobuf/compiler/plugin.proto"})


def main() -> None:
    """Serve one request on stdin and stdout."""
    request = plugin_pb2.CodeGeneratorRequest.FromString(sys.stdin.buffer.read())
    files, errors = generate(request)
    sys.stdout.buffer.write(encode_response(files, errors))


def generate(request: plugin_pb2.CodeGeneratorRequest) -> tuple[dict[str, bytes], list[str]]:
    """Answer a request with files, by path, or with every mistake of the schema or the options."""
    try:
        options = opts.parse(request.parameter)
        files, errors = _respond(request, options)
    except (opts.OptionsError, TemplateFaultError) as problem:
        return {}, [f"tokenwire: {problem}"]
    if options.root:
        files = {f"{options.root}/{name}": content for name, content in files.items()}
    return files, errors


def encode_response(files: dict[str, bytes], errors: list[str]) -> bytes:
    """Serialise a CodeGeneratorResponse.

    Files are written by hand: their content is a proto2 string, which may be any bytes on the wire
    (a descriptor set for one), but not in google.protobuf's Python API.
    """
    response = Response(
        supported_features=FEATURES,
        minimum_edition=EDITIONS[0],
        maximum_edition=EDITIONS[1],
        error="\n".join(errors) if errors else None,
    )
    parts = [response.SerializeToString()]
    for name, content in files.items():
        parts.append(_field(15, _field(1, name.encode()) + _field(15, content)))
    return b"".join(parts)


def _field(number: int, content: bytes) -> bytes:
    size = len(content)
    prefix = bytearray([number << 3 | 2])
    while size > 127:
        prefix.append(size & 127 | 128)
        size >>= 7
    prefix.append(size)
    return bytes(prefix) + content


def _respond(
    request: plugin_pb2.CodeGeneratorRequest, options: opts.Options
) -> tuple[dict[str, bytes], list[str]]:
    wanted = frozenset(name for name in request.file_to_generate if _wants(name, options))
    if options.imports:
        needed = referenced(request.proto_file, wanted)
        wanted |= {name for name in needed if _wants(name, options)}
    schemas, errors = parse_files(request.proto_file, wanted)
    packages, problems = build(schemas, internal=options.internal)
    for package in packages:
        problems += conflicts(s for s in schemas if s.wanted and s.package == package.package)
    errors = sorted({*errors, *problems})
    if errors:
        return {}, [str(error) for error in errors]
    descriptors = {
        package.package: descriptor_set(
            request.proto_file, [file.path for file in package.files]
        ).SerializeToString(deterministic=True)
        for package in packages
    }
    renderer = Renderer(options.templates, options.kinds, internal=options.internal)
    return renderer.render(packages, descriptors), []


def _wants(name: str, options: opts.Options) -> bool:
    if name in NEVER or (name.startswith(WELL_KNOWN) and not options.internal):
        return False
    return options.wants(name)


if __name__ == "__main__":
    main()

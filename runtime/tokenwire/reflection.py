"""grpc.reflection v1 and v1alpha over the descriptors of generated packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._proto.grpc.reflection.v1 import reflection_pb as v1
from ._proto.grpc.reflection.v1.reflection_grpc import SERVER_REFLECTION, ServerReflectionBase
from ._proto.grpc.reflection.v1alpha import reflection_pb as v1alpha
from ._proto.grpc.reflection.v1alpha.reflection_grpc import SERVER_REFLECTION as SERVER_REFLECTION_ALPHA
from ._proto.grpc.reflection.v1alpha.reflection_grpc import ServerReflectionBase as ServerReflectionAlphaBase
from .codes import Code
from .descriptor import load_files

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from .context import Context
    from .descriptor import FileInfo
    from .grpc.server import Servicer

__all__ = ["SchemaIndex", "reflection_servicers"]


class SchemaIndex:
    """Finds files by name, symbol and extension.

    Args:
        files: The files of one or more descriptor sets; of one name the first counts.
        services: Full names of the services to list.
    """

    def __init__(self, files: Iterable[FileInfo], services: Iterable[str]) -> None:
        self.services = sorted(set(services))
        self._files: dict[str, FileInfo] = {}
        self._symbols: dict[str, str] = {}
        self._extensions: dict[str, dict[int, str]] = {}
        self._messages: set[str] = set()
        for file in files:
            if file.name not in self._files:
                self._add(file)

    def _add(self, file: FileInfo) -> None:
        self._files[file.name] = file
        self._symbols.update(dict.fromkeys(file.symbols, file.name))
        self._messages.update(message.name for message in file.messages)
        for extension in file.extensions:
            self._extensions.setdefault(extension.extendee, {})[extension.number] = file.name

    def file(self, name: str) -> FileInfo | None:
        """The file of that name, "sglang/runtime/v1/sglang.proto" for instance."""
        return self._files.get(name)

    def declaring(self, symbol: str) -> FileInfo | None:
        """The file that declares a message, field, enum, value, service or method."""
        return self._files.get(self._symbols.get(symbol.lstrip("."), ""))

    def extending(self, message: str, number: int) -> FileInfo | None:
        """The file that declares an extension of a message."""
        return self._files.get(self._extensions.get(message.lstrip("."), {}).get(number, ""))

    def extension_numbers(self, message: str) -> list[int] | None:
        """The numbers of all extensions of a message; None when there is no such message."""
        name = message.lstrip(".")
        return sorted(self._extensions.get(name, ())) if name in self._messages else None

    def with_imports(self, file: FileInfo, sent: set[str]) -> list[bytes]:
        """The file and all that it imports, those in `sent` aside, which grows by them."""
        found = [file.data]
        sent.add(file.name)
        for name in file.imports:
            imported = self._files.get(name)
            if imported is not None and name not in sent:
                found += self.with_imports(imported, sent)
        return found


class ReflectionServicer(ServerReflectionBase):
    """grpc.reflection.v1.ServerReflection over an index."""

    def __init__(self, index: SchemaIndex) -> None:
        self._index = index

    async def server_reflection_info(
        self, requests: AsyncIterator[v1.ServerReflectionRequest], context: Context
    ) -> AsyncIterator[v1.ServerReflectionResponse]:
        """Answer each request in turn; a file is sent once per stream unless asked for again."""
        sent: set[str] = set()
        async for request in requests:
            yield self.answer(request, sent)

    def answer(self, request: v1.ServerReflectionRequest, sent: set[str]) -> v1.ServerReflectionResponse:
        """The answer to one request."""
        response = v1.ServerReflectionResponse(valid_host=request.host, original_request=request)
        index = self._index
        if request.list_services is not None:
            listed = [v1.ServiceResponse(name=name) for name in index.services]
            response.list_services_response = v1.ListServiceResponse(service=listed)
        elif request.all_extension_numbers_of_type is not None:
            name = request.all_extension_numbers_of_type
            numbers = index.extension_numbers(name)
            if numbers is None:
                response.error_response = _not_found(f"message {name!r}")
            else:
                response.all_extension_numbers_response = v1.ExtensionNumberResponse(
                    base_type_name=name, extension_number=numbers
                )
        else:
            file, what = self._find(request)
            if file is None:
                response.error_response = _not_found(what)
            else:
                response.file_descriptor_response = v1.FileDescriptorResponse(
                    file_descriptor_proto=index.with_imports(file, sent)
                )
        return response

    def _find(self, request: v1.ServerReflectionRequest) -> tuple[FileInfo | None, str]:
        """The file that a request asks for, and what it asks for, for people."""
        if request.file_by_filename is not None:
            return self._index.file(request.file_by_filename), f"file {request.file_by_filename!r}"
        if request.file_containing_symbol is not None:
            symbol = request.file_containing_symbol
            return self._index.declaring(symbol), f"symbol {symbol!r}"
        extension = request.file_containing_extension
        if extension is None:
            return None, "request kind"
        number = extension.extension_number
        return (
            self._index.extending(extension.containing_type, number),
            f"extension {number} of {extension.containing_type!r}",
        )


class ReflectionAlphaServicer(ServerReflectionAlphaBase):
    """grpc.reflection.v1alpha.ServerReflection, whose messages are v1's under another name."""

    def __init__(self, servicer: ReflectionServicer) -> None:
        self._servicer = servicer

    async def server_reflection_info(
        self, requests: AsyncIterator[v1alpha.ServerReflectionRequest], context: Context
    ) -> AsyncIterator[v1alpha.ServerReflectionResponse]:
        """Answer each request in turn."""
        sent: set[str] = set()
        async for request in requests:
            answer = self._servicer.answer(v1.ServerReflectionRequest.parse(bytes(request)), sent)
            yield v1alpha.ServerReflectionResponse.parse(bytes(answer))


def reflection_servicers(servicers: Sequence[Servicer]) -> list[Servicer]:
    """What answers reflection about servicers, itself included."""
    services = {handler.method.service for servicer in servicers for handler in servicer.__handlers__()}
    services |= {SERVER_REFLECTION.name, SERVER_REFLECTION_ALPHA.name}
    packages = {package for servicer in servicers for package in _packages(servicer)}
    packages |= {SERVER_REFLECTION.package, SERVER_REFLECTION_ALPHA.package}
    files: list[FileInfo] = []
    for package in sorted(packages):
        try:
            files += load_files(package)
        except (FileNotFoundError, ModuleNotFoundError):
            continue
    servicer = ReflectionServicer(SchemaIndex(files, services))
    return [servicer, ReflectionAlphaServicer(servicer)]


def _packages(servicer: Servicer) -> list[str]:
    """The packages of the generated bases of a servicer."""
    bases = [base for base in type(servicer).__mro__ if "__handlers__" in base.__dict__]
    return [base.__module__.rpartition(".")[0] for base in bases]


def _not_found(what: str) -> v1.ErrorResponse:
    return v1.ErrorResponse(error_code=int(Code.NOT_FOUND), error_message=f"there is no {what}")

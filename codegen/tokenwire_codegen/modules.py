"""What each kind of service module imports and lists; settled before its template starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import naming
from .imports import Imports, export_key, runtime

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .model import FileModel, MethodModel, OpenAIModel, PackageModel, RouteModel, TypeRef

__all__ = [
    "Module",
    "Names",
    "grpc_module",
    "http_module",
    "init_module",
    "main_module",
    "openai_module",
]

HTTP_MODULE = "tokenwire.http.routes"


@dataclass(frozen=True, slots=True)
class Module:
    """The settled parts of one module.

    Attributes:
        imports: The import block.
        names: Local name of each helper, by its own name.
        rows: What the module lists, in order; the type depends on the kind.
    """

    imports: str
    names: Mapping[str, str]
    rows: tuple[object, ...] = ()


class Names:
    """Imports helpers of one module and remembers their local names."""

    def __init__(self, file: FileModel) -> None:
        self.file = file
        self.imports = Imports.of(file)
        self.local: dict[str, str] = {}

    def use(self, module: str, *names: str, typing: bool = False) -> None:
        """Import helpers."""
        for name in names:
            self.local[name] = self.imports.use(module, name, typing=typing)

    def use_runtime(self, *names: str, typing: bool = False) -> None:
        """Import helpers of the runtime."""
        for name in names:
            self.use(runtime(self.file, name), name, typing=typing)

    def use_types(self, refs: Iterable[TypeRef]) -> None:
        """Import messages."""
        for ref in refs:
            self.imports.use_type(ref, ref.pb_module)

    def module(self, rows: Iterable[object] = ()) -> Module:
        """Finish."""
        return Module(self.imports.render(), self.local, tuple(rows))


def methods(file: FileModel) -> Iterator[MethodModel]:
    """All methods of a file's services."""
    for service in file.services:
        yield from service.methods


def grpc_module(file: FileModel) -> Module:
    """Plan `x_grpc.py`."""
    names = Names(file)
    every = tuple(methods(file))
    names.use("typing", "Final")
    names.use_runtime("Client", "Service")
    names.use_runtime("Handler", typing=not every)
    if every:
        names.use("abc", "ABC", "abstractmethod")
        names.use_runtime("AuthScope", "Method")
        names.use_runtime("Context", "Metadata", typing=True)
    if any(method.deltas for method in every):
        names.use_runtime("Deltas")
    if any(method.server_streaming for method in every):
        names.use_runtime("ResponseStream", typing=True)
    if any(method.client_streaming or method.server_streaming for method in every):
        names.use("collections.abc", "AsyncIterator", typing=True)
    if any(method.client_streaming for method in every):
        names.use("collections.abc", "AsyncIterable", "Iterable", typing=True)
    names.use_types(ref for method in every for ref in (method.request, method.response))
    return names.module()


@dataclass(frozen=True, slots=True)
class RouteRow:
    """One entry of ROUTES."""

    method: MethodModel
    route: RouteModel


def http_module(file: FileModel) -> Module | None:
    """Plan `x_http.py`: one row per path, of the first RPC that claims it; None without routes."""
    seen: set[tuple[str, str]] = set()
    rows = []
    for method in methods(file):
        for route in () if method.openai else method.routes:
            if (route.method, route.path) not in seen:
                seen.add((route.method, route.path))
                rows.append(RouteRow(method, route))
    if not rows:
        return None
    names = Names(file)
    names.use("typing", "Final")
    names.use(HTTP_MODULE, "Route")
    names.use_runtime("AuthScope")
    for row in rows:
        names.imports.use(f".{file.stem}_grpc", row.method.constant, own=True)
    return names.module(rows)


@dataclass(frozen=True, slots=True)
class AdapterRow:
    """One OpenAI pass-through route: the names of its constant and of its request function."""

    constant: str
    function: str
    method: MethodModel
    openai: OpenAIModel
    route: RouteModel


def openai_module(file: FileModel) -> Module | None:
    """Plan `x_openai.py`, one row per route; None without pass-through methods."""
    carried = [(m, m.openai, route) for m in methods(file) if m.openai for route in m.routes]
    if not carried:
        return None
    constants = naming.settle((f"{m.constant}_ADAPTER" for m, _, _ in carried), naming.MODULE, file.names)
    rows = [
        AdapterRow(constant, f"_{method.constant.lower()}_request", method, openai, route)
        for constant, (method, openai, route) in zip(constants, carried, strict=True)
    ]
    names = Names(file)
    names.use("typing", "Final")
    names.use(HTTP_MODULE, "OpenAIAdapter")
    names.use_runtime("AuthScope")
    for row in rows:
        names.imports.use(f".{file.stem}_grpc", row.method.constant, own=True)
    names.use_types(row.method.request for row in rows)
    return names.module(rows)


def init_module(package: PackageModel, kinds: frozenset[str]) -> Module:
    """Plan `__init__.py`: the public names of all files of the package, sorted."""
    imports = Imports()
    exported: list[str] = []
    for file in package.files:
        if "codec" in kinds and file.messages:
            imports.use_module_of_package(f"{file.stem}_codec")
        if "pb" in kinds:
            names = [*(m.name for m in file.messages), *(e.name for e in file.enums)]
            exported += [imports.use(f".{file.stem}_pb", name) for name in names]
        if "grpc" in kinds:
            for service in file.services:
                names = [service.constant, service.base, service.client]
                names += [method.constant for method in service.methods]
                exported += [imports.use(f".{file.stem}_grpc", name) for name in names]
    exported.sort(key=export_key)
    return Module(imports.render(future=False), {}, tuple(exported))


def main_module(package: PackageModel) -> Module | None:
    """Plan `__main__.py`, which serves the application of the first service; None without one."""
    for file in package.files:
        for service in file.services:
            names = Names(file)
            names.use_runtime("main")
            names.imports.use(f".{file.stem}_grpc", service.constant, own=True)
            return names.module([service.constant])
    return None

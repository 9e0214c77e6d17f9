"""Services of a schema to the model: their names, and the meaning of their methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import naming
from .model import MethodModel, ServiceModel, TypeRef
from .rules import Rules, Side
from .schema import MessageSchema, SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .index import TypeIndex
    from .schema import FileSchema, MethodSchema, ServiceSchema

__all__ = ["ServiceBuilder", "ServiceNames"]


@dataclass(frozen=True, slots=True)
class ServiceNames:
    """Names of one package's services and methods, each alone in the package.

    A service keeps its name; so does a method's constant, unless another service of the package has
    one of that name already: then the service's name is put before it.

    Attributes:
        services: Constant, base class and client class of each service, by its full name.
        methods: Constant of each method, by "full.Service.Method".
    """

    services: Mapping[str, tuple[str, str, str]]
    methods: Mapping[str, str]

    @classmethod
    def settle(cls, files: Sequence[FileSchema], taken: frozenset[str]) -> ServiceNames:
        """Name everything in the services of one package."""
        used = set(taken)

        def take(*wishes: str) -> str:
            wish = next((wish for wish in wishes if wish not in used), wishes[-1])
            [name] = naming.settle([wish], naming.MODULE, used)
            used.add(name)
            return name

        every = [service for file in files for service in file.services]
        services = {
            s.full_name: (take(naming.constant_case(s.name)), take(f"{s.name}Base"), take(f"{s.name}Client"))
            for s in every
        }
        methods: dict[str, str] = {}
        for service in every:
            for method in service.methods:
                short = naming.constant_case(method.name)
                long = f"{naming.constant_case(service.name)}_{short}"
                methods[f"{service.full_name}.{method.name}"] = take(short, long)
        return cls(services, methods)

    @property
    def all(self) -> frozenset[str]:
        """Every name that was given."""
        return frozenset(self.methods.values()).union(*self.services.values())


class ServiceBuilder:
    """Builds the services of one file."""

    def __init__(
        self, index: TypeIndex, refs: Mapping[str, TypeRef], names: ServiceNames, errors: list[SchemaError]
    ) -> None:
        self._index = index
        self._refs = refs
        self._names = names
        self._errors = errors

    def build(self, service: ServiceSchema) -> ServiceModel:
        """Build one service."""
        constant, base, client = self._names.services[service.full_name]
        types = (self._refs[name].local for m in service.methods for name in (m.input, m.output))
        python_names = naming.settle(
            (naming.method_name(m.name) for m in service.methods), naming.METHODS.union(types)
        )
        return ServiceModel(
            name=service.name,
            full_name=service.full_name,
            constant=constant,
            base=base,
            client=client,
            methods=tuple(
                self._method(service, method, name)
                for method, name in zip(service.methods, python_names, strict=True)
            ),
            comment=service.comment,
            deprecated=service.deprecated,
        )

    def _method(self, service: ServiceSchema, method: MethodSchema, python_name: str) -> MethodModel:
        for type_name in (method.input, method.output):
            if not self._index.types[type_name].file.proto3:
                hint = "copy what you need into a proto3 message"
                self._errors.append(
                    SchemaError(method.place, f"rpc {method.name}: {type_name} is declared in proto2: {hint}")
                )
        rules = Rules(method, self._side(method.input), self._side(method.output), self._errors)
        return MethodModel(
            name=method.name,
            python_name=python_name,
            constant=self._names.methods[f"{service.full_name}.{method.name}"],
            path=f"/{service.full_name}/{method.name}",
            request=self._refs[method.input],
            response=self._refs[method.output],
            client_streaming=method.client_streaming,
            server_streaming=method.server_streaming,
            auth=rules.auth(),
            deltas=rules.deltas(),
            openai=rules.openai(),
            routes=rules.routes(),
            comment=method.comment,
            deprecated=method.deprecated,
        )

    def _side(self, full_name: str) -> Side:
        schema = self._index.types[full_name].schema
        assert isinstance(schema, MessageSchema)
        return Side(schema, self._index.field_names(schema))

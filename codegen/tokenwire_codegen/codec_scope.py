"""Names inside one generated codec module.

The module holds no name of the schema at top level: classes are attributes of the modules that
define them. So helpers of the runtime keep their own names, and the functions' names only have to
differ from each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import naming
from .imports import Imports
from .model import TypeRef
from .text import WIDTH

if TYPE_CHECKING:
    from .model import FileModel

__all__ = ["Scope", "call_lines", "nested_lines", "tag"]

CODEC = "tokenwire.codec.binding"
LONG = "tokenwire.codec.long_varints"
PACKED = "tokenwire.codec.packed"
WIRE = "tokenwire.codec.wire"
WRAPPED = "tokenwire.wellknown.wrapped"


class Scope:
    """Hands out names and collects what the module imports.

    Attributes:
        imports: What the module imports.
        tables: Enum tables in use: name, expression of the enum.
        entries: Functions for map entries: name, lines.
    """

    def __init__(self, file: FileModel) -> None:
        self.imports = Imports(package="tokenwire" if file.internal else "")
        self.tables: dict[str, str] = {}
        self.entries: dict[str, tuple[str, ...]] = {}
        names = naming.settle((naming.snake_case(m.name) for m in file.messages), frozenset())
        self._functions = {
            message.full_name: name for message, name in zip(file.messages, names, strict=True)
        }
        self._modules: dict[str, str] = {}
        self._table_names: dict[str, str] = {}
        self._entry_names: dict[tuple[str, str], str] = {}
        self._pb = f".{file.stem}_pb"

    def wire(self, name: str) -> str:
        """A helper of tokenwire.codec.wire."""
        return self.imports.use(WIRE, name)

    def long(self, name: str) -> str:
        """A helper of tokenwire.codec.long_varints."""
        return self.imports.use(LONG, name)

    def codec(self, name: str) -> str:
        """A helper of tokenwire.codec.binding."""
        return self.imports.use(CODEC, name)

    def packed(self, name: str) -> str:
        """A helper of tokenwire.codec.packed."""
        return self.imports.use(PACKED, name)

    def wrapped(self, name: str) -> str:
        """A helper of tokenwire.wellknown.wrapped."""
        return self.imports.use(WRAPPED, name)

    def function(self, full_name: str, verb: str) -> str:
        """The function that encodes or decodes a message of this file."""
        return f"_{verb}_{self._functions[full_name]}"

    def of_class(self, name: str) -> str:
        """The class of a message of this file."""
        return f"{self._module(self._pb)}.{name}"

    def of_type(self, ref: TypeRef) -> str:
        """The class of a message or enum."""
        return f"{self._module(self._pb if ref.is_local else ref.pb_module)}.{ref.name}"

    def encoder(self, ref: TypeRef) -> str:
        """What encodes a message, whatever file it is from."""
        return self.function(ref.full_name, "encode") if ref.is_local else f"{self.of_type(ref)}._tw_encode"

    def decoder(self, ref: TypeRef) -> str:
        """What decodes a message, whatever file it is from."""
        return self.function(ref.full_name, "decode") if ref.is_local else f"{self.of_type(ref)}._tw_decode"

    def table(self, ref: TypeRef) -> str:
        """The table from numbers to members of an enum."""
        if ref.full_name not in self._table_names:
            [name] = naming.settle([f"{naming.constant_case(ref.name)}_OF"], frozenset(), self.tables)
            self._table_names[ref.full_name] = name
            self.tables[name] = self.of_type(ref)
        return self._table_names[ref.full_name]

    def entry_function(self, key: str, kind: str, ref: TypeRef | None) -> str:
        """The function that reads the entries of maps from and to these types."""
        type_name = kind if ref is None else ref.full_name
        if (key, type_name) not in self._entry_names:
            word = kind if ref is None else f"{naming.snake_case(ref.name)}_entry"
            [name] = naming.settle([f"_add_{key}_{word}"], frozenset(), self._entry_names.values())
            self._entry_names[key, type_name] = name
        return self._entry_names[key, type_name]

    def _module(self, module: str) -> str:
        if module not in self._modules:
            package, _, name = module.rpartition(".")
            package = f"{package}." if not package.strip(".") else package
            wish = "pb" if module == self._pb else name
            [local] = naming.settle([wish], frozenset(), self._modules.values())
            self.imports.use_type(TypeRef("", name, local, package), package)
            self._modules[module] = local
        return self._modules[module]


def tag(number: int, wire_type: int) -> str:
    """The tag of a field as a bytes literal."""
    value, octets = number << 3 | wire_type, []
    while value > 127:
        octets.append(value & 127 | 128)
        value >>= 7
    return 'b"' + "".join(f"\\x{octet:02x}" for octet in [*octets, value]) + '"'


def call_lines(head: str, arguments: list[str], tail: str = ")", indent: int = 0) -> list[str]:
    """Lay a call out as the formatter does: in one line, or its arguments in one, or one each.

    Args:
        head: What comes before the arguments, "x = f(" say.
        arguments: At least one.
        tail: What comes after them.
        indent: Spaces that will be put before each line.
    """
    joined = ", ".join(arguments)
    if indent + len(head + joined + tail) <= WIDTH:
        return [head + joined + tail]
    if indent + 4 + len(joined) <= WIDTH:
        return [head, f"    {joined}", tail]
    return [head, *(f"    {argument}," for argument in arguments), tail]


def nested_lines(head: str, inner: str, arguments: list[str], indent: int) -> list[str]:
    """Lay out a call as the only argument of another: "x.append(" and "f(", then its arguments."""
    line = f"{head}{inner}{', '.join(arguments)}))"
    if indent + len(line) <= WIDTH:
        return [line]
    return [head, *(f"    {part}" for part in call_lines(inner, arguments, indent=indent + 4)), ")"]

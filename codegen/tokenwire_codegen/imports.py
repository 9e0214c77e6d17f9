"""Import blocks of generated modules, in the order and form that ruff's isort rules want."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, NamedTuple

from . import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .model import FileModel, TypeRef

__all__ = ["Imports", "export_key", "member_key", "runtime"]

NARROW = 88
"""Columns for several names on one line: the width that most projects agree on."""
Natural = tuple[tuple[int, int, str], ...]
RUNTIME = {
    "AuthScope": "tokenwire.method",
    "Client": "tokenwire.client",
    "Context": "tokenwire.context",
    "Deltas": "tokenwire.method",
    "Enum": "tokenwire.message",
    "Handler": "tokenwire.method",
    "Message": "tokenwire.message",
    "Metadata": "tokenwire.client",
    "Method": "tokenwire.method",
    "ResponseStream": "tokenwire.client",
    "Service": "tokenwire.method",
    "main": "tokenwire.application",
}
"""Where the runtime defines what generated code uses, for the generated part of the runtime itself."""


class Name(NamedTuple):
    """An imported name and what it is called here; `module` is imported whole where `name` is empty."""

    module: str
    name: str
    local: str


def runtime(file: FileModel, name: str) -> str:
    """The module that a generated module of `file` imports a runtime name from."""
    return RUNTIME[name] if file.internal else "tokenwire"


class Imports:
    """Collects what a module imports, and hands out the local names.

    Args:
        taken: Names that the module defines, or uses for the schema's types.
        package: The module's own top package, if it is not the user's ("tokenwire").
    """

    def __init__(self, taken: Iterable[str] = (), package: str = "") -> None:
        self._taken = frozenset(taken)
        self._package = package
        self._now: set[Name] = set()
        self._typing: set[Name] = set()

    @classmethod
    def of(cls, file: FileModel) -> Imports:
        """The imports of a module generated from `file`."""
        return cls(file.names, "tokenwire" if file.internal else "")

    def use(self, module: str, name: str, *, typing: bool = False, own: bool = False) -> str:
        """Import a helper and return its local name: its own, or "_tw" + name if that is taken.

        Args:
            typing: Only annotations name it: goes under `if TYPE_CHECKING:`.
            own: It is one of the taken names itself, a constant of the same package say.
        """
        local = f"_tw{name}" if name in self._taken and not own else name
        self._add(Name(module, name, local), typing)
        return local

    def use_module(self, module: str, *, typing: bool = False) -> str:
        """Import a module whole ("datetime") and return its local name."""
        local = f"_tw_{module.replace('.', '_')}" if module in self._taken else module
        self._add(Name(module, "", local), typing)
        return local

    def use_module_of_package(self, module: str) -> str:
        """Import a sibling module for its effect and offer it by its name."""
        self._add(Name(".", module, module), False)
        return module

    def use_type(self, ref: TypeRef, module: str, *, typing: bool = False) -> str:
        """Import a message or enum of another module under the name that the model settled."""
        self._add(Name(module, ref.name, ref.local), typing)
        return ref.local

    def _add(self, name: Name, typing: bool) -> None:
        (self._typing if typing else self._now).add(name)

    def render(self, *, future: bool = True) -> str:
        """The finished block, without a line break at its end."""
        typing = self._typing - self._now
        now = self._now | ({Name("typing", "TYPE_CHECKING", "TYPE_CHECKING")} if typing else set())
        blocks = ["from __future__ import annotations"] if future else []
        blocks += self._sections(now)
        if typing:
            guarded = "\n\n".join(self._sections(typing))
            blocks.append("if TYPE_CHECKING:\n" + re.sub(r"^(?=.)", "    ", guarded, flags=re.MULTILINE))
        return "\n\n".join(blocks)

    def _sections(self, names: set[Name]) -> Iterator[str]:
        sections: dict[int, list[Name]] = {}
        for name in names:
            sections.setdefault(self._section(name.module), []).append(name)
        for _, members in sorted(sections.items()):
            yield "\n".join(_statements(members))

    def _section(self, module: str) -> int:
        if module.startswith("."):
            return 3
        top = module.partition(".")[0]
        if top in sys.stdlib_module_names:
            return 0
        return 2 if top == self._package else 1


def _statements(names: list[Name]) -> Iterator[str]:
    whole = sorted((n for n in names if not n.name), key=lambda n: natural(n.module))
    for name in whole:
        yield f"import {name.module}" + ("" if name.local == name.module else f" as {name.local}")
    plain: dict[str, list[str]] = {}
    statements: list[tuple[str, list[str], str]] = []
    for name in names:
        if name.module == ".":
            statements.append((".", [name.name], f"from . import {name.name} as {name.local}"))
        elif name.name and name.name == name.local:
            plain.setdefault(name.module, []).append(name.name)
        elif name.name:
            statement = _from(name.module, [f"{name.name} as {name.local}"])
            statements.append((name.module, [name.name], statement))
    for module, members in plain.items():
        members.sort(key=member_key)
        statements.append((module, members, _from(module, members)))
    statements.sort(key=lambda s: (_module_key(s[0]), member_key(s[1][0]), s[2]))
    yield from (statement for _, _, statement in statements)


def _from(module: str, members: list[str]) -> str:
    """One line where it fits, else a line for each name."""
    start = f"from {module} import "
    line = start + ", ".join(members)
    if len(line) <= (text.WIDTH if len(members) == 1 else NARROW):
        return line
    return start + "(\n" + "".join(f"    {member},\n" for member in members) + ")"


def natural(name: str) -> Natural:
    """Sort key under which "v2" comes before "v10"."""
    parts = re.findall(r"[0-9]+|[^0-9]", name)
    return tuple((0, int(p), "") if p.isdigit() else (1, 0, p) for p in parts)


def member_key(name: str) -> tuple[int, Natural, Natural]:
    """Order of names in an import: constants, classes, the rest."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, natural(name.lower()), natural(name)


def export_key(name: str) -> tuple[int, Natural]:
    """Order of names in `__all__`: constants, classes, the rest."""
    kind, _, order = member_key(name)
    return kind, order


def _module_key(module: str) -> tuple[int, Natural, Natural]:
    dots = len(module) - len(module.lstrip("."))
    return -dots, natural(module.lower()), natural(module)

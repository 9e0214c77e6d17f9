"""HTTP paths: the template syntax of google.api.http, and routes that several RPCs claim."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .schema import SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .schema import FileSchema

__all__ = ["conflicts", "path_problem", "path_variables"]

SEGMENT = r"(?:\*\*?|[^/{}:*?#\s]+)"
FIELD = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*"
VARIABLE = rf"\{{{FIELD}(?:={SEGMENT}(?:/{SEGMENT})*)?\}}"
PART = rf"(?:{VARIABLE}|{SEGMENT})"
TEMPLATE = re.compile(rf"/(?:{PART}(?:/{PART})*/?)?(?::[^/{{}}:*?#\s]+)?")


def path_problem(path: str) -> str:
    """Say what is wrong with a path, or nothing."""
    if not path:
        return "is empty: give the route a path"
    if not path.startswith("/"):
        return 'must start with "/"'
    if not TEMPLATE.fullmatch(path):
        return 'is not a path template: write segments, "{field}" or "{field=pattern}" between "/"'
    names = path_variables(path)
    return "binds a field twice: name each once" if len(set(names)) < len(names) else ""


def path_variables(path: str) -> list[str]:
    """The field paths that a path template binds, "book.name" for instance."""
    return re.findall(rf"\{{({FIELD})", path)


def conflicts(files: Iterable[FileSchema]) -> list[SchemaError]:
    """Find routes that two RPCs of a package claim without sharing a handler."""
    owners: dict[tuple[str, str], tuple[str, str]] = {}
    errors = []
    for file in files:
        for service in file.services:
            for method in service.methods:
                name = f"{service.name}.{method.name}"
                for route in method.rules.bindings:
                    key = (route.method, route.path)
                    owner, handler = owners.setdefault(key, (name, route.handler))
                    if handler != route.handler or (not handler and owner != name):
                        problem = (
                            f"rpc {method.name}: {route.method} {route.path} is {owner}'s already: "
                            "name one handler for both, or change a path"
                        )
                        errors.append(SchemaError(method.place, problem))
    return errors

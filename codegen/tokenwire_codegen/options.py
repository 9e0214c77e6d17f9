"""The generator's options, as the command line and `opt:` in buf.gen.yaml give them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["KINDS", "Options", "OptionsError", "parse"]

KINDS = ("pb", "codec", "grpc", "openai", "http", "openapi", "descriptor", "init", "main")
"""Kinds of file that can be written."""


class OptionsError(ValueError):
    """An option that does not exist or has a value it cannot have."""


@dataclass(frozen=True, slots=True)
class Options:
    """What to write and where.

    Attributes:
        root: Directory put before every output file's name; empty for none.
        templates: Directory whose files replace shipped templates of the same name.
        kinds: Kinds of file to write.
        paths: Prefixes of the proto files to generate; empty for all that are asked for.
        imports: Generate also the files that the generated ones take types from.
        internal: Generate a part of the runtime itself: its own modules are imported, and the
            well-known types are generated instead of referred to.
    """

    root: str = ""
    templates: Path | None = None
    kinds: frozenset[str] = frozenset(KINDS)
    paths: tuple[str, ...] = ()
    imports: bool = False
    internal: bool = False

    def wants(self, path: str) -> bool:
        """Whether the proto file of that name is among `paths`."""
        return not self.paths or any(path == p or path.startswith(f"{p}/") for p in self.paths)


def parse_kinds(text: str) -> frozenset[str]:
    """Read a list of kinds, separated by "+" or ",".

    Raises:
        OptionsError: A kind does not exist.
    """
    kinds = frozenset(filter(None, text.replace("+", ",").split(",")))
    unknown = sorted(kinds - set(KINDS))
    if unknown or not kinds:
        raise OptionsError(f"kinds: {', '.join(unknown) or 'none'} unknown; choose from {', '.join(KINDS)}")
    return kinds


def parse(parameter: str) -> Options:
    """Read the parameter of a plugin request: "root=DIR,templates=DIR,kinds=pb+codec,paths=a/b".

    `paths` may be repeated, or hold several prefixes separated by "+"; `imports` and `internal` have
    no value.

    Raises:
        OptionsError: An option is unknown or malformed.
    """
    root, templates, kinds = "", None, frozenset(KINDS)
    flags: dict[str, bool] = {}
    paths: list[str] = []
    for item in filter(None, parameter.split(",")):
        name, _, value = item.partition("=")
        match name:
            case "root":
                root = value.strip("/")
            case "templates":
                templates = Path(value)
                if not templates.is_dir():
                    raise OptionsError(f"templates: no directory {value!r}; name one that exists")
            case "kinds":
                kinds = parse_kinds(value)
            case "paths":
                paths += [p.strip("/") for p in value.split("+") if p]
            case "imports" | "internal" if value in {"", "true"}:
                flags[name] = True
            case _:
                raise OptionsError(
                    f"unknown option {item!r}; there are root=, templates=, kinds=, paths=, imports, internal"
                )
    return Options(root, templates, kinds, tuple(paths), **flags)

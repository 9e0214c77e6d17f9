"""Names: how a proto name becomes a Python name. Pure, and injective within a scope.

Two mechanisms keep names apart. `escape` is injective by itself: it lengthens reserved names, and
lengthens once more every name that looks lengthened. `settle` serves where the change of form
itself can make names meet (`GetFoo` and `get_foo`): the first of a scope keeps the name, later ones
are lengthened until they are alone.

Soft keywords (`type`, `match`, `case`) are legal as attributes and keyword arguments, so fields keep
them; module-level names are kept off them.
"""

from __future__ import annotations

import builtins
import keyword
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "ENUM_MEMBERS",
    "FIELDS",
    "METHODS",
    "MODULE",
    "constant_case",
    "escape",
    "method_name",
    "module_name",
    "package_directory",
    "settle",
    "snake_case",
]

KEYWORDS = frozenset(keyword.kwlist)
MODULE = (
    KEYWORDS
    | frozenset(keyword.softkwlist)
    | frozenset(dir(builtins))
    | {"ADAPTERS", "ROUTES", "TYPE_CHECKING", "annotations", "datetime"}
)
"""Reserved for classes and constants of a module."""

FIELDS = KEYWORDS | {
    # Types that annotations name.
    *("Field", "bool", "bytes", "dict", "float", "int", "list", "str", "tuple"),
    # Decorators that message classes use.
    *("classmethod", "property", "staticmethod"),
    # Methods of messages, ours and betterproto2's.
    *("FromString", "SerializeToString", "dump", "from_dict", "from_json", "is_set", "load", "parse"),
    *("one_of", "to_dict", "to_json"),
    # What they keep for themselves.
    *("_abc_impl", "_betterproto", "_cls_for", "_from_dict_init", "_get_field_default", "_is_pydantic"),
    *("_postprocess_single", "_type_hint", "_type_hints", "_unknown_fields", "_validate"),
    *("_validate_field_groups", "self", "cls"),
}
"""Reserved for the fields of a message."""

ENUM_MEMBERS = KEYWORDS | {
    *("mro", "name", "names", "value", "values"),
    *("as_integer_ratio", "bit_count", "bit_length", "conjugate", "denominator", "from_bytes", "imag"),
    *("is_integer", "numerator", "real", "to_bytes"),
    *("betterproto_renamed_proto_names_to_value", "betterproto_value_to_renamed_proto_names"),
    *("from_string", "try_value", "str", "int", "bool", "dict", "classmethod"),
}
"""Reserved for the members of an enum."""

METHODS = KEYWORDS | {
    *("bool", "bytes", "dict", "float", "int", "list", "str", "tuple", "type", "property"),
    *("close", "channel", "connect", "options", "target", "with_options"),
    *("self", "cls"),
}
"""Reserved for the functions of servicers and clients, beside all that begins with "_"."""

UNPACKAGED = "unpackaged"
"""Where files without a package go."""
PACKAGES = KEYWORDS | {UNPACKAGED}
"""Reserved for the parts of a package's name."""

PRIVATE = re.compile(r"(f_)*(__|_tw|_[A-Z].*__|_[^_].*_$)")
WORDS = re.compile(r"OpenAI|[A-Z]+(?![a-z])(?:[0-9]+)?|[A-Z]?[a-z]+[0-9]*|[0-9]+")


def escape(name: str, reserved: frozenset[str]) -> str:
    """Give `name` a form that is legal, not reserved, and different from that of any other name.

    Reserved names get "_" appended. Names that begin with "__" (dunders; Python mangles the others
    inside classes) or "_tw" (ours), or have a form that enum keeps ("_x_", "_X__y"), get "f_" put
    before, and a leading digit "n".
    """
    if PRIVATE.match(name):
        return f"f_{name}"
    if re.match(r"n*[0-9]", name):
        return f"n{name}"
    base = name.rstrip("_")
    # Of the forms "base", "base_", "base__" ... that are not reserved, the one that comes as late as
    # the name itself does among all of them.
    length = -1
    for _ in range(len(name) - len(base) + 1):
        length += 1
        while base + "_" * length in reserved:
            length += 1
    return base + "_" * length


def settle(wishes: Iterable[str], reserved: frozenset[str], taken: Iterable[str] = ()) -> list[str]:
    """Give each wish, in order, a name that is escaped and that no earlier one and not `taken` has."""
    used = set(taken)
    names = []
    for wish in wishes:
        name = escape(wish, reserved)
        while name in used:
            name += "_"
        used.add(name)
        names.append(name)
    return names


def snake_case(name: str) -> str:
    """Turn `TextGenerate` into `text_generate`, and `OpenAIEmbed` into `openai_embed`."""
    if not name.isascii() or name == name.lower():
        return name
    return "_".join(WORDS.findall(name)).lower() or name


def method_name(name: str) -> str:
    """Turn an RPC's name into a function's; one that begins with "_" gets "rpc" put before.

    Servicers and clients keep private names for themselves.
    """
    snake = snake_case(name)
    return f"rpc{snake}" if snake.startswith("_") else snake


def constant_case(name: str) -> str:
    """Turn `TextGenerate` into `TEXT_GENERATE`."""
    return snake_case(name).upper()


def module_name(path: str) -> str:
    """The module stem of a proto file: its base name, with what Python does not allow replaced."""
    base = path.rpartition("/")[2].removesuffix(".proto")
    return escape(re.sub(r"\W", "_", base), frozenset())


def package_directory(package: str) -> str:
    """Where a proto package's modules go: "a/b/v1" for `a.b.v1`, "unpackaged" for none."""
    if not package:
        return UNPACKAGED
    return "/".join(escape(part, PACKAGES) for part in package.split("."))

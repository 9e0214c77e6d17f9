"""Import blocks are what ruff's isort rules write."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tokenwire_codegen.imports import Imports, export_key, natural
from tokenwire_codegen.index import relative_module
from tokenwire_codegen.model import TypeRef

if TYPE_CHECKING:
    from collections.abc import Callable

RUFF = Path(sys.executable).parent / "ruff"


def ruff_isort(text: str) -> str:
    """The text as ruff sorts it in a module of tokenwire."""
    ours = "lint.isort.known-first-party=['tokenwire']"
    command = [
        RUFF,
        "check",
        "--isolated",
        "--select",
        "I001",
        "--fix-only",
        "--line-length",
        "110",
        "-q",
        "--config",
        ours,
    ]
    done = subprocess.run(
        [*command, "--stdin-filename", "x.py", "-"], input=text, capture_output=True, text=True, check=False
    )
    return done.stdout


def mixed() -> Imports:
    imports = Imports({"Message", "datetime"}, "tokenwire")
    imports.use("tokenwire.method", "Method")
    imports.use("tokenwire.message", "Message")
    imports.use("typing", "Final")
    imports.use("collections.abc", "AsyncIterator", typing=True)
    imports.use("tokenwire.context", "Context", typing=True)
    imports.use_module("datetime")
    imports.use_module("betterproto2")
    for module in ("..second.v10.b_pb", "..second.v2.b_pb", "...a_pb", ".own_pb"):
        imports.use_type(TypeRef("x.Other", "Other", "Other", ""), module)
    for name in ("zeta", "Alpha", "CONSTANT", "alpha2", "alpha10", "B_ONE", "_hidden"):
        imports.use(".own_pb", name)
    imports.use_type(TypeRef("x.Renamed", "Renamed", "XRenamed", ""), ".own_pb")
    imports.use_module_of_package("own_codec")
    return imports


def test_sorted_as_ruff_sorts() -> None:
    text = mixed().render() + "\n"
    code = text + "\n".join(f"print({name})" for name in ("Final", "Method")) + "\n"
    assert ruff_isort(code).startswith(text)


def test_taken_names_get_a_name_of_ours() -> None:
    imports = Imports({"Message", "datetime"})
    assert imports.use("tokenwire", "Message") == "_twMessage"
    assert imports.use("tokenwire", "Context") == "Context"
    assert imports.use_module("datetime") == "_tw_datetime"
    assert imports.use("tokenwire", "Message", own=True) == "Message"
    text = imports.render()
    assert "from tokenwire import Message as _twMessage" in text
    assert "import datetime as _tw_datetime" in text


def test_a_name_that_is_needed_now_is_not_imported_for_types_again() -> None:
    imports = Imports()
    imports.use("tokenwire", "Context", typing=True)
    imports.use("tokenwire", "Context")
    assert imports.render().count("Context") == 1
    assert "TYPE_CHECKING" not in imports.render()


@pytest.mark.parametrize(
    ("directory", "target", "module"),
    [
        ("a/b", "a/b/c", ".c"),
        ("a/b", "a/c", "..c"),
        ("a/b", "a/x/y", "..x.y"),
        ("a/b", "x/y", "...x.y"),
        ("a", "a/b/c", ".b.c"),
        ("unpackaged", "google/rpc/status", "..google.rpc.status"),
        ("a/a", "a/a/a/a", ".a.a"),
    ],
)
def test_relative_modules(directory: str, target: str, module: str) -> None:
    assert relative_module(directory, target) == module


@pytest.mark.parametrize(
    ("key", "ordered"),
    [
        (natural, ["v1", "v2", "v10"]),
        (export_key, ["NOW", "NO_ROUTE", "BookService", "Books", "alpha"]),
    ],
)
def test_order(key: Callable[[str], object], ordered: list[str]) -> None:
    assert sorted(set(ordered), key=key) == ordered  # type: ignore[arg-type]

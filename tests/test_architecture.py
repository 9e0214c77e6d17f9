"""The arrows of DESIGN.md: which package may import which, read from the import statements."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
PACKAGES = {
    "tokenwire_codegen": ROOT / "codegen/tokenwire_codegen",
    "tokenwire_templates": ROOT / "templates/tokenwire_templates",
    "tokenwire": ROOT / "runtime/tokenwire",
    "tokenwire_serve": ROOT / "runtime/tokenwire_serve",
    "tokenwire_gen": ROOT / "generated/tokenwire_gen",
}
ALLOWED = {
    "tokenwire_codegen": {"tokenwire_templates"},
    "tokenwire_templates": set(),
    "tokenwire": set(),
    "tokenwire_serve": {"tokenwire", "tokenwire_gen"},
    "tokenwire_gen": {"tokenwire"},
}
HEAVY = (
    "torch",
    "transformers",
    "llguidance",
    "sglang",
    "numpy",
    "starlette",
    "uvicorn",
    "google.protobuf",
    "jinja2",
    "opentelemetry",
    "prometheus_client",
)
PROTOBUF = {"descriptor_sets.py", "descriptors.py", "plugin.py"}


def imported(file: Path) -> Iterator[str]:
    """Absolute names that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


@pytest.mark.parametrize("package", PACKAGES)
def test_arrows(package: str) -> None:
    files = list(PACKAGES[package].rglob("*.py"))
    assert files
    for file in files:
        ours = {name.partition(".")[0] for name in imported(file)} & PACKAGES.keys()
        assert ours <= ALLOWED[package] | {package}, f"{file.relative_to(ROOT)} imports {sorted(ours)}"


def test_only_the_parse_side_knows_google_protobuf() -> None:
    for package, folder in PACKAGES.items():
        for file in folder.rglob("*.py"):
            if any(name.startswith("google.protobuf") for name in imported(file)):
                assert package == "tokenwire_codegen" and file.name in PROTOBUF, file.relative_to(ROOT)


def test_only_its_own_folder_imports_the_transformers_engine_libraries() -> None:
    for file in PACKAGES["tokenwire_serve"].rglob("*.py"):
        heavy = {name.partition(".")[0] for name in imported(file)} & {"torch", "transformers", "llguidance"}
        if heavy:
            assert "engines/transformers" in file.as_posix(), (
                f"{file.relative_to(ROOT)} imports {sorted(heavy)}"
            )


def test_one_room_imports_what_operators_tools_need() -> None:
    for package, folder in PACKAGES.items():
        for file in folder.rglob("*.py"):
            found = {name.partition(".")[0] for name in imported(file)} & {
                "prometheus_client",
                "opentelemetry",
            }
            if found:
                assert package == "tokenwire_serve" and "/observe/" in file.as_posix(), (
                    f"{file.relative_to(ROOT)} imports {sorted(found)}"
                )


def test_one_file_imports_sglang() -> None:
    for file in PACKAGES["tokenwire_serve"].rglob("*.py"):
        if any(name.partition(".")[0] == "sglang" for name in imported(file)):
            assert file == PACKAGES["tokenwire_serve"] / "engines/sglang.py", file.relative_to(ROOT)


@pytest.mark.parametrize("module", ["tokenwire", "tokenwire_gen.sglang.runtime.v1", "tokenwire.client"])
def test_a_client_imports_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    loaded = [name for name in out.split() if name.startswith(HEAVY)]
    assert loaded == []

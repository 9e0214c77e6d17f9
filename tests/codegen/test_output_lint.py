"""Generated code passes ruff's formatter and linter and mypy --strict, under the repository's rules."""

from __future__ import annotations

import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

from tests.support.generate import ROOT, generate

BIN = Path(sys.executable).parent
PROTOS = ROOT / "tests/protos"
FROM_THE_SCHEMA = (
    "N",  # names are the schema's
    "A002",  # so are parameters
    "A003",
    "RUF002",  # and words
    "TID252",  # the tree can be moved
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = [file for file in sorted(PROTOS.rglob("*.proto")) if "bad" not in file.parts]
    gen = generate(files, tmp_path_factory.mktemp("lint"), includes=[PROTOS])
    (gen.directory / "__init__.py").write_text('"""Generated."""\n')
    return gen.directory


def run(*command: str | Path, folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_ruff_leaves_the_format_alone(tree: Path) -> None:
    config = ROOT / "pyproject.toml"
    run(BIN / "ruff", "format", "--config", config, "--no-cache", "--diff", ".", folder=tree)


def test_ruff_finds_nothing(tree: Path) -> None:
    ignored = ",".join(FROM_THE_SCHEMA)
    config = ROOT / "pyproject.toml"
    run(BIN / "ruff", "check", "--config", config, "--no-cache", "--extend-ignore", ignored, ".", folder=tree)


def test_mypy_strict_finds_nothing(tree: Path) -> None:
    cache = ROOT / ".mypy_cache"
    search = "\n".join(("[mypy]", f"mypy_path = {ROOT / 'runtime'}"))
    config = tree.parent / "mypy.ini"
    config.write_text(search)
    arguments = ("--strict", "--config-file", config, "--cache-dir", cache, "-p", tree.name)
    run(BIN / "mypy", *arguments, folder=tree.parent)


def test_long_names_are_broken_as_ruff_breaks_them(tmp_path: Path) -> None:
    name = "NameThatGoesOnAndOnForEverAndEverAnd"
    source = f"""syntax = "proto3";
package long;
import "tokenwire/options/v1/options.proto";
message {name} {{
  {" ".join(f"bytes field_{i} = {i} [(tokenwire.options.v1.field).delta = true];" for i in range(1, 12))}
}}
service One {{
  rpc One{name}Then({name}) returns (stream {name});
}}
service Two {{
  rpc Two{name}Then(stream {name}) returns ({name});
  rpc Bidi{name}Then(stream {name}) returns (stream {name});
  rpc Unary{name}Then({name}) returns ({name});
}}
"""
    gen = generate(source, tmp_path, "kinds=grpc")
    run(BIN / "ruff", "format", "--config", ROOT / "pyproject.toml", "--diff", ".", folder=gen.directory)


def test_no_silencers(tree: Path) -> None:
    for file in tree.rglob("*.py"):
        with tokenize.open(file) as stream:
            comments = [
                t.string for t in tokenize.generate_tokens(stream.readline) if t.type == tokenize.COMMENT
            ]
        assert not [c for c in comments if "noqa" in c or "type: ignore" in c], file


def test_the_committed_trees_are_clean() -> None:
    trees = (ROOT / "generated", ROOT / "runtime/tokenwire/_proto")
    run(BIN / "ruff", "format", "--diff", *trees, folder=ROOT)
    run(BIN / "ruff", "check", *trees, folder=ROOT)

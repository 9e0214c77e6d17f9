"""buf's gates pass on the schema, the breaking one fails where it must, and the test protos build."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from .buf import ROOT, assert_passes, build, run_buf

if TYPE_CHECKING:
    from pathlib import Path

SGLANG = "proto/sglang/runtime/v1/sglang.proto"
BASELINE = ("--against", "proto/baseline.binpb")
CASES = ROOT / "tests/protos"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A copy of the schema that a test may change."""
    shutil.copytree(ROOT / "proto", tmp_path / "proto")
    shutil.copy(ROOT / "buf.yaml", tmp_path)
    return tmp_path


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
    file.write_text(text.replace(old, new))


def test_lint() -> None:
    assert_passes("lint")


def test_format() -> None:
    assert_passes("format", "--diff", "--exit-code")


def test_nothing_breaks_the_released_schema() -> None:
    assert_passes("breaking", *BASELINE)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("optional float top_p = 2;", "optional float top_p = 18;", 'field "2" with name "top_p"'),
        ("optional int64 seed = 16;", "optional int32 seed = 16;", 'from "int64" to "int32"'),
        ("optional int32 n = 13;", "optional int32 choices = 13;", 'from "n" to "choices"'),
        ("optional string rid = 8;", "string rid = 8;", "cardinality"),
        ("SERVER_STATUS_UP = 2;", "SERVER_STATUS_UP = 4;", 'enum value "2"'),
        ("rpc Tokenize(", "rpc Tokens(", 'RPC "Tokenize"'),
        ("returns (stream EngineStateSnapshot)", "returns (EngineStateSnapshot)", "server streaming"),
        ("  reserved 18;\n", "", "reserved range"),
    ],
)
def test_breaking_change_is_refused(workspace: Path, old: str, new: str, complaint: str) -> None:
    replace(workspace / SGLANG, old, new)
    done = run_buf("breaking", *BASELINE, folder=workspace)
    assert done.returncode != 0
    assert complaint.lower() in done.stdout.decode().lower()


def test_added_field_is_no_breaking_change(workspace: Path) -> None:
    added = "  // New.\n  optional bool brand_new = 18;\n"
    before = "  optional GuidedDecoding guided_decoding = 17;\n"
    replace(workspace / SGLANG, before, before + added)
    assert_passes("breaking", *BASELINE, folder=workspace)


def test_lint_asks_for_comments(workspace: Path) -> None:
    replace(workspace / SGLANG, "  // How many tokens there are.\n", "")
    done = run_buf("lint", folder=workspace)
    assert done.returncode != 0
    assert 'Field "count" should have a non-empty comment' in done.stdout.decode()


def test_case_protos_build() -> None:
    folders = ("cases", "openai", "interop", "no_package.proto")
    paths = [argument for name in folders for argument in ("--path", f"tests/protos/{name}")]
    built = {file.name for file in build(".", "--config", "tests/protos/workspace.yaml", *paths).file}
    files = {str(file.relative_to(CASES)) for file in CASES.rglob("*.proto")}
    cases = {name for name in files if not name.startswith("bad/")}
    assert cases <= built


def test_refused_protos_are_valid_and_say_where(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "proto", tmp_path / "proto")
    shutil.copytree(CASES / "bad", tmp_path / "bad")
    (tmp_path / "buf.yaml").write_text("version: v2\nmodules:\n  - path: proto\n  - path: bad\n")
    built = {file.name for file in build(folder=tmp_path).file}
    for file in (CASES / "bad").iterdir():
        assert file.name in built
        assert file.read_text().count("refused: ") == 1, file.name

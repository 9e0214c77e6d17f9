"""`tokenwire gen`: stages, runs buf, writes what differs and says so."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from tokenwire_codegen import buf, cli, tree

from tests.support.generate import ROOT

if TYPE_CHECKING:
    from click.testing import Result

HELLO = """syntax = "proto3";
package hello.v1;

import "google/api/annotations.proto";
import "google/protobuf/timestamp.proto";
import "tokenwire/options/v1/options.proto";

message Hello {
  google.protobuf.Timestamp at = 1;
}

service HelloService {
  rpc Say(Hello) returns (Hello) {
    option (google.api.http) = {get: "/hello"};
    option (tokenwire.options.v1.method) = {auth: AUTH_SCOPE_PUBLIC};
  }
}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "protos").mkdir()
    (tmp_path / "protos/hello.proto").write_text(HELLO)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.gen, arguments, catch_exceptions=False)


def test_first_created_then_unchanged_then_changed(here: Path) -> None:
    result = run("protos", "--out", "out")
    assert result.exit_code == 0, result.output
    assert "created  hello/v1/hello_grpc.py" in result.output
    assert (here / "out/hello/v1/openapi.json").exists()
    before = {file: file.stat().st_mtime_ns for file in here.joinpath("out").rglob("*") if file.is_file()}

    assert f"{len(before)} unchanged" in run("protos", "--out", "out").output
    assert all(file.stat().st_mtime_ns == time for file, time in before.items())

    (here / "protos/hello.proto").write_text(HELLO.replace("message Hello", "// Hi.\nmessage Hello"))
    result = run("protos", "--out", "out")
    assert "changed  hello/v1/hello_pb.py" in result.output
    assert "hello_grpc" not in result.output


def test_the_default_directory_is_generated(here: Path) -> None:
    assert run("protos").exit_code == 0
    assert (here / "generated/hello/v1/hello_pb.py").exists()


def test_check_writes_nothing_and_fails_on_drift(here: Path) -> None:
    result = run("protos", "--out", "out", "--check")
    assert result.exit_code == 1
    assert "to be created  hello/v1/hello_pb.py" in result.output
    assert not (here / "out").exists()
    run("protos", "--out", "out")
    assert run("protos", "--out", "out", "--check").exit_code == 0


def test_stale_files_of_ours_are_removed_and_others_kept(here: Path) -> None:
    run("protos", "--out", "out")
    mine = here / "out/hello/v1/mine.py"
    mine.write_text("x = 1\n")
    (here / "protos/hello.proto").write_text(HELLO.partition("service")[0])
    result = run("protos", "--out", "out")
    assert "removed  hello/v1/hello_grpc.py" in result.output
    assert "removed  hello/v1/openapi.json" in result.output
    assert mine.exists()
    assert not (here / "out/hello/v1/hello_grpc.py").exists()


def test_a_file_that_was_not_generated_is_never_overwritten(here: Path) -> None:
    target = here / "out/hello/v1/hello_pb.py"
    target.parent.mkdir(parents=True)
    target.write_text("precious = True\n")
    result = run("protos", "--out", "out")
    assert result.exit_code == 1
    assert "was not generated; move it" in result.output
    assert target.read_text() == "precious = True\n"


def test_kinds_and_templates(here: Path) -> None:
    (here / "mine").mkdir()
    (here / "mine/main.py.j2").write_text("{{ header }}\nprint('mine')\n")
    result = run("protos", "--out", "out", "--kinds", "pb,main", "--templates", "mine")
    assert result.exit_code == 0, result.output
    names = {file.name for file in here.joinpath("out").rglob("*.*")}
    assert names == {"hello_pb.py", "__main__.py"}
    assert "print('mine')" in (here / "out/hello/v1/__main__.py").read_text()


def test_several_directories_import_from_each_other(here: Path) -> None:
    (here / "more").mkdir()
    text = 'syntax = "proto3"; package more; import "hello.proto"; message M { hello.v1.Hello hello = 1; }'
    (here / "more/more.proto").write_text(text)
    assert run("protos", "more", "--out", "out").exit_code == 0
    assert "from ..hello.v1.hello_pb import Hello" in (here / "out/more/more_pb.py").read_text()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('syntax = "proto3"; messag M {}', "protos/hello.proto:1:"),
        ('syntax = "proto2"; message M {}', "protos/hello.proto:1:1: proto2 is not supported"),
        ('syntax = "proto3"; import "none.proto";', "protos/hello.proto:1:20:imported file does not exist"),
    ],
)
def test_mistakes_name_the_users_file(text: str, error: str, here: Path) -> None:
    (here / "protos/hello.proto").write_text(text)
    result = run("protos")
    assert result.exit_code == 1
    assert error in result.output
    assert "Traceback" not in result.output
    assert "plugin" not in result.output


@pytest.mark.parametrize(
    ("arguments", "status", "error"),
    [
        ([], 2, "there is no buf.gen.yaml in this directory"),
        (["--out", "out"], 2, "name a PROTO_DIR"),
        (["nowhere"], 2, "does not exist"),
        (["protos", "--kinds", "pb,dull"], 1, "kinds: dull unknown; choose from pb"),
        (["empty"], 1, "empty: no .proto file in it"),
    ],
)
def test_wrong_calls(arguments: list[str], status: int, error: str, here: Path) -> None:
    (here / "empty").mkdir()
    result = run(*arguments)
    assert result.exit_code == status
    assert error in result.output


def test_without_buf_the_error_says_how_to_get_it(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buf.shutil, "which", lambda *_, **__: None)
    result = run("protos")
    assert result.exit_code == 1
    assert "buf is missing: pip install buf-bin, or tokenwire with its extra [codegen]" in result.output


def test_without_a_library_the_error_says_how_to_get_it(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buf, "LIBRARIES", ("no_such_package.protobuf",))
    result = run("protos")
    assert result.exit_code == 1
    name = "no_such_package.protobuf"
    how = f"pip install {name}, or tokenwire with its extra [codegen]"
    assert result.output == f"{name} is missing: {how}\n"


def test_what_is_installed_is_what_the_project_lists() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    listed = {re.split("[<>=]", line)[0] for line in project["optional-dependencies"]["codegen"]}
    assert set(buf.PACKAGES.values()) == listed
    assert set(buf.PACKAGES) == {"buf", *buf.LIBRARIES}


def test_a_workspace_is_generated_by_its_own_template(here: Path) -> None:
    (here / "buf.yaml").write_text("version: v2\nmodules:\n  - path: protos\n")
    (here / "protos/hello.proto").write_text('syntax = "proto3"; package hello; message Hello {}')
    template = (
        "version: v2\nplugins:\n  - local: protoc-gen-tokenwire\n    strategy: all\n    out: gen # here\n"
    )
    (here / "buf.gen.yaml").write_text(template)
    assert buf.output_roots(here / "buf.gen.yaml") == ["gen"]
    assert "created  gen/hello/hello_pb.py" in run().output
    stale = here / "gen/gone/gone_pb.py"
    stale.parent.mkdir()
    stale.write_text("# Generated from gone.proto by protoc-gen-tokenwire 0.0.1. DO NOT EDIT.\n")
    assert run("--check").exit_code == 1
    assert "removed  gen/gone/gone_pb.py" in run().output
    assert not stale.parent.exists()


def test_the_committed_trees_are_what_the_schema_says() -> None:
    command = [Path(sys.executable).parent / "tokenwire", "gen", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_bar_shows_what_takes_longer_than_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "PATIENCE", 0.05)
    ticks: list[object] = []
    monkeypatch.setattr(cli, "_ticks", lambda process: ticks.append(process.wait()) or ())
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(0.3)"]) as process:
        cli._wait(process)
    assert ticks == [0]


def workspace(here: Path, template: str) -> None:
    (here / "buf.yaml").write_text("version: v2\nmodules:\n  - path: protos\n")
    (here / "protos/hello.proto").write_text('syntax = "proto3"; package hello; message Hello {}')
    (here / "buf.gen.yaml").write_text(template)


@pytest.mark.parametrize(
    "plugin",
    [
        "[{local: protoc-gen-tokenwire, strategy: all, out: gen}]",
        '[{"local": "protoc-gen-tokenwire", "strategy": "all", "out": "gen/"}] # out: elsewhere',
        "\n  - local: protoc-gen-tokenwire\n    # out: elsewhere\n    'out' : ./gen",
        "\n  - local: protoc-gen-tokenwire\n    out:\n      gen",
    ],
)
def test_the_output_directory_is_found_however_it_is_written(plugin: str, here: Path) -> None:
    workspace(here, f"version: v2\nplugins: {plugin}\n")
    assert buf.output_roots(here / "buf.gen.yaml") == ["gen"]
    assert "created  gen/hello/hello_pb.py" in run().output


@pytest.mark.parametrize(
    ("out", "error"),
    [
        ("out: ../gen", "buf.gen.yaml: out: ../gen lies elsewhere"),
        ("out: /gen", "buf.gen.yaml: out: /gen lies elsewhere"),
        ("out: >-\n      gen", "buf.gen.yaml: cannot find `out:`; write it on a line of its own"),
    ],
)
def test_output_elsewhere_is_refused(out: str, error: str, here: Path) -> None:
    workspace(here, f"version: v2\nplugins:\n  - local: protoc-gen-tokenwire\n    {out}\n")
    result = run()
    assert result.exit_code == 1
    assert error in result.output


def test_a_package_in_two_directories_needs_one_run_for_all(here: Path) -> None:
    workspace(here, "version: v2\nplugins:\n  - local: protoc-gen-tokenwire\n    out: gen\n")
    for name in ("a", "b"):
        (here / f"protos/{name}").mkdir()
        text = f'syntax = "proto3"; package both; message {name.upper()} {{}}'
        (here / f"protos/{name}/{name}.proto").write_text(text)
    result = run()
    assert result.exit_code == 1
    assert "add `strategy: all` to it" in result.output
    assert not (here / "gen").exists()


def test_what_other_plugins_write_may_change(tmp_path: Path) -> None:
    fresh, here = tmp_path / "fresh", tmp_path / "here"
    for folder, text in ((fresh, "new = 1\n"), (here, "old = 1\n")):
        folder.mkdir()
        (folder / "hello_pb2.py").write_text(text)
    assert tree.compare(fresh, here, []).changed == ("hello_pb2.py",)


def test_protos_of_installed_packages_are_not_the_users(here: Path) -> None:
    for folder in (".venv", "node_modules", "env/lib/site-packages"):
        (here / folder).mkdir(parents=True)
        (here / folder / "hello.proto").write_text(HELLO)
    assert run(".", "--out", "out").exit_code == 0


def test_names_that_are_not_text_and_templates_with_a_comma(here: Path) -> None:
    (here / "my,templates").mkdir()
    (here / "my,templates/main.py.j2").write_text("{{ header }}\nprint('mine')\n")
    assert run("protos", "--templates", "my,templates").exit_code == 0
    assert "print('mine')" in (here / "generated/hello/v1/__main__.py").read_text()
    (here / "protos/caf\udce9.proto").write_text('syntax = "proto3";')
    result = run("protos")
    assert result.exit_code == 1
    assert "caf\\udce9.proto': the name of a proto file must be text; rename it" in result.output

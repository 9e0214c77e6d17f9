from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from benchmarks.__main__ import main
from benchmarks.errors import BenchError
from benchmarks.serving import machine
from benchmarks.serving.cases import CASES, GROWTH, named

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def no_tools(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A path with no programs on it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def put_tool(folder: Path, name: str) -> None:
    file = folder / name
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)


def test_missing_h2load_says_what_to_install(no_tools: Path) -> None:
    with pytest.raises(BenchError, match=r"^h2load is missing; install nghttp2-client \(Debian: apt-get"):
        machine.claim_cores()


def test_missing_taskset_says_what_to_install(no_tools: Path) -> None:
    put_tool(no_tools, "h2load")
    with pytest.raises(BenchError, match=r"^taskset is missing; install util-linux"):
        machine.claim_cores()


def test_one_core_is_too_few(no_tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_tool(no_tools, "h2load")
    put_tool(no_tools, "taskset")
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {3})
    with pytest.raises(BenchError, match="need two cores"):
        machine.claim_cores()


def test_missing_peers_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.store.PEERS_PYTHON", str(tmp_path / "python"))
    result = CliRunner().invoke(main, ["streams", "--smoke", "--out", str(tmp_path)])
    assert result.exit_code == 1
    assert result.output == "benchmarks: the environment of the peers is missing; `make bench` makes it\n"


def test_unknown_name_lists_the_known() -> None:
    result = CliRunner().invoke(main, ["stream"])
    assert result.exit_code == 2
    assert "there is no 'stream'; there are streams, growth, meta, chat, sse" in result.output


def test_cases_have_names_and_keys_of_their_own() -> None:
    keys = [case.key for case in CASES]
    assert len(set(keys)) == len(keys)
    assert named(["streams", "growth"]) == [case for case in CASES if case.key.startswith("streams-")]
    assert [case.at_once for case in GROWTH] == [1, 8, 32, 64, 512, 2048]


def test_a_process_knows_its_time_and_memory() -> None:
    pids = machine.process_tree(os.getpid())
    assert pids[0] == os.getpid()
    assert machine.cpu_seconds(pids[:1]) > 0
    assert machine.memory_bytes(pids[:1]) > 1 << 20

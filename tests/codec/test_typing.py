"""Type checkers see through generated messages: a wrong field or type is an error at the call."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
PROGRAM = """
import dataclasses
from tokenwire_gen.sglang.runtime.v1 import SamplingParams, ServerStatus, TextGenerateRequest

request = TextGenerateRequest(text="a", sampling_params=SamplingParams(stop=["x"], n=2))
text: str = request.text
parsed: TextGenerateRequest = TextGenerateRequest.parse(bytes(request))
status: ServerStatus = ServerStatus.SERVER_STATUS_UP
names = [field.name for field in dataclasses.fields(request)]
TextGenerateRequest(txt="a")  # wrong: field
TextGenerateRequest(text=5)  # wrong: type
TextGenerateRequest("a")  # wrong: position
request.sampling_params = "x"  # wrong: assignment
request.nope  # wrong: attribute
request.rid.upper()  # wrong: may be None
SamplingParams(stop=[1])  # wrong: element
"""


@pytest.mark.parametrize(
    "command",
    [["mypy", "--strict", "--no-error-summary"], ["pyright", "--pythonpath", sys.executable]],
    ids=["mypy", "pyright"],
)
def test_mistakes_are_found_and_nothing_else(tmp_path: Path, command: Sequence[str]) -> None:
    file = tmp_path / "program.py"
    file.write_text(PROGRAM)
    wrong = {number for number, line in enumerate(PROGRAM.split("\n"), 1) if "# wrong" in line}
    done = subprocess.run(
        [sys.executable, "-m", *command, file], cwd=ROOT, capture_output=True, text=True, check=False
    )
    lines = [line for line in done.stdout.splitlines() if "error" in line and "program.py:" in line]
    found = {int(line.partition("program.py:")[2].partition(":")[0]) for line in lines}
    assert found == wrong, done.stdout + done.stderr

"""The generator's output, byte for byte; `pytest --update-golden` rewrites what is expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.generate import ROOT, generate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PROTOS = ROOT / "tests/protos"


@pytest.mark.parametrize(
    "file",
    ["cases/annotated/annotated.proto", "cases/comments/comments.proto", "no_package.proto"],
    ids=lambda file: file.rpartition("/")[2],
)
def test_output_is_what_it_was(
    file: str, tmp_path: Path, golden: Callable[[str, dict[str, bytes]], None]
) -> None:
    gen = generate([PROTOS / file], tmp_path, includes=[PROTOS])
    # google.protobuf writes custom options in another order once a test has imported their module.
    texts = {path: content for path, content in gen.files.items() if not path.endswith(".binpb")}
    golden(file.rpartition("/")[2].removesuffix(".proto"), texts)

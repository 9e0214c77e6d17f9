from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.server import RunningServer, running_server

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def server() -> Iterator[RunningServer]:
    """The embedded model, served by the default engine."""
    with running_server("--engine", "transformers") as running:
        yield running


@pytest.fixture(scope="session")
def buf() -> Path:
    return Path(sys.executable).parent / "buf"


@pytest.fixture(scope="session")
def descriptor_set(buf: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The schema as buf compiles it, without our generator."""
    image = tmp_path_factory.mktemp("schema") / "image.binpb"
    subprocess.run([buf, "build", "-o", image], cwd=ROOT, check=True)
    return image.read_bytes()

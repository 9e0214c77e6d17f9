"""What every test may ask for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

TESTS = Path(__file__).parent
GOLDEN = TESTS / "golden"
ALONE = (
    TESTS / "attacks",
    TESTS / "faults",
    TESTS / "engines" / "test_pace.py",
    TESTS / "grpc" / "test_floods.py",
    TESTS / "grpc" / "test_limits.py",
    TESTS / "http" / "test_http_limits.py",
    TESTS / "observe" / "test_server_timing.py",
    TESTS / "security" / "test_costs.py",
    TESTS / "security" / "test_limits_named.py",
)
"""What tells the time: `make test` runs it after all else, by itself."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files in tests/golden")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(item.path.is_relative_to(place) for place in ALONE):
            item.add_marker(pytest.mark.alone)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, dict[str, bytes]], None]:
    """Compare files with a directory of tests/golden byte for byte, or rewrite it (--update-golden)."""

    def compare(name: str, files: dict[str, bytes]) -> None:
        directory = GOLDEN / name
        if request.config.getoption("--update-golden"):
            _rewrite(directory, files)
        there = {file.relative_to(directory).as_posix() for file in directory.rglob("*") if file.is_file()}
        assert there == files.keys(), "run pytest --update-golden, and look at the difference"
        for path, content in files.items():
            assert content == (directory / path).read_bytes(), f"{directory / path}: see --update-golden"

    return compare


def _rewrite(directory: Path, files: dict[str, bytes]) -> None:
    for old in directory.rglob("*"):
        if old.is_file() and old.relative_to(directory).as_posix() not in files:
            old.unlink()
    for path, content in files.items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

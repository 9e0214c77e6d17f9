"""One SGLang for all of these tests; without SGLang they are not collected, and `make test` says so."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest_asyncio

from tests.engines.installed import make

from .serving import Served, idle, serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest

MISSING = find_spec("sglang") is None
collect_ignore_glob = ["*"] if MISSING else []


def pytest_report_collectionfinish() -> str | None:
    return "tests/sglang: not collected, sglang is not installed here (make test-sglang)" if MISSING else None


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def shared() -> AsyncIterator[Served]:
    """A server over a generating engine, for the whole session."""
    flags = ("--enable-cache-report", "--constrained-json-disable-any-whitespace")
    async with serve(make("sglang", *flags)) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def served(shared: Served, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    """The same, for one test, which must leave nothing behind."""
    yield shared
    monkeypatch.undo()
    if shared.engine.state.paused:
        await shared.engine.resume()
    await idle(shared)

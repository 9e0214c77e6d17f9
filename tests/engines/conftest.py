"""Engines to test, one per module and loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio
from tokenwire_serve.engines import EngineOptions, create

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest
    from tokenwire_serve.engine import Engine


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def tiny() -> AsyncIterator[Engine]:
    """Engine `transformers` with the embedded model, eight rows and a short queue."""
    engine = create("transformers", EngineOptions(max_running_requests=8, max_waiting_requests=40))
    await engine.start()
    yield engine
    await engine.close()


@pytest_asyncio.fixture(loop_scope="module", scope="module", params=["null", "transformers"])
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[Engine]:
    """Each engine."""
    made = create(request.param, EngineOptions(max_running_requests=8, max_waiting_requests=40))
    await made.start()
    yield made
    await made.close()

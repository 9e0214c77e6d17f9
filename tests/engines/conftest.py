"""Engines to test, one per module and loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio

from .installed import HERE, LOAD_ARGS, make

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest
    from tokenwire_serve.engine import Engine


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def tiny() -> AsyncIterator[Engine]:
    """Engine `transformers` with the embedded model, eight rows and a short queue."""
    engine = make("transformers")
    await engine.start()
    yield engine
    await engine.close()


@pytest_asyncio.fixture(loop_scope="module", scope="module", params=HERE)
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[Engine]:
    """Each engine that is installed."""
    made = make(request.param, *LOAD_ARGS.get(request.param, ()))
    await made.start()
    yield made
    await made.close()

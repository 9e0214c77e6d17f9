"""Budgets of the property tests: TOKENWIRE_HYPOTHESIS=long for a run of some minutes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.support.generate import generate

if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from tests.support.generate import Generated

COMMON = {
    "deadline": None,
    "database": None,
    "suppress_health_check": [
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
}
settings.register_profile("codec", max_examples=50, **COMMON)
settings.register_profile("codec-long", max_examples=1500, **COMMON)
settings.load_profile("codec-long" if os.environ.get("TOKENWIRE_HYPOTHESIS") == "long" else "codec")


@pytest.fixture(scope="session")
def sink(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    """The generated code of sink.proto."""
    here = Path(__file__).parent
    return generate([here / "sink.proto"], tmp_path_factory.mktemp("sink"), "kinds=pb+codec+init", [here])


@pytest.fixture(scope="session")
def pb(sink: Generated) -> ModuleType:
    """Our package of sink.proto."""
    return sink.module("sink.v1")


@pytest.fixture(scope="session")
def oracle(sink: Generated) -> Any:
    """google.protobuf's class of message Sink."""
    return sink.oracle("sink.v1.Sink")

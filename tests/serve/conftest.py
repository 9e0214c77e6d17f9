from __future__ import annotations

import pytest
from tokenwire_serve.servicer.service import SglangServicer
from tokenwire_serve.servicer.settings import ServicerSettings

from .scripted import ScriptedEngine


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
def servicer(engine: ScriptedEngine) -> SglangServicer:
    return SglangServicer(engine, ServicerSettings(served_model_names=("served", "alias")))

"""Budgets of the property tests: TOKENWIRE_HYPOTHESIS=long for a run of some minutes."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

COMMON = {
    "deadline": None,
    "database": None,
    "suppress_health_check": [
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
}
settings.register_profile("codec", max_examples=40, **COMMON)
settings.register_profile("codec-long", max_examples=1500, **COMMON)
settings.load_profile("codec-long" if os.environ.get("TOKENWIRE_HYPOTHESIS") == "long" else "codec")

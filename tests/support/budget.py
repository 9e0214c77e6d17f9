"""How long property tests search: TOKENWIRE_HYPOTHESIS=long for some minutes."""

from __future__ import annotations

import os

LONG = os.environ.get("TOKENWIRE_HYPOTHESIS") == "long"


def seeds(few: int, many: int) -> range:
    """Seeds of random tests; a test that fails names its own."""
    return range(many if LONG else few)

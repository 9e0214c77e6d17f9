"""Keeps these tests out of `make test`, whose environment has no SGLang, and says so."""

from __future__ import annotations

from importlib.util import find_spec

MISSING = find_spec("sglang") is None
collect_ignore_glob = ["*"] if MISSING else []


def pytest_report_collectionfinish() -> str | None:
    return "tests/sglang: not collected, sglang is not installed here (make test-sglang)" if MISSING else None

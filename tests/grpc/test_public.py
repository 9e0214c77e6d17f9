"""What `tokenwire` exports, and how a generated service finds its application."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
import tokenwire
from tokenwire import application

if TYPE_CHECKING:
    from collections.abc import Sequence

SERVICE = tokenwire.Service("a.B", (), "a")


def test_all_is_sorted_complete_and_real() -> None:
    assert tokenwire.__all__ == sorted(tokenwire.__all__)
    assert sorted(tokenwire._MODULE_OF) == tokenwire.__all__
    for name in tokenwire.__all__:
        assert getattr(tokenwire, name) is not None
        assert not isinstance(getattr(tokenwire, name), ModuleType)
    assert dir(tokenwire) == tokenwire.__all__
    with pytest.raises(AttributeError, match="nothing"):
        tokenwire.nothing  # noqa: B018  # the access is the test


def test_importing_it_imports_nothing_of_weight() -> None:
    heavy = ("betterproto2", "grpclib", "h2", "google.protobuf", "numpy", "click", "tokenwire.client")
    code = f"import sys, tokenwire; print([m for m in {heavy!r} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


class Entry:
    module = "m"

    def __init__(self, run: Any) -> None:
        self.name = "a.B"
        self.load = run


def installed(monkeypatch: pytest.MonkeyPatch, entries: Sequence[Entry]) -> None:
    monkeypatch.setattr(application, "entry_points", lambda group: entries)


def test_main_runs_the_application(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    installed(monkeypatch, [Entry(lambda: lambda argv: seen.append(argv) or 7)])
    monkeypatch.setattr(sys, "argv", ["prog", "--port", "1"])
    with pytest.raises(SystemExit) as caught:
        tokenwire.main(SERVICE)
    assert caught.value.code == 7
    assert seen == [["--port", "1"]]


def test_main_without_an_application(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, [])
    with pytest.raises(SystemExit, match=r"no application serves a\.B"):
        tokenwire.main(SERVICE)


def test_main_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def load() -> Any:
        raise ModuleNotFoundError("No module named 'starlette'", name="starlette")

    installed(monkeypatch, [Entry(load)])
    with pytest.raises(SystemExit, match=r"pip install '.+, or tokenwire with its extra \[serve\]"):
        tokenwire.main(SERVICE)


def test_the_only_application_needs_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = Entry(lambda: None)
    installed(monkeypatch, [entry])
    assert application.find_application() is entry
    with pytest.raises(LookupError, match="was named"):
        installed(monkeypatch, [])
        application.find_application()

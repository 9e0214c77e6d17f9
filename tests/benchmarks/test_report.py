"""Table, chart and verdicts, from results that were recorded once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks import store
from benchmarks.report import chart, table
from benchmarks.report.targets import GENERAL, PER_LOOP, Target, codec_limit, ratio, verdict
from benchmarks.serving.first_chunk import percentile
from benchmarks.serving.memory import SHAPES, split

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = Path(__file__).parent / "data"


@pytest.fixture
def results() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DATA / "results.json").read_text())
    return found


def test_table(results: dict[str, Any], golden: Callable[[str, dict[str, bytes]], None]) -> None:
    golden("benchmarks", {"README.md": table.markdown(results, ["chart.png"]).encode()})


def test_table_of_nothing_has_targets_only() -> None:
    text = table.markdown({})
    assert "## CPU time" not in text
    assert text.count("not measured") == len(GENERAL)


def test_results_of_several_machines_are_told_apart(
    results: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "on one machine" not in table.markdown(results)
    for cpu, measured in (("AMD EPYC", ("chat", "all-on")), ("Xeon", ("all-on",))):
        monkeypatch.setattr(store, "_environment", lambda cpu=cpu: {"date": "2026-11-26", "cpu": cpu})
        kept = store.Store(tmp_path)
        for name in measured:
            kept.put_case("asyncio", name, results["loops"]["asyncio"]["cases"][name])
    kept.put_loop("asyncio", "memory", {})
    kept.put("engine", "fast")
    again = store.Store(tmp_path).results
    assert again["machines"] == {
        "chat (asyncio)": "AMD EPYC",
        "all-on (asyncio)": "Xeon",
        "memory (asyncio)": "Xeon",
        "engine": "Xeon",
    }
    text = table.markdown(again)
    assert "2026-11-26, AMD EPYC; Xeon." in text
    assert "Not all was measured on one machine: chat (asyncio) on AMD EPYC; all else on Xeon." in text


def test_chart(results: dict[str, Any], tmp_path: Path) -> None:
    png, svg = chart.draw(results, tmp_path)
    assert png.read_bytes().startswith(b"\x89PNG")
    assert svg.read_text().startswith("<?xml")


def test_chart_of_nothing_is_none(tmp_path: Path) -> None:
    assert chart.draw({}, tmp_path) == []


@pytest.mark.parametrize(
    ("ours", "shown"), [(7.9, "0.79 met"), (8.0, "0.80 met"), (8.01, "0.80 not met"), (20.0, "2.00 not met")]
)
def test_verdict(ours: float, shown: str) -> None:
    servers = {"tokenwire": {"median_us": ours}, "native": {"median_us": 10.0}}
    target = next(target for target in PER_LOOP if (target.case, target.peer) == ("streams-32", "native"))
    assert verdict(target, {"cases": {"streams-32": {"servers": servers}}}) == shown


def test_a_peer_that_was_not_measured_has_no_ratio() -> None:
    servers = {"tokenwire": {"median_us": 1.0}}
    assert ratio({"cases": {"chat": {"servers": servers}}}, "chat", "native") is None
    assert ratio({}, "chat", "native") is None


def test_every_target_is_found_in_full_results(results: dict[str, Any]) -> None:
    loop = results["loops"]["uvloop"]
    assert all(target.find(loop) is not None for target in PER_LOOP)
    assert all(target.find(results) is not None for target in GENERAL)


def test_units_are_shown() -> None:
    assert verdict(Target("ready", 1.5, lambda _: 0.25, unit=" s"), {}) == "0.25 s met"


@pytest.mark.parametrize(
    ("case", "fields", "limit"), [("SamplingParams", 8, 2.0), ("all set", 9, 3.0), ("1,024 floats", 2, 1.0)]
)
def test_codec_limits(case: str, fields: int, limit: float) -> None:
    assert codec_limit({"case": case, "fields": fields}) == limit


def test_streams_and_connections_are_told_apart() -> None:
    taken = [shape.connections * (20_000 + shape.streams * 3_000) for shape in SHAPES]
    assert split(*taken) == (3_000, 20_000)


def test_percentile() -> None:
    values = [float(value) for value in range(1, 201)]
    assert percentile(values, 0.99) == 199.0
    assert percentile([5.0], 0.99) == 5.0

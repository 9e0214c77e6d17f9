"""The soak as a page and a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from benchmarks.report.chart import STYLE
from benchmarks.report.table import grid

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["draw", "markdown", "moments", "table"]

_MB: Final = 1 << 20


def table(results: dict[str, Any]) -> list[list[str]]:
    """A row per kind of call."""
    return [
        [
            row["group"],
            row["kind"],
            f"{row['begun']:,}",
            f"{row['as_expected']:,}",
            f"{row['longest_s']:.2f}",
        ]
        for row in results["calls"]
    ]


def moments(results: dict[str, Any]) -> list[list[str]]:
    """A row per moment, however often it came."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in results["moments"]:
        found.setdefault(row["moment"], []).append(row)
    return [
        [
            name,
            str(len(rows)),
            f"{max(row['lasted_s'] for row in rows):.1f}",
            *(f"{sum(row[column] for row in rows):,}" for column in ("calls", "turned_away", "answered")),
        ]
        for name, rows in found.items()
    ]


def markdown(results: dict[str, Any], picture: str = "") -> str:
    """The page."""
    memory = results["memory"]
    windows = ", ".join(f"{value / _MB:.1f}" for value in memory["window_medians"])
    lines = [
        "# Soak",
        "",
        f"{results['clients']} clients for {results['seconds']:g} s on {results['loop']}, against the engine "
        f"`null` with a token per 5 ms. Of each group of faults (the client leaves, the engine fails, the "
        f"request is wrong, the client is slow) {results['faults']:.0%} of the calls. All show keys. At "
        "moments, one after the other, the engine dies, descriptors run out and the disk is full; and a "
        "second server, over TLS and with clients of its own, is ended by SIGTERM and by kill -9, and "
        "started again. Run with `make soak`.",
        "",
        f"- calls: {results['begun']:,}, each with an expected end: {results['as_expected']:,}",
        f"- answers of a client that SIGSTOP and SIGCONT stopped and continued: {results['stopped']:,}",
        f"- memory (RSS) after the warm-up, medians of four windows: {windows} MB; growth "
        f"{memory['growth'] / _MB:+.1f} MB, peak {memory['peak'] / _MB:.1f} MB",
        f"- before the first call and after the last: {_counts(results)}",
        f"- CPU of the server: {results['cpu_s']:.0f} s",
        f"- violations: {len(results['violations'])}",
        *(f"  - {sentence} ({count} times)" for sentence, count in results["violations"].items()),
        "",
    ]
    if picture:
        lines += [f"![memory and calls over time]({picture})", ""]
    columns = [
        "moment",
        "times",
        "longest, s",
        "calls that were open",
        "turned away",
        "of these answered later",
    ]
    lines += [grid(columns, moments(results)), ""]
    lines += ["A call that is turned away is made again, as clients do, until it is answered.", ""]
    head = ["group", "call", "begun", "as expected", "longest, s"]
    return "\n".join([*lines, grid(head, table(results)), ""])


def _counts(results: dict[str, Any]) -> str:
    before, after = results["before"], results["after"]
    return ", ".join(f"{name} {before[name]} and {after[name]}" for name in before)


def draw(results: dict[str, Any], path: Path) -> None:
    """Memory and file descriptors over time, the moments in grey."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    seconds, rss, files, _ = zip(*results["samples"], strict=True)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8, 2.6), layout="constrained")
        left, right = figure.subplots(1, 2)
        left.plot(seconds, [value / _MB for value in rss], color="#d1495b")
        left.set_ylim(bottom=0)
        left.set_title("memory of the server (RSS), MB", loc="left")
        right.plot(seconds, files, color="#30638e")
        right.set_ylim(bottom=0)
        right.set_title("its file descriptors", loc="left")
        for axes in (left, right):
            for row in results["moments"]:
                axes.axvspan(row["second"], row["second"] + row["lasted_s"], color="#00000018", lw=0)
            axes.set_xlabel("seconds")
            axes.spines[["top", "right"]].set_visible(False)
        figure.savefig(path, dpi=200, facecolor="white")

"""The results as a picture: CPU per token by server, and how it grows with the streams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from benchmarks.errors import BenchError
from benchmarks.serving.cases import GROWTH
from benchmarks.serving.servers import OURS, SERVERS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["STYLE", "Bar", "draw", "draw_bars", "require_matplotlib"]

Results = dict[str, Any]

_BARS: Final = {
    "streams-32": "TextGenerate, 32 streams",
    "meta": "the same, cumulative with all of meta_info",
    "chat": "ChatComplete over gRPC, 32 streams",
    "sse-32": "chat over SSE, 32 connections",
    "cumulative": "Generate, cumulative to 2,048 tokens",
}
_COLOURS: Final = {
    "tokenwire": "#d1495b",
    "native": "#30638e",
    "grpc-aio": "#5f8fb4",
    "connect": "#8fa3ad",
    "grpclib": "#b4bec4",
    "fastapi": "#7c9885",
}
_INK: Final = "#333333"
STYLE: Final = {
    "font.size": 8.5,
    "font.family": "DejaVu Sans",
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": "#999999",
    "xtick.color": _INK,
    "ytick.color": _INK,
    "svg.fonttype": "path",
    "svg.hashsalt": "tokenwire",
}


def require_matplotlib() -> None:
    """Raise BenchError unless matplotlib can be imported."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise BenchError("matplotlib is missing; install it with `pip install -e '.[bench]'`") from error


def draw(results: Results, folder: Path) -> list[Path]:
    """Write `chart.png` and `chart.svg`; nothing if no case of theirs was measured."""
    require_matplotlib()
    loops = results.get("loops", {})
    loop = next((name for name in ("uvloop", "asyncio") if loops.get(name, {}).get("cases")), None)
    if loop is None:
        return []
    cases = loops[loop]["cases"]
    bars = [key for key in _BARS if key in cases]
    growth = sum(case.key in cases for case in GROWTH) > 1
    if not bars and not growth:
        return []
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8, 1.0 + 1.1 * max(len(bars), 3)))
        _fill(figure, cases, bars, loop, growth=growth)
        paths = [folder / "chart.png", folder / "chart.svg"]
        figure.savefig(paths[0], dpi=200, facecolor="white")
        figure.savefig(paths[1], facecolor="white", metadata={"Date": None})
    return paths


def _fill(figure: Figure, cases: Results, bars: list[str], loop: str, *, growth: bool) -> None:
    counts = [len(cases[key]["servers"]) for key in bars] or [1]
    figure.suptitle(
        f"CPU of the server per token, microseconds (median, {loop}; less is better; scales differ)",
        x=0.012,
        ha="left",
        fontsize=10,
        fontweight="bold",
    )
    columns = figure.add_gridspec(
        1, 2, width_ratios=(1.25, 1), left=0.19, right=0.985, top=0.9, bottom=0.075, wspace=0.2
    )
    if bars:
        grid = columns[0].subgridspec(len(bars), 1, height_ratios=[n + 1.2 for n in counts], hspace=0.42)
        for place, key in enumerate(bars):
            draw_bars(figure.add_subplot(grid[place]), _bars(cases[key]["servers"]), _BARS[key])
    if growth:
        _draw_growth(figure.add_subplot(columns[1]), cases)


@dataclass(frozen=True)
class Bar:
    """A bar of a chart; ours are set in bold."""

    title: str
    value: float
    colour: str
    ours: bool = False


def _bars(servers: Results) -> list[Bar]:
    keys = [key for key in SERVERS if key in servers]
    return [
        Bar(SERVERS[key].title, servers[key]["median_us"], _COLOURS[key], ours=key == OURS) for key in keys
    ]


def draw_bars(axes: Axes, bars: Sequence[Bar], title: str) -> None:
    """Horizontal bars with their values, from the top."""
    values = [bar.value for bar in bars]
    places = range(len(bars))
    axes.barh(places, values, color=[bar.colour for bar in bars], height=0.78)
    for place, bar in zip(places, bars, strict=True):
        text = f" {bar.value:.1f}" if bar.value < 100 else f" {bar.value:.0f}"
        weight = "bold" if bar.ours else "normal"
        axes.text(bar.value, place, text, va="center", fontsize=8, fontweight=weight)
    axes.set_yticks(places, [bar.title for bar in bars], fontsize=8)
    for label, bar in zip(axes.get_yticklabels(), bars, strict=True):
        label.set_fontweight("bold" if bar.ours else "normal")
    axes.invert_yaxis()
    axes.set_xlim(0, max(values) * 1.16)
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.set_title(title, loc="left", fontsize=8.5, pad=3)


def _draw_growth(axes: Axes, cases: Results) -> None:
    known = [case for case in GROWTH if case.key in cases]
    streams = [case.at_once for case in known]
    for key in (key for key in SERVERS if key in cases[known[0].key]["servers"]):
        values = [cases[case.key]["servers"][key]["median_us"] for case in known]
        ours = key == OURS
        axes.plot(
            streams,
            values,
            color=_COLOURS[key],
            marker="o",
            markersize=4 if ours else 3,
            linewidth=2.4 if ours else 1.4,
            zorder=3 if ours else 2,
            label=SERVERS[key].title,
        )
    axes.set_xscale("log", base=2)
    axes.set_xticks(streams, [f"{count:,}" for count in streams])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set_xlabel("streams at once")
    axes.set_title("TextGenerate, growing number of streams", loc="left", fontsize=8.5, pad=3)
    axes.grid(axis="y", color="#e5e5e5", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=True, framealpha=1, edgecolor="none", fontsize=8, loc="best")

"""The results as a page, a chart and verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from benchmarks.report.chart import STYLE, Bar, draw_bars, require_matplotlib
from benchmarks.report.table import grid
from benchmarks.report.targets import Target, verdict

from .cells import CELLS, CLIENTS, FLOOR, FRONTS, OURS, THEIRS, TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["TARGETS", "chart", "markdown", "ratio"]

Results = dict[str, Any]

_ROWS: Final = {
    "typed": "TextGenerate and /generate",
    "chat": "ChatComplete and /v1/chat/completions",
    "typed-delta": "TextGenerate and /generate, both with deltas",
}
_SHORT: Final = {"typed": "TextGenerate, /generate", "chat": "chat completions"}
_ORDER: Final = (FLOOR, *THEIRS, *OURS)
_FIRST_TOKEN: Final = (1, 8, 32)
_MOST_ALONE: Final = 0.7
_MOST: Final = 0.5
_NONE: Final = "–"  # noqa: RUF001

_HOW: Final = f"""\
One engine, the real SGLang, behind its own two front ends and behind ours. CPU time is user and system \
time of the front end, as the operating system counts it: the process that owns SGLang's TokenizerManager, \
all its threads, without the scheduler and the detokenizer below it; microseconds per token, the median \
over rounds in which the front ends took turns. Every call has {TOKENS} tokens; that was checked in each \
call, and so was its text. "No front end" is a program that drains `TokenizerManager.generate_request` \
with deltas and does nothing with what it gets: the least that a front end can need that asks the engine \
that way. In brackets: by the cheaper of SGLang's two for that job."""

_NOTES: Final = """\
- The engine is SGLang's CPU engine with the embedded model on one thread, with `--sleep-on-idle`. It is \
the same behind all, and no front end is its bottleneck.
- Each client has a connection of its own, over gRPC too, and makes the next call when the one before has \
ended.
- The scheduler had one core; the front end, the detokenizer and the client shared another.
- The first token is the first message with output. The prompt is short, and in the engine's cache.
- SGLang's gRPC server does not set TCP_NODELAY: a first token may wait about 40 ms for the client's \
delayed acknowledgement.
- By default streams of typed calls are cumulative on both sides. For deltas SGLang was started with \
`--incremental-streaming-output`, and ours was asked with `x-tokenwire-stream: delta`: its messages \
between the first and the last then have no `meta_info`, and a token that completes no text makes none \
over gRPC. Chats are deltas from both."""


def ratio(results: Results, row: str, clients: int, front: str) -> float | None:
    """The CPU time of a front end by that of the cheaper of SGLang's."""
    found = _server(results, row, clients, front)
    theirs = [server["median_us"] for key in THEIRS if (server := _server(results, row, clients, key))]
    return float(found["median_us"] / min(theirs)) if found and theirs else None


def _target(row: str, clients: int, front: str) -> Target:
    job = _ROWS[row].replace(" and ", " or ")
    return Target(
        f"{job}, {clients} client{'s' if clients > 1 else ''}: CPU, {FRONTS[front].title} / SGLang",
        _MOST_ALONE if clients == 1 else _MOST,
        lambda results: ratio(results, row, clients, front),
    )


TARGETS: Final = {
    (row, front, clients): _target(row, clients, front)
    for row in _ROWS
    for front in OURS
    for clients in CLIENTS
}


def markdown(results: Results, pictures: list[str]) -> str:
    """The whole page, with pictures of these names beside it."""
    shown = [f"![CPU of the front end per token]({name})" for name in pictures[:1]]
    parts = ["# Front ends of one SGLang engine", *_environment(results), *shown, *_targets(results)]
    parts += [*_costs(results), *_first_token(results), *_rates(results), *_messages(results)]
    return "\n\n".join([*parts, f"## Notes\n\n{_NOTES}"]) + "\n"


def _environment(results: Results) -> Iterator[str]:
    found = results.get("environment", {})
    facts = [found[key] for key in ("date", "cpu", "kernel", "load") if key in found]
    versions = [f"{name} {version}" for name, version in found.get("versions", {}).items()]
    yield f"{', '.join(facts)}. {', '.join(versions)}."
    yield _HOW


def _clients(count: int) -> str:
    return f"{count} client{'s' if count > 1 else ''}"


def _targets(results: Results) -> Iterator[str]:
    yield "## Targets: CPU, ours by the cheaper of SGLang's two"
    limits = [f"{_clients(n)}, <= {TARGETS['typed', OURS[0], n].limit:.2f}" for n in CLIENTS]
    yield grid(
        ["job", *limits],
        [
            [
                f"{title}: {FRONTS[front].title}",
                *(verdict(TARGETS[row, front, n], results) for n in CLIENTS),
            ]
            for row, title in _ROWS.items()
            for front in OURS
        ],
    )


def _server(results: Results, row: str, clients: int, front: str) -> Results:
    """What was found of a front end; the engine alone does every job at the same cost."""
    row = "typed" if front == FLOOR else row
    found: Results = results.get("cases", {}).get(f"{row}-{clients}", {}).get("servers", {}).get(front, {})
    return found


def _known(results: Results, row: str) -> list[int]:
    return [cell.clients for cell in CELLS if cell.row == row and cell.key in results.get("cases", {})]


def _costs(results: Results) -> Iterator[str]:
    yield "## CPU time of the front end, microseconds per token"
    rounds = [
        len(row["rounds_us"])
        for case in results.get("cases", {}).values()
        for row in case["servers"].values()
    ]
    if rounds:
        yield f"{min(rounds)} round{'s' if min(rounds) > 1 else ''} of each."
    for row, title in _ROWS.items():
        if known := _known(results, row):
            yield f"### {title}"
            yield grid(
                ["clients", *(FRONTS[key].title for key in _ORDER)],
                [[str(n), *(_cost(results, row, n, key) for key in _ORDER)] for n in known],
            )


def _cost(results: Results, row: str, clients: int, front: str) -> str:
    """A median, with the ratio to theirs."""
    found = _server(results, row, clients, front)
    if not found:
        return _NONE
    part = ratio(results, row, clients, front) if front not in THEIRS else None
    return f"{found['median_us']:.1f}" + (f" ({part:.2f})" if part is not None else "")


def _first_token(results: Results) -> Iterator[str]:
    fronts = (*THEIRS, *OURS)
    rows = [
        [
            f"{title}, {_clients(n)}",
            *(_number(_server(results, row, n, key), "first_median_ms") for key in fronts),
        ]
        for row, title in _ROWS.items()
        for n in _known(results, row)
        if n in _FIRST_TOKEN
    ]
    if rows:
        yield "## Time from a request to its first token, median, milliseconds"
        yield grid(["job", *(FRONTS[key].title for key in fronts)], rows)


def _rates(results: Results) -> Iterator[str]:
    most = max(CLIENTS)
    rows = [
        [title, *(_number(_server(results, row, most, key), "requests_per_s") for key in _ORDER)]
        for row, title in _ROWS.items()
        if most in _known(results, row)
    ]
    if rows:
        yield f"## Requests per second, {_clients(most)}"
        yield grid(["job", *(FRONTS[key].title for key in _ORDER)], rows)


def _messages(results: Results) -> Iterator[str]:
    rows = []
    for key in (*THEIRS, *OURS):
        found = [case["servers"][key] for case in results.get("cases", {}).values() if key in case["servers"]]
        if found:
            rows.append([FRONTS[key].title, f"{min(row['messages_per_call'] for row in found):.1f}"])
    if rows:
        yield f"## Messages of a call of {TOKENS} tokens, the least mean of a case"
        yield grid(["front end", "messages"], rows)


def _number(found: Results, field: str) -> str:
    return f"{found[field]:.1f}" if field in found else _NONE


def chart(results: Results, folder: Path) -> list[Path]:
    """Write `sglang.png` and `sglang.svg`; nothing if nothing was measured."""
    require_matplotlib()
    import matplotlib as mpl
    from matplotlib.figure import Figure

    rows = [row for row in _SHORT if _known(results, row)]
    if not rows:
        return []
    counts = _known(results, rows[0])
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8, 0.9 + 1.15 * len(counts)))
        figure.suptitle(
            "CPU of the front end per token, microseconds (median; less is better; scales differ)",
            x=0.012,
            ha="left",
            fontsize=10,
            fontweight="bold",
        )
        places = figure.add_gridspec(
            len(counts), len(rows), left=0.19, right=0.985, top=0.89, bottom=0.02, hspace=0.4, wspace=0.6
        )
        for column, row in enumerate(rows):
            for line, clients in enumerate(counts):
                title = f"{_SHORT[row]}, {_clients(clients)}"
                draw_bars(figure.add_subplot(places[line, column]), _bars(results, row, clients), title)
        paths = [folder / "sglang.png", folder / "sglang.svg"]
        figure.savefig(paths[0], dpi=200, facecolor="white")
        figure.savefig(paths[1], facecolor="white", metadata={"Date": None})
    return paths


def _bars(results: Results, row: str, clients: int) -> list[Bar]:
    found = {key: _server(results, row, clients, key) for key in (*OURS, *THEIRS, FLOOR)}
    return [
        Bar(FRONTS[key].title, server["median_us"], FRONTS[key].colour, ours=key in OURS)
        for key, server in found.items()
        if server
    ]

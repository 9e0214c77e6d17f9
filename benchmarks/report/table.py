"""The results as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from benchmarks.serving.cases import ALL_ON, CASES, GROWTH
from benchmarks.serving.servers import OURS, SERVERS

from .targets import GENERAL, PER_LOOP, codec_limit, ratio, verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["grid", "markdown"]

Results = dict[str, Any]

_HOW: Final = """\
CPU time is user and system time of the server, all its threads and child processes, as the operating system \
counts it, in microseconds per token or per call: the median over rounds in which the servers took turns. \
The server had one core, the client (h2load) another. In brackets: ours / theirs, so below 1 we need less. \
Every server of a row sent the same messages, none merged; that was checked in each round."""

_RATIOS: Final = (
    "Ratios are of turns side by side, half a second each; the median of a round, and of the rounds."
)

_ALWAYS: Final = "Limits and the guard against floods cannot be turned off; all rows have them."

_NOTES: Final = """\
- All servers have the same engine behind them, which makes one token per stream and turn of the event loop \
and costs next to nothing. Theirs is an async generator, ours pushes (`--engine null`).
- Over HTTP ours writes the events of one stream at most every 2 ms, so that here several share a write; \
FastAPI writes each. Where a stream has less than 500 tokens per second, each event is a write from both.
- h2load sends the same headers with every call, as most clients do nearly always; ours then need not decode \
them again. "The way of a token" tells what a call with new headers costs.
- tokenwire writes the frames of one turn of the event loop at once, and on a stream over HTTP what comes \
within 2 ms. The messages are the same, but an engine that is slower than this one leaves less to gather.
- SGLang native is the gRPC server of the sglang package, with a small Python handle in the place of its \
engine. It writes JSON in `meta_info` with spaces, so a call has 3 bytes more. It does not set TCP_NODELAY: \
on an idle connection a first chunk waits about 40 ms for the client's delayed acknowledgement.
- connect-python runs on pyvoy, which its documentation names. Its `receive` is held back after the request: \
with these versions pyvoy answers it at once for ever, and a core would be busy as long as a stream is open.
- grpclib takes 100 streams on a connection; where there are more, they wait in the client."""


def markdown(results: Results, pictures: Sequence[str] = ()) -> str:
    """The whole report, with pictures of these names beside it."""
    shown = [f"![CPU per token]({name})" for name in pictures[:1]]
    parts = ["# Benchmarks", *_environment(results), *shown, *_targets(results)]
    for loop, found in sorted(results.get("loops", {}).items(), reverse=True):
        parts += _costs(loop, found)
        parts += _growth(loop, found)
        parts += _all_on(loop, found)
        parts += _first_chunk(loop, found)
        parts += _memory(loop, found)
    parts += [*_path(results), *_start(results), *_codegen(results), *_engine(results), *_codec(results)]
    return "\n\n".join([*parts, f"## Notes\n\n{_NOTES}"]) + "\n"


def grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose first column is text and whose others are numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _environment(results: Results) -> Iterator[str]:
    found = results.get("environment", {})
    by_cpu: dict[str, list[str]] = {}
    for name, cpu in results.get("machines", {}).items():
        by_cpu.setdefault(cpu, []).append(name)
    if by_cpu:
        found = {**found, "cpu": "; ".join(by_cpu)}
    facts = [found[key] for key in ("date", "cpu", "kernel") if key in found]
    if found.get("since", found.get("date")) != found.get("date"):
        facts[0] = f"{found['since']} to {found['date']}"
    versions = [f"{name} {version}" for name, version in found.get("versions", {}).items()]
    yield f"{', '.join(facts)}. {', '.join(versions)}."
    if len(by_cpu) > 1:
        yield _machines(by_cpu)
    yield _HOW


def _machines(by_cpu: dict[str, list[str]]) -> str:
    """Which results are from which of several machines."""
    most = max(by_cpu, key=lambda cpu: len(by_cpu[cpu]))
    parts = [f"{', '.join(names)} on {cpu}" for cpu, names in by_cpu.items() if cpu != most]
    return (
        f"Not all was measured on one machine: {'; '.join(parts)}; all else on {most}. "
        "Only figures of one machine can be compared."
    )


def _targets(results: Results) -> Iterator[str]:
    loops = results.get("loops", {})
    names = sorted(loops, reverse=True)
    yield "## Targets"
    if names:
        rows = [
            [target.what, f"<= {target.limit:.2f}", *(verdict(target, loops[name]) for name in names)]
            for target in PER_LOOP
        ]
        yield grid(["ratio", "target", *names], rows)
    yield grid(
        ["whatever the event loop", "target", "found"],
        [
            [target.what, f"<= {target.limit:.2f}{target.unit}", verdict(target, results)]
            for target in GENERAL
        ],
    )


def _costs(loop: str, found: Results) -> Iterator[str]:
    cases = found.get("cases", {})
    known = [case for case in CASES if case.key in cases and case.key != ALL_ON]
    if not known:
        return
    keys = [key for key in SERVERS if any(key in cases[case.key]["servers"] for case in known)]
    yield f"## CPU time on {loop}, microseconds"
    yield f"{_rounds(cases)} of each server."
    yield grid(
        ["case", "per", *(SERVERS[key].title for key in keys)],
        [[case.title, case.unit, *(_cell(found, case.key, key) for key in keys)] for case in known],
    )


def _all_on(loop: str, found: Results) -> Iterator[str]:
    case = found.get("cases", {}).get(ALL_ON)
    if case is None:
        return
    yield f"### What operators' features cost, {loop}"
    rounds = f"{_rounds({ALL_ON: case})} of each with new servers"
    yield f"{case['title']}; microseconds of CPU per token, {rounds}. {_RATIOS} {_ALWAYS}"
    yield grid(
        ["on", "us", "to all off"],
        [
            [SERVERS[key].title, f"{row['median_us']:.2f}", f"{row['ratio']:.3f}"]
            for key, row in case["servers"].items()
        ],
    )


def _rounds(cases: Results) -> str:
    counts = {len(row["rounds_us"]) for case in cases.values() for row in case["servers"].values()}
    least, most = min(counts), max(counts)
    return f"{most} round{'s' if most > 1 else ''}" if least == most else f"{least} to {most} rounds"


def _cell(found: Results, case: str, server: str) -> str:
    """A median, for a peer with the ratio to ours."""
    servers = found["cases"][case]["servers"]
    if server not in servers:
        return "–"  # noqa: RUF001
    median = f"{servers[server]['median_us']:.2f}"
    value = ratio(found, case, server)
    return median if server == OURS or value is None else f"{median} ({value:.2f})"


def _growth(loop: str, found: Results) -> Iterator[str]:
    cases = found.get("cases", {})
    known = [case for case in GROWTH if case.key in cases]
    if len(known) < 2:
        return
    keys = [key for key in SERVERS if key in cases[known[0].key]["servers"]]
    yield f"### How the cost of a token grows with the streams, {loop}"
    yield grid(
        ["streams", *(SERVERS[key].title for key in keys)],
        [
            [f"{case.at_once:,}", *(f"{cases[case.key]['servers'][key]['median_us']:.2f}" for key in keys)]
            for case in known
        ],
    )


def _first_chunk(loop: str, found: Results) -> Iterator[str]:
    servers = found.get("first-chunk", {}).get("servers")
    if not servers:
        return
    columns = ("idle_median_ms", "idle_p99_ms", "busy_median_ms", "busy_p99_ms")
    yield f"### Time from a request to its first chunk, {loop}, milliseconds"
    yield grid(
        ["server", "idle, median", "idle, p99", "256 streams run, median", "256 streams run, p99"],
        [[SERVERS[key].title, *(f"{row[column]:.2f}" for column in columns)] for key, row in servers.items()],
    )


def _memory(loop: str, found: Results) -> Iterator[str]:
    servers = found.get("memory", {}).get("servers")
    if not servers:
        return
    yield f"### Memory, {loop}, bytes"
    yield grid(
        ["server", "per idle stream", "per connection"],
        [
            [SERVERS[key].title, f"{row['stream_bytes']:,}", f"{row['connection_bytes']:,}"]
            for key, row in servers.items()
        ],
    )


def _path(results: Results) -> Iterator[str]:
    found = results.get("path")
    if not found:
        return
    yield "## The way of a token through our server, without a socket, microseconds"
    titles, until = list(found["token"]), list(found["token"].values())
    added = [now - before for before, now in zip([0.0, *until], until, strict=False)]
    yield grid(
        ["step", "adds", "so far"],
        [[t, f"{a:.2f}", f"{u:.2f}"] for t, a, u in zip(titles, added, until, strict=True)],
    )
    yield grid(["a whole call", "costs"], ([title, f"{cost:.2f}"] for title, cost in found["call"].items()))


def _start(results: Results) -> Iterator[str]:
    found = results.get("start")
    if not found:
        return
    titles = {key: SERVERS[key].title for key in found["ready"]}
    yield "## Import of a client and start of a server, seconds"
    yield grid(["import", "CPU", "elapsed"], (_seconds(name, row) for name, row in found["imports"].items()))
    yield grid(
        ["server, until it answers HealthCheck", "CPU", "elapsed"],
        (_seconds(titles[key], row) for key, row in found["ready"].items()),
    )


def _seconds(title: str, row: dict[str, float]) -> list[str]:
    return [title, f"{row['cpu_s']:.3f}", f"{row['wall_s']:.3f}"]


def _codegen(results: Results) -> Iterator[str]:
    found = results.get("codegen")
    if not found:
        return
    yield f"## Generators: one proto of {found['messages']:,} messages, seconds"
    yield grid(["generator", "elapsed"], ([name, f"{value:.2f}"] for name, value in found["seconds"].items()))


def _engine(results: Results) -> Iterator[str]:
    if "engine" in results:
        yield f"## The engine `transformers` on the embedded model\n\n```\n{results['engine'].strip()}\n```"


def _codec(results: Results) -> Iterator[str]:
    rows = results.get("codec")
    if not rows:
        return
    libraries = list(rows[0]["times"])
    yield "## Codec alone, microseconds"
    met = sum(row["times"]["tokenwire"] / row["times"]["upb"] <= codec_limit(row) for row in rows)
    yield f"{met} of {len(rows)} rows are within their limit by upb.\n\n<details><summary>All rows</summary>"
    yield grid(
        ["message", "job", "fields", *libraries, "ours / upb", "limit"],
        (
            [
                row["case"],
                row["job"],
                str(row["fields"]),
                *(f"{row['times'][name]:.2f}" for name in libraries),
                f"{row['times']['tokenwire'] / row['times']['upb']:.2f}",
                f"{codec_limit(row):g}",
            ]
            for row in rows
        ),
    )
    yield "</details>"

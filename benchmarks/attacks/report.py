"""The outcomes as a page and as verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from benchmarks.report.table import grid

from .arena import MEMORY_BYTES, Latency
from .catalog import catalog

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MOST_MS", "line", "markdown", "most_ms"]

MOST_MS: Final = 100.0
"""The victim's 99th percentile, in milliseconds, beside any attack."""
_SLOWER: Final = 1.5
"""On a machine where it is more than that without an attack: how many times as much."""
_MIB: Final = 1 << 20

_HOW: Final = f"""\
Each attack runs against `tokenwire serve --engine null --max-running-requests 4096` with the default \
limits, while another client \
calls over gRPC (grpcio) and over HTTP at a steady 100 calls per second: health, model, and generations of \
16 tokens, some on new connections. Its calls begin on a schedule that waits for nobody, so a server that \
stalls is seen to. Before each attack the same client is measured alone. The aims: no call of that client \
fails, its 99th percentile stays under {MOST_MS:.0f} ms (or {_SLOWER} times that without the attack, where \
a machine is slower), memory comes back to within {MEMORY_BYTES // _MIB} MiB of before, and no descriptor, \
task, object or engine request is left behind. The server has one core; the attacker and the client share \
another. The attacker has an address of its own (127.0.0.2 on Linux): connections take turns by address."""

_NOTES: Final = """\
- The attacker opens a connection anew where the server has ended one, at most 100 times per second each.
- CPU is that of the server, the client's calls included, from the start of the attack to its end.
- "Waited" is how long the server was ready to run and could not, because another program had its core: on a \
machine with nothing else to do it is about 0, and where it is not, so much of the victim's times is not the \
server's.
- Memory is the server's resident memory: before, the most during, and once it has settled. "Settled" is the \
time from the attack's end until memory and all that is counted are as before; it is spent on what the \
attacker has still put into the sockets' buffers.
- What is left behind is counted by types of objects in the server's process, after a collection.
- "Frames" are HTTP/2's for gRPC, requests or pieces of one for HTTP."""


def most_ms(control: Latency) -> float:
    """What the victim's 99th percentile may be."""
    return max(MOST_MS, _SLOWER * control.p99)


def line(found: dict[str, Any]) -> str:
    """An outcome for the terminal."""
    during, control, tally = found["during"], found["control"], found["tally"]
    text = f"{found['name']:30} p99 {during['p99']:7.1f} ms ({control['p99']:.1f})  "
    text += f"max {during['longest']:7.1f}  CPU {found['cpu']:5.2f} s, waited {found['starved_ms']:4.0f} ms  "
    text += f"{tally['sent'] / 1e6:7.1f} MB  ended {tally['ended']:5}  MiB {_mib(found)}"
    return "\n".join([text, *(f"    {fault}" for fault in found["faults"])])


def _mib(found: dict[str, Any]) -> str:
    memory = (found[f"memory_{name}"] / _MIB for name in ("before", "peak", "after"))
    return " / ".join(f"{value:.0f}" for value in memory)


def markdown(results: dict[str, Any]) -> str:
    """The whole page."""
    return "\n\n".join(["# Attacks", *_parts(results), f"## Notes\n\n{_NOTES}"]) + "\n"


def _parts(results: dict[str, Any]) -> Iterator[str]:
    environment = dict(results["environment"])
    versions = ", ".join(f"{name} {version}" for name, version in environment.pop("versions").items())
    yield f"{', '.join(environment.values())}. {versions}."
    yield _HOW
    found = results["attacks"]
    known = [attack for name, attack in catalog().items() if name in found]
    met = sum(not found[attack.name]["faults"] for attack in known)
    yield f"{met} of {len(known)} attacks met the aims."
    for listener, title in (("grpc", "gRPC"), ("http", "HTTP")):
        rows = [_row(found[attack.name]) for attack in known if attack.listener == listener]
        if rows:
            yield f"## {title}"
            yield grid(list(_COLUMNS), rows)
    yield "## What each does"
    yield "\n".join(f"- `{attack.name}`: {attack.what}" for attack in known)
    missed = [attack.name for attack in known if found[attack.name]["faults"]]
    if missed:
        yield "## What was not met"
        yield "\n".join(f"- `{name}`: {'; '.join(found[name]['faults'])}" for name in missed)


_COLUMNS: Final = (
    "attack",
    "p50 ms",
    "p99 ms",
    "alone",
    "longest",
    "CPU s",
    "waited ms",
    "sent MB",
    "frames",
    "connections",
    "ended by the server",
    "memory MiB",
    "settled s",
    "aims",
)


def _row(found: dict[str, Any]) -> list[str]:
    during, tally = found["during"], found["tally"]
    return [
        found["name"].partition("/")[2],
        f"{during['p50']:.1f}",
        f"{during['p99']:.1f}",
        f"{found['control']['p99']:.1f}",
        f"{during['longest']:.1f}",
        f"{found['cpu']:.2f} of {found['seconds']:g}",
        f"{found['starved_ms']:.0f}",
        f"{tally['sent'] / 1e6:.1f}",
        f"{tally['units']:,}",
        f"{tally['opened']:,}",
        f"{tally['ended']:,}",
        _mib(found),
        "no" if found["settled"] is None else f"{found['settled']:.1f}",
        "not met" if found["faults"] else "met",
    ]

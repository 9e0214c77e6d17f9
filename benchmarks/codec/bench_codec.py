"""Messages to bytes and back: ours, google.protobuf's (upb, in C), betterproto2's, and msgspec's JSON.

Each figure is the whole job of a program: make the message and write it, or read it and take every
field that is set as a Python value. Figures are microseconds of processor time. The libraries take
turns, for several rounds, and the best round of each counts (`--median`: the middle one).

"x upb" is our time by that of upb; targets are 2 for a message with up to 8 fields set, 3 above, and
1 where nearly all bytes are packed floats. "fields" counts the fields of the outermost message that
are set. "x betterproto2" says how many times as fast as betterproto2 we are; the target is 10.
msgspec is there for information: other bytes, the same job.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
import timeit
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import libraries
from messages import CASES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from libraries import Library
    from messages import Case

FEW_FIELDS = 8
LIMIT_FEW, LIMIT_MANY, LIMIT_FLOATS = 2.0, 3.0, 1.0
LEAST_BETTERPROTO2 = 10.0
JOBS = ("make, encode", "decode, read")


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        case: The message.
        job: What is done with it.
        fields: How many fields of the message are set.
        times: Microseconds, by library.
    """

    case: str
    job: str
    fields: int
    times: dict[str, float]

    @property
    def by_upb(self) -> float:
        """Our time by upb's."""
        return self.times["tokenwire"] / self.times["upb"]

    @property
    def by_betterproto2(self) -> float:
        """How many times as fast as betterproto2."""
        return self.times.get("betterproto2", float("nan")) / self.times["tokenwire"]

    @property
    def limit(self) -> float:
        """What `by_upb` may be."""
        if "floats" in self.case:
            return LIMIT_FLOATS
        return LIMIT_FEW if self.fields <= FEW_FIELDS else LIMIT_MANY

    @property
    def missed(self) -> str:
        """The targets that are not met."""
        missed = {
            f"{self.limit:g}x upb": self.by_upb > self.limit,
            "betterproto2": self.by_betterproto2 < LEAST_BETTERPROTO2,
        }
        return ", ".join(target for target, is_missed in missed.items() if is_missed)

    def line(self) -> str:
        """The row as text."""
        times = "".join(f"{time:12.2f}" for time in self.times.values())
        verdict = f"not met: {self.missed}" if self.missed else "met"
        ratios = f"{self.by_upb:8.2f}{self.by_betterproto2:16.1f}"
        return f"{self.case:42}{self.fields:>6}  {self.job:12}{times}{ratios}  {verdict}"


def timers(case: Case, library: Library) -> tuple[timeit.Timer, timeit.Timer]:
    """What times the two jobs of a case."""
    names: dict[str, Any] = {name: library.message(name) for name in case.classes()} | library.names
    make = library.write.format(case.make(names))
    names["parse"] = library.parse(names[case.message])
    names["data"] = eval(make, names)
    read = "\n".join(["message = parse(data)", *case.reads("message")])
    return tuple(timeit.Timer(job, timer=time.process_time, globals=names) for job in (make, read))


def measure(
    turns: dict[str, timeit.Timer], seconds: float, rounds: int, pick: Callable[[Iterable[float]], float]
) -> dict[str, float]:
    """Microseconds that each takes, from rounds in which they take turns."""
    times: dict[str, list[float]] = {name: [] for name in turns}
    counts = {}
    for name, timer in turns.items():
        once = min(timer.repeat(3, 20)) / 20
        counts[name] = max(1, int(seconds / rounds / max(once, 1e-8)))
    for _ in range(rounds):
        for name, timer in turns.items():
            times[name].append(timer.timeit(counts[name]) / counts[name] * 1e6)
    return {name: pick(of_one) for name, of_one in times.items()}


def rows(cases: Sequence[Case], used: dict[str, Library], *how: Any) -> Iterable[Row]:
    """Measure; one row after the other."""
    for case in cases:
        made = {name: timers(case, library) for name, library in used.items()}
        for job, title in enumerate(JOBS):
            turns = {name: pair[job] for name, pair in made.items()}
            yield Row(case.name, title, len(case.values), measure(turns, *how))


def main() -> None:
    """Print a table of times, and ours against each of the others."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=0.25, help="time for each figure")
    parser.add_argument("--rounds", type=int, default=9, help="turns that each library has")
    parser.add_argument("--median", action="store_true", help="take the middle round, not the best")
    parser.add_argument("--only", default="", help="only cases with this in their name")
    parser.add_argument("--no-betterproto2", action="store_true", help="leave out the slow one")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    options = parser.parse_args()
    pick = statistics.median if options.median else min
    with tempfile.TemporaryDirectory() as folder:
        used = {"tokenwire": libraries.tokenwire(), "upb": libraries.upb()}
        if not options.no_betterproto2:
            used["betterproto2"] = libraries.betterproto2(Path(folder))
        used["msgspec"] = libraries.json()
        titles = "".join(f"{name:>12}" for name in used)
        print(f"{'':42}{'fields':>6}  {'job':12}{titles}{'x upb':>8}{'x betterproto2':>16}  targets")
        done = []
        cases = [case for case in CASES if options.only in case.name]
        for row in rows(cases, used, options.seconds, options.rounds, pick):
            print(row.line(), flush=True)
            done.append(row)
    missed = sum(bool(row.missed) for row in done)
    kind = "median" if options.median else "best"
    print(f"\n{len(done) - missed} of {len(done)} rows meet their targets; {kind} of {options.rounds} rounds")
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in done], indent=1) + "\n")


if __name__ == "__main__":
    main()

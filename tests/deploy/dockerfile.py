"""Reads deploy/Dockerfile, for tests and for CI, which does what it says without Docker.

python tests/deploy/dockerfile.py sources   what its first stage copies, one path per line
python tests/deploy/dockerfile.py extras    what its second stage installs of the wheel by default
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).parents[2] / "deploy" / "Dockerfile"


class Instruction(NamedTuple):
    """One instruction: its word in capitals, and the rest with continued lines joined."""

    word: str
    rest: str


def instructions() -> list[Instruction]:
    """All of them in order, without comments."""
    lines = [line for line in FILE.read_text().splitlines() if line and not line.startswith("#")]
    text = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [Instruction(*line.split(" ", 1)) for line in text.splitlines()]


def stages() -> list[list[Instruction]]:
    """The instructions of each stage, its FROM first."""
    found: list[list[Instruction]] = []
    for instruction in instructions():
        if instruction.word == "FROM":
            found.append([])
        if found:
            found[-1].append(instruction)
    return found


def sources() -> list[str]:
    """What the first stage copies from the checkout."""
    copied = [rest.split()[:-1] for word, rest in stages()[0] if word == "COPY"]
    return [path for paths in copied for path in paths]


def extras() -> str:
    """The default of the argument EXTRAS."""
    (default,) = (rest for word, rest in stages()[1] if word == "ARG" and rest.startswith("EXTRAS="))
    return default.removeprefix("EXTRAS=")


def health_check() -> list[str]:
    """The command of HEALTHCHECK."""
    (rest,) = (rest for word, rest in stages()[-1] if word == "HEALTHCHECK")
    found: list[str] = json.loads(rest.partition("CMD ")[2])
    return found


if __name__ == "__main__":
    print(*sources() if sys.argv[1:] == ["sources"] else [extras()], sep="\n")

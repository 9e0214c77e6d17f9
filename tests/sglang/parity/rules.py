"""What may differ between any two servers: ids that they draw, clocks, ports. Each has a rule here.

A value that its rule accepts is replaced by the rule's name; one that it refuses stays, and shows.
"""

from __future__ import annotations

import re
import time
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from .values import Json

DAY_S: Final = 86_400
CALL_S: Final = 60


class Rule(NamedTuple):
    """Values at paths like this are `name` if they are `valid`."""

    name: str
    valid: Callable[[Json], bool]
    paths: tuple[str, ...]


def number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def moment(value: Json) -> bool:
    return number(value) and abs(time.time() - value) < DAY_S


def duration(value: Json) -> bool:
    return number(value) and 0 <= value < CALL_S


def drawn_id(value: Json) -> bool:
    """A UUID with or without dashes, a prefix before it, a number of a choice after it."""
    uuid = r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}"
    return isinstance(value, str) and re.fullmatch(rf"([a-z]+-)?{uuid}(_\d+)?", value) is not None


RULES: Final = (
    Rule("<drawn id>", drawn_id, ("*.id", "id")),
    Rule("<moment>", moment, ("*.created", "created", "*.timestamp", "*.response_sent_to_client_ts")),
    Rule("<duration>", duration, ("*.e2e_latency",)),
    Rule("<positive number>", lambda value: number(value) and value > 0, ("*.instance_id", "*.revision")),
    Rule("<port>", lambda value: number(value) and 0 < value < 65536, ("*.port", "*.grpc_port")),
    Rule("<rate>", lambda value: number(value) and value >= 0, ("*.gen_throughput",)),
)

SAMPLED: Final = (
    Rule("<sampled text>", lambda value: isinstance(value, str), ("*.text", "*.content")),
    Rule("<sampled ids>", lambda value: isinstance(value, list), ("*.output_ids",)),
)
"""For cases whose tokens are drawn at random; all else of their answers is compared."""


def normalised(value: Json, rules: tuple[Rule, ...] = RULES, path: str = "") -> Json:
    """A copy of an answer in which the rules' values are replaced by their names."""
    for rule in rules:
        if any(fnmatchcase(path, pattern) for pattern in rule.paths) and rule.valid(value):
            return rule.name
    if isinstance(value, dict):
        return type(value)({key: normalised(item, rules, join(path, key)) for key, item in value.items()})
    if isinstance(value, list):
        return [normalised(item, rules, join(path, place)) for place, item in enumerate(value)]
    return value


def join(path: str, key: object) -> str:
    """The path of a member."""
    return f"{path}.{key}" if path else str(key)

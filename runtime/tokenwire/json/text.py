"""Well-known types as JSON text: Timestamp (RFC 3339), Duration ("1.5s") and FieldMask.

Ranges are those of the proto3 JSON mapping, and wider or narrower than those of Python's own types:
so everything here speaks of seconds and nanoseconds.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

__all__ = [
    "duration_from_text",
    "duration_to_text",
    "mask_from_text",
    "mask_to_text",
    "timestamp_from_text",
    "timestamp_to_text",
]

GIGA = 1_000_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST, LAST = -62_135_596_800, 253_402_300_799
LONGEST = 315_576_000_000
TIMESTAMP = re.compile(
    r"(\d{4}-\d{1,2}-\d{1,2}T\d{1,2}:\d{1,2}:\d{1,2})(?:\.(\d{0,9}))?(?:Z|([+-])(\d+):(\d+))", re.ASCII
)
DURATION = re.compile(r"([+-]?)(\d+)(\.\d*)?s", re.ASCII)
HUMP = re.compile(r"_([a-z])")


def timestamp_to_text(seconds: int, nanos: int) -> str:
    """Write a Timestamp: "1972-01-01T10:00:20.021Z".

    Raises:
        ValueError: It is outside the years 1 to 9999.
    """
    _check_timestamp(seconds, nanos)
    stamp = EPOCH + timedelta(seconds=seconds)
    return f"{stamp:%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + _fraction(nanos) + "Z"


def timestamp_from_text(text: object) -> tuple[int, int]:
    """Read a Timestamp.

    Raises:
        ValueError: It is not of the form above, or outside the years 1 to 9999.
    """
    match = TIMESTAMP.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f'expected a time like "1972-01-01T10:00:20.021Z", not {text!r}')
    moment, fraction, sign, hours, minutes = match.groups()
    stamp = datetime.strptime(moment, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    offset = (int(hours) * 60 + int(minutes)) * 60 if sign else 0
    seconds = (stamp - EPOCH) // timedelta(seconds=1) + (offset if sign == "-" else -offset)
    nanos = int((fraction or "").ljust(9, "0"))
    _check_timestamp(seconds, nanos)
    return seconds, nanos


def _check_timestamp(seconds: int, nanos: int) -> None:
    if not (FIRST <= seconds <= LAST and 0 <= nanos < GIGA):
        raise ValueError(f"a Timestamp of {seconds} s and {nanos} ns is out of range")


def duration_to_text(seconds: int, nanos: int) -> str:
    """Write a Duration: "-3.100s".

    Raises:
        ValueError: It is over 10,000 years, or seconds and nanoseconds differ in sign.
    """
    _check_duration(seconds, nanos)
    sign = "-" if seconds < 0 or nanos < 0 else ""
    return f"{sign}{abs(seconds)}{_fraction(abs(nanos))}s"


def duration_from_text(text: object) -> tuple[int, int]:
    """Read a Duration.

    Raises:
        ValueError: It is not of the form above, or over 10,000 years.
    """
    match = DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f'expected a duration like "1.5s", not {text!r}')
    sign, whole, fraction = match.groups()
    seconds, nanos = int(whole), round(float(f"0{fraction}") * 1e9) if fraction else 0
    if sign == "-":
        seconds, nanos = -seconds, -nanos
    _check_duration(seconds, nanos)
    return seconds, nanos


def _check_duration(seconds: int, nanos: int) -> None:
    if abs(seconds) > LONGEST or abs(nanos) >= GIGA or seconds * nanos < 0:
        raise ValueError(f"a Duration of {seconds} s and {nanos} ns is out of range")


def _fraction(nanos: int) -> str:
    """Nanoseconds as a fraction of 0, 3, 6 or 9 digits."""
    if not nanos:
        return ""
    digits = f"{nanos:09d}"
    while digits.endswith("000"):
        digits = digits[:-3]
    return f".{digits}"


def mask_to_text(paths: list[str]) -> str:
    """Write the paths of a FieldMask in lower camel case, with commas between.

    Raises:
        ValueError: A path would not come back the same.
    """
    for path in paths:
        if re.search(r"[A-Z]|_(?![a-z])", path):
            raise ValueError(f"path {path!r} has a capital letter, or no small letter after an underscore")
    return ",".join(HUMP.sub(lambda match: match[1].upper(), path) for path in paths)


def mask_from_text(text: object) -> list[str]:
    """Read the paths of a FieldMask.

    Raises:
        ValueError: It is not text, or has an underscore.
    """
    if not isinstance(text, str) or "_" in text:
        raise ValueError(f'expected paths like "name,createTime", not {text!r}')
    return [re.sub(r"[A-Z]", lambda m: f"_{m[0].lower()}", path) for path in text.split(",")] if text else []

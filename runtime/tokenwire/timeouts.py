"""The value of `grpc-timeout`, in metadata and in HTTP headers (grpc/doc/PROTOCOL-HTTP2.md)."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["PASSED", "decode_timeout", "encode_timeout"]

PASSED: Final = "the deadline passed"
"""What a caller is told whose deadline has passed."""

_MAX_DIGITS: Final = 8
_UNITS: Final = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}
_UNITS_UP: Final = (("n", 1e9), ("u", 1e6), ("m", 1e3), ("S", 1.0), ("M", 1 / 60), ("H", 1 / 3600))
_TIMEOUT: Final = re.compile(r"([0-9]{1,8})([HMSmun])", re.ASCII)


def encode_timeout(seconds: float) -> str:
    """The value of `grpc-timeout`: the finest unit that fits into its eight digits."""
    for unit, per_second in _UNITS_UP:
        count = max(seconds, 0.0) * per_second
        if count < 10**_MAX_DIGITS:
            return f"{int(count)}{unit}"
    return f"{10**_MAX_DIGITS - 1}H"


def decode_timeout(value: str) -> float:
    """Seconds of a `grpc-timeout` value.

    Raises:
        ValueError: It is not one to eight digits and a unit.
    """
    match = _TIMEOUT.fullmatch(value)
    if match is None:
        raise ValueError(f"grpc-timeout {value!r} is not one to eight digits and one of H M S m u n")
    return int(match[1]) * _UNITS[match[2]]

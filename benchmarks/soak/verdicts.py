"""What a soak has to show at its end: memory that stays, and nothing that is left."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .process import Sample

__all__ = ["GROWTH", "growth", "left_over", "warm_up"]

GROWTH: Final = 20 << 20
"""Bytes that the server may grow after its warm-up."""
_WINDOWS: Final = 4


def warm_up(seconds: float) -> float:
    """How much of a run of so many seconds is its warm-up."""
    return max(10.0, seconds / 5)


def growth(samples: Sequence[Sample], seconds: float) -> dict[str, Any]:
    """How memory went on after the warm-up: medians of four windows, and last less first."""
    after = [sample for sample in samples if sample.second >= warm_up(seconds)]
    size = max(1, len(after) // _WINDOWS)
    windows = [after[start : start + size] for start in range(0, size * _WINDOWS, size)]
    medians = [int(median(sample.rss for sample in window)) for window in windows if window]
    return {
        "window_medians": medians,
        "growth": medians[-1] - medians[0] if medians else 0,
        "peak": max((sample.rss for sample in samples), default=0),
    }


def left_over(before: Mapping[str, int], after: Mapping[str, int]) -> list[str]:
    """Sentences about what there is more of than before the first call."""
    return [
        f"{after[name] - count} {name} are left over ({count} before, {after[name]} after)"
        for name, count in before.items()
        if after[name] > count
    ]

"""Where our server differs from SGLang's, and means to: tables, one module per subject."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from . import control, errors, generation, information, openai, refusals

if TYPE_CHECKING:
    from tests.sglang.parity.compare import Difference

__all__ = ["DIFFERENCES"]

DIFFERENCES: Final[tuple[Difference, ...]] = (
    *generation.DIFFERENCES,
    *information.DIFFERENCES,
    *control.DIFFERENCES,
    *refusals.DIFFERENCES,
    *errors.DIFFERENCES,
    *openai.DIFFERENCES,
)

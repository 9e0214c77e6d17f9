"""What a servicer is told beside its engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["ServicerSettings"]


@dataclass(frozen=True, slots=True)
class ServicerSettings:
    """How a servicer presents its engine.

    Attributes:
        served_model_names: Names that requests may give as their model, the one that answers give
            first; empty takes the engine's own.
        accept_any_model: Requests may give any name.
        incremental_streaming_output: Streams carry deltas unless the caller asks otherwise.
        profile_dir: Where traces go; None makes a fresh temporary directory for each.
        version: The server's version, for GetServerInfo.
        show: Settings of the server that GetServerInfo may show.
    """

    served_model_names: tuple[str, ...] = ()
    accept_any_model: bool = False
    incremental_streaming_output: bool = False
    profile_dir: Path | None = None
    version: str = ""
    show: Mapping[str, Any] = field(default_factory=dict)

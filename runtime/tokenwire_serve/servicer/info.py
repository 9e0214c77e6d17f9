"""The calls that tell: health, model, server, names and load."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING

from tokenwire_gen.sglang.runtime.v1.sglang_pb import (
    GetLoadResponse,
    GetModelInfoResponse,
    GetServerInfoResponse,
    HealthCheckResponse,
    ListModelsResponse,
    ModelCard,
)

from .meta_info import json_text

if TYPE_CHECKING:
    from tokenwire_gen.sglang.runtime.v1 import sglang_pb as pb

    from .core import Core

__all__ = ["Info"]


class Info:
    """Answers the calls that tell about the server."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def health(self) -> HealthCheckResponse:
        """HealthCheck; asks nothing of the engine but its state."""
        return HealthCheckResponse(healthy=self._core.healthy)

    def model(self) -> GetModelInfoResponse:
        """GetModelInfo."""
        self._core.require_up()
        model = self._core.engine.model
        facts = {
            "model_path": model.model_path,
            "served_model_name": self._core.names[0],
            "tokenizer_path": model.tokenizer_path,
            "is_generation": model.kind == "generate",
            "weight_version": model.weight_version,
            "load_format": model.load_format,
            "model_type": model.model_type,
            "architectures": list(model.architectures),
            "max_model_len": model.max_model_len,
        }
        return GetModelInfoResponse(model_path=model.model_path, json_info=json_text(facts))

    def server(self) -> GetServerInfoResponse:
        """GetServerInfo: what the settings and the engine allow to be shown, and no more."""
        self._core.require_up()
        facts = {
            "version": self._core.settings.version,
            "engine": self._core.engine.name,
            "served_model_names": list(self._core.names),
            **self._core.settings.show,
            **self._core.engine.server_info(),
        }
        return GetServerInfoResponse(json_info=json_text(facts))

    def absent(self) -> GetServerInfoResponse:
        """What stands in the place of `server` while no engine is there to ask: its status and why."""
        engine = self._core.engine
        facts = {"engine": engine.name, "status": engine.state.status.value, "reason": engine.state.reason}
        return GetServerInfoResponse(json_info=json_text(facts))

    def models(self) -> ListModelsResponse:
        """ListModels: the served model, its aliases, then its LoRA adapters."""
        self._core.require_up()
        limit = self._core.engine.model.max_model_len or None
        root = self._core.names[0]
        cards = [ModelCard(id=name, root=root, max_model_len=limit) for name in self._core.names]
        cards += [
            ModelCard(id=adapter.name, root=adapter.path, parent=root, max_model_len=limit)
            for adapter in self._core.engine.adapters
        ]
        return ListModelsResponse(models=cards)

    def load(self, request: pb.GetLoadRequest) -> GetLoadResponse:
        """GetLoad: one object per rank, none where the rank does not exist."""
        self._core.require_up()
        now = time.time()
        loads = [
            {"timestamp": now, **asdict(load)}
            for load in self._core.engine.loads()
            if request.dp_rank is None or load.dp_rank == request.dp_rank
        ]
        return GetLoadResponse(json_info=json_text(loads))

"""The answers of both servers, case by case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import httpx

from .cases import CASES
from .compare import NOT_ASKED, Difference, Found, differences
from .differences import DIFFERENCES
from .rules import RULES, SAMPLED, normalised

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from .cases import Case
    from .client import Server
    from .values import Json


class Pairs:
    """Runs cases on both servers, each once.

    The order of the cases is kept, for what a server's cache holds depends on it.
    """

    def __init__(self, sglang: Server, ours: Server, pool: Executor) -> None:
        self.sglang = sglang
        self.ours = ours
        self._pool = pool
        self._found: dict[str, list[Found]] = {}

    def found(self, case: Case) -> list[Found]:
        """Where the answers to a case differ."""
        if case.name not in self._found:
            self._found[case.name] = list(differences(*self._answers(case)))
        return self._found[case.name]

    def unexplained(self, case: Case) -> list[Found]:
        """Those differences that the list does not have."""
        return [
            found
            for found in self.found(case)
            if not any(entry.explains(case.name, found) for entry in DIFFERENCES)
        ]

    def stale(self) -> list[Difference]:
        """Entries of the list that occur in no case."""
        return [
            entry
            for entry in DIFFERENCES
            if not any(entry.explains(case.name, found) for case in CASES for found in self.found(case))
        ]

    def _answers(self, case: Case) -> tuple[Json, Json]:
        ours = self._pool.submit(answer, case, self.ours)
        sglang = NOT_ASKED if case.deadly else answer(case, self.sglang)
        return sglang, ours.result()


def answer(case: Case, server: Server) -> Json:
    """What a server answers, with what no two servers have in common taken out."""
    try:
        return normalised(case.run(server), (*RULES, *SAMPLED) if case.sampled else RULES)
    except (grpc.RpcError, httpx.TransportError) as error:
        return {"no answer": type(error).__name__}

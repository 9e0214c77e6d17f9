"""Our server answers as SGLang's own does, over gRPC and HTTP, but for the differences that are listed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from tokenwire.http.path import PathTemplate
from tokenwire_gen.sglang.runtime.v1.sglang_grpc import SGLANG_SERVICE
from tokenwire_gen.sglang.runtime.v1.sglang_http import ROUTES
from tokenwire_gen.sglang.runtime.v1.sglang_openai import ADAPTERS

from .cases import CASES, Case

if TYPE_CHECKING:
    from .pairs import Pairs


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_same_answer(case: Case, pairs: Pairs) -> None:
    unexplained = pairs.unexplained(case)
    assert not unexplained, "not in differences.py:\n" + "\n".join(map(str, unexplained))


def test_every_difference_that_is_listed_occurs(pairs: Pairs) -> None:
    stale = pairs.stale()
    assert not stale, "in differences.py, but they do not occur:\n" + "\n".join(map(str, stale))


def test_names_of_cases_are_unique() -> None:
    assert [name for name, times in Counter(case.name for case in CASES).items() if times > 1] == []


def test_every_rpc_and_route_was_called(pairs: Pairs) -> None:
    """Runs last: nothing of the contract's section 1 is left out above."""
    for case in CASES:
        pairs.found(case)
    called = pairs.ours.called & pairs.sglang.called
    assert {method.name for method in SGLANG_SERVICE.methods} <= called
    paths = [PathTemplate.parse(route.path) for route in (*ROUTES, *ADAPTERS)]
    assert [path.text for path in paths if not any(path.match(name) is not None for name in called)] == []

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest

from .client import Server
from .pairs import Pairs
from .servers import our_server, sglang_server

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="package")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pairs]:
    """Both servers, started side by side, and what they answer."""
    logs = tmp_path_factory.mktemp("logs")
    with ThreadPoolExecutor(2) as pool, ExitStack() as stack:
        starts = (sglang_server(logs / "sglang.log"), our_server(logs / "ours.log"))
        running = [pool.submit(stack.enter_context, start) for start in starts]
        sglang, ours = (stack.enter_context(closing(Server(each.result()))) for each in running)
        yield Pairs(sglang, ours, pool)

"""What goes wrong in the model's thread stays with the request it belongs to."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
import torch
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_serve.engine import ServerStatus
from tokenwire_serve.engines.transformers import core, sequence
from tokenwire_serve.engines.transformers.runner import SlotRunner
from tokenwire_serve.engines.transformers.sampling import Shaper

from .support import collect, generate, settle, start

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from tokenwire_serve.engine import Engine, EngineState
    from torch import Tensor

pytestmark = pytest.mark.asyncio(loop_scope="module")

PLAIN: dict[str, Any] = {"temperature": 0, "max_new_tokens": 30, "ignore_eos": True}


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def quiet(tiny: Engine, caplog: pytest.LogCaptureFixture) -> AsyncIterator[None]:
    caplog.set_level(logging.CRITICAL)
    yield
    await settle(tiny)
    assert (await generate(tiny, **PLAIN)).finish is not None
    assert tiny.state.status is ServerStatus.UP


async def failure(*requests: Any) -> list[Code | None]:
    results = await asyncio.gather(*requests, return_exceptions=True)
    codes: list[Code | None] = []
    for result in results:
        assert isinstance(result, RpcError) or not isinstance(result, BaseException), result
        codes.append(result.code if isinstance(result, RpcError) else None)
    return codes


async def test_one_row_that_fails(tiny: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    advance = sequence.Sequence.advance

    def failing(self: sequence.Sequence, *args: Any) -> Any:
        if self.generation.request.rid == "bad" and self.made == 5:
            raise ValueError("a secret")
        return advance(self, *args)

    monkeypatch.setattr(sequence.Sequence, "advance", failing)
    codes = await failure(
        generate(tiny, **PLAIN), collect(start(tiny, rid="bad", n=3, **PLAIN)), generate(tiny, **PLAIN)
    )
    assert codes == [None, Code.INTERNAL, None]


async def test_the_text_of_a_bug_stays_in_the_log(tiny: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(self: Shaper, logits: Tensor) -> None:
        raise ValueError("a secret")

    monkeypatch.setattr(Shaper, "shape", failing)
    with pytest.raises(RpcError) as ended:
        await generate(tiny, logit_bias={1: 1.0})
    assert "secret" not in ended.value.message


async def test_logits_that_are_no_numbers(tiny: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def poison(self: Shaper, logits: Tensor) -> None:
        logits.fill_(torch.nan)

    monkeypatch.setattr(Shaper, "shape", poison)
    codes = await failure(
        generate(tiny, **PLAIN),
        generate(tiny, logit_bias={1: 1.0}),
        generate(tiny, temperature=1, max_new_tokens=9),
    )
    assert codes == [None, Code.INTERNAL, None]


async def test_a_prompt_that_fails(tiny: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    prefill = SlotRunner.prefill

    def failing(self: SlotRunner, row: int, ids: Sequence[int], start: int, **kwargs: Any) -> Tensor:
        if ids[0] == 99:
            raise RuntimeError("out of memory")
        return prefill(self, row, ids, start, **kwargs)

    monkeypatch.setattr(SlotRunner, "prefill", failing)
    codes = await failure(
        generate(tiny, **PLAIN), generate(tiny, [99, 5], **PLAIN), generate(tiny, [5, 99], **PLAIN)
    )
    assert codes == [None, Code.INTERNAL, None]


async def test_steps_that_fail_make_it_unhealthy_until_one_succeeds(
    tiny: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    decode = SlotRunner.decode
    seen: list[EngineState] = []
    leave = tiny.watch(seen.append)
    broken = True

    def failing(self: SlotRunner, ids: Sequence[int], positions: Sequence[int]) -> Tensor:
        if broken:
            raise RuntimeError("device lost")
        return decode(self, ids, positions)

    monkeypatch.setattr(SlotRunner, "decode", failing)
    for _ in range(3):
        assert await failure(generate(tiny, **PLAIN)) == [Code.INTERNAL]
    assert tiny.state.status is ServerStatus.UNHEALTHY
    with pytest.raises(RpcError) as refused:
        await generate(tiny, **PLAIN)
    assert refused.value.code is Code.UNAVAILABLE
    broken = False
    await tiny.probe()
    assert [state.status for state in seen] == [ServerStatus.UNHEALTHY, ServerStatus.UP]
    assert (await generate(tiny, **PLAIN)).token_ids
    leave()


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()])
async def test_the_thread_outlives_what_ends_threads(
    tiny: Engine, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    """As a panic of a Rust library does, and sys.exit() in code that comes with a model."""

    def failing(*args: Any) -> Any:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(sequence.Sequence, "advance", failing)
        assert await failure(generate(tiny, **PLAIN), generate(tiny, **PLAIN)) == [Code.INTERNAL] * 2
    with monkeypatch.context() as patch:
        patch.setattr(core, "one_token", failing)
        with pytest.raises(RpcError):
            await tiny.probe()


async def test_prompts_that_all_fail_make_it_unhealthy(tiny: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(self: SlotRunner, *args: Any, **kwargs: Any) -> Tensor:
        raise RuntimeError("device lost")

    with monkeypatch.context() as patch:
        patch.setattr(SlotRunner, "prefill", failing)
        for _ in range(3):
            assert await failure(generate(tiny, **PLAIN)) == [Code.INTERNAL]
    assert tiny.state.status is ServerStatus.UNHEALTHY
    await tiny.probe()


async def test_a_probe_that_fails(tiny: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(loaded: Any) -> None:
        raise RuntimeError("device lost")

    monkeypatch.setattr(core, "one_token", failing)
    with pytest.raises(RpcError) as ended:
        await tiny.probe()
    assert ended.value.code is Code.UNAVAILABLE
    assert "device lost" not in ended.value.message


async def test_an_engine_comes_back_by_itself(tiny: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(self: SlotRunner, ids: Sequence[int], positions: Sequence[int]) -> Tensor:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(core, "_REVIVE_S", 0.01)
    with monkeypatch.context() as patch:
        patch.setattr(SlotRunner, "decode", failing)
        for _ in range(3):
            await failure(generate(tiny, **PLAIN))
    back = asyncio.Event()
    leave = tiny.watch(lambda state: back.set() if state.healthy else None)
    await asyncio.wait_for(back.wait(), 10)
    leave()


async def test_a_cache_that_fails_ends_all_and_the_thread_lives(
    tiny: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(self: SlotRunner, source: int, target: int, length: int) -> None:
        raise RuntimeError("device lost")

    with monkeypatch.context() as patch:
        patch.setattr(SlotRunner, "copy", failing)
        long = {**PLAIN, "max_new_tokens": 300}
        codes = await failure(generate(tiny, **PLAIN), *(generate(tiny, **long) for _ in range(4)))
    assert codes == [None] + [Code.INTERNAL] * 4

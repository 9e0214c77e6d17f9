"""The runners on other architectures, against `model.generate`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
import transformers
from tokenwire.errors import RpcError
from tokenwire_serve.engines import EngineOptions
from tokenwire_serve.engines.transformers.loading import load
from tokenwire_serve.engines.transformers.lone_runner import LoneRunner
from tokenwire_serve.engines.transformers.runner import SlotRunner
from tokenwire_serve.engines.transformers.setup import make_runner
from transformers import AutoModelForCausalLM

from .models import SIZES, save

if TYPE_CHECKING:
    from pathlib import Path

    from tokenwire_serve.engines.transformers.loading import Loaded
    from tokenwire_serve.engines.transformers.scheduler import Runner

MAMBA = {"vocab_size": 4096, "hidden_size": 64, "num_hidden_layers": 2, "state_size": 8}
GPT2 = {"vocab_size": 4096, "n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 256, "eos_token_id": 2}
BLOOM = {"vocab_size": 4096, "hidden_size": 64, "n_layer": 2, "n_head": 4}
WINDOW = {**SIZES, "head_dim": 16, "sliding_window": 16}

KINDS: list[tuple[str, dict[str, Any], type]] = [
    ("MistralConfig", WINDOW, SlotRunner),
    ("Qwen3Config", {**SIZES, "head_dim": 16}, SlotRunner),
    ("Gemma2Config", WINDOW, SlotRunner),
    ("GPT2Config", GPT2, SlotRunner),
    ("BloomConfig", BLOOM, LoneRunner),
    ("MambaConfig", MAMBA, LoneRunner),
]
PROMPTS = [[5 + 7 * row + place for place in range(3 + 11 * row)] for row in range(5)]


def greedy(runner: Runner, count: int) -> list[list[int]]:
    """Greedy output of all prompts, prefilled in uneven chunks and decoded together."""
    tokens, positions = [], []
    for row, prompt in enumerate(PROMPTS):
        chunks = [runner.prefill(row, prompt[i : i + 10], i) for i in range(0, len(prompt), 10)]
        tokens.append(int(chunks[-1][-1].argmax()))
        positions.append(len(prompt))
    outputs = [[token] for token in tokens]
    for _ in range(count - 1):
        tokens = runner.decode(tokens, positions).argmax(-1).tolist()
        positions = [position + 1 for position in positions]
        for output, token in zip(outputs, tokens, strict=True):
            output.append(token)
    return outputs


def expected(loaded: Loaded, prompt: list[int], count: int) -> list[int]:
    ids = torch.tensor([prompt])
    out = loaded.model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=count,
        do_sample=False,
        eos_token_id=None,
        pad_token_id=0,
    )
    tokens: list[int] = out[0, len(prompt) :].tolist()
    return tokens


@pytest.mark.parametrize(("name", "sizes", "kind"), KINDS, ids=[kind[0] for kind in KINDS])
def test_greedy_is_what_generate_makes(name: str, sizes: dict[str, Any], kind: type, tmp_path: Path) -> None:
    config = getattr(transformers, name)(**sizes)
    options = EngineOptions(model_path=save(AutoModelForCausalLM, config, tmp_path), max_running_requests=8)
    loaded = load(options)
    with torch.inference_mode():
        runner, _ = make_runner(loaded, options)
        assert isinstance(runner, kind)
        outputs = greedy(runner, 20)
        assert outputs == [expected(loaded, prompt, 20) for prompt in PROMPTS]
        runner.copy(0, 3, len(PROMPTS[0]) + 19)
        again = runner.decode([9] * 4, [len(PROMPTS[0]) + 19] * 4)
        assert torch.allclose(again[0], again[3], atol=1e-5)


@pytest.fixture(scope="module")
def tiny_runner() -> SlotRunner:
    options = EngineOptions(max_running_requests=13, max_model_len=300)
    with torch.inference_mode():
        runner, length = make_runner(load(options), options)
    assert length == 300
    assert isinstance(runner, SlotRunner)
    return runner


def test_rows_have_the_same_bits_in_every_batch(tiny_runner: SlotRunner) -> None:
    """The promise behind "same seed, same text": a row's logits do not know the other rows."""
    with torch.inference_mode():
        lengths = [3 + 20 * row for row in range(13)]
        for row, length in enumerate(lengths):
            tiny_runner.prefill(row, list(range(10 + row, 10 + row + length)), 0)
        tokens = list(range(50, 63))
        whole = tiny_runner.decode(tokens, lengths)
        for count in range(1, 14):
            part = tiny_runner.decode(tokens[:count], lengths[:count])
            assert torch.equal(part, whole[:count])


def test_padding_rows_harm_no_cache(tiny_runner: SlotRunner) -> None:
    """A decode step of one row leaves the rows beside it, where a prompt may be half computed."""
    with torch.inference_mode():
        tiny_runner.prefill(0, [1, 2, 3], 0)
        tiny_runner.prefill(1, list(range(20, 60)), 0)
        tiny_runner.decode([4], [3])
        after = tiny_runner.prefill(1, [60, 61], 40)
        tiny_runner.prefill(2, list(range(20, 60)), 0)
        assert torch.equal(after, tiny_runner.prefill(2, [60, 61], 40))


def test_a_context_longer_than_the_model_is_refused() -> None:
    options = EngineOptions(max_model_len=5000)
    with pytest.raises(RpcError, match=r"--max-model-len 5000: the model reads 2048"):
        make_runner(load(options), options)


def test_a_cache_larger_than_the_memory_is_refused_or_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    from tokenwire_serve.engines.transformers import setup

    monkeypatch.setattr(setup, "_free_memory", lambda device: 32 << 20)
    loaded = load(EngineOptions())
    with torch.inference_mode():
        with pytest.raises(RpcError, match="--max-running-requests"):
            make_runner(loaded, EngineOptions(max_model_len=2048))
        _, length = make_runner(loaded, EngineOptions())
    assert 0 < length < 2048
    assert length % 64 == 0

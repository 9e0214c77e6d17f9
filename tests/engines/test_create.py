"""Finding an engine by name, and what keeps it from starting."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.missing import how_to_install
from tokenwire_serve.engines import ENGINES, TINY_MODEL, EngineOptions, create
from transformers import AutoModelForCausalLM, LlamaConfig, T5Config, T5ForConditionalGeneration

from .models import SIZES, save

if TYPE_CHECKING:
    from pathlib import Path


def run_python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(RpcError) as refused:
        create("vllm")
    assert refused.value.code is Code.INVALID_ARGUMENT
    assert "'vllm'" in refused.value.message
    assert all(name in refused.value.message for name in ENGINES)


def test_null_imports_no_torch() -> None:
    code = "from tokenwire_serve.engines import create; create('null'); import sys; print(*sys.modules)"
    assert not {"torch", "transformers", "numpy"} & set(run_python(code).split())


def test_a_missing_package_is_one_sentence() -> None:
    code = """
import sys
sys.modules["torch"] = None
from tokenwire_serve.engines import create
try:
    create("transformers")
except Exception as error:
    print(type(error).__name__, error)
"""
    out = run_python(code)
    assert out.startswith("RpcError")
    assert "'torch'" in out
    assert how_to_install("transformers") in out


async def refusal(**options: Any) -> str:
    with pytest.raises(RpcError) as refused:
        engine = create("transformers", EngineOptions(**options))
        try:
            await engine.start()
        finally:
            await engine.close()
    assert refused.value.code is Code.FAILED_PRECONDITION
    return refused.value.message


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return save(AutoModelForCausalLM, LlamaConfig(**SIZES), tmp_path / "model")


async def test_a_missing_directory(tmp_path: Path) -> None:
    assert "no such directory" in await refusal(model_path=tmp_path / "nowhere")


def test_a_directory_is_looked_at_before_pytorch_is_imported() -> None:
    code = """
import sys
from pathlib import Path
sys.modules["torch"] = None
from tokenwire_serve.engines import EngineOptions, create
try:
    create("transformers", EngineOptions(model_path=Path("/nowhere")))
except Exception as error:
    print(error)
"""
    assert "--model-path /nowhere: no such directory" in run_python(code)


async def test_a_missing_config(tmp_path: Path) -> None:
    assert "config.json is missing" in await refusal(model_path=tmp_path)


async def test_a_broken_config(model: Path) -> None:
    (model / "config.json").write_text("{")
    assert "config.json cannot be read" in await refusal(model_path=model)


async def test_an_unknown_architecture(model: Path) -> None:
    (model / "config.json").write_text(json.dumps({"model_type": "martian", "architectures": ["Martian"]}))
    assert "config.json cannot be read" in await refusal(model_path=model)


async def test_missing_weights(model: Path) -> None:
    (model / "model.safetensors").unlink()
    assert "no weights" in await refusal(model_path=model)


async def test_truncated_weights(model: Path) -> None:
    weights = model / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    assert "the weights cannot be loaded" in await refusal(model_path=model)


async def test_weights_that_lack_a_layer(model: Path, tmp_path: Path) -> None:
    larger = save(AutoModelForCausalLM, LlamaConfig(**{**SIZES, "num_hidden_layers": 3}), tmp_path / "larger")
    shutil.copy(larger / "config.json", model)
    message = await refusal(model_path=model)
    assert "lack" in message
    assert "layers.2" in message


async def test_a_missing_tokenizer(model: Path) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (model / name).unlink()
    assert "no tokenizer" in await refusal(model_path=model)


async def test_an_encoder_decoder(tmp_path: Path) -> None:
    config = T5Config(vocab_size=4096, d_model=32, d_ff=32, num_layers=1, num_heads=2)
    T5ForConditionalGeneration(config).save_pretrained(tmp_path)
    assert "serves causal language models" in await refusal(model_path=tmp_path)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"device": "toaster"}, "--device toaster"),
        ({"device": "cuda:7"}, "--device cuda:7"),
        ({"dtype": "int3"}, "--dtype int3"),
        ({"max_model_len": 4096}, "--max-model-len 4096"),
    ],
)
async def test_bad_settings_name_their_flag(options: dict[str, Any], words: str) -> None:
    assert words in await refusal(**options)


async def test_names_and_limits(model: Path) -> None:
    options = EngineOptions(model_path=model, max_model_len=100, max_running_requests=2, dtype="bfloat16")
    for name, expected in (("", "model"), ("mine", "mine")):
        engine = create("transformers", replace(options, served_model_name=name))
        await engine.start()
        assert engine.model.served_model_name == expected
        assert engine.model.max_model_len == 100
        assert engine.server_info()["dtype"] == "bfloat16"
        await engine.close()


async def test_the_embedded_model_is_the_default() -> None:
    engine = create("transformers", EngineOptions(max_running_requests=2))
    await engine.start()
    assert engine.model.served_model_name == "tokenwire-tiny"
    assert engine.model.model_path == str(TINY_MODEL)
    assert engine.model.chat == ""
    assert "path" not in " ".join(engine.server_info())
    await engine.close()

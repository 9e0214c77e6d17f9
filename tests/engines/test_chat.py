"""Chat templates that fail, and what they may be told."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
from tokenwire.errors import RpcError
from tokenwire_serve.engines import TINY_MODEL
from tokenwire_serve.engines.transformers.chat import render
from tokenwire_serve.engines.transformers.tokenizer import Tokenizer

if TYPE_CHECKING:
    from pathlib import Path

MESSAGES = [{"role": "user", "content": "hi"}]


@pytest.mark.parametrize(
    "template",
    [
        "{{ 1 / 0 }}",
        "{{ messages[0].nothing.more }}",
        "{{ raise_exception('no') }}",
        "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
        "{% if %}",
        "{{ ''.__class__.__mro__ }}",
        "{{ cycler.__init__.__globals__.os.getpid() }}",
        "{{ messages.append(1) }}",
    ],
)
def test_a_template_that_fails_is_a_refusal(template: str, tmp_path: Path) -> None:
    """It runs in a sandbox, so one from a model that is not trusted reaches nothing."""
    model = shutil.copytree(TINY_MODEL, tmp_path / "model")
    (model / "chat_template.jinja").write_text(template)
    with pytest.raises(RpcError, match="template refuses them"):
        render(Tokenizer.load(model), MESSAGES, None, {})


@pytest.mark.parametrize("name", ["chat_template", "tokenize", "sanitize_control_tokens", "self"])
def test_arguments_of_the_renderer_are_no_variables(name: str) -> None:
    options: dict[str, Any] = {name: True}
    with pytest.raises(RpcError, match=f"chat_template_kwargs.{name}"):
        render(Tokenizer.load(TINY_MODEL), MESSAGES, None, options)


def test_variables_of_the_template_are_passed_on() -> None:
    tokenizer = Tokenizer.load(TINY_MODEL)
    plain = render(tokenizer, MESSAGES, None, {"anything": 1})
    assert plain == render(tokenizer, MESSAGES, None, {})
    cut = render(tokenizer, MESSAGES, None, {"add_generation_prompt": False})
    assert cut == plain[: len(cut)]
    assert len(cut) < len(plain)

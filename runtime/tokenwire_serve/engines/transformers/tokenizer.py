"""The model's tokenizer, in the few calls that the engine needs, safe to use from any thread."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from tokenwire.codes import Code
from tokenwire.errors import RpcError
from transformers import AutoTokenizer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["Tokenizer"]


class Tokenizer:
    """A Hugging Face tokenizer.

    A fast one is asked through its Rust core: the Python wrapper sets truncation and padding on
    each call, which fails when two threads do so at once. A slow one is asked one call at a time.
    """

    def __init__(self, tokenizer: Any, path: Path) -> None:
        self.hf = tokenizer
        self.path = path
        self._core = tokenizer.backend_tokenizer if tokenizer.is_fast else None
        self._lock = threading.Lock()
        self._texts: dict[int, str] = {}
        if self._core is not None:
            self._core.no_truncation()
            self._core.no_padding()

    @classmethod
    def load(cls, path: Path, *, trust_remote_code: bool = False) -> Tokenizer:
        """Read the tokenizer of a directory.

        Raises:
            RpcError: FAILED_PRECONDITION, there is none, or it cannot be read.
        """
        try:
            return cls(
                AutoTokenizer.from_pretrained(
                    path, local_files_only=True, trust_remote_code=trust_remote_code
                ),
                path,
            )
        except Exception as error:
            raise RpcError(
                Code.FAILED_PRECONDITION,
                f"--tokenizer-path {path}: no tokenizer could be read there "
                f"({type(error).__name__}); tokenizer.json and tokenizer_config.json must be in it",
            ) from error

    @property
    def bos_id(self) -> int | None:
        """The token that begins a text, if there is one."""
        token: int | None = self.hf.bos_token_id
        return token

    @property
    def eos_id(self) -> int | None:
        """The token that ends a text, if there is one."""
        token: int | None = self.hf.eos_token_id
        return token

    def encode(self, text: str, *, special: bool = True) -> list[int]:
        """Token ids of a text; with `special`, with those the model wants around it."""
        if self._core is not None:
            ids: list[int] = _encoded(self._core, text, special=special).ids
            return ids
        with self._lock:
            return list(self.hf.encode(text, add_special_tokens=special))

    def encode_pair(self, first: str, second: str) -> tuple[list[int], list[int]]:
        """Token ids and type ids of two texts in one input."""
        if self._core is not None:
            both = _encoded(self._core, (first, second), special=True)
            return both.ids, both.type_ids
        with self._lock:
            encoded = self.hf(first, second, return_token_type_ids=True)
        return list(encoded["input_ids"]), list(encoded["token_type_ids"])

    def decode(self, ids: Sequence[int], *, skip_special: bool = False) -> str:
        """The text of token ids; ids outside the vocabulary are left out."""
        if self._core is not None:
            text: str = self._core.decode(ids, skip_special_tokens=skip_special)
            return text
        with self._lock:
            return str(
                self.hf.decode(
                    list(ids), skip_special_tokens=skip_special, clean_up_tokenization_spaces=False
                )
            )

    def text(self, token: int) -> str:
        """The text of one token by itself; remembered, for there are requests that ask for many."""
        text = self._texts.get(token)
        if text is None:
            text = self._texts[token] = self.decode([token])
        return text

    def render(
        self,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]] | None,
        options: Mapping[str, Any],
    ) -> str:
        """The chat template's text for a conversation; raises what the template raises."""
        return str(
            self.hf.apply_chat_template(
                list(messages),
                tools=None if tools is None else list(tools),
                tokenize=False,
                **options,
            )
        )


def _encoded(core: Any, text: str | tuple[str, str], *, special: bool) -> Any:
    """Ask a Rust core; of its calls only those for a batch let other threads run meanwhile."""
    return core.encode_batch_fast([text], add_special_tokens=special)[0]

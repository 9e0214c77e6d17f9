"""The typed calls without a stream: embeddings, class scores and the tokenizer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

from tokenwire.heavy import LARGE, in_thread
from tokenwire_gen.sglang.runtime.v1.sglang_pb import (
    ClassifyResponse,
    DetokenizeResponse,
    EmbedResponse,
    TextEmbedResponse,
    TokenizeResponse,
)

from .meta_info import embedding_facts
from .ranges import MOST_IDS, Problems, check_count, check_token_ids
from .renaming import renaming
from .validation import read_embed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenwire.context import Context
    from tokenwire_gen.sglang.runtime.v1 import sglang_pb as pb

    from tokenwire_serve.engine import Embedding, EmbedRequest

    from .core import Core

__all__ = ["Embeddings", "Tokenizer"]


class Embeddings:
    """Answers TextEmbed, Embed and Classify."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def from_text(self, request: pb.TextEmbedRequest, context: Context) -> TextEmbedResponse:
        """TextEmbed."""
        read = self._read(request, context, text=request.text)
        values, facts = await self._embed(read, context)
        return TextEmbedResponse(embedding=values, meta_info=facts)

    async def from_ids(self, request: pb.EmbedRequest, context: Context) -> EmbedResponse:
        """Embed."""
        read = self._read(request, context, input_ids=request.input_ids)
        values, facts = await self._embed(read, context)
        return EmbedResponse(embedding=values, meta_info=facts)

    async def classify(self, request: pb.ClassifyRequest, context: Context) -> ClassifyResponse:
        """Classify: raw scores, one per class."""
        read = self._read(request, context, text=request.text, input_ids=request.input_ids)
        started = time.monotonic()
        with renaming(_names(read)):
            result = await self._core.active.run(read.rid, self._core.engine.classify(read))
        _note(context, read, result)
        return ClassifyResponse(embedding=result.values, meta_info=self._facts(read, result, started))

    def _read(
        self,
        request: pb.TextEmbedRequest | pb.EmbedRequest | pb.ClassifyRequest,
        context: Context,
        *,
        text: str | None = None,
        input_ids: Sequence[int] | None = None,
    ) -> EmbedRequest:
        self._core.admit(context)
        read = read_embed(
            request, text=text, input_ids=input_ids, context=context, model=self._core.engine.model
        )
        if context.record is not None and not context.record.rid:
            context.record.rid = read.rid
        return read

    async def _embed(self, request: EmbedRequest, context: Context) -> tuple[list[float], dict[str, str]]:
        started = time.monotonic()
        with renaming(_names(request)):
            result = await self._core.active.run(request.rid, self._core.engine.embed(request))
        _note(context, request, result)
        return result.values, self._facts(request, result, started)

    def _facts(self, request: EmbedRequest, result: Embedding, started: float) -> dict[str, str]:
        return embedding_facts(request.rid, result, self._core.engine.model.weight_version, started)


def _names(request: EmbedRequest) -> dict[str, str]:
    """What the caller calls the fields that the engine may complain of."""
    return {"prompt": "text" if isinstance(request.prompt, str) else "input_ids"}


def _note(context: Context, request: EmbedRequest, result: Embedding) -> None:
    if context.record is not None:
        context.record.first(request.admitted)
        context.record.finished(result.prompt_tokens, result.cached_tokens, 0)


class Tokenizer:
    """Answers Tokenize and Detokenize."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def tokenize(self, request: pb.TokenizeRequest, context: Context) -> TokenizeResponse:
        """Tokenize; special tokens are added unless that is declined."""
        self._core.require_up()
        special = request.add_special_tokens is not False
        tokens = await self._core.engine.tokenize(request.text, add_special_tokens=special)
        response = TokenizeResponse(
            tokens=tokens,
            count=len(tokens),
            max_model_len=self._core.engine.model.max_model_len,
            input_text=request.text,
        )
        if len(tokens) <= LARGE or context.transport != "grpc":
            return response
        return cast("TokenizeResponse", await in_thread(len(tokens), bytes, response))

    async def detokenize(self, request: pb.DetokenizeRequest) -> DetokenizeResponse:
        """Detokenize; special tokens are left out."""
        return DetokenizeResponse(text=await self.text_of(request.tokens, "tokens"))

    async def text_of(self, tokens: Sequence[int], name: str, *, skip_special_tokens: bool = True) -> str:
        """The text of token ids, each of which is in the vocabulary; `name` is what the caller calls them."""
        self._core.require_up()
        problems = Problems()
        model = self._core.engine.model
        if check_count(tokens, name, problems, max(MOST_IDS, model.max_model_len)):
            check_token_ids(tokens, name, problems, model.vocab_size)
        problems.settle()
        return await self._core.engine.detokenize(tokens, skip_special_tokens=skip_special_tokens)

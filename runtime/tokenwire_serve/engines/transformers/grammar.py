"""Constraints on the output, through llguidance: grammars compiled once, masks per token."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import torch
from llguidance import LLMatcher, LLParserLimits, grammar_from
from llguidance.hf import from_tokenizer
from tokenwire.codes import Code
from tokenwire.details import bad_request
from tokenwire.errors import RpcError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from tokenwire_serve.engine import Constraint

    from .tokenizer import Tokenizer

__all__ = ["Grammars", "Matcher"]

_KEPT: Final = 16
_THREADS: Final = 2
"""A grammar that takes long to compile holds up other constraints, and nothing else."""
_STACK_BYTES: Final = 256 << 20
"""Address space of a thread that compiles: llguidance follows references between schemas by recursion,
up to 7 KB each, and a stack that overflows ends the process."""
_MOST_CHARACTERS: Final = {"regex": 8 << 10, "ebnf": 16 << 10}
_MOST_OTHERWISE: Final = 64 << 10
"""Characters of a constraint; time and memory grow with the square: the worst of these take seconds."""
_LIMITS: Final = LLParserLimits(max_lexer_states=50_000)
"""A lexer state takes up to 2 KB, and those of each grammar that is kept stay."""
_REASON_LENGTH: Final = 300


class Matcher:
    """Where one sequence stands in its grammar."""

    def __init__(self, core: Any, size: int) -> None:
        self._core = core
        self._bits = torch.zeros(-(-size // 32), dtype=torch.int32)

    @property
    def ended(self) -> bool:
        """Whether nothing but the end may follow."""
        return bool(self._core.is_stopped())

    def allowed(self) -> Tensor:
        """Whether each token may follow; on the CPU, at least as long as the vocabulary.

        Raises:
            RpcError: INVALID_ARGUMENT, the grammar turned out to be too complex.
        """
        bits = self._bits
        self._core.unsafe_compute_mask_ptr(bits.data_ptr(), bits.numel() * 4)
        self._check()
        places = torch.arange(8, dtype=torch.uint8)
        return ((bits.view(torch.uint8)[:, None] >> places) & 1).bool().view(-1)

    def accept(self, token: int) -> None:
        """Take note of a drawn token."""
        self._core.consume_token(token)
        self._check()

    def copy(self) -> Matcher:
        """Another sequence at the same place."""
        return Matcher(self._core.deep_copy(), self._bits.numel() * 32)

    def _check(self) -> None:
        if self._core.is_error():
            raise RpcError(
                Code.INVALID_ARGUMENT,
                f"the constraint cannot be followed: {_reason(self._core.get_error())}",
            )


class Grammars:
    """Compiles constraints and keeps the latest; event loop only.

    The first compilation takes up to a second longer: llguidance reads the vocabulary.
    """

    def __init__(self, tokenizer: Tokenizer, size: int, end_ids: Sequence[int]) -> None:
        self._tokenizer = tokenizer
        self._size = size
        self._end_ids = list(end_ids)
        self._lock = threading.Lock()
        self._vocabulary: Any = None
        self._matchers: OrderedDict[Constraint, Matcher] = OrderedDict()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="tokenwire-grammar")

    async def compile(self, constraint: Constraint) -> Matcher:
        """A matcher at the start of the constraint's grammar, compiled in a thread of its own.

        Raises:
            RpcError: INVALID_ARGUMENT, the message names the kind and what is wrong with it;
                UNIMPLEMENTED, this kind or this tokenizer is not supported.
        """
        matcher = self._matchers.get(constraint)
        if matcher is None:
            _check_size(constraint)
            matcher = await self._compiling(constraint)
            self._matchers[constraint] = matcher
            if len(self._matchers) > _KEPT:
                self._matchers.popitem(last=False)
        else:
            self._matchers.move_to_end(constraint)
        return matcher.copy()

    def _compiling(self, constraint: Constraint) -> asyncio.Future[Matcher]:
        """Compile in a thread with a deep stack; the executor starts its threads when they are needed."""
        before = threading.stack_size(_STACK_BYTES)
        try:
            loop = asyncio.get_running_loop()
            return loop.run_in_executor(self._threads, self._compile, constraint)
        finally:
            threading.stack_size(before)

    def _compile(self, constraint: Constraint) -> Matcher:
        if constraint.kind == "structural_tag":
            raise RpcError(Code.UNIMPLEMENTED, "engine transformers does not support structural_tag")
        with self._lock:
            if self._vocabulary is None:
                self._vocabulary = self._read_vocabulary()
        try:
            core = LLMatcher(self._vocabulary, _grammar(constraint), log_level=0, limits=_LIMITS)
        except (ValueError, TypeError, RecursionError) as error:
            raise _invalid(constraint, str(error)) from error
        core.compute_bitmask()  # the first mask takes longest: here it keeps no other request waiting
        if core.is_error():
            raise _invalid(constraint, core.get_error())
        return Matcher(core, self._size)

    def _read_vocabulary(self) -> Any:
        if not self._tokenizer.hf.is_fast:
            raise RpcError(
                Code.UNIMPLEMENTED,
                "engine transformers supports constraints on models with a tokenizer.json only",
            )
        return from_tokenizer(self._tokenizer.hf, n_vocab=self._size, eos_token=self._end_ids or None)


def _grammar(constraint: Constraint) -> str:
    value = constraint.value
    if constraint.kind == "choice":
        return str(grammar_from("choice", json.dumps(list(value), ensure_ascii=False)))
    if constraint.kind in {"json_schema", "json_object"}:
        schema = value if constraint.kind == "json_schema" else '{"type": "object"}'
        return LLMatcher.grammar_from_json_schema(str(schema), defaults={"whitespace_flexible": False})
    kind: Any = constraint.kind
    return str(grammar_from(kind, str(value)))


def _check_size(constraint: Constraint) -> None:
    """Refuse a constraint that would take too long to compile."""
    value, most = constraint.value, _MOST_CHARACTERS.get(constraint.kind, _MOST_OTHERWISE)
    size = len(value) if isinstance(value, str) else sum(map(len, value)) + len(value)
    if size > most:
        raise _invalid(constraint, f"has {size} characters; at most {most} are taken")


def _invalid(constraint: Constraint, reason: str) -> RpcError:
    return bad_request(constraint.kind, f"{constraint.kind}: {_reason(reason)}")


def _reason(text: str) -> str:
    """What llguidance says, on one line of bounded length."""
    return " ".join(text.split())[:_REASON_LENGTH] or "not valid"

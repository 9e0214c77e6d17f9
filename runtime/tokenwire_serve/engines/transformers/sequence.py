"""One choice of one request, from its prompt to its end; model thread only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from tokenwire_serve.engine import Delta, Finish, TokenLogprob
from tokenwire_serve.engines.stop_strings import StopMatcher, StopStrings

from .logprobs import LogprobReader
from .sampling import Chooser, Shaper
from .text import Detokenizer

if TYPE_CHECKING:
    from tokenwire.streams import Sink
    from torch import Tensor

    from tokenwire_serve.engine import GenerateRequest

    from .grammar import Matcher
    from .loading import Loaded

__all__ = ["Generation", "Sequence"]


@dataclass(eq=False, slots=True)
class Generation:
    """A request, as both threads know it.

    Attributes:
        sink: Where its deltas go; event loop only.
        prompt: Its prompt's tokens.
        limit: Most tokens to make per choice.
        stops: Its stop strings.
        order: Its place in the queue: higher priority first, then by arrival.
        matcher: Where its constraint starts.
        open: Choices that have not ended; model thread only.
    """

    request: GenerateRequest
    sink: Sink[Delta]
    prompt: list[int]
    limit: int
    stops: StopStrings
    order: tuple[int, int]
    matcher: Matcher | None = None
    open: int = 0


class Sequence:
    """One choice.

    Attributes:
        tokens: Prompt and output.
        computed: How many of them are in the cache.
        done: It has ended, whatever way.
    """

    def __init__(self, generation: Generation, index: int, loaded: Loaded) -> None:
        request = generation.request
        sampling = request.sampling
        self.generation = generation
        self.index = index
        self.tokens = list(generation.prompt)
        self.computed = 0
        self.done = False
        self.chooser = Chooser(sampling, index)
        self._eos_ids = frozenset(loaded.eos_ids)
        self._stop_ids = frozenset(sampling.stop_token_ids)
        matcher = None if generation.matcher is None else generation.matcher.copy()
        ends = self._eos_ids | self._stop_ids
        self.shaper = Shaper(sampling, generation.prompt, sorted(ends), loaded.device, matcher)
        self._text = Detokenizer(loaded.tokenizer, generation.prompt)
        self._stops = StopMatcher(generation.stops)
        self.reader = LogprobReader(loaded.tokenizer, request.top_logprobs, text=request.text_in_logprobs)
        self._unsent = Delta(index, [], "", len(generation.prompt), 0)
        self._prompt_logprobs: list[TokenLogprob] | None = None

    @property
    def made(self) -> int:
        """Tokens made so far."""
        return len(self.tokens) - len(self.generation.prompt)

    @property
    def wants_logprobs(self) -> bool:
        """Whether log-probabilities of its output are wanted."""
        return self.generation.request.logprobs

    @property
    def wants_prompt_logprobs(self) -> bool:
        """Whether those of its prompt are, and are not all there yet."""
        start = self.generation.request.logprob_start
        return self.wants_logprobs and start >= 0 and self.made == 0

    def read_prompt(self, logits: Tensor) -> None:
        """Take the log-probabilities that logits after the tokens at `computed`, ... tell."""
        start = self.generation.request.logprob_start
        prompt = self.generation.prompt
        if self.computed == 0:
            first_token = TokenLogprob(None, prompt[0], self.reader.text(prompt[0]))
            self._prompt_logprobs = [first_token] if start == 0 else []
        assert self._prompt_logprobs is not None
        first = max(self.computed + 1, start)
        last = min(self.computed + len(logits) + 1, len(prompt))
        if first < last:
            rows = logits[first - self.computed - 1 : last - self.computed - 1]
            self._prompt_logprobs += self.reader.read(torch.log_softmax(rows, -1), prompt[first:last])

    def share_prompt(self, other: Sequence) -> None:
        """Take over what is known of the prompt from another choice, whose cache was copied."""
        self.computed = other.computed
        self._prompt_logprobs = other._prompt_logprobs

    def advance(self, token: int, logprob: TokenLogprob | None) -> Delta | None:
        """Take the next token; what is to be sent now, if anything."""
        self.shaper.accept(token)
        self.tokens.append(token)
        unsent = self._unsent
        unsent.token_ids.append(token)
        if logprob is not None:
            unsent.output_logprobs = unsent.output_logprobs or []
            unsent.output_logprobs.append(logprob)
        if self._ends(token):
            return self.finish(Finish("stop", matched=token))
        piece, matched = self._feed(self._text.add(token))
        unsent.text += piece
        matcher = self.shaper.matcher
        if matched is not None:
            return self.finish(Finish("stop", matched=matched))
        if self.made >= self.generation.limit:
            return self.finish(Finish("length", length=self.made))
        if matcher is not None and matcher.ended and not self._eos_ids:
            return self.finish(Finish("stop"))
        return self._take(None) if self.generation.request.stream else None

    def _ends(self, token: int) -> bool:
        sampling = self.generation.request.sampling
        if token in self._stop_ids:
            return True
        return token in self._eos_ids and (not sampling.ignore_eos or self.shaper.matcher is not None)

    def _feed(self, text: str) -> tuple[str, str | None]:
        """Look for stop strings, once there are enough tokens for one to count."""
        if self.made < self.generation.request.sampling.min_new_tokens:
            return text, None
        return self._stops.feed(text)

    def finish(self, finish: Finish) -> Delta:
        """End it: the last delta, with the text that was held back."""
        self.done = True
        if finish.kind != "abort" and not isinstance(finish.matched, str):
            piece, matched = self._feed(self._text.flush())
            self._unsent.text += piece
            if matched is not None:
                finish = Finish("stop", matched=matched)
        if not isinstance(finish.matched, str):
            self._unsent.text += self._stops.flush()
        return self._take(finish)

    def _take(self, finish: Finish | None) -> Delta:
        delta = self._unsent
        delta.completion_tokens = self.made
        delta.finish = finish
        delta.input_logprobs, self._prompt_logprobs = self._prompt_logprobs, None
        self._unsent = Delta(self.index, [], "", delta.prompt_tokens, 0)
        return delta

    def retract(self) -> None:
        """Give up its place in the cache; it goes on from its tokens later."""
        self.computed = 0

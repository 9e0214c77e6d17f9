"""What is refused before SGLang sees it: a full queue, and what needs a flag that was not given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tokenwire.codes import Code
from tokenwire.details import bad_request
from tokenwire.errors import RpcError

from tokenwire_serve.engines.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokenwire_serve.engine import GenerateRequest, ModelInfo, RequestOptions

__all__ = ["Admission", "cannot_generate"]

_GREEDY: Final = 1e-6
_NO_GRAMMAR: Final = frozenset({None, "none"})
_NO_DISAGGREGATION: Final = frozenset({None, "", "null"})


class Admission:
    """The rules of one running SGLang.

    Args:
        config: Tells the value in effect of an SGLang setting, by its name.
        running: Sequences that may run.
        waiting: Sequences that may wait.
    """

    def __init__(self, config: Callable[[str], Any], running: int, waiting: int) -> None:
        self._config = config
        self._running = running
        self._waiting = waiting
        self._active = 0
        self._pace = Pace()

    @property
    def _queued(self) -> int:
        return max(0, self._active - self._running)

    def expected_wait(self) -> float | None:
        """Seconds until a sequence that comes now would begin, as measured; None is unknown."""
        return self._pace.wait(self._active + 1 - self._running)

    def enter(self, count: int, *, running_now: int | None = None) -> Callable[[], None]:
        """Count sequences as active.

        Args:
            count: How many.
            running_now: While paused, how many run and stay where they are: none will join them.

        Returns:
            What counts them off again; further calls of it do nothing.

        Raises:
            RpcError: RESOURCE_EXHAUSTED, they would be too many.
        """
        most = self._waiting + (self._running if running_now is None else running_now)
        if count > self._waiting + self._running:
            raise RpcError(
                Code.RESOURCE_EXHAUSTED,
                f"the request is of {count} sequences; at most {most} may run and wait "
                "(--max-running-requests, --max-waiting-requests): ask for fewer",
            )
        if self._active + count > most:
            sentence = f"the queue is full: {self._active} sequences run or wait, {most} may"
            raise self._pace.full(sentence, self._queued)
        self._active += count
        left = False

        def leave() -> None:
            nonlocal left
            if not left:
                left = True
                self._active -= count
                self._pace.left(count, self._queued)

        return leave

    def check_generate(self, request: GenerateRequest, model: ModelInfo) -> None:
        """Refuse what the model or the settings cannot do.

        Raises:
            RpcError: INVALID_ARGUMENT; the message names the flag.
        """
        if model.kind != "generate":
            raise cannot_generate()
        sampling = request.sampling
        if sampling.constraint is not None and self._config("grammar_backend") in _NO_GRAMMAR:
            raise _needs(sampling.constraint.kind, "--grammar-backend xgrammar")
        seeded = sampling.seed is not None and sampling.temperature >= _GREEDY
        if seeded and not self._config("enable_deterministic_inference"):
            raise _needs(
                "sampling_params.seed", "--enable-deterministic-inference", "without it SGLang ignores seeds"
            )
        self.check_options(request.options)

    def check_options(self, options: RequestOptions) -> None:
        """Refuse options that need a flag.

        Raises:
            RpcError: INVALID_ARGUMENT; the message names the flag.
        """
        if options.lora_path is not None and not self._config("enable_lora"):
            raise _needs("lora_path", "--enable-lora --lora-paths NAME=PATH")
        if options.max_thinking_tokens is not None and not self._config("enable_strict_thinking"):
            raise _needs("max_thinking_tokens", "--enable-strict-thinking")
        if options.require_reasoning and not self._config("reasoning_parser"):
            raise _needs("require_reasoning", "--reasoning-parser")
        if options.priority is not None and not self._config("enable_priority_scheduling"):
            raise _needs("priority", "--enable-priority-scheduling")
        if options.bootstrap_host is not None and self._config("disaggregation_mode") in _NO_DISAGGREGATION:
            raise _needs("disaggregated_params", "--disaggregation-mode prefill or decode")
        ranks = self._config("dp_size") or 1
        if options.routed_dp_rank is not None and options.routed_dp_rank >= ranks:
            raise bad_request(
                "routed_dp_rank",
                f"must be below {ranks}, the number of ranks, not {options.routed_dp_rank}: "
                "the SGLang flag --dp makes more",
            )


def cannot_generate() -> RpcError:
    """INVALID_ARGUMENT for a call that generates, where the model does not."""
    sentence = "this model does not generate: serve one that does, without the SGLang flag --is-embedding"
    return RpcError(Code.INVALID_ARGUMENT, sentence)


def _needs(field: str, flag: str, why: str = "") -> RpcError:
    reason = f"; {why}" if why else ""
    return bad_request(field, f"needs a server that was started with the SGLang flag {flag}{reason}")

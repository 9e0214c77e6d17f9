"""The requests that are active, as the event loop sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tokenwire.codes import Code
from tokenwire.errors import RpcError

from tokenwire_serve.engines.pace import Pace

if TYPE_CHECKING:
    import asyncio

    from tokenwire.streams import Sink

    from tokenwire_serve.engine import Delta, GenerateRequest

    from .sequence import Generation

__all__ = ["Calls", "GenerateCall", "TaskCall"]


@dataclass(eq=False, slots=True)
class GenerateCall:
    """A request for text.

    Attributes:
        preparing: What tokenizes it and compiles its grammar, until it is with the scheduler.
        generation: What the scheduler knows it as, from then on.
    """

    request: GenerateRequest
    sink: Sink[Delta]
    preparing: asyncio.Task[None] | None = None
    generation: Generation | None = None

    @property
    def weight(self) -> int:
        """Rows it needs in all."""
        return self.request.sampling.n


@dataclass(eq=False, slots=True)
class TaskCall:
    """A request that is answered once: an embedding, classes, scores."""

    futures: list[asyncio.Future[Any]]
    weight: int = 1

    def fail(self, error: RpcError) -> None:
        """End it with an error."""
        for future in self.futures:
            if not future.done():
                future.set_exception(error)


class Calls:
    """The active requests by rid, and how many rows they need in all.

    Args:
        rows: How many there are.
    """

    def __init__(self, rows: int) -> None:
        self.by_rid: dict[str, GenerateCall | TaskCall] = {}
        self.weight = 0
        self.pace = Pace()
        self._rows = rows

    @property
    def waiting(self) -> int:
        """How many rows are wanted that are not there."""
        return max(0, self.weight - self._rows)

    def expected_wait(self) -> float | None:
        """Seconds until a sequence that comes now would begin, as measured; None is unknown."""
        return self.pace.wait(self.weight + 1 - self._rows)

    def add(self, rid: str, call: GenerateCall | TaskCall, room: int) -> None:
        """Take in a request.

        Raises:
            RpcError: ALREADY_EXISTS, the rid is in use; RESOURCE_EXHAUSTED, it needs more rows
                than there is `room` for, waiting included.
        """
        if rid in self.by_rid:
            raise RpcError(Code.ALREADY_EXISTS, f"rid {rid!r} is in use by an active request")
        if call.weight > room:
            raise RpcError(
                Code.RESOURCE_EXHAUSTED,
                f"the request is of {call.weight} sequences; at most {room} may run and wait "
                "(--max-running-requests, --max-waiting-requests): ask for fewer",
            )
        if self.weight + call.weight > room:
            sentence = f"the queue is full: {self.weight} sequences run or wait, {room} may"
            raise self.pace.full(sentence, self.waiting)
        self.by_rid[rid] = call
        self.weight += call.weight

    def remove(self, rid: str) -> None:
        """Forget a request that has ended."""
        call = self.by_rid.pop(rid, None)
        if call is not None:
            self.weight -= call.weight
            self.pace.left(call.weight, self.waiting)

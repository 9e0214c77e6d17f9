"""The active requests by id, so that an abort finds them whichever way they came in."""

from __future__ import annotations

import asyncio
import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from tokenwire.codes import Code
from tokenwire.errors import RpcError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = ["ActiveRequests", "aborted"]

T = TypeVar("T")
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,9}")


@dataclass(frozen=True, slots=True)
class _Active:
    abort: Callable[[], bool]
    choices: int
    fail: Callable[[RpcError], object] | None


class ActiveRequests:
    """Who is being served: one table for gRPC, HTTP and OpenAI calls.

    Ids are compared exactly. A request with several choices answers to the ids of its choices too,
    `<rid>_<choice>`, because these are what its answers carry. A bridged engine enters its requests from
    its own thread.
    """

    def __init__(self) -> None:
        self._requests: dict[str, _Active] = {}
        self._entering = threading.Lock()

    def __len__(self) -> int:
        return len(self._requests)

    def __contains__(self, rid: str) -> bool:
        return self._find(rid) is not None

    def claim(
        self,
        rid: str,
        abort: Callable[[], bool],
        choices: int = 1,
        fail: Callable[[RpcError], object] | None = None,
    ) -> None:
        """Enter a request; `abort` ends it and says whether it was still running.

        `fail` ends it with an error, whatever the engine does.

        Raises:
            RpcError: ALREADY_EXISTS, an active request goes by that id.
        """
        with self._entering:
            if rid in self:
                raise RpcError(Code.ALREADY_EXISTS, f"rid {rid!r} is in use by an active request")
            self._requests[rid] = _Active(abort, choices, fail)

    def release(self, rid: str) -> None:
        """Forget a request that has ended."""
        self._requests.pop(rid, None)

    def abort(self, rid: str) -> bool:
        """Abort one request; False when no active request goes by that id."""
        found = self._find(rid)
        return found is not None and found.abort()

    def abort_all(self) -> bool:
        """Abort every request; whether there was one."""
        found = [request.abort() for request in list(self._requests.values())]
        return any(found)

    def fail_all(self, error: RpcError) -> None:
        """End with an error every request that can be ended without the engine, which is not told."""
        for request in list(self._requests.values()):
            if request.fail is not None:
                request.fail(
                    RpcError(error.code, error.message, error.details)
                )  # Each has its own traceback.

    async def run(self, rid: str, call: Coroutine[object, object, T]) -> T:
        """Await a call that goes by `rid`, and cancel it when that is aborted.

        Raises:
            RpcError: ALREADY_EXISTS as in `claim`; CANCELLED, it was aborted; what it was failed with.
        """
        ended: RpcError | None = None

        def fail(error: RpcError) -> bool:
            nonlocal ended
            ended = ended or error
            return task.cancel()

        try:
            self.claim(rid, lambda: fail(aborted(rid)), fail=fail)
        except RpcError:
            call.close()
            raise
        task = asyncio.ensure_future(call)
        try:
            return await task
        except asyncio.CancelledError:
            caller = asyncio.current_task()
            if ended is not None and caller is not None and not caller.cancelling():
                raise ended from None
            raise
        finally:
            self.release(rid)

    def _find(self, rid: str) -> _Active | None:
        found = self._requests.get(rid)
        if found is not None:
            return found
        whole, _, choice = rid.rpartition("_")
        found = self._requests.get(whole)
        if found is None or found.choices == 1 or not _NUMBER.fullmatch(choice):
            return None
        return found if int(choice) < found.choices else None


def aborted(rid: str) -> RpcError:
    """What the call of an aborted request ends with."""
    return RpcError(Code.CANCELLED, f"request {rid!r} was aborted")

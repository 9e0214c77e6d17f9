"""A server in a process of its own whose engine dies on request; run as a module.

It goes by the name of engine sglang, and reads what follows `--`: one word per start, the last for
all that follow.

- ok: starts, in two steps; then the prompt "die" kills it
- short: starts, and dies at once
- fail: does not start
- hang: never starts
"""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire_serve.app import main
from tokenwire_serve.engine import ServerStatus
from tokenwire_serve.engines import ENGINES
from tokenwire_serve.engines.null import NullEngine

if TYPE_CHECKING:
    from tokenwire.streams import Sink
    from tokenwire_serve.engine import Delta, GenerateRequest
    from tokenwire_serve.engines import EngineOptions


class MortalEngine(NullEngine):
    """See the module. It takes SIGTERM at its start, as SGLang does."""

    name = "mortal"

    def __init__(self, options: EngineOptions) -> None:
        super().__init__(options)
        self._starts = list(options.engine_args) or ["ok"]

    async def start(self) -> None:
        way = self._starts.pop(0) if len(self._starts) > 1 else self._starts[0]
        self._board.set(ServerStatus.STARTING, reason="loading weights")
        await asyncio.sleep(0.2)
        self._board.set(ServerStatus.STARTING, reason="capturing CUDA graphs")
        if way == "hang":
            await asyncio.sleep(1000)
        if way == "fail":
            raise RpcError(Code.FAILED_PRECONDITION, "out of memory")
        await super().start()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, print, "SIGTERM went to the engine")
        if way == "short":
            loop.call_soon(self.die, "a scheduler\nended")

    def generate(self, request: GenerateRequest, sink: Sink[Delta]) -> None:
        if request.prompt == "die":
            self.die("a scheduler was killed")
        super().generate(request, sink)

    def die(self, reason: str) -> None:
        """End as a real one does: first what runs, then itself."""
        for active in list(self._running.values()):
            self._drop(active)
            active.sink.close(RpcError(Code.UNAVAILABLE, f"the engine died: {reason}"))
        self._board.set(ServerStatus.STOPPED, reason=reason)


if __name__ == "__main__":
    ENGINES["sglang"] = ("tests.http.mortal", "MortalEngine")
    main(prog_name="mortal")

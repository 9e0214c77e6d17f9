"""How calls end that are not answered, and whether the server may end them so."""

from __future__ import annotations

from enum import Enum
from typing import Any

import grpc.aio
import httpx
import openai
from tokenwire.codes import Code
from tokenwire.errors import RpcError

__all__ = ["End", "TurnedAwayError", "WrongError", "end_of"]


class End(Enum):
    """How a call ended that was not answered in full."""

    UNAVAILABLE = "the server said that it could not"
    REFUSED = "nobody took the connection"
    CUT = "the connection ended"
    LOST = "an answer that had begun did not go on"
    WRONG = "none of these"


class WrongError(Exception):
    """A call did not end as it should; the message says how it did."""


class TurnedAwayError(WrongError):
    """A call was not answered.

    Args:
        end: How it ended.
        message: What was seen of it.
    """

    def __init__(self, end: End, message: str = "") -> None:
        super().__init__(f"{end.value}: {message}" if message else end.value)
        self.end = end


def end_of(error: BaseException | None) -> End:
    """What an error of any client says of the end of its call."""
    match error:
        case TurnedAwayError():
            return error.end
        case RpcError():
            return End.UNAVAILABLE if error.code is Code.UNAVAILABLE else End.WRONG
        case grpc.aio.AioRpcError():
            return End.UNAVAILABLE if error.code() is grpc.StatusCode.UNAVAILABLE else End.WRONG
        case openai.APIConnectionError():
            return end_of(error.__cause__)
        case openai.APIStatusError():
            return End.UNAVAILABLE if error.status_code == httpx.codes.SERVICE_UNAVAILABLE else End.WRONG
        case openai.APIError():
            return End.UNAVAILABLE if _is_unavailable(error.body) else End.WRONG
        case httpx.ConnectError() | ConnectionRefusedError():
            return End.REFUSED
        case httpx.TimeoutException() | TimeoutError():
            return End.WRONG
        case httpx.TransportError() | OSError() | EOFError():
            return End.CUT
    return End.WRONG


def _is_unavailable(body: Any) -> bool:
    """Whether an error in the midst of events is UNAVAILABLE."""
    return isinstance(body, dict) and body.get("type") == "unavailable"

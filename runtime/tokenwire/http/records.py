"""What HTTP notes in the record of a call, and what it tells the caller of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tokenwire.codes import CODE_OF_HTTP, Code
from tokenwire.errors import RpcError
from tokenwire.record import REQUEST_ID, SERVER_TIMING

if TYPE_CHECKING:
    from tokenwire.record import CallRecord

    from .values import HttpReply

__all__ = ["end_record", "note_failure", "note_reply"]

_CODES: Final = {**CODE_OF_HTTP, 200: Code.OK, 405: Code.UNIMPLEMENTED, 415: Code.INVALID_ARGUMENT}


def note_reply(reply: HttpReply, record: CallRecord | None) -> None:
    """Note a reply that is about to be sent, and put the id and the times of the call in its headers."""
    if record is None:
        return
    record.http_status = reply.status
    headers = reply.headers
    headers[REQUEST_ID] = record.request_id
    if record.first_token and record.observer.timed:
        headers[SERVER_TIMING] = record.server_timing()
    if isinstance(reply.body, bytes):
        record.sent_bytes = len(reply.body)


def note_failure(error: Exception, record: CallRecord | None) -> None:
    """Note the error with which a stream ends whose status was sent already."""
    if record is not None:
        record.code = error.code if isinstance(error, RpcError) else Code.INTERNAL


def end_record(record: CallRecord) -> None:
    """Note the end of a call; without a reply its caller has left."""
    if record.code is None:
        status = record.http_status
        record.code = _CODES.get(status, Code.UNKNOWN) if status else Code.CANCELLED
    record.end()

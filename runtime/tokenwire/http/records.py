"""What HTTP notes in the record of a call, and what it tells the caller of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tokenwire.codes import CODE_OF_HTTP, Code
from tokenwire.errors import RpcError
from tokenwire.record import REQUEST_ID, SERVER_TIMING, CallRecord

if TYPE_CHECKING:
    from tokenwire.record import CallObserver

    from .values import HttpReply

__all__ = ["end_record", "note_failure", "note_refusal", "note_reply", "peer_text"]

_OF_CLIENTS: Final = dict.fromkeys([*range(400, 500), 505], Code.INVALID_ARGUMENT)
"""Whoever sends what is no request of HTTP/1.1, or too much of it, is at fault, and not the server."""
_CODES: Final = {
    **_OF_CLIENTS,
    **CODE_OF_HTTP,
    200: Code.OK,
    405: Code.UNIMPLEMENTED,
    408: Code.DEADLINE_EXCEEDED,
    431: Code.RESOURCE_EXHAUSTED,
}


def note_reply(reply: HttpReply, record: CallRecord | None) -> None:
    """Note a reply that is about to be sent, and put the id and the times of the call in its headers."""
    if record is None:
        return
    record.http_status = reply.status
    headers = reply.headers
    headers[REQUEST_ID] = record.request_id
    if record.first_token and record.observer.timed:
        headers[SERVER_TIMING] = record.server_timing().decode()
    if isinstance(reply.body, bytes):
        record.sent_bytes = len(reply.body)


def note_failure(error: Exception, record: CallRecord | None) -> None:
    """Note the error with which a stream ends whose status was sent already."""
    if record is not None:
        record.code = error.code if isinstance(error, RpcError) else Code.INTERNAL


def note_refusal(observer: CallObserver, client: tuple[str, int] | None, status: int) -> str:
    """Note a request that was refused before it could be read; returns its id."""
    record = CallRecord(observer, "http", peer_text(client), {}, "")
    record.http_status = status
    end_record(record)
    return record.request_id


def peer_text(client: tuple[str, int] | None) -> str:
    """An address as HOST:PORT; empty where there is none."""
    if not client:
        return ""
    host, port = client
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def end_record(record: CallRecord) -> None:
    """Note the end of a call; without a reply its caller has left."""
    if record.code is None:
        status = record.http_status
        record.code = _CODES.get(status, Code.UNKNOWN) if status else Code.CANCELLED
    record.end()

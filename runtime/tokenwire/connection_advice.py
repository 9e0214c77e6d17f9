"""What to do about a connection that fails, for the commands of the shell and with their flags."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Final

from .codes import Code

if TYPE_CHECKING:
    from .errors import RpcError
    from .grpc.target import Target

__all__ = [
    "CLOSED_AFTER_HANDSHAKE",
    "GIVE_CERTIFICATE",
    "WRONG_PORT",
    "advice",
    "advice_in_python",
    "not_listening",
    "of_handshake",
    "speaks_tls",
    "to_speak_tls",
    "wants_certificate",
]

WRONG_PORT: Final = (
    "that is the HTTP port: the gRPC port is --grpc-port, HTTP port + 10000 if it is not given"
)
GIVE_CERTIFICATE: Final = "give --cert FILE and --key FILE, of an authority that the server trusts"
CLOSED_AFTER_HANDSHAKE: Final = (
    f"if it wants a client certificate, {GIVE_CERTIFICATE}; else check that this is the gRPC port"
)
_OWN_CONTEXT: Final = "tls=client_context(FILE)"
_PATIENCE_S: Final = 2.0


def advice(error: RpcError, target: Target, *, secure: bool) -> str:
    """What to do about a call that failed; "" where that is not for the connection.

    Args:
        error: How it failed.
        target: Where it was sent; looked at once more where the error leaves it open what is there.
        secure: It was sent over TLS.
    """
    if error.code is not Code.UNAVAILABLE:
        return ""
    cause = error.__cause__
    if isinstance(cause, ssl.SSLError):
        return of_handshake(cause)
    if isinstance(cause, ConnectionRefusedError):
        return not_listening(target)
    if not _never_answered(error, target):
        return ""
    if "HTTP/1" in error.message:
        return WRONG_PORT
    if secure:
        return GIVE_CERTIFICATE if wants_certificate(error.message) else CLOSED_AFTER_HANDSHAKE
    return to_speak_tls(target) if speaks_tls(target, _PATIENCE_S) else ""


def advice_in_python(error: RpcError, target: Target) -> str:
    """`advice` for programs, on a call that was sent in plain text and is UNAVAILABLE; may block alike."""
    if not _never_answered(error, target):
        return ""
    if "HTTP/1" in error.message:
        return WRONG_PORT
    return to_speak_tls(target, own=_OWN_CONTEXT) if speaks_tls(target, _PATIENCE_S) else ""


def _never_answered(error: RpcError, target: Target) -> bool:
    """Whether a connection was lost on which nothing was answered: one that is, is made as it should be."""
    return error.message.startswith(f"the connection to {target} failed:")


def not_listening(target: Target) -> str:
    """Where the connection is refused."""
    return (
        f"nothing listens there: start the server with --grpc-port {target.port}, "
        "and with --host 0.0.0.0 if it runs on another machine"
    )


def to_speak_tls(target: Target, *, own: str = "--ca FILE") -> str:
    """Where plain text meets a server with TLS; `own` is how one's own authority is given."""
    return f"it speaks TLS: write https://{target}, and {own} if its authority is your own"


def of_handshake(error: ssl.SSLError) -> str:
    """Where the handshake fails."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "give the authority with --ca FILE, and call the server by a name in its certificate"
    if wants_certificate(str(error)):
        return GIVE_CERTIFICATE
    return "if the server has no TLS, write HOST:PORT without https://"


def wants_certificate(said: str) -> bool:
    """Whether an error of OpenSSL says that the server took no certificate of ours."""
    return "ALERT" in said and "CERTIFICATE" in said


def speaks_tls(target: Target, patience: float) -> bool:
    """Whether a handshake with nothing checked gets anywhere; blocks for `patience` seconds at most."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((target.host, target.port), patience) as sock,
            context.wrap_socket(sock),
        ):
            return True
    except ssl.SSLError as error:
        return "ALERT" in (error.reason or "")
    except OSError:
        return False

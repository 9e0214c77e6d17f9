"""Below the calls: whether something listens, its TLS, and what its HTTP/2 says at the start."""

from __future__ import annotations

import socket
import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamReset,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes
from tokenwire.connection_advice import (
    CLOSED_AFTER_HANDSHAKE,
    GIVE_CERTIFICATE,
    WRONG_PORT,
    not_listening,
    of_handshake,
    speaks_tls,
    to_speak_tls,
    wants_certificate,
)
from tokenwire_gen.sglang.runtime.v1.sglang_grpc import HEALTH_CHECK

from .finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from h2.events import Event
    from tokenwire.grpc.target import Target

__all__ = ["Reach", "reach"]

_PATIENCE_S: Final = 5.0
_SOON_DAYS: Final = 14
_DAY_S: Final = 86400
_UNLIMITED: Final = 2**31 - 1
_CLOSED: Final = "it closed the connection"
_HTTP1: Final = b"HTTP/1"
_MOST_SENT: Final = 1 << 20
_NO_CERTIFICATE: Final = "the server wants one, and took none of ours"
_CALL: Final = ((":method", "POST"), (":scheme", "http"), (":path", HEALTH_CHECK.path))
_FIELDS: Final = (("te", "trailers"), ("content-type", "application/grpc+proto"))


@dataclass(slots=True)
class Reach:
    """How far one gets without a call.

    Attributes:
        findings: What was found on the way.
        usable: Calls can be tried.
    """

    findings: list[Finding]
    usable: bool = False


def reach(target: Target, tls: ssl.SSLContext | None, *, local: bool) -> Reach:
    """Connect, shake hands, read the server's settings; blocks for some seconds at most.

    Args:
        target: Where.
        tls: How to speak TLS; None is plain text.
        local: The target is this machine, where plain text is no fault.
    """
    found = Reach([])
    try:
        sock = socket.create_connection((target.host, target.port), _PATIENCE_S)
    except OSError as error:
        found.findings.append(_unreachable(target, error))
        return found
    with sock:
        found.findings.append(Finding("reachable", "ok", f"{target} takes connections"))
        if tls is None:
            return _plain(found, target, sock, local)
        return _shaken(found, target, sock, tls)


def _unreachable(target: Target, error: OSError) -> Finding:
    if isinstance(error, socket.gaierror):
        fix = f"check the name {target.host!r}"
    elif isinstance(error, ConnectionRefusedError):
        fix = not_listening(target)
    else:
        fix = "check the network and firewalls between here and there"
    return Finding("reachable", "fail", f"{target}: {error.strerror or error}", fix)


def _plain(found: Reach, target: Target, sock: socket.socket, local: bool) -> Reach:
    talk = _Conversation(sock)
    problem = talk.begin()
    if problem:
        if speaks_tls(target, _PATIENCE_S):
            fix = to_speak_tls(target)
            found.findings.append(Finding("TLS", "fail", "the server speaks TLS and we did not", fix))
        else:
            found.findings.append(_no_http2(problem))
        return found
    if local:
        found.findings.append(Finding("TLS", "ok", "plain text, on this machine"))
    else:
        fix = "serve with --ssl-certfile and --ssl-keyfile"
        found.findings.append(
            Finding("TLS", "warn", "plain text: keys and prompts can be read on the way", fix)
        )
    found.findings += _limits(talk, str(target))
    found.usable = True
    return found


def _shaken(found: Reach, target: Target, sock: socket.socket, tls: ssl.SSLContext) -> Reach:
    tls.set_alpn_protocols(["h2"])
    try:
        secure = tls.wrap_socket(sock, server_hostname=target.host)
    except ssl.SSLCertVerificationError as error:
        said = f"its certificate: {error.verify_message}"
        found.findings.append(Finding("TLS", "fail", said, of_handshake(error)))
        return found
    except ssl.SSLError as error:
        said = f"the handshake failed: {error.reason or error}"
        found.findings.append(Finding("TLS", "fail", said, of_handshake(error)))
        return found
    except OSError as error:
        found.findings.append(
            Finding("TLS", "fail", f"the handshake failed: {error}", "see the server's log")
        )
        return found
    with secure:
        found.findings += _certificate(secure)
        talk = _Conversation(secure)
        problem = talk.begin()
        if problem:
            found.findings.append(_no_http2(problem, secure=True))
            return found
        found.findings += _limits(talk, str(target))
        found.usable = True
    return found


def _certificate(secure: ssl.SSLSocket) -> Iterator[Finding]:
    protocol = secure.selected_alpn_protocol()
    if protocol != "h2":
        fix = "this is not a gRPC port, or a proxy in front of it does not pass HTTP/2 on"
        yield Finding("ALPN", "fail", f"the server chose {protocol or 'nothing'}, not h2", fix)
    certificate = secure.getpeercert() or {}
    ends = str(certificate.get("notAfter", ""))
    days = (ssl.cert_time_to_seconds(ends) - time.time()) / _DAY_S if ends else None
    cipher = secure.cipher()
    said = f"{secure.version()}, {cipher[0] if cipher else 'no cipher'}"
    if days is None:
        yield Finding("TLS", "warn", f"{said}; the certificate is not checked", "give --ca FILE to check it")
    elif days < _SOON_DAYS:
        fix = "renew it: the server reads the files again when they change"
        yield Finding("TLS", "warn", f"{said}; the certificate ends in {days:.0f} days", fix)
    else:
        yield Finding("TLS", "ok", f"{said}; the certificate is good for {days:.0f} days")


class _Conversation:
    """HTTP/2 on a socket, as far as it takes to see what a server says before any call."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._http2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self._received = b""
        self.settings: dict[int, int] = {}

    def begin(self) -> str:
        """Read the SETTINGS that a server begins with; what came instead, or ""."""
        try:
            self._http2.initiate_connection()
            for event in self._events():
                if isinstance(event, RemoteSettingsChanged):
                    changed: Any = event.changed_settings
                    self.settings = {int(code): int(change.new_value) for code, change in changed.items()}
                    return ""
        except ProtocolError:
            return _first_line(self._received) or "what it says is not HTTP/2"
        except ssl.SSLError as error:  # TLS 1.3 tells a client of its certificate after the handshake
            return _NO_CERTIFICATE if wants_certificate(str(error)) else error.reason or str(error)
        except TimeoutError:
            return f"it says nothing for {_PATIENCE_S:g} s"
        except OSError as error:
            return error.strerror or str(error)
        return _first_line(self._received) or _CLOSED

    def large_header(self, limit: int, authority: str) -> Finding:
        """What becomes of a request whose header fields are over the limit that was announced."""
        filler = [(f"x-filler-{number}", "x" * 900) for number in range(limit // 900 + 2)]
        fields = [*_CALL, (":authority", authority), *_FIELDS, *filler]
        try:
            self._http2.send_headers(1, fields, end_stream=True)
            for event in self._events():
                if isinstance(event, ResponseReceived):
                    return self._answered(event)
                if isinstance(event, StreamReset):
                    return Finding(
                        "large header", "ok", "fields over the limit: the call is reset, and others go on"
                    )
                if isinstance(event, ConnectionTerminated):
                    break
        except (ProtocolError, OSError):
            pass
        fix = "one request that is too large takes all calls of its connection with it"
        return Finding("large header", "warn", "fields over the limit end the connection", fix)

    def _answered(self, event: ResponseReceived) -> Finding:
        said: dict[str, str] = dict(event.headers or ())  # type: ignore[arg-type]
        if said.get(":status") == "200" and said.get("grpc-status", "0") == "0":
            fix = "the server takes more than it announces: --max-header-size of tokenwire serve"
            return Finding("large header", "warn", "fields over the limit are taken", fix)
        what = said.get("grpc-message") or f"status {said.get(':status')}"
        return Finding("large header", "ok", f"refused, and the connection kept: {what}")

    def _events(self) -> Iterator[Event]:
        """What comes, until the server closes the connection or turns out not to speak HTTP/2."""
        self._sock.sendall(self._http2.data_to_send())
        while data := self._sock.recv(65536):
            self._received += data
            if self._received.startswith(_HTTP1):
                return  # over TLS it may keep the connection for a while
            yield from self._http2.receive_data(data)
            self._sock.sendall(self._http2.data_to_send())


def _first_line(received: bytes) -> str:
    if not received.startswith(_HTTP1):
        return ""
    return "it answers " + received.partition(b"\r\n")[0].decode("latin-1")


def _no_http2(problem: str, *, secure: bool = False) -> Finding:
    if problem == _NO_CERTIFICATE:
        return Finding("client certificate", "fail", problem, GIVE_CERTIFICATE)
    if secure and problem == _CLOSED:
        fix = CLOSED_AFTER_HANDSHAKE
    elif "HTTP/1" in problem:
        fix = WRONG_PORT
    else:
        fix = "check that this is the gRPC port (--grpc-port)"
    return Finding("HTTP/2", "fail", f"no HTTP/2 here: {problem}", fix)


def _limits(talk: _Conversation, authority: str) -> Iterator[Finding]:
    streams = talk.settings.get(SettingCodes.MAX_CONCURRENT_STREAMS)
    headers = talk.settings.get(SettingCodes.MAX_HEADER_LIST_SIZE)
    said = (
        f"{'any number of' if streams is None else streams} streams per connection, "
        f"headers of {'any size' if headers is None else f'{headers} bytes'}"
    )
    if streams is None or streams >= _UNLIMITED or headers is None:
        fix = "a server for strangers limits both: --max-streams and --max-header-size of tokenwire serve"
        yield Finding("limits", "warn", said, fix)
    else:
        yield Finding("limits", "ok", said)
    if headers is not None and headers <= _MOST_SENT:
        yield talk.large_header(headers, authority)

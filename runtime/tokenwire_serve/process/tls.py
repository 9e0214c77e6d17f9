"""TLS of the listeners: contexts from PEM files, and one that can be exchanged while it is used."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any, Final

from .files import read_file
from .settings import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from .groups import SecuritySettings

__all__ = ["LiveContext", "load_context", "tls_files"]

_CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2: what HTTP/2 does not forbid (RFC 9113, appendix A)."""
_VERIFY: Final = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}
_CERTIFICATE: Final = b"-----BEGIN CERTIFICATE-----"
_KEY: Final = b"PRIVATE KEY-----"
_ENCRYPTED: Final = b"ENCRYPTED"
_REASONS: Final = {
    "KEY_VALUES_MISMATCH": "does not belong to the certificate",
    "KEY_TYPE_MISMATCH": "does not belong to the certificate",
    "EE_KEY_TOO_SMALL": "is of a certificate whose key is too small to be safe",
    "CA_MD_TOO_WEAK": "is of a certificate whose signature is too weak to be safe",
}


class LiveContext(ssl.SSLContext):
    """Stands for another context, which may be exchanged: each handshake uses the one of its time.

    Event loops ask a context for nothing but `wrap_bio`, so all of it is exchanged, authorities too,
    and for every client; a certificate loaded into a context that is in use, or a callback on the server
    name, would leave out parts or clients.
    """

    _current: ssl.SSLContext

    def __new__(cls, context: ssl.SSLContext) -> LiveContext:
        """A context in front of another."""
        made = super().__new__(cls, ssl.PROTOCOL_TLS_SERVER)
        made._current = context
        return made

    def use(self, context: ssl.SSLContext) -> None:
        """Exchange the context; connections that are up stay as they are."""
        self._current = context

    def set_alpn_protocols(self, alpn_protocols: Any) -> None:
        """Nothing: the contexts come with theirs."""

    def wrap_bio(self, *args: Any, **options: Any) -> ssl.SSLObject:
        """A connection by the current context."""
        return self._current.wrap_bio(*args, **options)

    def wrap_socket(self, *args: Any, **options: Any) -> ssl.SSLSocket:
        """A connection by the current context."""
        return self._current.wrap_socket(*args, **options)


def tls_files(security: SecuritySettings) -> tuple[Path, ...]:
    """The files that contexts are made of; none where TLS is off."""
    files = (security.ssl_certfile, security.ssl_keyfile, security.ssl_ca_certs)
    return tuple(path for path in files if path is not None)


def load_context(security: SecuritySettings, protocol: str) -> ssl.SSLContext:
    """A context of the files as they are now.

    Args:
        security: Names the files; TLS is on.
        protocol: What to agree on by ALPN: "h2" or "http/1.1".

    Raises:
        SettingsError: They cannot be used; the message names the flag and the file.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_ciphers(_CIPHERS)
    context.set_alpn_protocols([protocol])
    _load_certificate(context, security)
    _load_authorities(context, security)
    context.verify_mode = _VERIFY[security.ssl_client_auth]
    return context


def _load_certificate(context: ssl.SSLContext, security: SecuritySettings) -> None:
    path, password = security.ssl_certfile, security.ssl_keyfile_password
    assert path is not None
    certificate = f"--ssl-certfile {path}"
    content = read_file(certificate, path)[0]
    if _CERTIFICATE not in content:
        raise SettingsError(f"{certificate} has no certificate in PEM form")
    key = certificate
    if security.ssl_keyfile is not None:
        key = f"--ssl-keyfile {security.ssl_keyfile}"
        content = read_file(key, security.ssl_keyfile)[0]
    if _KEY not in content:
        hint = "" if security.ssl_keyfile is not None else ": name the key's file with --ssl-keyfile"
        raise SettingsError(f"{key} has no private key in PEM form{hint}")
    encrypted = _ENCRYPTED in content
    if encrypted and password is None:
        raise SettingsError(f"{key} is encrypted: set --ssl-keyfile-password")
    try:
        context.load_cert_chain(path, security.ssl_keyfile, password=lambda: password or "")
    except (ssl.SSLError, OSError, ValueError) as error:
        raise SettingsError(_problem(error, certificate, key, encrypted)) from None


def _problem(error: Exception, certificate: str, key: str, encrypted: bool) -> str:
    reason = getattr(error, "reason", None) or ""
    if reason in _REASONS:
        return f"{key} {_REASONS[reason]}"
    if encrypted:
        return f"{key} cannot be used: --ssl-keyfile-password may be wrong"
    names = certificate if key == certificate else f"{certificate} with {key}"
    return f"{names} cannot be used: the certificate or the key is damaged"


def _load_authorities(context: ssl.SSLContext, security: SecuritySettings) -> None:
    path = security.ssl_ca_certs
    if path is None:
        return
    authorities = f"--ssl-ca-certs {path}"
    if _CERTIFICATE not in read_file(authorities, path)[0]:
        raise SettingsError(f"{authorities} has no certificate in PEM form")
    try:
        context.load_verify_locations(path)
    except (ssl.SSLError, OSError):
        raise SettingsError(f"{authorities} has a certificate that is damaged") from None

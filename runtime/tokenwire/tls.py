"""TLS on the client's side: whom to trust, and what to show."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["client_context"]


def client_context(
    ca: Path | None = None, certificate: Path | None = None, key: Path | None = None
) -> ssl.SSLContext:
    """A context for a client.

    Args:
        ca: PEM file with the authorities to trust; the usual ones if not given.
        certificate: PEM file with a certificate to show, and those between it and its root.
        key: PEM file with its private key; None where the certificate's file holds it.

    Raises:
        ValueError: A file cannot be used; the message names it.
    """
    if certificate is None and key is not None:
        raise ValueError(f"{key} is the key of a certificate, and there is none")
    try:
        context = ssl.create_default_context(cafile=ca)
    except (ssl.SSLError, OSError) as error:
        raise ValueError(f"{ca} cannot be used as authorities: {_reason(error)}") from None
    if certificate is not None:
        try:
            context.load_cert_chain(certificate, key, password=_no_password)
        except (ssl.SSLError, OSError, ValueError) as error:
            names = f"{certificate} with {key}" if key is not None else f"{certificate}"
            raise ValueError(f"{names} cannot be used as a certificate: {_reason(error)}") from None
    return context


def _no_password() -> str:
    raise ValueError("the key is encrypted")


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return "it is not PEM, or does not belong together"
    return getattr(error, "strerror", None) or str(error)

"""Who may call a server, and over what: its keys and certificates, kept as their files are."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from tokenwire.auth import Access, is_loopback

from .keys import key_files, load_keys
from .reload import WatchedFiles, watch
from .tls import LiveContext, load_context, tls_files

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

    from .groups import SecuritySettings

__all__ = ["Security"]

_LOG: Final = logging.getLogger("tokenwire.serve")
_PERIOD: Final = 1.0
"""Seconds between looks at the files."""


class Security:
    """The keys and the TLS contexts of both listeners; warns once if others can reach them unguarded.

    Args:
        settings: Names them.
        hosts: Addresses that the listeners are bound to.

    Attributes:
        access: Who may call what.
        http: TLS of HTTP; None is off, and then of gRPC too.
        grpc: TLS of gRPC.

    Raises:
        SettingsError: A key or a certificate cannot be used; the message names the flag and the file.
    """

    def __init__(self, settings: SecuritySettings, hosts: Iterable[str]) -> None:
        self._settings = settings
        self._watched: list[WatchedFiles] = []
        reachable = [host for host in hosts if not is_loopback(host)]
        self.access = Access(local=not reachable)
        if key_files(settings):
            self._watched.append(WatchedFiles("keys", key_files(settings), self._load_keys))
        if tls_files(settings):
            self._watched.append(WatchedFiles("certificates", tls_files(settings), self._load_contexts))
        self.access.use(load_keys(settings))
        self._live = {name: LiveContext(context) for name, context in self._contexts().items()}
        self.http: ssl.SSLContext | None = self._live.get("http/1.1")
        self.grpc: ssl.SSLContext | None = self._live.get("h2")
        if reachable:
            self._warn(reachable[0])

    async def watch(self) -> None:
        """Follow the files until cancelled."""
        if self._watched:
            await watch(self._watched, _PERIOD)

    def _warn(self, host: str) -> None:
        missing = {}
        if self._settings.ssl_certfile is None:
            missing["TLS"] = "--ssl-certfile and --ssl-keyfile"
        if not self.access.keys.has_user and self._settings.ssl_client_auth != "required":
            missing["keys"] = "--api-key-file"
        if missing:
            without, flags = " and ".join(missing), " and ".join(missing.values())
            _LOG.warning("listening on %s, which others can reach, without %s: set %s", host, without, flags)

    async def _load_keys(self) -> None:
        self.access.use(await asyncio.to_thread(load_keys, self._settings))

    async def _load_contexts(self) -> None:
        for name, context in (await asyncio.to_thread(self._contexts)).items():
            self._live[name].use(context)

    def _contexts(self) -> dict[str, ssl.SSLContext]:
        """A context for each protocol; none where TLS is off."""
        if self._settings.ssl_certfile is None:
            return {}
        return {protocol: load_context(self._settings, protocol) for protocol in ("http/1.1", "h2")}

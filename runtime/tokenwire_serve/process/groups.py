"""Groups of settings: who may call, and what operators see."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from tokenwire_serve.observe.tracing import wrong_endpoint

from .flags import flag

__all__ = ["ObserveSettings", "SecuritySettings"]

_SECURITY: Final = "Security"
_OBSERVE: Final = "Observation"
_FILE: Final = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecuritySettings:
    """Who may call what, and over what; each field is the flag of the same name.

    Attributes:
        ssl_certfile: PEM file with the certificate, and those between it and its root; None is no TLS.
        ssl_keyfile: PEM file with its private key; None where the certificate's file holds it.
        ssl_keyfile_password: Of an encrypted key.
        ssl_ca_certs: PEM file with the authorities that clients' certificates come from.
        ssl_client_auth: Whether a client must show a certificate: "none", "optional" or "required".
        api_keys: A call needs one of these, or an admin key.
        api_key_file: File with more of them, one per line.
        admin_api_keys: A call of scope admin needs one of these.
        admin_api_key_file: File with more of them, one per line.
    """

    ssl_certfile: Path | None = flag(
        None, "PEM file with the certificate chain; turns TLS on for both listeners.", _SECURITY, kind=_FILE
    )
    ssl_keyfile: Path | None = flag(
        None, "PEM file with its private key.", _SECURITY, kind=_FILE, shown_default="the certificate's file"
    )
    ssl_keyfile_password: str | None = flag(
        None, "Password of the private key.", _SECURITY, env="TOKENWIRE_SSL_KEYFILE_PASSWORD", secret=True
    )
    ssl_ca_certs: Path | None = flag(
        None, "PEM file with the authorities that clients' certificates come from.", _SECURITY, kind=_FILE
    )
    ssl_client_auth: str = flag(
        "none",
        "Whether clients must show a certificate.",
        _SECURITY,
        kind=click.Choice(["none", "optional", "required"]),
    )
    api_keys: tuple[str, ...] = flag(
        (),
        "Key that calls must show as a bearer token; repeat it for several.",
        _SECURITY,
        name="--api-key",
        env="TOKENWIRE_API_KEY",
        secret=True,
    )
    api_key_file: Path | None = flag(
        None, "File with keys, one per line; read again when it changes.", _SECURITY, kind=_FILE
    )
    admin_api_keys: tuple[str, ...] = flag(
        (),
        "Key that admin calls must show.",
        _SECURITY,
        name="--admin-api-key",
        env="TOKENWIRE_ADMIN_API_KEY",
        secret=True,
    )
    admin_api_key_file: Path | None = flag(
        None, "File with admin keys, one per line; read again when it changes.", _SECURITY, kind=_FILE
    )

    @property
    def guards(self) -> bool:
        """Whether there are callers that are not let in: keys, or certificates that clients must show."""
        keys = (self.api_keys, self.api_key_file, self.admin_api_keys, self.admin_api_key_file)
        return any(keys) or self.ssl_client_auth == "required"

    def problem(self) -> str:
        """The rule that is broken, as a sentence that names the flag; empty when all hold."""
        if self.ssl_certfile is None:
            for name in ("ssl_keyfile", "ssl_keyfile_password", "ssl_ca_certs"):
                if getattr(self, name) is not None:
                    return f"--{name.replace('_', '-')} needs --ssl-certfile"
            if self.ssl_client_auth != "none":
                return f"--ssl-client-auth {self.ssl_client_auth} needs --ssl-certfile"
        if self.ssl_client_auth != "none" and self.ssl_ca_certs is None:
            return f"--ssl-client-auth {self.ssl_client_auth} needs --ssl-ca-certs"
        if self.ssl_client_auth == "none" and self.ssl_ca_certs is not None:
            return "--ssl-ca-certs does nothing without --ssl-client-auth optional or required"
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObserveSettings:
    """What operators see; each field is the flag of the same name.

    Attributes:
        enable_metrics: Serve Prometheus metrics on the path /metrics.
        metrics_http_port: Port of their own; None is the HTTP port, 0 a free one.
        metrics_host: Where that port listens; None is loopback where callers must show a key or a
            certificate, else the host of the other ports.
        log_level: Of the log on stderr.
        log_format: "console" for people, "json" for machines: one object per line.
        access_log: One line per call.
        otlp_traces_endpoint: URL that traces are sent to, as OTLP over HTTP; None leaves that to the
            variables of OpenTelemetry.
        server_timing: Answers say how their time was spent.
    """

    enable_metrics: bool = flag(True, "Serve Prometheus metrics on /metrics.", _OBSERVE)
    metrics_http_port: int | None = flag(
        None,
        "Port of the metrics; 0 takes a free one.",
        _OBSERVE,
        kind=int,
        env="SGLANG_METRICS_PORT",
        shown_default="the HTTP port",
    )
    metrics_host: str | None = flag(
        None,
        "Where --metrics-http-port listens; metrics are open there, and plain text.",
        _OBSERVE,
        kind=str,
        shown_default="127.0.0.1 where callers must show a key or a certificate, else --host",
    )
    log_level: str = flag(
        "info",
        "Detail of the log on stderr.",
        _OBSERVE,
        kind=click.Choice(["debug", "info", "warning", "error"], case_sensitive=False),
    )
    log_format: str = flag(
        "console",
        "Form of the log: for people, or an object per line.",
        _OBSERVE,
        kind=click.Choice(["console", "json"]),
    )
    access_log: bool = flag(True, "Write one line per call.", _OBSERVE)
    otlp_traces_endpoint: str | None = flag(
        None,
        "URL that traces are sent to, as OTLP over HTTP.",
        _OBSERVE,
        kind=str,
        shown_default="OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, else no traces",
    )
    server_timing: bool = flag(True, "Say in answers how their time was spent (Server-Timing).", _OBSERVE)

    def problem(self) -> str:
        """The rule that is broken, as a sentence that names the flag; empty when all hold."""
        if self.metrics_host is not None and self.metrics_http_port is None:
            return "--metrics-host does nothing without --metrics-http-port"
        if self.metrics_host is not None and not self.metrics_host.strip():
            return "--metrics-host must be an address or a host name, not empty"
        return wrong_endpoint(self.otlp_traces_endpoint)

    def public(self) -> dict[str, Any]:
        """What any caller may see of it."""
        return {"metrics_http_port": self.metrics_http_port}

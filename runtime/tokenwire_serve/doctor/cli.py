"""`tokenwire doctor`: flags, the order of the checks, and the exit status."""

from __future__ import annotations

import asyncio
import json
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

import click
from tokenwire.auth import key_problem
from tokenwire.grpc.target import Target
from tokenwire.quiet import QuietCommand, QuietFile
from tokenwire.tls import client_context

from .calls import GrpcChecks
from .finding import Finding, as_json, table, verdict
from .web import HttpChecks
from .wire import reach

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["doctor"]

_FILE: Final = QuietFile()
_PORT_OFFSET: Final = 10_000


@click.command(
    cls=QuietCommand, context_settings={"show_default": True, "help_option_names": ["-h", "--help"]}
)
@click.option("--target", default="127.0.0.1:40000", help="HOST:PORT of the gRPC port, or https://HOST:PORT.")
@click.option(
    "--http-port",
    type=click.IntRange(1, 65535),
    help="Port of HTTP.  [default: what the server says, else gRPC port - 10000]",
)
@click.option("--no-http", is_flag=True, help="Look at gRPC only.")
@click.option("--tls", is_flag=True, help="Connect with TLS; the flags --ca and --cert do so too.")
@click.option("--ca", type=_FILE, help="PEM file with the authorities to trust.  [default: the system's]")
@click.option("--cert", type=_FILE, help="PEM file with a certificate to show.")
@click.option("--key", type=_FILE, help="PEM file with its private key.  [default: the certificate's file]")
@click.option(
    "--api-key", envvar="TOKENWIRE_API_KEY", show_envvar=True, default="", show_default=False,
    help="Key to show; better in the variable.",
)  # fmt: skip
@click.option("--json", "as_json_", is_flag=True, help="Print the findings as JSON.")
@click.pass_context
def doctor(
    context: click.Context,
    target: str,
    http_port: int | None,
    no_http: bool,
    tls: bool,
    ca: Path | None,
    cert: Path | None,
    key: Path | None,
    api_key: str,
    as_json_: bool,
) -> None:
    """Look at a running server as its clients do, and say what to fix.

    Makes a few short calls: health, reflection, a generation of 16 tokens, one that is left and one
    that runs into its deadline. Exits with 1 if something fails that clients need.
    """
    try:
        secure = tls or target.startswith("https://") or any((ca, cert, key))
        place = Target.parse(target.removeprefix("https://").rstrip("/"))
        made = client_context(ca, cert, key) if secure else None
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if api_key and (problem := key_problem(api_key)):
        raise click.UsageError(f"--api-key {problem}")
    findings = asyncio.run(_look(place, made, api_key, http_port, no_http=no_http))
    if as_json_:
        click.echo(json.dumps(as_json(findings), indent=2))
    else:
        _print(findings)
    context.exit(int(any(finding.state == "fail" for finding in findings)))


async def _look(
    target: Target, tls: ssl.SSLContext | None, api_key: str, http_port: int | None, *, no_http: bool
) -> list[Finding]:
    local = _is_local(target.host)
    reached = await asyncio.to_thread(reach, target, tls, local=local)
    findings = reached.findings
    if not reached.usable:
        return findings
    checks = GrpcChecks(str(target), tls or False, api_key, local=local)
    findings += [finding async for finding in checks.run()]
    port = http_port or _http_port(checks, target)
    web = None if no_http else HttpChecks(target.host, port, tls, api_key, local=local)
    paused = await checks.is_paused()
    if paused is None and web is not None:
        paused = await asyncio.to_thread(web.is_paused)
    findings += [finding async for finding in checks.generate(paused=bool(paused))]
    if web is not None:
        findings += await asyncio.to_thread(lambda: list(web.run(silent=checks.silent)))
    return findings


def _http_port(checks: GrpcChecks, target: Target) -> int:
    said = checks.info.get("port")
    return said if isinstance(said, int) and said else max(target.port - _PORT_OFFSET, 1)


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _print(findings: Sequence[Finding]) -> None:
    for line in table(findings):
        click.echo(line)
    click.echo(f"\n{verdict(findings)}")

"""`tokenwire call`: any RPC of a generated package from the shell."""

from __future__ import annotations

import asyncio
import json
import sys
from base64 import b64encode
from contextlib import suppress
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from .client import Client
from .connection_advice import advice
from .deltas import STREAM_MODE
from .describe import describe, list_methods
from .descriptor import load_files
from .errors import DecodeError, RpcError
from .grpc.target import Target
from .message import Casing
from .method import Method, Service
from .quiet import QuietCommand, QuietFile
from .tls import client_context

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from .message import Message

__all__ = ["call"]

_FILE = QuietFile()
DEFAULT_PACKAGE = "tokenwire_gen.sglang.runtime.v1"
_STATUS_OF_CODE = 64
"""Exit status of a call that failed, plus its gRPC code."""
_JSON_TEXT = "json_"
"""How the names of texts begin that are JSON themselves, `json_info` for instance."""


class _AnyClient(Client):
    """Calls methods that are known only at run time."""

    async def call(
        self, method: Method[Any, Any], requests: list[Message], timeout: float | None
    ) -> AsyncIterator[Message]:
        """Yield the responses, however many the method has."""
        if method.client_streaming and method.server_streaming:
            stream = self._bidi(method, requests, timeout)
        elif method.server_streaming:
            stream = self._stream(method, requests[0], timeout)
        elif method.client_streaming:
            yield await self._client_stream(method, requests, timeout)
            return
        else:
            yield await self._unary(method, requests[0], timeout)
            return
        async with stream:
            async for response in stream:
                yield response


@click.command(cls=QuietCommand, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("method", required=False)
@click.argument("request_json", metavar="[JSON]", required=False)
@click.option(
    "--target",
    default="127.0.0.1:40000",
    show_default=True,
    help="HOST:PORT of the server, or https://HOST:PORT.",
)
@click.option("--package", default=DEFAULT_PACKAGE, show_default=True, help="Generated package to use.")
@click.option("--metadata", "-H", multiple=True, metavar="NAME:VALUE", help="Metadata to send; repeatable.")
@click.option("--timeout", type=float, metavar="SECONDS", help="End the call after so many seconds.")
@click.option("--tls", is_flag=True, help="Connect with TLS; the flags --ca and --cert do so too.")
@click.option("--ca", type=_FILE, help="PEM file with the authorities to trust.  [default: the system's]")
@click.option("--cert", type=_FILE, help="PEM file with a certificate to show.")
@click.option("--key", type=_FILE, help="PEM file with its private key.  [default: the certificate's file]")
@click.option(
    "--api-key", envvar="TOKENWIRE_API_KEY", show_envvar=True, help="Key to send; better in the variable."
)
@click.option("--cumulative", is_flag=True, help="Messages hold all so far instead of what is new.")
@click.option("--raw", is_flag=True, help="Print proto3 JSON as it is: no JSON text unfolded.")
@click.option("--list", "show_list", is_flag=True, help="List the methods and stop.")
@click.option("--describe", "subject", flag_value="", is_flag=False, metavar="[NAME]",
              help="Describe a service, method or message and stop.")  # fmt: skip
@click.pass_context
def call(
    context: click.Context,
    method: str | None,
    request_json: str | None,
    target: str,
    package: str,
    metadata: tuple[str, ...],
    timeout: float | None,
    tls: bool,
    ca: Path | None,
    cert: Path | None,
    key: Path | None,
    api_key: str | None,
    cumulative: bool,
    raw: bool,
    show_list: bool,
    subject: str | None,
) -> None:
    """Call METHOD with a request in JSON and print each response as a line of JSON.

    METHOD is a method's name, Service/Method or the full path. JSON is the request, "{}" when left
    out; "@FILE" reads it from a file and "-" from stdin. A bytes field may be given as a JSON object.
    A call that fails exits with 64 plus its gRPC code.
    """
    services = _services(package)
    if show_list:
        _print_all(list_methods(load_files(package), [service.name for service in services]))
    elif subject is not None:
        name = subject or method or ""
        names = [name] if name else [service.name for service in services]
        files = load_files(package)
        lines = [line for name in names for line in describe(files, name)]
        if not lines:
            raise click.UsageError(f"{package} has no service, method or message {name!r}; see --list")
        _print_all(iter(lines))
    elif method is None:
        raise click.UsageError("name a method, or use --list to see them")
    else:
        keys = metadata or context.get_parameter_source("api_key") is ParameterSource.COMMANDLINE
        found = _find(services, method, shown=not keys)
        requests = _requests(found, _text(request_json))
        sent = _metadata(metadata) | ({STREAM_MODE: "cumulative"} if cumulative else {})
        tls = tls or target.startswith("https://")
        try:
            trust = client_context(ca, cert, key) if ca or cert or key else tls
            place = Target.parse(target.removeprefix("https://").rstrip("/"))
            client = _AnyClient(target, tls=trust, api_key=api_key, metadata=sent)
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        try:
            _run(client, found, requests, timeout, raw)
        except RpcError as error:
            more = advice(error, place, secure=trust is not False)
            click.echo(f"error: {error}{f'; {more}' if more else ''}", err=True)
            sys.exit(_STATUS_OF_CODE + int(error.code))
        except KeyboardInterrupt:
            sys.exit(130)


def _services(package: str) -> list[Service]:
    try:
        module = import_module(package)
    except ModuleNotFoundError as error:
        raise click.UsageError(f"--package {package}: {error}") from None
    services = [value for value in vars(module).values() if isinstance(value, Service)]
    if not services:
        raise click.UsageError(f"--package {package} has no service")
    return services


def _find(services: list[Service], name: str, *, shown: bool) -> Method[Any, Any]:
    """The method that a name means; a wrong one that may be a part of a key is not `shown`.

    Raises:
        click.UsageError: None, or more than one.
    """
    methods = {method.path.lstrip("/"): method for service in services for method in service.methods}
    wanted = name.lstrip("/")
    found = [
        method
        for path, method in methods.items()
        if wanted in (path, method.name) or ("/" in wanted and path.endswith(f".{wanted}"))
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise click.UsageError(f"several services have {name}: {', '.join(m.path for m in found)}")
    near = get_close_matches(wanted.rpartition("/")[2], [method.name for method in methods.values()], n=1)
    hint = f"did you mean {near[0]}?" if near else "--list shows them"
    raise click.UsageError(f"there is no method {name if shown else 'of that name'}; {hint}")


def _text(argument: str | None) -> str:
    if argument is None:
        return "{}"
    try:
        if argument == "-":
            return sys.stdin.read()
        return Path(argument[1:]).read_text("utf-8") if argument.startswith("@") else argument
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"cannot read {argument}: {error}") from None


def _requests(method: Method[Any, Any], text: str) -> list[Message]:
    """The request, or for a request stream one per JSON document or element of a list."""
    values: list[Any] = []
    rest = text.strip()
    try:
        while rest:
            value, end = json.JSONDecoder().raw_decode(rest)
            values += value if isinstance(value, list) and method.client_streaming else [value]
            rest = rest[end:].lstrip()
        if not method.client_streaming and len(values) != 1:
            raise click.UsageError(f"{method.name} takes one request, not {len(values)}")
        return [method.request.from_dict(_fold(method.request, value)) for value in values]
    except json.JSONDecodeError as error:
        raise click.UsageError(f"the request is not JSON: {error}") from None
    except DecodeError as error:
        raise click.UsageError(str(error)) from None


def _fold(kind: type[Message], value: Any) -> Any:
    """Put JSON objects and lists given for bytes fields into base64, as proto3 JSON wants it."""
    if not isinstance(value, dict):
        return value
    names = {name for name, field in kind()._tw_table().by_name.items() if isinstance(field.default(), bytes)}
    return {
        name: b64encode(json.dumps(part).encode()).decode()
        if name in names and isinstance(part, dict | list)
        else part
        for name, part in value.items()
    }


def _metadata(pairs: tuple[str, ...]) -> dict[str, str | bytes]:
    found: dict[str, str | bytes] = {}
    for place, pair in enumerate(pairs, 1):
        name, colon, value = pair.partition(":")
        name = name.strip().lower()
        if not colon or name.split() != [name]:  # Not shown: it may be a key.
            which = "" if len(pairs) == 1 else f" number {place}"
            raise click.UsageError(f"--metadata{which} must be NAME:VALUE, 'authorization:Bearer KEY' say")
        found[name] = value.strip().encode() if name.endswith("-bin") else value.strip()
    return found


def _run(
    client: _AnyClient, method: Method[Any, Any], requests: list[Message], timeout: float | None, raw: bool
) -> None:
    """Make the call and print what comes.

    Raises:
        RpcError: It failed.
    """

    async def work() -> None:
        async with client:
            async for response in client.call(method, requests, timeout):
                value = response.to_dict(casing=Casing.SNAKE)
                click.echo(json.dumps(value if raw else _unfold(response, value), ensure_ascii=False))

    asyncio.run(work())


def _unfold(message: Message, value: dict[str, Any]) -> dict[str, Any]:
    """Show JSON that a message carries as bytes, as a text called `json_...` or as texts of a map."""
    shown = dict(value)
    for name in value:
        part = getattr(message, name, None)
        with suppress(ValueError):
            if isinstance(part, bytes) or (isinstance(part, str) and name.startswith(_JSON_TEXT)):
                shown[name] = json.loads(part)
            elif isinstance(part, dict) and all(isinstance(text, str) for text in part.values()):
                shown[name] = {key: json.loads(text) for key, text in part.items()}
    return shown


def _print_all(lines: Iterator[str]) -> None:
    for line in lines:
        click.echo(line)

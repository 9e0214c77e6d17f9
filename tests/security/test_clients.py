"""Clients over TLS and with keys: grpcio, curl, buf, openai and this project's own, against one server."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import ssl
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import httpx
import httpx2
import openai
import pytest
from tokenwire import Access, KeyRing, client_context, start_server
from tokenwire.client import Client
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.openai_transport import GrpcTransport
from tokenwire_gen.sglang.runtime.v1 import HealthCheckRequest, ListModelsRequest, SglangServiceClient
from tokenwire_serve.engines import EngineOptions, create

from .certificates import Authority
from .process import Serving, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

USER_KEY = "user-key-0123456789"
ADMIN_KEY = "admin-key-0123456789"
SERVICE = "/sglang.runtime.v1.SglangService"
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server(authority: Authority) -> Iterator[Serving]:
    """Asks for keys, and takes certificates of clients but does not ask for them."""
    certificate, key = authority.server()
    with serving(
        authority.directory,
        "--ssl-certfile", certificate, "--ssl-keyfile", key,
        "--ssl-ca-certs", authority.file, "--ssl-client-auth", "optional",
        "--metrics-http-port", "0",
        environment={"TOKENWIRE_API_KEY": USER_KEY, "TOKENWIRE_ADMIN_API_KEY": ADMIN_KEY},
    ) as running:  # fmt: skip
        yield running


@pytest.fixture(scope="module")
def mutual(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Asks for a certificate, and for no key."""
    certificate, key = authority.server("mutual")
    with serving(
        tmp_path_factory.mktemp("mutual"),
        "--ssl-certfile", certificate, "--ssl-keyfile", key,
        "--ssl-ca-certs", authority.file, "--ssl-client-auth", "required",
    ) as running:  # fmt: skip
        yield running


def run(*command: str | Path, status: int = 0, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert done.returncode == status, done.stderr
    return done.stdout if status == 0 else done.stderr


# grpcio


def call_with_grpcio(target: str, credentials: grpc.ChannelCredentials, key: str | None) -> grpc.StatusCode:
    metadata = [] if key is None else [("authorization", f"Bearer {key}")]
    with grpc.secure_channel(target, credentials) as channel:
        try:
            channel.unary_unary(f"{SERVICE}/ListModels")(b"", timeout=20, metadata=metadata)
        except grpc.RpcError as error:
            code: grpc.StatusCode = error.code()
            return code
    return grpc.StatusCode.OK


def test_grpcio(server: Serving, authority: Authority) -> None:
    credentials = grpc.ssl_channel_credentials(authority.file.read_bytes())
    target = f"localhost:{server.grpc_port}"
    codes = [call_with_grpcio(target, credentials, key) for key in (USER_KEY, "wrong", None)]
    refused = grpc.StatusCode.UNAUTHENTICATED
    assert codes == [grpc.StatusCode.OK, refused, refused]


def test_grpcio_sends_the_key_as_call_credentials(server: Serving, authority: Authority) -> None:
    credentials = grpc.composite_channel_credentials(
        grpc.ssl_channel_credentials(authority.file.read_bytes()),
        grpc.access_token_call_credentials(USER_KEY),
    )
    assert call_with_grpcio(f"localhost:{server.grpc_port}", credentials, None) is grpc.StatusCode.OK


def test_grpcio_with_a_certificate(mutual: Serving, authority: Authority) -> None:
    certificate, key = authority.client("grpcio")
    root = authority.file.read_bytes()
    shown = grpc.ssl_channel_credentials(root, key.read_bytes(), certificate.read_bytes())
    target = f"localhost:{mutual.grpc_port}"
    assert call_with_grpcio(target, shown, None) is grpc.StatusCode.OK
    assert call_with_grpcio(target, grpc.ssl_channel_credentials(root), None) is grpc.StatusCode.UNAVAILABLE


# curl, openssl and buf


def test_curl(server: Serving, authority: Authority) -> None:
    url = f"https://localhost:{server.http_port}/v1/models"
    flags = ("-sS", "--cacert", str(authority.file), "-w", "\n%{http_code} %{http_version}")
    body, _, status = run("curl", *flags, "-H", f"authorization: Bearer {USER_KEY}", url).rpartition("\n")
    assert status == "200 1.1"
    assert json.loads(body)["data"]
    assert run("curl", *flags, url).rpartition("\n")[2] == "401 1.1"
    run("curl", "-sS", url, status=60)  # an authority that it does not know
    for path in ("livez", "health", "health_generate"):
        out = run("curl", *flags, f"https://localhost:{server.http_port}/{path}")
        assert out == "\n200 1.1"


def test_a_port_of_the_metrics_is_open_and_has_nothing_else(server: Serving) -> None:
    (port,) = re.findall(r"metrics on http://127.0.0.1:(\d+)/metrics", server.said())
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        reply = client.get("/metrics")
        assert (reply.status_code, "# HELP" in reply.text) == (200, True)
        assert [client.get(path).status_code for path in ("/v1/models", "/server_info")] == [404, 404]


def test_metrics_on_the_http_port_need_what_its_calls_need(mutual: Serving, authority: Authority) -> None:
    context = client_context(authority.file, *authority.client("metrics"))
    with httpx.Client(base_url=f"https://localhost:{mutual.http_port}", verify=context) as client:
        assert client.get("/metrics").status_code == 200  # there are no keys, and a certificate was shown


def test_curl_with_a_certificate(mutual: Serving, authority: Authority) -> None:
    certificate, key = authority.client("curl")
    url = f"https://localhost:{mutual.http_port}/v1/models"
    known = ("curl", "-sS", "--cacert", authority.file)
    assert json.loads(run(*known, "--cert", certificate, "--key", key, url))["data"]
    done = subprocess.run((*known, url), capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode != 0, done.stdout) == (True, "")


def test_a_stranger_s_certificate_is_refused(mutual: Serving, authority: Authority, tmp_path: Path) -> None:
    certificate, key = Authority(tmp_path).client()
    for port in (mutual.http_port, mutual.grpc_port):
        context = client_context(authority.file, certificate, key)
        with pytest.raises(OSError), httpx.Client(verify=context) as client:
            try:
                client.get(f"https://localhost:{port}/livez")
            except httpx.TransportError as error:
                raise OSError from error


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_old_versions_are_refused(server: Serving, version: str) -> None:
    for port in (server.http_port, server.grpc_port):
        command = (
            "openssl",
            "s_client",
            "-connect",
            f"127.0.0.1:{port}",
            version,
            "-cipher",
            "ALL:@SECLEVEL=0",
        )
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=30, check=False)
        assert b"Cipher is (NONE)" in done.stdout


@pytest.mark.parametrize(("protocols", "spoken"), [(None, False), (["http/1.1"], False), (["h2"], True)])
def test_grpc_is_spoken_only_where_h2_was_agreed_on(
    server: Serving, authority: Authority, protocols: list[str] | None, spoken: bool
) -> None:
    settings, acknowledged = b"\0\0\0\4\0\0\0\0\0", b"\0\0\0\4\1\0\0\0\0"
    context = authority.trusted()
    if protocols is not None:
        context.set_alpn_protocols(protocols)
    said = b""
    with (
        socket.create_connection(("127.0.0.1", server.grpc_port), timeout=20) as raw,
        context.wrap_socket(raw, server_hostname="localhost") as tls,
        suppress(ssl.SSLError, ConnectionError),
    ):
        tls.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings)
        while acknowledged not in said and (piece := tls.recv(1000)):
            said += piece
    assert (acknowledged in said) == spoken


def test_buf_curl_with_reflection(server: Serving, authority: Authority) -> None:
    url = f"https://localhost:{server.grpc_port}{SERVICE}/ListModels"
    command = (BIN / "buf", "curl", "--protocol", "grpc", "--cacert", authority.file, "-d", "{}")
    out = run(*command, "-H", f"authorization: Bearer {USER_KEY}", url)
    assert json.loads(out)["models"]
    assert "unauthenticated" in run(*command, url, status=16 << 3)


# openai


def test_openai_over_https(server: Serving, authority: Authority) -> None:
    with httpx2.Client(verify=authority.trusted()) as http:
        url = f"https://localhost:{server.http_port}/v1"
        client = openai.OpenAI(base_url=url, api_key=USER_KEY, http_client=http, max_retries=0)
        assert client.models.list().data
        with pytest.raises(openai.AuthenticationError) as caught:
            client.with_options(api_key="wrong-key-0123456789").models.list()
        assert "wrong-key" not in str(caught.value)


def test_openai_over_grpc(server: Serving, authority: Authority) -> None:
    transport = GrpcTransport(f"https://localhost:{server.grpc_port}", tls=authority.trusted())
    with httpx2.Client(transport=transport) as http:
        client = openai.OpenAI(
            base_url="http://tokenwire/v1", api_key=USER_KEY, http_client=http, max_retries=0
        )
        (model,) = client.models.list().data
        chat = client.chat.completions.create(
            model=model.id, messages=[{"role": "user", "content": "Hello"}], max_tokens=2
        )
        assert chat.choices[0].finish_reason == "length"
        with pytest.raises(openai.AuthenticationError):
            client.with_options(api_key="wrong-key-0123456789").models.list()


@pytest.mark.parametrize("stream", [False, True])
def test_openai_over_grpc_without_tls_says_what_to_do(server: Serving, stream: bool) -> None:
    target = f"localhost:{server.grpc_port}"
    with httpx2.Client(transport=GrpcTransport(target)) as http:
        client = openai.OpenAI(base_url="http://tokenwire/v1", api_key="-", http_client=http, max_retries=0)
        with pytest.raises(openai.APIStatusError) as caught:
            client.chat.completions.create(
                model="default", messages=[{"role": "user", "content": "x"}], stream=stream
            )
    assert caught.value.status_code == 503
    hint = f"it speaks TLS: write https://{target}, and tls=client_context(FILE) if its authority is your own"
    assert hint in str(caught.value)


def test_openai_over_grpc_to_the_http_port_says_what_to_do(tmp_path: Path) -> None:
    with (
        serving(tmp_path) as plain,
        httpx2.Client(transport=GrpcTransport(f"localhost:{plain.http_port}")) as http,
    ):
        client = openai.OpenAI(base_url="http://tokenwire/v1", api_key="-", http_client=http, max_retries=0)
        with pytest.raises(openai.APIStatusError, match="that is the HTTP port: the gRPC port is"):
            client.models.list()


# tokenwire


async def test_the_typed_client(server: Serving, authority: Authority) -> None:
    target, context = f"https://localhost:{server.grpc_port}", authority.trusted()
    async with SglangServiceClient(target, tls=context, api_key=USER_KEY) as client:
        assert (await client.list_models(ListModelsRequest())).models
        assert USER_KEY not in repr(client.options)
        with pytest.raises(RpcError) as caught:
            await client.with_options(api_key="wrong-key-0123456789").list_models(ListModelsRequest())
        assert caught.value.code is Code.UNAUTHENTICATED
    async with SglangServiceClient(target, tls=context) as client:
        assert (await client.health_check(HealthCheckRequest())).healthy


async def test_the_typed_client_with_a_certificate(mutual: Serving, authority: Authority) -> None:
    target = f"https://localhost:{mutual.grpc_port}"
    shown = client_context(authority.file, *authority.client("typed"))
    async with SglangServiceClient(target, tls=shown) as client:
        assert (await client.list_models(ListModelsRequest())).models
    async with SglangServiceClient(target, tls=authority.trusted()) as client:
        with pytest.raises(RpcError) as caught:
            await client.list_models(ListModelsRequest(), timeout=20)
        assert caught.value.code is Code.UNAVAILABLE


async def test_the_typed_client_trusts_nobody_else(server: Serving) -> None:
    async with SglangServiceClient(f"https://localhost:{server.grpc_port}", api_key=USER_KEY) as client:
        with pytest.raises(RpcError) as caught:
            await client.list_models(ListModelsRequest())
    assert caught.value.code is Code.UNAVAILABLE
    assert "CERTIFICATE_VERIFY_FAILED" in caught.value.message


@pytest.mark.parametrize("key", ["", "two words", "schl\xfcssel"])
def test_a_key_that_cannot_be_sent_is_not_shown(key: str) -> None:
    with pytest.raises(ValueError, match="api_key") as caught:
        Client("localhost:1", api_key=key)
    assert not key or key not in str(caught.value)


def test_tokenwire_call(server: Serving, authority: Authority) -> None:
    flags = ("--target", f"https://localhost:{server.grpc_port}", "--ca", str(authority.file))
    command = (str(BIN / "tokenwire"), "call", *flags)
    assert json.loads(run(*command, "ListModels", environment={"TOKENWIRE_API_KEY": USER_KEY}))["models"]
    assert json.loads(run(*command, "--api-key", ADMIN_KEY, "GetServerInfo"))
    refused = run(*command, "--api-key", USER_KEY, "GetServerInfo", status=64 + Code.PERMISSION_DENIED)
    assert refused == "error: PERMISSION_DENIED: this call needs an admin key; the key is a user's\n"


def test_tokenwire_call_with_a_certificate(mutual: Serving, authority: Authority) -> None:
    certificate, key = authority.client("call")
    flags = ("--target", f"localhost:{mutual.grpc_port}", "--ca", str(authority.file))
    command = (str(BIN / "tokenwire"), "call", *flags, "--cert", str(certificate))
    assert json.loads(run(*command, "--key", str(key), "ListModels"))["models"]
    assert "cannot be used as a certificate" in run(*command, "ListModels", status=2)


async def test_a_server_in_a_process_of_one_s_own(authority: Authority) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*authority.server("own"))
    engine = create("null", EngineOptions())
    await engine.start()
    handle = await asyncio.to_thread(
        start_server,
        "127.0.0.1",
        0,
        engine,
        loop=asyncio.get_running_loop(),
        access=Access(KeyRing((USER_KEY,))),
        tls=context,
    )
    target = f"https://localhost:{handle.port}"
    async with SglangServiceClient(target, tls=authority.trusted(), api_key=USER_KEY) as client:
        assert (await client.list_models(ListModelsRequest())).models
        with pytest.raises(RpcError) as caught:
            await client.with_options(api_key="wrong-key-0123456789").list_models(ListModelsRequest())
        assert caught.value.code is Code.UNAUTHENTICATED
    await asyncio.to_thread(handle.shutdown)
    await engine.close()

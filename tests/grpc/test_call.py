"""`tokenwire call` and the command group, as a shell sees them."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
import tokenwire.cli
import tokenwire.missing
from click.testing import CliRunner
from tokenwire.call import call
from tokenwire.cli import main
from tokenwire.codes import Code
from tokenwire.errors import RpcError
from tokenwire.grpc.handle import GrpcServerHandle
from tokenwire.missing import EXTRAS, how_to_install
from tokenwire.streams import PushStream
from tokenwire_gen.sglang.runtime.v1 import sglang_pb as pb
from tokenwire_gen.sglang.runtime.v1.sglang_grpc import SglangServiceBase

from tests.security.certificates import Authority
from tests.support.server import running_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenwire.context import Context


class Servicer(SglangServiceBase):
    """Answers the few methods that are called here."""

    contexts: list[Context]

    def __init__(self) -> None:
        self.contexts = []

    async def tokenize(self, request: pb.TokenizeRequest, context: Context) -> pb.TokenizeResponse:
        self.contexts.append(context)
        if not request.text:
            raise RpcError(Code.INVALID_ARGUMENT, "text: must not be empty")
        return pb.TokenizeResponse(tokens=[1, 2], count=2, input_text=request.text)

    async def get_server_info(self, request: pb.GetServerInfoRequest, context: Context) -> Any:
        return pb.GetServerInfoResponse(json_info='{"version": "1", "sizes": [1]}')

    def text_generate(self, request: pb.TextGenerateRequest, context: Context) -> Any:
        self.contexts.append(context)
        stream: PushStream[pb.TextGenerateResponse] = PushStream()
        mode = context.text("x-tokenwire-stream")
        context.initial_metadata["x-tokenwire-stream"] = mode
        texts = ("a", "ab") if mode == "cumulative" else ("a", "b")
        stream.push(pb.TextGenerateResponse(text=texts[0], meta_info={"id": '"x"', "n": "1"}))
        stream.push(pb.TextGenerateResponse(text=texts[1], finished=True))
        if request.text != "forever":
            stream.close()
        return stream

    def chat_complete(self, request: pb.OpenAIRequest, context: Context) -> Any:
        stream: PushStream[pb.OpenAIStreamChunk] = PushStream()
        stream.push(pb.OpenAIStreamChunk(json_chunk=request.json_body, finished=True))
        stream.close()
        return stream


Servicer.__abstractmethods__ = frozenset()


@pytest.fixture(scope="module")
def servicer() -> Servicer:
    return Servicer()  # type: ignore[abstract]


@pytest.fixture(scope="module")
def target(servicer: Servicer) -> Iterator[str]:
    handle = GrpcServerHandle("127.0.0.1", 0, lambda: servicer)
    yield f"127.0.0.1:{handle.port}"
    handle.shutdown()


def run(*args: str, status: int = 0, stdin: str | None = None) -> str:
    result = CliRunner().invoke(call, args, input=stdin)
    assert result.exit_code == status, result.output
    assert not isinstance(result.exception, Exception) or isinstance(result.exception, SystemExit)
    return result.stdout if status == 0 else result.stderr


@pytest.mark.parametrize(
    "name",
    [
        "Tokenize",
        "SglangService/Tokenize",
        "sglang.runtime.v1.SglangService/Tokenize",
        "/sglang.runtime.v1.SglangService/Tokenize",
    ],
)
def test_names_of_a_method(target: str, name: str) -> None:
    out = run(name, '{"text": "grüß"}', "--target", target)
    assert json.loads(out) == {"tokens": [1, 2], "count": 2, "input_text": "grüß"}
    assert "grüß" in out


def test_a_stream_is_a_line_per_message(target: str) -> None:
    lines = run("TextGenerate", "--target", target).splitlines()
    assert [json.loads(line) for line in lines] == [
        {"text": "a", "meta_info": {"id": "x", "n": 1}},
        {"text": "b", "finished": True},
    ]
    lines = run("TextGenerate", "--cumulative", "--raw", "--target", target).splitlines()
    assert [json.loads(line)["text"] for line in lines] == ["a", "ab"]
    assert json.loads(lines[0])["meta_info"] == {"id": '"x"', "n": "1"}


def test_json_in_bytes_fields(target: str) -> None:
    out = run("ChatComplete", '{"json_body": {"model": "m"}}', "--target", target)
    assert json.loads(out) == {"json_chunk": {"model": "m"}, "finished": True}
    raw = json.loads(run("ChatComplete", '{"jsonBody": "e30="}', "--raw", "--target", target))
    assert raw == {"json_chunk": "e30=", "finished": True}


def test_json_in_texts(target: str) -> None:
    out = run("GetServerInfo", "--target", target)
    assert json.loads(out) == {"json_info": {"version": "1", "sizes": [1]}}
    raw = json.loads(run("GetServerInfo", "--raw", "--target", target))
    assert raw == {"json_info": '{"version": "1", "sizes": [1]}'}


def test_requests_from_files_and_stdin(target: str, tmp_path: Path) -> None:
    file = tmp_path / "request.json"
    file.write_text('{"text": "from a file"}')
    assert "from a file" in run("Tokenize", f"@{file}", "--target", target)
    assert "from stdin" in run("Tokenize", "-", "--target", target, stdin='{"text": "from stdin"}')


def test_metadata_and_timeout(target: str, servicer: Servicer) -> None:
    sent = ("-H", "X-One: 1", "--metadata", "x-two-bin:abc")
    run("Tokenize", '{"text": "a"}', *sent, "--timeout", "30", "--target", target)
    context = servicer.contexts[-1]
    assert (context.metadata["x-one"], context.metadata["x-two-bin"]) == ("1", b"abc")
    remaining = context.time_remaining()
    assert remaining is not None and remaining <= 30


def test_a_failed_call_is_one_line_and_a_status(target: str) -> None:
    error = run("Tokenize", "--target", target, status=64 + Code.INVALID_ARGUMENT)
    assert error == "error: INVALID_ARGUMENT: text: must not be empty\n"
    error = run("Embed", "--target", "127.0.0.1:1", status=64 + Code.UNAVAILABLE)
    assert error.startswith("error: UNAVAILABLE: cannot connect to 127.0.0.1:1")
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ((), "name a method"),
        (("Tokenise",), "did you mean Tokenize"),
        (("zzz",), "--list shows them"),
        (("Tokenize", "{"), "not JSON"),
        (("Tokenize", "{} {}"), "takes one request"),
        (("Tokenize", '{"txt": "x"}'), "txt"),
        (("Tokenize", "@/no/such/file"), "/no/such/file"),
        (("Tokenize", "--target", "nowhere"), "no port"),
        (("Tokenize", "-H", "nonsense"), "NAME:VALUE"),
        (("Tokenize", "-H", "te:x"), "te"),
        (("Tokenize", "--package", "no.such"), "no.such"),
        (("Tokenize", "--package", "json"), "no service"),
        (("--describe", "Nothing"), "Nothing"),
    ],
)
def test_wrong_use(args: tuple[str, ...], text: str) -> None:
    assert text in run(*args, status=2)


KEY = "kJ8wQ3nT6yBz"


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (("Tokenize", "-H", f"authorization Bearer {KEY}"), "--metadata must be NAME:VALUE"),
        (("Tokenize", "-H", f"authorization Bearer {KEY}: x"), "--metadata must be NAME:VALUE"),
        (("Tokenize", "-H", "a:b", "-H", KEY), "--metadata number 2 must be NAME:VALUE"),
        (("--api-key", "A", KEY), "there is no method of that name; --list shows them"),
        (("-H", "authorization:Bearer", KEY, "Tokenize"), "there is no method of that name"),
        (("Tokenize", "{}", "--api-key", "A", KEY), "Got 1 unexpected extra argument, not shown"),
        (("-H", "authorization:", "Bearer", KEY, "Tokenize", "{}"), "Got 2 unexpected extra arguments, not"),
        (("Tokenize", "--key", KEY), "Invalid value for '--key': the file that it names does not exist"),
        (("Tokenize", "--key", f"nowhere/{KEY}"), "the file that it names does not exist"),
    ],
)
def test_what_may_be_a_key_in_the_wrong_place_is_not_repeated(args: tuple[str, ...], text: str) -> None:
    error = run(*args, status=2)
    assert text in error
    assert KEY not in error
    assert "{}" not in error


def test_what_is_no_key_is_named() -> None:
    assert "Got unexpected extra argument (stray)" in run("Tokenize", "{}", "stray", status=2)
    assert "there is no method stray" in run("stray", status=2)
    assert "'/no/such/file' does not exist" in run("Tokenize", "--key", "/no/such/file", status=2)


def test_list_and_describe() -> None:
    listed = run("--list").splitlines()
    assert len(listed) == 26
    assert any(
        "TextGenerate(TextGenerateRequest) returns (stream TextGenerateResponse)" in line for line in listed
    )
    method = run("--describe", "TextGenerate")
    assert "\nrpc TextGenerate" in method
    assert method.startswith("// ")
    assert "optional SamplingParams sampling_params = 2;" in method
    assert "map<string, string> trace_headers = 12;" in method
    assert run("TextGenerate", "--describe") == method
    assert "SERVER_STATUS_UP = 2;" in run("--describe", "ServerStatus")
    assert "repeated string values = 1;" in run("--describe", "sglang.runtime.v1.ChoiceConstraint")
    assert run("--describe").count("rpc ") == 26


async def test_ctrl_c_cancels(target: str, servicer: Servicer) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from tokenwire.cli import main; main()",
        "call", "TextGenerate", '{"text": "forever"}', "--target", target,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert process.stdout is not None
    assert b'"text"' in await process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, error = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 130
    assert b"Traceback" not in error


class Entry:
    """An entry point whose module misses a library."""

    def __init__(self, missing: str) -> None:
        self.missing = missing

    def load(self) -> Any:
        raise ModuleNotFoundError(f"No module named {self.missing!r}", name=self.missing)


def test_the_command_group(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = CliRunner()
    assert runner.invoke(main, ["--version"]).output.startswith("tokenwire, version ")
    assert {"call", "gen", "serve"} <= set(main.list_commands(click.Context(main)))
    monkeypatch.setattr(tokenwire.cli, "_installed", lambda: {"gen": Entry("jinja2"), "x": Entry("y.z")})
    result = runner.invoke(main, ["gen", "--anything"])
    assert result.exit_code == 1
    assert result.stderr == f"Error: jinja2 is missing: {how_to_install('codegen')}\n"
    assert runner.invoke(main, ["x"]).stderr == "Error: y is missing: pip install 'y'\n"
    assert runner.invoke(main, ["--help"]).exit_code == 0
    assert runner.invoke(main, ["nothing"]).exit_code == 2


@pytest.mark.parametrize("command", [[], ["call"], ["doctor"], ["gen"], ["serve"]])
def test_h_is_help(command: list[str]) -> None:
    result = CliRunner().invoke(main, [*command, "-h"])
    assert result.exit_code == 0
    assert result.output.startswith("Usage:")
    assert "-h, --help" in result.output


@pytest.mark.parametrize(
    ("code", "extra"),
    [
        ("from tokenwire.cli import main; main(['serve', '--engine', 'null'])", "serve"),
        ("import tokenwire_gen.sglang.runtime.v1 as p, tokenwire; tokenwire.main(p.SGLANG_SERVICE)", "serve"),
    ],
)
@pytest.mark.parametrize("missing", ["starlette", "httptools"])
def test_an_extra_that_is_not_installed_is_one_sentence(code: str, extra: str, missing: str) -> None:
    program = f"import sys; sys.modules[{missing!r}] = None; sys.argv = ['x', '--engine', 'null']; {code}"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stderr.lower() == f"error: {missing} is missing: {how_to_install(extra)}\n"


@pytest.mark.parametrize(
    ("absent", "packages"),
    [
        (
            (),
            "'opentelemetry-api>=1.27' 'opentelemetry-exporter-otlp-proto-http>=1.27' "
            "'opentelemetry-sdk>=1.27'",
        ),
        (("opentelemetry-sdk",), "'opentelemetry-sdk>=1.27'"),
    ],
)
def test_the_packages_of_an_extra_are_named(
    absent: tuple[str, ...], packages: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokenwire.missing, "_installed", lambda name: name not in absent)
    assert how_to_install("tracing") == f"pip install {packages}, or tokenwire with its extra [tracing]"


@pytest.mark.parametrize("extra", sorted({*EXTRAS.values(), "uvloop"}))
def test_each_extra_has_packages(extra: str) -> None:
    assert how_to_install(extra).startswith("pip install '")


def test_a_module_of_ours_that_is_missing_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenwire.cli, "_installed", lambda: {"gen": Entry("tokenwire_codegen.gone")})
    assert isinstance(CliRunner().invoke(main, ["gen"]).exception, ModuleNotFoundError)


def test_the_extras_are_those_of_the_project() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    distributions = packages_distributions()
    for module, extra in EXTRAS.items():
        if module in distributions:
            listed = " ".join(project["optional-dependencies"][extra])
            assert any(name.lower().replace("_", "-") in listed for name in distributions[module]), module


def test_what_to_do_about_a_connection(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.server()
    tls = ("--ssl-certfile", str(certificate), "--ssl-keyfile", str(key))
    code = 64 + Code.UNAVAILABLE

    def error(*args: str) -> str:
        said = run("HealthCheck", *args, status=code)
        assert said.startswith("error: UNAVAILABLE: ")
        assert len(said.splitlines()) == 1
        return said

    with running_server("--engine", "null", "--log-level", "error") as plain:
        said = error("--target", plain.http)
        assert "the peer speaks HTTP/1.1" in said
        assert "that is the HTTP port: the gRPC port is --grpc-port" in said
        assert "write HOST:PORT without https://" in error("--target", f"https://{plain.grpc}")
    with running_server("--engine", "null", "--log-level", "error", *tls) as secure:
        assert f"it speaks TLS: write https://{secure.grpc}, and --ca FILE" in error("--target", secure.grpc)
        assert "give the authority with --ca FILE" in error("--target", f"https://{secure.grpc}")
    assert "nothing listens there" in error("--target", plain.grpc)
    wants = ("--ssl-client-auth", "required", "--ssl-ca-certs", str(authority.file))
    with running_server("--engine", "null", "--log-level", "error", *tls, *wants) as strict:
        whole = ("--target", f"https://{strict.grpc}", "--ca", str(authority.file))
        assert "give --cert FILE and --key FILE" in error(*whole)

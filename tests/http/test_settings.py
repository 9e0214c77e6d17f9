"""Settings: flags over environment, the rules of ports, and errors that name the flag."""

from __future__ import annotations

import re
import socket
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner
from tokenwire.cli import main
from tokenwire.limits import Limits, flag_of
from tokenwire_serve.process import listeners, supervisor
from tokenwire_serve.process.cli import serve
from tokenwire_serve.process.engine_args import without
from tokenwire_serve.process.groups import ObserveSettings, SecuritySettings
from tokenwire_serve.process.listeners import address_of, listen
from tokenwire_serve.process.settings import ServeSettings, SettingsError


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[ServeSettings]:
    """What the server would have been run with."""
    seen: list[ServeSettings] = []

    def run(settings: ServeSettings) -> int:
        seen.append(settings)
        return 0

    monkeypatch.setattr(supervisor, "run", run)
    return seen


@pytest.mark.parametrize(
    ("given", "port", "grpc_port"),
    [
        ({}, 30000, 40000),
        ({"port": 8000}, 8000, 18000),
        ({"port": 0}, 0, 0),
        ({"port": 0, "grpc_port": 7}, 0, 7),
        ({"port": 0, "grpc_port": 0}, 0, 0),
        ({"port": 8000, "grpc_port": 0}, 8000, 0),
        ({"port": 55535}, 55535, 65535),
        ({"port": 60000, "grpc_port": 1}, 60000, 1),
        ({"port": 60000, "enable_grpc": False}, 60000, None),
        ({"port": 1, "grpc_port": 99999, "enable_grpc": False}, 1, 99999),
        ({"port": 5, "grpc_port": 5, "enable_grpc": False}, 5, 5),
    ],
)
def test_ports(given: dict[str, Any], port: int, grpc_port: int | None) -> None:
    resolved = ServeSettings(**given).resolved()
    assert (resolved.port, resolved.grpc_port) == (port, grpc_port)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"port": -1}, "--port must be from 0 to 65535, not -1"),
        ({"port": 65536}, "--port must be from 0 to 65535, not 65536"),
        ({"grpc_port": 65536}, "--grpc-port must be from 0 to 65535, not 65536"),
        (
            {"port": 55536},
            "--grpc-port would be --port + 10000 = 65536, which is above 65535: set --grpc-port",
        ),
        ({"port": 9, "grpc_port": 9}, "--port and --grpc-port are both 9"),
        ({"port": 9, "nccl_port": 9}, "--port and --nccl-port are both 9"),
        ({"port": 9, "nccl_port": 10009}, "--grpc-port and --nccl-port are both 10009"),
        (
            {"port": 9, "engine": "sglang", "engine_args": ("--tp", "2", "--nccl-port", "9")},
            "--port and --nccl-port are both 9",
        ),
        (
            {"grpc_port": 9, "engine": "sglang", "engine_args": ("--nccl-port=9",)},
            "--grpc-port and --nccl-port are both 9",
        ),
        ({"nccl_port": 0}, "--nccl-port must be from 1 to 65535, not 0"),
        ({"engine": "sglang", "engine_args": ("--nccl-port", "x")}, "--nccl-port must be a number, not 'x'"),
        ({"engine": "sglang", "engine_args": ("--nccl-port",)}, "--nccl-port must be a number, not ''"),
        (
            {"engine": "null", "engine_args": ("--tp", "2")},
            "what follows -- is for the engine's own flags, and engine null takes none",
        ),
        ({"host": " "}, "--host must be an address or a host name, not empty"),
        ({"served_model_names": ("a", "")}, "--served-model-name must not be empty"),
        ({"drain_delay": -1.0}, "--drain-delay must be 0 or more seconds, not -1.0"),
        ({"observe": ObserveSettings(metrics_http_port=-1)}, "--metrics-http-port must be from 0 to 65535"),
        (
            {"port": 9, "observe": ObserveSettings(metrics_http_port=10009)},
            "--grpc-port and --metrics-http-port are both 10009",
        ),
        (
            {"observe": ObserveSettings(metrics_host="::1")},
            "--metrics-host does nothing without --metrics-http-port",
        ),
        (
            {"observe": ObserveSettings(metrics_host="", metrics_http_port=9)},
            "--metrics-host must be an address or a host name, not empty",
        ),
        ({"security": SecuritySettings(ssl_keyfile=Path("k"))}, "--ssl-keyfile needs --ssl-certfile"),
        (
            {"security": SecuritySettings(ssl_client_auth="required")},
            "--ssl-client-auth required needs --ssl-certfile",
        ),
        (
            {"security": SecuritySettings(ssl_certfile=Path("c"), ssl_client_auth="optional")},
            "--ssl-client-auth optional needs --ssl-ca-certs",
        ),
        ({"max_running_requests": 0}, "--max-running-requests must be 1 or more, not 0"),
        ({"max_waiting_requests": -1}, "--max-waiting-requests must be 0 or more, not -1"),
        ({"max_model_len": 0}, "--max-model-len must be from 1 to 2147483647, not 0"),
        ({"max_model_len": 2**31}, "--max-model-len must be from 1 to 2147483647, not 2147483648"),
        ({"drain_timeout": -1.0}, "--drain-timeout must be 0 or more seconds, not -1.0"),
        ({"drain_timeout": float("nan")}, "--drain-timeout must be 0 or more seconds, not nan"),
    ],
)
def test_broken_rules(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(SettingsError) as caught:
        ServeSettings(**given).resolved()
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("flags", "environment", "expected"),
    [
        ([], {"SGLANG_PORT": "1234"}, {"port": 1234, "grpc_port": 11234}),
        (["--port", "5"], {"SGLANG_PORT": "1234"}, {"port": 5}),
        ([], {"SGLANG_HOST": "::1"}, {"host": "::1"}),
        (["--host", "localhost"], {"SGLANG_HOST": "::1"}, {"host": "localhost"}),
        ([], {"SGLANG_ENABLE_GRPC": "0"}, {"enable_grpc": False}),
        ([], {"SGLANG_ENABLE_GRPC": "true"}, {"enable_grpc": True}),
        (["--enable-grpc"], {"SGLANG_ENABLE_GRPC": "false"}, {"enable_grpc": True}),
        ([], {"SGLANG_GRPC_PORT": "77"}, {"grpc_port": 77}),
        (["--grpc-port", "78"], {"SGLANG_GRPC_PORT": "77"}, {"grpc_port": 78}),
        ([], {"SGLANG_TONIC_PAYLOAD": "1048576"}, {"limits": Limits(max_message_size=1048576)}),
        (
            ["--grpc-max-message-size", "9"],
            {"SGLANG_TONIC_PAYLOAD": "8"},
            {"limits": Limits(max_message_size=9)},
        ),
        (["--idle-timeout", "0"], {}, {"limits": Limits(idle_timeout=0.0)}),
        (
            ["--api-key", "a", "--api-key", "b"],
            {"TOKENWIRE_API_KEY": "c", "TOKENWIRE_ADMIN_API_KEY": "d"},
            {"security": SecuritySettings(api_keys=("a", "b"), admin_api_keys=("d",))},
        ),
        (
            ["--no-access-log"],
            {"SGLANG_METRICS_PORT": "7"},
            {"observe": ObserveSettings(access_log=False, metrics_http_port=7)},
        ),
        (
            ["--served-model-name", "a", "--served-model-name", "b"],
            {},
            {"served_model_names": ("a", "b"), "incremental_streaming_output": False},
        ),
        (["--grpc-compression", "gzip"], {}, {"grpc_compression": "gzip"}),
        (["--incremental-streaming-output"], {}, {"incremental_streaming_output": True}),
        (["--engine", "null", "--drain-timeout", "2.5"], {}, {"engine": "null", "drain_timeout": 2.5}),
        (["--nccl-port", "7"], {}, {"nccl_port": 7, "restart_engine": False, "accept_any_model": False}),
        (["--restart-engine", "--accept-any-model"], {}, {"restart_engine": True, "accept_any_model": True}),
    ],
)
def test_flags_win_over_environment(
    parsed: list[ServeSettings], flags: list[str], environment: dict[str, str], expected: dict[str, Any]
) -> None:
    result = CliRunner().invoke(serve, flags, env=environment)
    assert result.exit_code == 0, result.output
    (settings,) = parsed
    assert {name: getattr(settings, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (["--port", "70000"], "--port must be from 0 to 65535, not 70000"),
        (["--port", "http"], "'http' is not a valid integer"),
        (["--port", "9", "--grpc-port", "9"], "--port and --grpc-port are both 9"),
        (["--prot", "9"], "No such option"),
        (["stray"], "Got unexpected extra argument (stray)"),
        (["--engine", "sglang", "stray", "--", "--tp", "2"], "Got unexpected extra argument (stray)"),
        (
            ["--api-key", "A", "stray"],
            "Got 1 unexpected extra argument, not shown beside flags that take keys",
        ),
        (["--admin-api-key=A", "stray", "B"], "Got 2 unexpected extra arguments, not shown"),
        (["--engine", "null", "--", "--tp", "2"], "what follows -- is for the engine's own flags"),
        (["--port", "9", "--nccl-port", "9"], "--port and --nccl-port are both 9"),
        (["--port", "--", "9"], "Option '--port' requires an argument"),
        (["--grpc-max-message-size", "0"], "--grpc-max-message-size must be 1 or more, not 0"),
        (["--stall-timeout", "nan"], "--stall-timeout must be 0.1 or more, not nan"),
        (["--otlp-traces-endpoint", "127.0.0.1:4318"], "must be a URL such as http://127.0.0.1:4318"),
        (["--otlp-traces-endpoint", "collector"], "must be a URL such as http://127.0.0.1:4318"),
        (["--otlp-traces-endpoint", "http://[::1"], "must be a URL such as http://127.0.0.1:4318"),
        (["--config", "nowhere.toml"], "--config nowhere.toml cannot be read: No such file or directory"),
    ],
)
def test_wrong_flags_are_one_message_and_run_nothing(
    parsed: list[ServeSettings], flags: list[str], problem: str
) -> None:
    result = CliRunner().invoke(serve, flags)
    assert result.exit_code == 2
    assert problem in result.output
    assert "Traceback" not in result.output
    assert not parsed


_KEYS: Final = Path("keys")
_MUTUAL: Final = SecuritySettings(ssl_certfile=Path("c"), ssl_ca_certs=Path("a"), ssl_client_auth="required")


@pytest.mark.parametrize(
    ("given", "security", "host"),
    [
        (None, SecuritySettings(), "0.0.0.0"),
        (None, SecuritySettings(api_keys=("k",)), "127.0.0.1"),
        (None, SecuritySettings(api_key_file=_KEYS), "127.0.0.1"),
        (None, SecuritySettings(admin_api_keys=("k",)), "127.0.0.1"),
        (None, SecuritySettings(admin_api_key_file=_KEYS), "127.0.0.1"),
        (None, _MUTUAL, "127.0.0.1"),
        (None, replace(_MUTUAL, ssl_client_auth="optional"), "0.0.0.0"),
        ("10.0.0.1", SecuritySettings(api_keys=("k",)), "10.0.0.1"),
        ("::1", SecuritySettings(), "::1"),
    ],
)
def test_where_metrics_are_served(given: str | None, security: SecuritySettings, host: str) -> None:
    observe = ObserveSettings(metrics_http_port=0, metrics_host=given)
    settings = ServeSettings(host="0.0.0.0", security=security, observe=observe)
    assert settings.resolved().metrics_host == host


@pytest.mark.parametrize(
    ("variables", "wrong"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "collector"}, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"),
        (
            {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://here", "OTEL_EXPORTER_OTLP_ENDPOINT": "unused"},
            None,
        ),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "collector", "OTEL_SDK_DISABLED": "true"}, None),
    ],
)
def test_variables_of_opentelemetry_are_held_to_the_same(
    parsed: list[ServeSettings],
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    wrong: str | None,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(serve, [])
    if wrong is None:
        assert result.exit_code == 0, result.output
        assert len(parsed) == 1
    else:
        assert result.exit_code == 2
        assert f"{wrong} must be a URL such as http://127.0.0.1:4318, not 'collector" in result.output
        assert not parsed


@pytest.mark.parametrize(
    ("after", "nccl_port"),
    [
        ((), None),
        (("--tp", "2", "--mem-fraction-static", "0.8"), None),
        (("--port", "1", "a word", "--", "--tp"), None),
        (("--nccl-port", "8", "--nccl-port=9"), 9),
    ],
)
@pytest.mark.parametrize("command", [(serve, ()), (main, ("serve",))])
def test_what_follows_the_dashes_is_the_engines(
    parsed: list[ServeSettings], command: Any, after: tuple[str, ...], nccl_port: int | None
) -> None:
    program, words = command
    result = CliRunner().invoke(program, [*words, "--engine", "sglang", "--port", "5", "--", *after])
    assert result.exit_code == 0, result.output
    (settings,) = parsed
    assert (settings.port, settings.engine_args, settings.nccl_port) == (5, after, nccl_port)


def test_our_nccl_port_wins() -> None:
    given = ServeSettings(engine="sglang", nccl_port=7, engine_args=("--nccl-port", "30000"))
    assert given.resolved().nccl_port == 7


def test_what_the_user_gave_is_known(parsed: list[ServeSettings]) -> None:
    flags = ["--dtype", "auto", "--served-model-name", "m", "--trust-remote-code"]
    result = CliRunner().invoke(serve, flags, env={"SGLANG_HOST": "::1"})
    assert result.exit_code == 0, result.output
    assert parsed[0].explicit == {"dtype", "served_model_names", "trust_remote_code", "host"}


def test_help_names_environment_and_defaults() -> None:
    text = CliRunner().invoke(serve, ["--help"]).output
    for name in (
        "SGLANG_HOST",
        "SGLANG_PORT",
        "SGLANG_ENABLE_GRPC",
        "SGLANG_GRPC_PORT",
        "SGLANG_TONIC_PAYLOAD",
        "SGLANG_METRICS_PORT",
        "TOKENWIRE_API_KEY",
        "30000",
    ):
        assert name in text


def test_help_has_every_flag_under_a_heading() -> None:
    text = CliRunner().invoke(serve, ["--help"]).output
    headings = re.findall(r"^([A-Z]\w+):$", text, re.MULTILINE)
    assert headings == [
        "Model", "Listeners", "Requests", "Limits", "Security", "Observation", "Process", "Options"
    ]  # fmt: skip
    for item in fields(Limits):
        assert re.search(rf"^  {flag_of(item.name)} ", text, re.MULTILINE)


def test_secrets_are_not_shown() -> None:
    settings = ServeSettings(security=SecuritySettings(api_keys=("planted",), admin_api_keys=("planted",)))
    assert "planted" not in repr(settings)
    assert "planted" not in repr(settings.public())


CONFIG = """
port = 1234
enable_grpc = true
grpc-port = 99
api-key = ["a", "b"]
served-model-name = "m"
idle-timeout = 5
engine = "sglang"
engine-args = ["--tp", "2"]
"""


def test_a_file_gives_flags(parsed: list[ServeSettings], tmp_path: Path) -> None:
    file = tmp_path / "serve.toml"
    file.write_text(CONFIG)
    result = CliRunner().invoke(serve, ["--config", str(file), "--grpc-port", "7"], env={"SGLANG_PORT": "5"})
    assert result.exit_code == 0, result.output
    (settings,) = parsed
    assert (settings.port, settings.grpc_port) == (5, 7)
    assert settings.security.api_keys == ("a", "b")
    assert settings.served_model_names == ("m",)
    assert settings.limits.idle_timeout == 5.0
    assert (settings.engine, settings.engine_args) == ("sglang", ("--tp", "2"))
    assert {"port", "grpc_port", "engine", "served_model_names"} <= settings.explicit


def test_the_command_lines_engine_flags_win(parsed: list[ServeSettings], tmp_path: Path) -> None:
    file = tmp_path / "serve.toml"
    file.write_text(CONFIG)
    result = CliRunner().invoke(serve, ["--config", str(file), "--", "--tp", "4"])
    assert result.exit_code == 0, result.output
    assert parsed[0].engine_args == ("--tp", "4")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("prot = 1", "there is no flag --prot"),
        ("config = 'x'", "there is no flag --config"),
        ("[server]\nport = 1", "tables are not used, and [server] is one: write port = 30000"),
        ("[limits]\nmax-streams = 1", "tables are not used, and [limits] is one"),
        ("port = ", "is not TOML"),
        ("port = true", "port must be a string or a number"),
        ("port = 'http'", "serve.toml: port: 'http' is not a valid integer"),
        ("log-format = 'xml'", "serve.toml: log-format: 'xml' is not one of"),
        ("port = [1]", "port must be a string or a number"),
        ("enable-grpc = 1", "enable-grpc must be true or false"),
        ("api-key = [1, [2]]", "api-key must be a string or a number"),
        ("engine-args = '--tp 2'", "engine-args must be a list of strings"),
        ("grpc-port = 1\ngrpc_port = 2", "--grpc-port is given twice"),
        ("max-streams = 0", "serve.toml: --max-streams must be 1 or more"),
        ("drain-timeout = -1", "serve.toml: --drain-timeout must be 0 or more seconds, not -1"),
        ("port = 9\ngrpc-port = 9", "serve.toml: --port and --grpc-port are both 9"),
        ("ssl-keyfile = 'k'", "serve.toml: --ssl-keyfile needs --ssl-certfile"),
        ("otlp-traces-endpoint = 'x'", "serve.toml: --otlp-traces-endpoint"),
    ],
)
def test_a_file_that_is_wrong(parsed: list[ServeSettings], tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "serve.toml"
    file.write_text(text)
    result = CliRunner().invoke(serve, ["--config", str(file)])
    assert result.exit_code == 2
    assert problem in result.output.replace("\n", " ")
    assert not parsed


def test_a_file_is_not_named_for_what_it_did_not_give(parsed: list[ServeSettings], tmp_path: Path) -> None:
    file = tmp_path / "serve.toml"
    file.write_text("drain-timeout = 1\nmax-streams = 7")
    result = CliRunner().invoke(serve, ["--config", str(file), "--drain-timeout", "-1"])
    assert result.exit_code == 2
    assert "--drain-timeout must be 0 or more seconds" in result.output
    assert "serve.toml" not in result.output
    assert not parsed


@pytest.mark.parametrize(
    ("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"), ("::1", "[::1]")]
)
def test_listen(host: str, shown: str) -> None:
    with listen(host, 0, "--port") as sock:
        port = sock.getsockname()[1]
        assert address_of(sock) == f"{shown}:{port}"
        with socket.create_connection((host, port), timeout=5):
            pass


def test_listen_on_a_port_in_use_names_the_flag() -> None:
    with listen("127.0.0.1", 0, "--port") as sock:
        port = sock.getsockname()[1]
        with pytest.raises(SettingsError, match=f"--grpc-port {port} is in use on 127.0.0.1"):
            listen("127.0.0.1", port, "--grpc-port")


@pytest.mark.parametrize("given", ["1 65535", "1 2", "", None])
def test_an_outgoing_connection_may_have_the_port(
    given: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ip_local_port_range"
    if given is not None:
        file.write_text(given)
    monkeypatch.setattr(listeners, "_CLIENT_PORTS", file)
    with listen("127.0.0.1", 0, "--port") as sock, pytest.raises(SettingsError) as caught:
        listen("127.0.0.1", sock.getsockname()[1], "--port")
    said = "or an outgoing connection has it, now or a minute ago: ports from 1 to 65535 are given to those"
    assert (said in str(caught.value)) == (given == "1 65535")
    assert str(caught.value).startswith("--port ")


@pytest.mark.parametrize(
    ("arguments", "kept", "dropped"),
    [
        ((), (), []),
        (("--tp", "2"), ("--tp", "2"), []),
        (("--port", "1", "--tp", "2", "--host=x"), ("--tp", "2"), ["--port", "--host"]),
        (("--portable", "--port"), ("--portable",), ["--port"]),
    ],
)
def test_flags_of_listeners_are_not_the_engines(
    arguments: tuple[str, ...], kept: tuple[str, ...], dropped: list[str]
) -> None:
    assert without(arguments, ("--host", "--port")) == (kept, dropped)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.7", "a" * 300])
def test_listen_on_a_host_that_is_not_here(host: str) -> None:
    with pytest.raises(SettingsError, match="--host"):
        listen(host, 0, "--port")

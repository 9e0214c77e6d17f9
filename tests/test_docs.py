"""What docs/, README and SECURITY.md say is what the code does: links, tables, files and commands."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from configparser import ConfigParser
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner
from tokenwire.limits import Limits, flag_of
from tokenwire.method import AuthScope
from tokenwire_gen.sglang.runtime.v1.sglang_grpc import SGLANG_SERVICE
from tokenwire_gen.sglang.runtime.v1.sglang_http import ROUTES
from tokenwire_gen.sglang.runtime.v1.sglang_openai import ADAPTERS
from tokenwire_serve.observe.log_lines import ACCESS
from tokenwire_serve.observe.names import METRICS
from tokenwire_serve.process import supervisor
from tokenwire_serve.process.cli import serve

from benchmarks.attacks.catalog import catalog
from tests.faults.test_restart import RETRY
from tests.support.server import RunningServer, running_server
from tools import attack_figures, cost_figures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokenwire_serve.process.settings import ServeSettings

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "benchmarks" / "README.md"])
README, SECURITY, OPERATIONS, OBSERVING = (
    (ROOT / name).read_text()
    for name in ("README.md", "docs/security.md", "docs/operations.md", "docs/observing.md")
)
BEYOND = {AuthScope.PUBLIC: {"grpc.health.v1"}, AuthScope.USER: {"/metrics"}, AuthScope.ADMIN: set[str]()}
"""What has a scope and no annotation; see tests/security/test_scopes.py."""


def section(text: str, heading: str) -> str:
    """From a heading to the next of its level or above."""
    level = heading.index(" ")
    found = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{level}}} |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found is not None, heading
    return found[1]


def rows(text: str) -> list[list[str]]:
    """Cells of the tables' rows, without heads."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    rules = {number for number, line in enumerate(lines) if set(line) <= set("|-: ")}
    kept = [line for number, line in enumerate(lines) if number not in rules and number + 1 not in rules]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in kept]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands(text: str) -> list[str]:
    found = [re.findall(r"^\$ ((?:.*\\\n)*.*)", block, re.MULTILINE) for block in blocks(text, "console")]
    return [command for block in found for command in block]


def anchors(document: Path) -> set[str]:
    """What a link may have behind its `#`, as GitHub makes it."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    prose = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if re.match(r"https?:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


@pytest.mark.parametrize("text", [SECURITY, OPERATIONS], ids=["security", "operations"])
def test_tests_that_are_named_exist(text: str) -> None:
    named = set(re.findall(r"`(tests/[\w/.]+)`", text))
    assert len(named) > 4
    assert [name for name in named if not (ROOT / name).exists()] == []
    targets = set(re.findall(r"`make ([\w-]+)`", text))
    makefile = (ROOT / "Makefile").read_text()
    assert [target for target in targets if f"\n{target}:" not in makefile] == []


class TestSecurity:
    def test_scopes_are_those_of_the_schema(self) -> None:
        (public, user, admin, *_) = rows(section(SECURITY, "## Keys and scopes"))
        for row, scope in ((public, AuthScope.PUBLIC), (user, AuthScope.USER), (admin, AuthScope.ADMIN)):
            assert row[0] == scope.value
            shown = set(re.findall(r"`([^`]+)`", f"{row[1]} {row[2]}"))
            methods = {m.path.rpartition("/")[2] for m in SGLANG_SERVICE.methods if m.auth is scope}
            paths = {route.path for route in [*ROUTES, *ADAPTERS] if route.auth is scope}
            assert shown == methods | paths | BEYOND[scope]

    def test_limits_are_those_of_the_server(self) -> None:
        shown = [(row[0], row[1]) for row in rows(section(SECURITY, "## Limits"))]
        assert shown == [(f"`{flag_of(item.name)}`", f"{item.default:g}" if isinstance(item.default, float)
                          else str(item.default)) for item in fields(Limits)]  # fmt: skip

    def test_attacks_are_those_of_the_benchmark(self) -> None:
        shown = {row[0].strip("`"): row for row in rows(section(SECURITY, "## Attacks"))}
        known = catalog()
        assert shown.keys() <= known.keys()
        for attack in known.values():
            for number in re.findall(r"CVE-\d+-\d+", attack.what):
                assert number in shown[attack.name][1], attack.name
        assert f"plays {len(known)} attacks" in " ".join(SECURITY.split())

    def test_figures_are_those_of_the_last_run(self) -> None:
        results = json.loads(attack_figures.RESULTS.read_text())
        shown = attack_figures.with_figures(SECURITY, results)
        assert shown == SECURITY, "run python tools/attack_figures.py"


class TestObserving:
    def test_metrics_are_those_of_the_server(self) -> None:
        shown = rows(section(OBSERVING, "## Metrics"))
        none = "\N{EN DASH}"
        assert shown == [
            [f"`{metric.name}`", metric.kind, ", ".join(metric.labels) or none, metric.help]
            for metric in METRICS
        ]

    def test_metrics_and_alerts_that_are_watched_exist(self) -> None:
        names = {metric.name for metric in METRICS}
        assert set(re.findall(r"`(tokenwire_\w+)`", OPERATIONS + SECURITY)) <= names
        alerts = yaml.safe_load((ROOT / "deploy" / "prometheus" / "alerts.yaml").read_text())
        expected = [rule["alert"] for rule in alerts["groups"][0]["rules"]]
        assert re.findall(r"^\| `(Tokenwire\w+)` \|", OPERATIONS, re.MULTILINE) == expected

    def test_reasons_are_those_that_are_counted(self) -> None:
        source = "".join(file.read_text() for file in (ROOT / "runtime").rglob("*.py"))
        counted = re.findall(r"(?:ended|refused)\[\"(\w+)\"\]", source)
        refusals = re.findall(r"refused\(\s*\d+,\s*\"(\w+)\"", source)
        assert len(counted) > 8 and len(refusals) > 4
        for reason in set(counted + refusals) - {item.name for item in fields(Limits)}:
            assert f"`{reason}`" in OPERATIONS, reason

    def test_costs_are_those_of_the_last_run(self) -> None:
        results = json.loads(cost_figures.RESULTS.read_text())
        for text in (OBSERVING, OPERATIONS):
            assert cost_figures.with_figures(text, results) == text, "run python tools/cost_figures.py"
            assert "times the processor time" in " ".join(text.split())
        shown = {row[0]: row for row in rows(section(OBSERVING, "## Cost"))}
        assert shown.keys() == results["loops"].keys() == {"asyncio", "uvloop"}
        ratio = results["loops"]["uvloop"]["cases"]["all-on"]["servers"]["tokenwire-traced"]["ratio"]
        assert f"({ratio:.3f})" in shown["uvloop"][4]

    def test_fields_of_a_line_are_those_that_are_written(self) -> None:
        (line,) = blocks(OPERATIONS, "json")
        described = section(OBSERVING, "## The log")
        shown = json.loads(line)
        assert shown["logger"] == ACCESS
        missing = [name for name in shown if f"`{name}`" not in described]
        assert missing == []


class TestOperations:
    @pytest.fixture
    def settings(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ServeSettings:
        """What the server makes of the file that is shown."""
        seen: list[ServeSettings] = []
        monkeypatch.setattr(supervisor, "run", lambda settings: seen.append(settings) or 0)
        (toml,) = blocks(OPERATIONS, "toml")
        file = tmp_path / "tokenwire.toml"
        file.write_text(toml)
        result = CliRunner().invoke(serve, ["--config", str(file)])
        assert result.exit_code == 0, result.output
        given = tomllib.loads(toml)
        assert (seen[0].drain_delay, seen[0].host) == (given["drain-delay"], given["host"])
        return seen[0]

    def test_the_file_of_flags_and_the_unit_fit_each_other(self, settings: ServeSettings) -> None:
        parser = ConfigParser()
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        parser.read_string(blocks(OPERATIONS, "ini")[0])
        service = parser["Service"]
        assert service["ExecStart"].endswith("tokenwire serve --config /etc/tokenwire/tokenwire.toml")
        assert blocks(OPERATIONS, "toml")[0].startswith("# /etc/tokenwire/tokenwire.toml\n")
        assert int(service["TimeoutStopSec"]) >= settings.drain_delay + settings.drain_timeout + 10
        assert int(service["LimitNOFILE"]) >= 2 * settings.limits.max_connections + 64
        most = settings.max_running_requests + settings.max_waiting_requests
        assert f"{most} sequences run or wait, {most} may (--max-waiting-requests)" in OPERATIONS

    def test_retries_are_those_that_are_tested(self) -> None:
        (code,) = blocks(OPERATIONS, "python")
        found: dict[str, Any] = {}
        exec(code.partition("channel =")[0], found)
        assert found["SERVICE_CONFIG"] == RETRY

    def test_the_soak_is_the_last_one(self) -> None:
        soak = json.loads((ROOT / "benchmarks" / "results" / "soak.json").read_text())
        text = " ".join(OPERATIONS.split())
        assert f"{soak['as_expected']:,} of {soak['begun']:,} calls ended as expected" in text
        assert f"memory grew by {soak['memory']['growth'] / 2**20:.1f} MB" in text
        assert not soak["violations"]
        for moment in soak.get("moments", ()):
            assert moment["answered"] == moment["turned_away"]


@pytest.fixture(scope="module")
def plain() -> Iterator[RunningServer]:
    with running_server("--engine", "null", "--log-level", "error") as running:
        yield running


def run(command: str, folder: Path, **environment: str) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command, shell=True, capture_output=True, text=True, timeout=60, check=False, cwd=folder,
        env=os.environ | {"PATH": path, "COLUMNS": "100"} | environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "command", [c for c in commands(OPERATIONS) if re.match(r"tokenwire (call|doctor)|curl", c)]
)
def test_commands_of_the_operators_run(command: str, plain: RunningServer, tmp_path: Path) -> None:
    said = run(
        command.replace("127.0.0.1:30000", plain.http).replace("127.0.0.1:40000", plain.grpc), tmp_path
    )
    assert said
    if command.startswith("tokenwire doctor"):
        (block,) = [block for block in blocks(OPERATIONS, "console") if "doctor" in block]
        check = re.compile(r"^ok    (\S.*?)  +", re.MULTILINE)
        assert check.findall(said) == check.findall(block)
        assert said.splitlines()[-1] == block.splitlines()[-1] == "it works"


def test_a_server_on_the_internet_as_the_readme_says(tmp_path: Path) -> None:
    make_certificate, make_keys, start, *look = commands(section(README, "## Put it on the internet"))
    run(make_certificate.replace("HOST", "localhost"), tmp_path)
    run(make_keys, tmp_path)
    trust = str(tmp_path / "tls.crt")
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in ("keys", "admin-keys")} == {0o600}
    flags = start.replace("\\\n", " ").removeprefix("tokenwire serve").split()
    flags = [str(tmp_path / flag) if (tmp_path / flag).is_file() else flag for flag in flags]
    assert flags[:2] == ["--host", "0.0.0.0"]
    with running_server("--engine", "null", "--log-level", "error", *flags[2:]) as server:
        http, grpc = (address.rpartition(":")[2] for address in (server.http, server.grpc))
        for shown in look:
            command = shown.replace("HOST:30000", f"localhost:{http}").replace(
                "HOST:40000", f"localhost:{grpc}"
            )
            if "doctor" in command:  # Free ports lie no 10,000 apart.
                command += f" --http-port {http}"
            said = run(command, tmp_path, SSL_CERT_FILE=trust, CURL_CA_BUNDLE=trust)
            assert "it works" in said or '"object":"list"' in said

"""What is under deploy/ fits the server: metrics exist, manifests are valid and agree with each other."""

from __future__ import annotations

import json
import re
import tomllib
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner
from tokenwire_gen.sglang.runtime.v1.sglang_http import ROUTES
from tokenwire_serve.observe.names import METRICS
from tokenwire_serve.process import supervisor
from tokenwire_serve.process.cli import serve

from tools.dashboard import FILE as DASHBOARD
from tools.dashboard import dashboard

from . import dockerfile

if TYPE_CHECKING:
    from tokenwire_serve.process.settings import ServeSettings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it asks setuptools for what setuptools gives up
    import kubernetes_validate

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
RESOURCES = [file for file in MANIFESTS if file.name != "kustomization.yaml"]
OTHERS = {"process_cpu_seconds_total": (), "process_resident_memory_bytes": ()}
"""Metrics of prometheus_client that are used."""
ADDED = {"job", "instance", "le"}
"""Labels that Prometheus adds, and that of buckets."""


def load(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "kubernetes" / name).read_text())
    return found


def made_of(config: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ServeSettings:
    """What the server makes of a file for `--config`."""
    seen: list[ServeSettings] = []
    monkeypatch.setattr(supervisor, "run", lambda settings: seen.append(settings) or 0)
    file = tmp_path / "tokenwire.toml"
    file.write_text(config)
    tomllib.loads(config)
    result = CliRunner().invoke(serve, ["--config", str(file)])
    assert result.exit_code == 0, result.output
    return seen[0]


def samples() -> dict[str, tuple[str, ...]]:
    """Every sample's name and labels."""
    found: dict[str, tuple[str, ...]] = dict(OTHERS)
    for metric in METRICS:
        suffixes = ("_bucket", "_sum", "_count") if metric.kind == "histogram" else ("",)
        found |= {metric.name + suffix: metric.labels for suffix in suffixes}
    return found


def check_query(query: str) -> None:
    """Each name is a sample of ours, each label one that it has."""
    known = samples()
    names = re.findall(r"\b((?:tokenwire|process)_\w+)", query)
    assert names, query
    for name in names:
        assert name in known, f"{query}: there is no metric {name}"
    allowed = ADDED.union(*(known[name] for name in names))
    asked = set(re.findall(r"(\w+)\s*(?:=~|!=|!~|=)\s*\"", query))
    for group in re.findall(r"\bby \(([^)]*)\)", query):
        asked.update(label.strip() for label in group.split(","))
    assert asked <= allowed, f"{query}: no label {sorted(asked - allowed)}"


class TestGrafana:
    def test_the_file_is_what_the_tool_writes(self) -> None:
        assert json.loads(DASHBOARD.read_text()) == dashboard(), "run python tools/dashboard.py"

    def test_every_query_asks_for_what_is_there(self) -> None:
        panels = [panel for panel in dashboard()["panels"] if panel["type"] != "row"]
        assert len(panels) > 12
        for panel in panels:
            for target in panel["targets"]:
                check_query(target["expr"])
        for variable in dashboard()["templating"]["list"][1:]:
            metric, _, label = re.findall(r"label_values\((\w+)(\{.*\})?, (\w+)\)", variable["query"])[0]
            assert label in ADDED | set(samples()[metric])

    def test_panels_do_not_overlap(self) -> None:
        taken: set[tuple[int, int]] = set()
        for panel in dashboard()["panels"]:
            place = panel["gridPos"]
            cells = {
                (x, y)
                for x in range(place["x"], place["x"] + place["w"])
                for y in range(place["y"], place["y"] + place["h"])
            }
            assert not cells & taken, panel["title"]
            assert place["x"] + place["w"] <= 24
            taken |= cells

    def test_every_metric_that_tells_of_calls_is_shown(self) -> None:
        shown = json.dumps(dashboard())
        for metric in METRICS:
            if metric.kind == "histogram":
                assert metric.name in shown

    def test_a_metric_that_is_not_there_is_found_out(self) -> None:
        for query in ("rate(tokenwire_nothing_total[1m])", 'tokenwire_connections{color="x"}'):
            with pytest.raises(AssertionError):
                check_query(query)


def test_the_sample_of_the_docs_keeps_metrics_to_the_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its host is everybody's, its metrics need no key."""
    (sample,) = re.findall(r"```toml\n(# /etc/tokenwire/tokenwire.toml\n.*?)```", OPERATIONS, re.DOTALL)
    settings = made_of(sample, monkeypatch, tmp_path)
    assert settings.host == "0.0.0.0"
    assert settings.observe.metrics_http_port is not None
    assert settings.metrics_host == "127.0.0.1"


def test_alerts_ask_for_what_is_there() -> None:
    (group,) = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text())["groups"]
    assert len({rule["alert"] for rule in group["rules"]}) == len(group["rules"])
    for rule in group["rules"]:
        check_query(rule["expr"])
        assert rule["labels"]["severity"] in ("warning", "critical")
        for label in re.findall(r"\$labels\.(\w+)", json.dumps(rule["annotations"])):
            assert label in rule["expr"]


def expression(alert: str) -> str:
    """What an alert asks."""
    (group,) = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text())["groups"]
    (rule,) = (rule for rule in group["rules"] if rule["alert"] == alert)
    found: str = rule["expr"]
    return found


def counts(selector: str, labels: dict[str, str]) -> bool:
    """Whether what stands between the braces of a query takes a series, as Prometheus does: anchored."""
    for name, how, value in re.findall(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"', selector):
        same = re.fullmatch(value if "~" in how else re.escape(value), labels[name]) is not None
        if same is how.startswith("!"):
            return False
    return True


CALLS = "sglang.runtime.v1.SglangService"


@pytest.mark.parametrize(
    ("method", "code", "fails", "seen"),
    [
        (f"{CALLS}/ChatComplete", "OK", False, True),
        (f"{CALLS}/ChatComplete", "INTERNAL", True, True),
        (f"{CALLS}/TextGenerate", "UNAVAILABLE", True, True),
        (f"{CALLS}/TextGenerate", "INVALID_ARGUMENT", False, True),
        (f"{CALLS}/HealthCheck", "UNAVAILABLE", False, False),
        (f"{CALLS}/HealthCheck", "OK", False, False),
        ("grpc.health.v1.Health/Watch", "UNAVAILABLE", False, False),
        ("unknown", "UNKNOWN", False, False),
        ("unknown", "UNIMPLEMENTED", False, False),
    ],
)
def test_neither_probes_nor_strangers_move_the_rate_of_errors(
    method: str, code: str, fails: bool, seen: bool
) -> None:
    failing, whole = re.findall(r"tokenwire_requests_total(\{[^}]*\})\[5m\]", expression("TokenwireErrors"))
    labels = {"method": method, "code": code}
    assert (counts(failing, labels), counts(whole, labels)) == (fails, seen)


def test_strangers_do_not_fill_the_queue() -> None:
    (selector,) = re.findall(r"tokenwire_requests_total(\{[^}]*\})", expression("TokenwireQueueFull"))
    assert counts(selector, {"method": f"{CALLS}/ChatComplete", "code": "RESOURCE_EXHAUSTED"})
    assert not counts(selector, {"method": f"{CALLS}/ChatComplete", "code": "OK"})
    assert not counts(selector, {"method": "unknown", "code": "RESOURCE_EXHAUSTED"})


class TestKubernetes:
    @pytest.mark.parametrize("file", RESOURCES, ids=lambda file: file.stem)
    def test_a_manifest_is_valid(self, file: Path) -> None:
        kubernetes_validate.validate(yaml.safe_load(file.read_text()), "1.30", strict=True)

    def test_a_wrong_manifest_is_found_out(self) -> None:
        wrong = load("deployment.yaml")
        wrong["spec"]["template"]["spec"]["containers"][0]["redinessProbe"] = {}
        with pytest.raises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(wrong, "1.30", strict=True)

    def test_kustomization_names_every_file(self) -> None:
        assert sorted(load("kustomization.yaml")["resources"]) == [file.name for file in RESOURCES]

    def test_no_key_is_known(self) -> None:
        """A Secret of the repository would be public, and `apply` would put it in the place of a real one."""
        manifests = [yaml.safe_load(file.read_text()) for file in RESOURCES]
        assert "Secret" not in {manifest["kind"] for manifest in manifests}
        assert load("kustomization.yaml").keys() == {"apiVersion", "kind", "resources"}
        assert "replace-me" not in "".join(file.read_text() for file in MANIFESTS)

    def test_the_settings_are_flags_and_fit_the_deployment(self, settings: ServeSettings) -> None:
        pod = load("deployment.yaml")["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        assert ports == {
            "https": settings.port,
            "grpc": settings.grpc_port,
            "metrics": settings.observe.metrics_http_port,
        }
        assert (settings.host, settings.metrics_host) == ("0.0.0.0", "0.0.0.0")
        drain = settings.drain_delay + settings.drain_timeout
        assert drain + 10 <= pod["terminationGracePeriodSeconds"]
        readiness = container["readinessProbe"]
        assert readiness["periodSeconds"] * readiness["failureThreshold"] <= settings.drain_delay
        annotations = load("deployment.yaml")["spec"]["template"]["metadata"]["annotations"]
        assert annotations["prometheus.io/port"] == str(settings.observe.metrics_http_port)

    def test_probes_ask_for_routes(self) -> None:
        (container,) = load("deployment.yaml")["spec"]["template"]["spec"]["containers"]
        paths = {route.path for route in ROUTES if route.method == "GET"}
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            assert container[probe]["httpGet"]["path"] in paths | {"/livez"}
            assert container[probe]["httpGet"]["scheme"] == "HTTPS"

    def test_files_are_mounted_where_the_settings_look(self, settings: ServeSettings) -> None:
        pod = load("deployment.yaml")["spec"]["template"]["spec"]
        mounts = {mount["mountPath"]: mount["name"] for mount in pod["containers"][0]["volumeMounts"]}
        security = settings.security
        assert security.ssl_certfile is not None
        assert security.ssl_keyfile is not None
        assert security.api_key_file is not None
        assert security.admin_api_key_file is not None
        assert {str(security.ssl_certfile.parent), str(security.ssl_keyfile.parent)} == {"/etc/tokenwire/tls"}
        secrets = {v["name"]: v["secret"]["secretName"] for v in pod["volumes"] if "secret" in v}
        made = re.findall(r"^\$ kubectl create secret (\w+) (\S+) (.*)", OPERATIONS, re.MULTILINE)
        (_, keys, literals), (_, tls, _) = made
        assert [kind for kind, *_ in made] == ["generic", "tls"]
        assert secrets == {"keys": keys, "tls": tls}
        names = [security.api_key_file.name, security.admin_api_key_file.name]
        assert literals.split(" --") == [
            f"{dashes}from-literal={name}=$(openssl rand -hex 24)"
            for dashes, name in zip(("--", ""), names, strict=True)
        ]
        assert {"/etc/tokenwire/tls", "/etc/tokenwire/keys", "/tmp", "/etc/tokenwire/tokenwire.toml"} == set(
            mounts
        )
        assert str(settings.profile_dir).startswith("/tmp/")

    def test_services_and_the_budget_select_the_pods(self) -> None:
        labels = load("deployment.yaml")["spec"]["template"]["metadata"]["labels"]
        for name in ("service.yaml", "headless.yaml"):
            assert load(name)["spec"]["selector"].items() <= labels.items()
        for name in ("poddisruptionbudget.yaml", "deployment.yaml"):
            assert load(name)["spec"]["selector"]["matchLabels"].items() <= labels.items()
        assert load("headless.yaml")["spec"]["clusterIP"] == "None"
        assert load("poddisruptionbudget.yaml")["spec"]["maxUnavailable"] == 1
        assert load("deployment.yaml")["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0

    @pytest.fixture
    def settings(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ServeSettings:
        """What the server makes of the ConfigMap's file."""
        return made_of(load("configmap.yaml")["data"]["tokenwire.toml"], monkeypatch, tmp_path)


class TestDockerfile:
    def test_the_wheel_is_made_of_what_is_copied(self) -> None:
        assert all((ROOT / source).exists() for source in dockerfile.sources())
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())
        wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
        needed = [*wheel["packages"], *wheel["force-include"], project["project"]["readme"], "LICENSE"]
        copied = [Path(source) for source in dockerfile.sources()]
        for path in needed:
            assert any(Path(path).is_relative_to(source) for source in copied), path

    def test_the_extras_exist(self) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        text = dockerfile.FILE.read_text()
        named = [dockerfile.extras(), *re.findall(r"--build-arg EXTRAS=(\S+?),? ", text)]
        assert len(named) == 2
        for extras in named:
            assert set(extras.strip(",").split(",")) <= set(project["optional-dependencies"])

    def test_it_runs_as_nobody_in_particular_and_stops_by_sigterm(self) -> None:
        last = dict(dockerfile.stages()[-1])
        assert last["USER"] == "10001"
        assert last["STOPSIGNAL"] == "SIGTERM"
        assert json.loads(last["ENTRYPOINT"]) == ["tokenwire", "serve", "--host", "0.0.0.0"]
        assert last["EXPOSE"].split() == ["30000", "40000"]

"""openapi.json is a sound OpenAPI 3.1 document of all routes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.generate import ROOT, generate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SGLANG = "sglang/runtime/v1"
METHODS = {"get", "put", "post", "delete", "patch", "head"}


@pytest.fixture(scope="module", params=["sglang", "http"])
def document(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    tmp_path = tmp_path_factory.mktemp("openapi")
    if request.param == "sglang":
        return json.loads((ROOT / f"generated/tokenwire_gen/{SGLANG}/openapi.json").read_text())
    protos = ROOT / "tests/protos"
    gen = generate([protos / "cases/rpc/http.proto"], tmp_path, includes=[protos])
    return json.loads(gen.text("cases/rpc/openapi.json"))


def operations(document: Any) -> Iterator[tuple[str, str, Any]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def walk(value: Any) -> Iterator[Any]:
    yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(child)


def test_references_resolve(document: Any) -> None:
    refs = {node["$ref"] for node in walk(document) if isinstance(node, dict) and "$ref" in node}
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert refs <= known
    assert known - refs == set()


def test_operations_are_sound(document: Any) -> None:
    identifiers = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(identifiers)) == len(identifiers)
    tags = {tag["name"] for tag in document["tags"]}
    for path, method, operation in operations(document):
        assert method in METHODS
        assert set(operation["tags"]) <= tags
        named = re.findall(r"{([^}]+)}", path)
        bound = [p["name"] for p in operation.get("parameters", []) if p["in"] == "path"]
        assert sorted(bound) == sorted(named)
        assert {"200", "default"} <= operation["responses"].keys()
        assert "requestBody" not in operation or method != "get"


def test_schemas_carry_descriptions() -> None:
    document = json.loads((ROOT / f"generated/tokenwire_gen/{SGLANG}/openapi.json").read_text())
    request = document["components"]["schemas"]["sglang.runtime.v1.TextGenerateRequest"]
    assert request["properties"]["text"]["type"] == "string"
    assert request["properties"]["text"]["description"]
    params = document["components"]["schemas"]["sglang.runtime.v1.SamplingParams"]
    assert params["properties"]["json_schema"]["deprecated"] is True
    assert params["properties"]["seed"]["format"] == "int64"


def test_every_route_of_the_contract_is_there() -> None:
    document = json.loads((ROOT / f"generated/tokenwire_gen/{SGLANG}/openapi.json").read_text())
    paths = document["paths"]
    assert {"/generate", "/v1/chat/completions", "/health", "/get_server_info"} <= paths.keys()
    assert paths["/health"]["get"]["security"] == []
    assert paths["/get_server_info"]["get"]["security"] == [{"admin": []}]
    assert paths["/v1/models"]["get"]["security"] == [{"user": []}]
    body = paths["/generate"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert [hint.get("$ref", "").rpartition(".")[2] for hint in body["anyOf"]] == [
        "TextGenerateRequest",
        "GenerateRequest",
        "",
    ]


def test_query_parameters_are_what_neither_path_nor_body_holds(tmp_path: Path) -> None:
    source = """syntax = "proto3";
package demo;
import "google/api/annotations.proto";
message Part { string id = 1; }
message Ask {
  string name = 1;
  // How many.
  int32 size = 2;
  Part part = 3;
  repeated string tags = 4;
}
service S {
  rpc Get(Ask) returns (Ask) { option (google.api.http) = {get: "/{name}" response_body: "part"}; }
  rpc Put(Ask) returns (Ask) { option (google.api.http) = {put: "/{name}" body: "part"}; }
}
"""
    paths = json.loads(generate(source, tmp_path).text("demo/openapi.json"))["paths"]
    operation = paths["/{name}"]["get"]
    assert [(p["name"], p["in"]) for p in operation["parameters"]] == [
        ("name", "path"),
        ("size", "query"),
        ("tags", "query"),
    ]
    assert operation["parameters"][1]["description"] == "How many."
    part = {"$ref": "#/components/schemas/demo.Part"}
    assert operation["responses"]["200"]["content"]["application/json"]["schema"] == part
    assert paths["/{name}"]["put"]["requestBody"]["content"]["application/json"]["schema"] == part

"""Server bases, clients, route tables and adapters say what the schema says."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pytest
from tokenwire import AuthScope, Client, Deltas, Service

from tests.support.generate import generate

if TYPE_CHECKING:
    from tests.support.generate import Generated

SOURCE = """syntax = "proto3";
package demo.v1;

import "google/api/annotations.proto";
import "google/protobuf/empty.proto";
import "tokenwire/options/v1/options.proto";

message Ask {
  string name = 1;
  bytes class = 2;
  map<string, string> headers = 3;
}

message Answer {
  string text = 1 [(tokenwire.options.v1.field).delta = true];
  map<string, string> facts = 2 [(tokenwire.options.v1.field).delta_keys = "a"];
  bytes json = 3;
  bool done = 4;
  int32 status = 5;
}

// Speaks.
service Speech {
  // Says one thing.
  rpc Say(Ask) returns (Answer) {
    option (tokenwire.options.v1.method) = {
      http: {method: "POST" paths: ["/say", "/v1/say"]}
      http: {method: "GET" paths: "/said" handler: "said"}
      auth: AUTH_SCOPE_ADMIN
    };
  }
  rpc Stream(Ask) returns (stream Answer) {
    option (tokenwire.options.v1.method) = {
      http: {method: "GET" paths: "/said" handler: "said"}
      stream: {sequence: "facts.index"}
      auth: AUTH_SCOPE_PUBLIC
    };
  }
  rpc Upload(stream Ask) returns (google.protobuf.Empty);
  rpc Talk(stream Ask) returns (stream Answer) {
    option deprecated = true;
  }
  rpc OpenAIChat(Ask) returns (stream Answer) {
    option (tokenwire.options.v1.method) = {
      http: {method: "POST" paths: "/v1/chat"}
      openai: {body_field: "class" headers_field: "headers" json_field: "json" finished_field: "done"}
    };
  }
  rpc OpenAIEmbed(Ask) returns (Answer) {
    option (tokenwire.options.v1.method) = {
      http: {method: "POST" paths: "/v1/embed"}
      openai: {body_field: "class" json_field: "json" status_field: "status"}
    };
  }
  rpc Get(Ask) returns (Answer) {
    option (google.api.http) = {
      get: "/v1/{name=things/*}:get"
      response_body: "facts"
      additional_bindings {put: "/v1/things" body: "headers"}
      additional_bindings {custom: {kind: "HEAD" path: "/v1/things/{name}"}}
    };
  }
}

service Empty {}

service Other {
  rpc Say(Ask) returns (Answer);
}
"""


@pytest.fixture(scope="module")
def gen(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    return generate(SOURCE, tmp_path_factory.mktemp("services"))


@pytest.fixture(scope="module")
def v1(gen: Generated) -> Any:
    return gen.module("demo.v1")


def test_methods(v1: Any) -> None:
    assert v1.SAY.path == "/demo.v1.Speech/Say"
    assert (v1.SAY.request, v1.SAY.response) == (v1.Ask, v1.Answer)
    assert v1.SAY.auth is AuthScope.ADMIN
    assert v1.STREAM.auth is AuthScope.PUBLIC
    assert v1.UPLOAD.auth is AuthScope.USER
    kinds = [(m.client_streaming, m.server_streaming) for m in (v1.SAY, v1.STREAM, v1.UPLOAD, v1.TALK)]
    assert kinds == [(False, False), (False, True), (True, False), (True, True)]
    assert v1.TALK.deprecated
    assert not v1.SAY.deprecated


def test_deltas(v1: Any) -> None:
    assert v1.STREAM.deltas == Deltas(("text",), {"facts": ("a",)}, ("facts", "index"))
    assert v1.TALK.deltas == Deltas(("text",), {"facts": ("a",)}, ())
    assert v1.SAY.deltas is None


def test_services(v1: Any) -> None:
    assert isinstance(v1.SPEECH, Service)
    assert v1.SPEECH.name == "demo.v1.Speech"
    assert v1.SPEECH.package == v1.__name__
    assert [method.name for method in v1.SPEECH.methods][:3] == ["Say", "Stream", "Upload"]
    assert v1.EMPTY.methods == ()
    assert v1.OTHER.methods == (v1.OTHER_SAY,)


def test_the_base_is_abstract_and_lists_its_handlers(v1: Any) -> None:
    with pytest.raises(TypeError, match="abstract"):
        v1.SpeechBase()

    class Mine(v1.OtherBase):  # type: ignore[misc]
        async def say(self, request: Any, context: Any) -> Any:
            return v1.Answer(text=request.name)

    mine = Mine()
    [handler] = mine.__handlers__()
    assert handler.method is v1.OTHER_SAY
    assert handler.call == mine.say
    assert v1.EmptyBase().__handlers__() == ()


def test_the_base_has_honest_signatures(v1: Any) -> None:
    base = v1.SpeechBase
    assert inspect.iscoroutinefunction(base.say)
    assert inspect.iscoroutinefunction(base.upload)
    assert not inspect.iscoroutinefunction(base.stream)
    assert inspect.signature(base.stream).return_annotation == "AsyncIterator[Answer]"
    assert inspect.signature(base.talk).parameters["requests"].annotation == "AsyncIterator[Ask]"


def test_the_client_calls_through_the_constants(v1: Any) -> None:
    assert issubclass(v1.SpeechClient, Client)
    signature = inspect.signature(v1.SpeechClient.stream)
    assert signature.return_annotation == "ResponseStream[Answer]"
    assert signature.parameters["timeout"].kind is inspect.Parameter.KEYWORD_ONLY
    assert (
        inspect.signature(v1.SpeechClient.upload).parameters["requests"].annotation
        == "AsyncIterable[Ask] | Iterable[Ask]"
    )


def test_comments_are_docstrings(gen: Generated, v1: Any) -> None:
    assert v1.SpeechBase.__doc__ == v1.SpeechClient.__doc__ == "Speaks."
    assert v1.SpeechBase.say.__doc__ == "Says one thing."
    assert "Deprecated." in v1.SpeechClient.talk.__doc__


def test_routes(gen: Generated, v1: Any) -> None:
    routes = gen.module("demo.v1.test_http").ROUTES
    found = [(r.rpc, r.method, r.path, r.handler, r.body, r.response_body) for r in routes]
    assert found == [
        (v1.SAY, "POST", "/say", "", "*", ""),
        (v1.SAY, "POST", "/v1/say", "", "*", ""),
        (v1.SAY, "GET", "/said", "said", "", ""),
        (v1.GET, "GET", "/v1/{name=things/*}:get", "", "", "facts"),
        (v1.GET, "PUT", "/v1/things", "", "headers", ""),
        (v1.GET, "HEAD", "/v1/things/{name}", "", "", ""),
    ]
    assert routes[0].auth is AuthScope.ADMIN


def test_adapters(gen: Generated, v1: Any) -> None:
    module = gen.module("demo.v1.test_openai")
    chat, embed = module.ADAPTERS
    assert chat is module.OPENAI_CHAT_ADAPTER
    assert (chat.path, chat.stream, chat.json_field, chat.finished_field) == (
        "/v1/chat",
        True,
        "json",
        "done",
    )
    assert (embed.path, embed.stream, embed.status_field) == ("/v1/embed", False, "status")
    assert chat.request(b"{}", {"a": "b"}) == v1.Ask(class_=b"{}", headers={"a": "b"})
    assert embed.request(b"{}", {"a": "b"}) == v1.Ask(class_=b"{}")


def test_only_what_is_needed_is_written(tmp_path: Any) -> None:
    files = generate('syntax = "proto3"; package p; message M { int32 a = 1; }', tmp_path).files
    assert sorted(files) == ["p/__init__.py", "p/descriptor.binpb", "p/test_codec.py", "p/test_pb.py"]
    files = generate('syntax = "proto3"; package p; enum E { A = 0; }', tmp_path).files
    assert sorted(files) == ["p/__init__.py", "p/descriptor.binpb", "p/test_pb.py"]


def test_the_entry_point_serves_the_first_service(gen: Generated) -> None:
    assert "    main(SPEECH)" in gen.text("demo/v1/__main__.py")

"""Names are legal, kept where they can be, and never meet within a scope."""

from __future__ import annotations

import keyword
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenwire import Client, Enum, Message
from tokenwire_codegen import naming

RESERVED = (
    naming.FIELDS,
    naming.MODULE,
    naming.METHODS,
    naming.ENUM_MEMBERS,
    frozenset({"list", "list_", "x_"}),
)
EDGES = ("__x", "_tw", "_tw_x", "_x_", "f___x", "f__tw", "n1", "nn1", "_", "x")
AWKWARD = [*sorted(frozenset().union(*RESERVED)), *EDGES]
NAMES = st.one_of(
    st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True),
    st.builds(
        lambda start, name, end: start + name + end,
        st.sampled_from(["", "f_", "f_f_", "_", "__"]),
        st.sampled_from(AWKWARD),
        st.sampled_from(["", "_", "__"]),
    ),
)


@given(st.sets(NAMES, min_size=2), st.sampled_from(RESERVED))
def test_two_names_of_a_scope_never_meet(names: set[str], reserved: frozenset[str]) -> None:
    escaped = [naming.escape(name, reserved) for name in names]
    assert len(set(escaped)) == len(names)
    assert all(name.isidentifier() and name not in reserved for name in escaped)


@given(st.lists(NAMES), st.sampled_from(RESERVED), st.sets(NAMES))
def test_settled_names_are_alone(names: list[str], reserved: frozenset[str], taken: set[str]) -> None:
    settled = naming.settle(map(naming.snake_case, names), reserved, taken)
    assert len(set(settled)) == len(names)
    assert not set(settled) & taken


@given(NAMES)
def test_snake_case_has_no_capitals(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9_]+", naming.snake_case(name))


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("TextGenerate", "text_generate"),
        ("OpenAIEmbed", "openai_embed"),
        ("GetOpenAIModel", "get_openai_model"),
        ("OpenAI", "openai"),
        ("GetHTTPInfo", "get_http_info"),
        ("ListV2Books", "list_v2_books"),
        ("already_snake", "already_snake"),
        ("SayHello2", "say_hello2"),
        ("X", "x"),
    ],
)
def test_snake_case(name: str, snake: str) -> None:
    assert naming.snake_case(name) == snake
    assert naming.constant_case(name) == snake.upper()


@pytest.mark.parametrize(
    ("name", "reserved", "expected"),
    [
        ("text", naming.FIELDS, "text"),
        ("type", naming.FIELDS, "type"),
        ("class", naming.FIELDS, "class_"),
        ("class_", naming.FIELDS, "class__"),
        ("from_dict", naming.FIELDS, "from_dict_"),
        ("str", naming.FIELDS, "str_"),
        ("__init__", naming.FIELDS, "f___init__"),
        ("f___init__", naming.FIELDS, "f_f___init__"),
        ("_tw_encode", naming.FIELDS, "f__tw_encode"),
        ("Warning", naming.MODULE, "Warning_"),
        ("match", naming.MODULE, "match_"),
        ("mro", naming.ENUM_MEMBERS, "mro_"),
        ("_x_", naming.ENUM_MEMBERS, "f__x_"),
    ],
)
def test_escape(name: str, reserved: frozenset[str], expected: str) -> None:
    assert naming.escape(name, reserved) == expected


@pytest.mark.parametrize(
    ("path", "stem"),
    [
        ("a/b/sglang.proto", "sglang"),
        ("a/with-dash.v1.proto", "with_dash_v1"),
        ("3d.proto", "n3d"),
        ("class.proto", "class"),
    ],
)
def test_module_names(path: str, stem: str) -> None:
    assert naming.module_name(path) == stem
    assert f"{stem}_pb".isidentifier()


@pytest.mark.parametrize(
    ("package", "directory"),
    [("a.b.v1", "a/b/v1"), ("", "unpackaged"), ("a.import.lambda", "a/import_/lambda_")],
)
def test_package_directories(package: str, directory: str) -> None:
    assert naming.package_directory(package) == directory


def test_fields_keep_off_everything_that_messages_have() -> None:
    inherited = {name for name in dir(Message) if not name.startswith(("__", "_tw"))}
    assert inherited <= naming.FIELDS
    assert set(keyword.kwlist) <= naming.FIELDS


@pytest.mark.parametrize(
    ("name", "function"), [("_unary", "rpc_unary"), ("__init__", "rpc__init__"), ("Close", "close")]
)
def test_method_names(name: str, function: str) -> None:
    assert naming.method_name(name) == function


def test_enum_members_keep_off_everything_that_enums_have() -> None:
    inherited = {name for name in dir(Enum) if not name.startswith("_")}
    assert inherited <= naming.ENUM_MEMBERS


def test_methods_keep_off_everything_that_clients_have() -> None:
    inherited = {name for name in dir(Client) if not name.startswith("_")}
    assert inherited <= naming.METHODS

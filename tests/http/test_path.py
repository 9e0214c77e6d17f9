"""Path templates of google.api.http: matching, building, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenwire.http.path import PathTemplate, PathTemplateError

LITERALS = st.text("abcdefgXYZ019-_.~", min_size=1, max_size=6)
NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,5}(\.[a-z][a-z0-9]{0,3})?", fullmatch=True)
VALUES = st.text(min_size=1, max_size=8).filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text))


@pytest.mark.parametrize(
    ("template", "path", "expected"),
    [
        ("/v1/models", "/v1/models", {}),
        ("/v1/models", "/v1/models/", None),
        ("/v1/models", "/v1/modelsX", None),
        ("/", "/", {}),
        ("/v1/{id}", "/v1/a", {"id": "a"}),
        ("/v1/{id}", "/v1/", None),
        ("/v1/{id}", "/v1/a/b", None),
        ("/v1/{id}", "/v1/a%2Fb%20c", {"id": "a/b c"}),
        ("/v1/{book.id}", "/v1/7", {"book.id": "7"}),
        ("/v1/{name=shelves/*}", "/v1/shelves/1", {"name": "shelves/1"}),
        ("/v1/{name=shelves/*}", "/v1/shelves/1/2", None),
        ("/v1/{name=shelves/*}", "/v1/shelves/a%2Fb%20c", {"name": "shelves/a%2Fb c"}),
        ("/v1/{name=shelves/*}/books/{id}", "/v1/shelves/1/books/2", {"name": "shelves/1", "id": "2"}),
        ("/v1/{name=**}", "/v1/a/b/c", {"name": "a/b/c"}),
        ("/v1/{name=files/**}", "/v1/files/a/b", {"name": "files/a/b"}),
        ("/v1/*/x", "/v1/anything/x", {}),
        ("/v1/**", "/v1/a/b", {}),
        ("/v1/{name=jobs/*}:cancel", "/v1/jobs/7:cancel", {"name": "jobs/7"}),
        ("/v1/{name=jobs/*}:cancel", "/v1/jobs/7", None),
        ("/v1/jobs:purge", "/v1/jobs:purge", {}),
        ("/v1.x/{id}", "/v1yx/a", None),
    ],
)
def test_match(template: str, path: str, expected: dict[str, str] | None) -> None:
    assert PathTemplate.parse(template).match(path) == expected


@pytest.mark.parametrize(
    "template",
    [
        "v1", "", "//", "/v1/", "/v1//x", "/{}", "/{a", "/a}", "/{a=}", "/{a={b}}", "/{1a}", "/{a}{b}",
        "/x{a}", "/**/x", "/{a=**}/{b}", "/{a}/{a}", "/v1:", "/{a}:", "/a*b",
    ],
)  # fmt: skip
def test_refused(template: str) -> None:
    with pytest.raises(PathTemplateError) as caught:
        PathTemplate.parse(template)
    assert repr(template) in str(caught.value)


def test_parts() -> None:
    template = PathTemplate.parse("/v1/{name=shelves/*}/books/{book.id}:read")
    assert template.variables == ("name", "book.id")
    assert template.verb == "read"
    assert not template.literal
    assert PathTemplate.parse("/v1/jobs:purge").literal


@pytest.mark.parametrize(
    ("template", "values", "problem"),
    [
        ("/v1/{id}", {}, "needs a value for 'id'"),
        ("/v1/{id}", {"id": ""}, "does not fit 'id'"),
        ("/v1/{name=shelves/*}", {"name": "boxes/1"}, "does not fit 'name'"),
        ("/v1/*", {}, "wildcard without a name"),
    ],
)
def test_build_refuses(template: str, values: dict[str, str], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        PathTemplate.parse(template).build(values)


@given(st.lists(LITERALS, min_size=1, max_size=4))
def test_literals_match_themselves(segments: list[str]) -> None:
    text = "/" + "/".join(segments)
    template = PathTemplate.parse(text)
    assert template.literal
    assert template.match(text) == {}
    assert template.build({}) == text


@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=4), LITERALS)
def test_what_is_built_matches_with_the_same_values(values: dict[str, str], literal: str) -> None:
    template = PathTemplate.parse(f"/{literal}/" + "/".join(f"{{{name}}}" for name in values))
    assert template.match(template.build(values)) == values


@given(st.lists(VALUES, min_size=1, max_size=3))
def test_several_segments_keep_their_borders(pieces: list[str]) -> None:
    value = "/".join(["top", *(piece.replace("/", "").replace("%", "") or "x" for piece in pieces)])
    template = PathTemplate.parse("/v1/{name=top/**}")
    assert template.match(template.build({"name": value})) == {"name": value}

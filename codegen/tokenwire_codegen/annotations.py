"""Custom options as schema values: tokenwire.options.v1 and google.api.http.

The messages come from a pool of the request's own descriptors, so they have no static type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .schema import FieldRules, HttpBinding, MethodRules, OpenAIRules

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["field_rules", "method_rules"]

BODILESS = frozenset({"GET", "HEAD", "DELETE"})
"""HTTP methods whose fields come as query parameters."""
VERBS = ("get", "put", "post", "delete", "patch")


def field_rules(rules: Any) -> FieldRules:
    """Read tokenwire.options.v1.FieldRules."""
    return FieldRules(rules.delta, tuple(rules.delta_keys))


def method_rules(ours: Any | None, google: Any | None) -> MethodRules:
    """Read tokenwire.options.v1.MethodRules and google.api.HttpRule, either of which may be None."""
    bindings = tuple(_our_bindings(ours)) if ours is not None else ()
    bindings += tuple(_google_bindings(google)) if google is not None else ()
    if ours is None:
        return MethodRules(bindings)
    openai = _openai(ours.openai) if ours.HasField("openai") else None
    sequence = ours.stream.sequence if ours.HasField("stream") else None
    return MethodRules(bindings, openai, ours.auth, sequence)


def _our_bindings(ours: Any) -> Iterator[HttpBinding]:
    for route in ours.http:
        body = "" if route.method in BODILESS else "*"
        for path in route.paths or ("",):
            yield HttpBinding(route.method, path, route.handler, body)


def _google_bindings(rule: Any) -> Iterator[HttpBinding]:
    pattern = rule.WhichOneof("pattern")
    if pattern in VERBS:
        yield HttpBinding(pattern.upper(), getattr(rule, pattern), "", rule.body, rule.response_body)
    elif pattern == "custom":
        yield HttpBinding(rule.custom.kind, rule.custom.path, "", rule.body, rule.response_body)
    else:
        yield HttpBinding("", "")
    for extra in rule.additional_bindings:
        yield from _google_bindings(extra)


def _openai(rules: Any) -> OpenAIRules:
    return OpenAIRules(
        body_field=rules.body_field,
        headers_field=rules.headers_field,
        json_field=rules.json_field,
        status_field=rules.status_field,
        finished_field=rules.finished_field,
    )

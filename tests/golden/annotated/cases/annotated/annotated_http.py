# Generated from cases/annotated/annotated.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""HTTP routes of cases/annotated/annotated.proto."""

from __future__ import annotations

from typing import Final

from tokenwire import AuthScope
from tokenwire.http.routes import Route

from .annotated_grpc import BOTH, SPEAK, STATUS

ROUTES: Final[tuple[Route, ...]] = (
    Route(
        rpc=SPEAK,
        method="POST",
        path="/speak",
        auth=AuthScope.USER,
    ),
    Route(
        rpc=SPEAK,
        method="POST",
        path="/v1/speak",
        auth=AuthScope.USER,
    ),
    Route(
        rpc=STATUS,
        method="GET",
        path="/status",
        auth=AuthScope.PUBLIC,
        body="",
    ),
    Route(
        rpc=STATUS,
        method="DELETE",
        path="/status",
        handler="reset_status",
        auth=AuthScope.PUBLIC,
        body="",
    ),
    Route(
        rpc=BOTH,
        method="POST",
        path="/both",
        auth=AuthScope.USER,
    ),
    Route(
        rpc=BOTH,
        method="GET",
        path="/v1/both/{text}",
        auth=AuthScope.USER,
        body="",
    ),
)
"""Every route that answers the JSON of a message, or through a handler of the application."""

"""The tables that generated code writes: JSON routes and OpenAI pass-through adapters.

Light on purpose: clients import it too, so nothing here knows a web framework.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tokenwire.method import AuthScope

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokenwire.method import Method

__all__ = ["OpenAIAdapter", "Route"]


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """One HTTP method and path that an RPC answers on as JSON.

    Attributes:
        rpc: The RPC.
        method: HTTP method in capitals.
        path: Path template of google.api.http, "/v1/{name=shelves/*}" for instance.
        handler: Name of the application's function where the JSON is not simply the message's;
            empty for the JSON of the message.
        auth: Who may call it.
        body: Request field that the HTTP body holds; "*" for the whole message, "" for no body.
        response_body: Response field that the HTTP answer holds; "" for the whole message.
    """

    rpc: Method[Any, Any]
    method: str
    path: str
    handler: str = ""
    auth: AuthScope = AuthScope.USER
    body: str = "*"
    response_body: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class OpenAIAdapter:
    """An RPC that carries an OpenAI API call through, byte for byte; used by servers and clients.

    Attributes:
        rpc: The RPC.
        path: HTTP path, "/v1/chat/completions" for instance.
        request: Makes the request message from the HTTP body and headers (names in lower case).
        stream: The RPC answers with a stream of chunks; otherwise with one message.
        json_field: Response field with the JSON answer, or with one event of a stream.
        finished_field: Response field that is true on the last chunk; "" on unary RPCs.
        status_field: Response field with the HTTP status; "" where it is the RPC's own status.
        method: HTTP method in capitals.
        auth: Who may call it.
    """

    rpc: Method[Any, Any]
    path: str
    request: Callable[[bytes, dict[str, str]], Any]
    stream: bool
    json_field: str
    finished_field: str = ""
    status_field: str = ""
    method: str = "POST"
    auth: AuthScope = AuthScope.USER

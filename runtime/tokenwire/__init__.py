"""tokenwire: typed messages, gRPC and HTTP servers and clients from a `.proto`.

Everything public is importable from here; each name is imported when it is first used, so that a
client does not pay for a server.
"""

from __future__ import annotations

from importlib import import_module, metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .application import main
    from .auth import Access, KeyRing
    from .client import CallOptions, Client, Metadata, ResponseStream
    from .codes import Code
    from .context import Context
    from .errors import DecodeError, RpcError, TokenwireError
    from .growing import Growing, field_writer
    from .grpc.handle import GrpcServerHandle, start_server
    from .grpc.server import Server
    from .health import HealthRegistry
    from .limits import Limits
    from .message import Enum, Message
    from .method import AuthScope, Deltas, Handler, Method, Service, starts_at_once
    from .openai_transport import GrpcTransport
    from .streams import PushStream, Sink
    from .tls import client_context

    __version__: str

__all__ = [
    "Access",
    "AuthScope",
    "CallOptions",
    "Client",
    "Code",
    "Context",
    "DecodeError",
    "Deltas",
    "Enum",
    "Growing",
    "GrpcServerHandle",
    "GrpcTransport",
    "Handler",
    "HealthRegistry",
    "KeyRing",
    "Limits",
    "Message",
    "Metadata",
    "Method",
    "PushStream",
    "ResponseStream",
    "RpcError",
    "Server",
    "Service",
    "Sink",
    "TokenwireError",
    "client_context",
    "field_writer",
    "main",
    "start_server",
    "starts_at_once",
]

_MODULES = {
    "application": ("main",),
    "auth": ("Access", "KeyRing"),
    "client": ("CallOptions", "Client", "Metadata", "ResponseStream"),
    "codes": ("Code",),
    "context": ("Context",),
    "errors": ("DecodeError", "RpcError", "TokenwireError"),
    "grpc.handle": ("GrpcServerHandle", "start_server"),
    "grpc.server": ("Server",),
    "growing": ("Growing", "field_writer"),
    "health": ("HealthRegistry",),
    "limits": ("Limits",),
    "message": ("Enum", "Message"),
    "method": ("AuthScope", "Deltas", "Handler", "Method", "Service", "starts_at_once"),
    "openai_transport": ("GrpcTransport",),
    "streams": ("PushStream", "Sink"),
    "tls": ("client_context",),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    if name == "__version__":
        return metadata.version("tokenwire")
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{module}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__

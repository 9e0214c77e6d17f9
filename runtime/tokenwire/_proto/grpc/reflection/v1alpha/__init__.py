# Generated from grpc/reflection/v1alpha/reflection.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""The gRPC server reflection protocol, in its first, alpha version.

Lets a client learn at run time which services a server has and what their
messages look like.

The same as grpc.reflection.v1 but for the package name; many clients still
ask for this one.
"""

from . import reflection_codec as reflection_codec
from .reflection_grpc import (
    SERVER_REFLECTION,
    SERVER_REFLECTION_INFO,
    ServerReflectionBase,
    ServerReflectionClient,
)
from .reflection_pb import (
    ErrorResponse,
    ExtensionNumberResponse,
    ExtensionRequest,
    FileDescriptorResponse,
    ListServiceResponse,
    ServerReflectionRequest,
    ServerReflectionResponse,
    ServiceResponse,
)

__all__ = [
    "SERVER_REFLECTION",
    "SERVER_REFLECTION_INFO",
    "ErrorResponse",
    "ExtensionNumberResponse",
    "ExtensionRequest",
    "FileDescriptorResponse",
    "ListServiceResponse",
    "ServerReflectionBase",
    "ServerReflectionClient",
    "ServerReflectionRequest",
    "ServerReflectionResponse",
    "ServiceResponse",
]

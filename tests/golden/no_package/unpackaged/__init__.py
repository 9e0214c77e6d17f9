# Generated from no_package.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""A file without a package."""

from . import no_package_codec as no_package_codec
from .no_package_grpc import (
    GET,
    UNPACKAGED_SERVICE,
    UnpackagedServiceBase,
    UnpackagedServiceClient,
)
from .no_package_pb import Unpackaged, UnpackagedKind, UnpackagedNested

__all__ = [
    "GET",
    "UNPACKAGED_SERVICE",
    "Unpackaged",
    "UnpackagedKind",
    "UnpackagedNested",
    "UnpackagedServiceBase",
    "UnpackagedServiceClient",
]

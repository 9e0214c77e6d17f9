# Generated from grpc/health/v1/health.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""The gRPC health checking protocol, version 1.

A server reports a status for each of its services, and under the empty name
one for itself as a whole.
"""

from . import health_codec as health_codec
from .health_grpc import CHECK, HEALTH, LIST, WATCH, HealthBase, HealthClient
from .health_pb import (
    HealthCheckRequest,
    HealthCheckResponse,
    HealthCheckResponseServingStatus,
    HealthListRequest,
    HealthListResponse,
)

__all__ = [
    "CHECK",
    "HEALTH",
    "LIST",
    "WATCH",
    "HealthBase",
    "HealthCheckRequest",
    "HealthCheckResponse",
    "HealthCheckResponseServingStatus",
    "HealthClient",
    "HealthListRequest",
    "HealthListResponse",
]

# Generated from grpc/health/v1/health.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Messages and enums of grpc/health/v1/health.proto."""

from __future__ import annotations

from tokenwire.message import Enum, Field, Message


class HealthCheckResponseServingStatus(Enum):
    """Whether a service takes requests."""

    UNKNOWN = 0
    """The status is not known yet."""
    SERVING = 1
    """Requests are served."""
    NOT_SERVING = 2
    """Requests are refused for now."""
    SERVICE_UNKNOWN = 3
    """There is no service of this name; sent by Watch only."""


class HealthCheckRequest(Message, proto="grpc.health.v1.HealthCheckRequest"):
    """Names the service to ask about."""

    service: str = ""
    """Full name of the service, such as "package.Service". Empty: the server."""

    def __init__(
        self,
        *,
        service: str = "",
    ) -> None:
        self.service = service
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (Field("service", 1, "string"),)


class HealthCheckResponse(Message, proto="grpc.health.v1.HealthCheckResponse"):
    """Status of one service."""

    status: HealthCheckResponseServingStatus = HealthCheckResponseServingStatus.UNKNOWN
    """Status of the service that was asked about."""

    def __init__(
        self,
        *,
        status: HealthCheckResponseServingStatus = HealthCheckResponseServingStatus.UNKNOWN,
    ) -> None:
        self.status = status
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (Field("status", 1, "enum", type=HealthCheckResponseServingStatus),)


class HealthListRequest(Message, proto="grpc.health.v1.HealthListRequest"):
    """Asks for the status of every service; has no fields."""


class HealthListResponse(Message, proto="grpc.health.v1.HealthListResponse"):
    """Status of every service."""

    statuses: dict[str, HealthCheckResponse]
    """Status by full service name, the empty name standing for the server."""

    def __init__(
        self,
        *,
        statuses: dict[str, HealthCheckResponse] | None = None,
    ) -> None:
        self.statuses = {} if statuses is None else statuses
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (Field("statuses", 1, "message", "map", type=HealthCheckResponse, key="string"),)

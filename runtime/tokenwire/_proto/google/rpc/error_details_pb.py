# Generated from google/rpc/error_details.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Messages and enums of google/rpc/error_details.proto."""

from __future__ import annotations

import datetime

from tokenwire.message import Field, Message


class ErrorInfo(Message, proto="google.rpc.ErrorInfo"):
    """Cause of an error in a form that programs can act on."""

    reason: str = ""
    """Cause as a constant in UPPER_SNAKE_CASE, unique within `domain`."""
    domain: str = ""
    """Who defines the reason, a service or package name for instance."""
    metadata: dict[str, str]
    """Further facts by name."""

    def __init__(
        self,
        *,
        reason: str = "",
        domain: str = "",
        metadata: dict[str, str] | None = None,
    ) -> None:
        self.reason = reason
        self.domain = domain
        self.metadata = {} if metadata is None else metadata
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("reason", 1, "string"),
            Field("domain", 2, "string"),
            Field("metadata", 3, "string", "map", key="string"),
        )


class RetryInfo(Message, proto="google.rpc.RetryInfo"):
    """Says when a failed call may be tried again."""

    retry_delay: datetime.timedelta | None = None
    """Least time to wait before the next try."""

    def __init__(
        self,
        *,
        retry_delay: datetime.timedelta | None = None,
    ) -> None:
        self.retry_delay = retry_delay
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field(
                "retry_delay",
                1,
                "message",
                "optional",
                type=datetime.timedelta,
                wrapped="google.protobuf.Duration",
            ),
        )


class DebugInfo(Message, proto="google.rpc.DebugInfo"):
    """Facts for whoever debugs the server."""

    stack_entries: list[str]
    """Stack trace, one frame per entry."""
    detail: str = ""
    """Anything else the server has to add."""

    def __init__(
        self,
        *,
        stack_entries: list[str] | None = None,
        detail: str = "",
    ) -> None:
        self.stack_entries = [] if stack_entries is None else stack_entries
        self.detail = detail
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("stack_entries", 1, "string", "repeated"),
            Field("detail", 2, "string"),
        )


class QuotaFailure(Message, proto="google.rpc.QuotaFailure"):
    """Says which quotas a call went over."""

    violations: list[QuotaFailureViolation]
    """The quotas that were exceeded."""

    def __init__(
        self,
        *,
        violations: list[QuotaFailureViolation] | None = None,
    ) -> None:
        self.violations = [] if violations is None else violations
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (Field("violations", 1, "message", "repeated", type=QuotaFailureViolation),)


class QuotaFailureViolation(Message, proto="google.rpc.QuotaFailure.Violation"):
    """One quota that was exceeded."""

    subject: str = ""
    """Whose quota it is, a project or an address for instance."""
    description: str = ""
    """How it was exceeded, in words."""
    api_service: str = ""
    """Service that the quota belongs to."""
    quota_metric: str = ""
    """Name of the metric that the quota counts."""
    quota_id: str = ""
    """Name of the quota itself."""
    quota_dimensions: dict[str, str]
    """Dimensions that the quota was counted in, a region for instance."""
    quota_value: int = 0
    """Limit that was in force when the call failed."""
    future_quota_value: int | None = None
    """Limit that a change of the quota is moving towards, if one is under way."""

    def __init__(
        self,
        *,
        subject: str = "",
        description: str = "",
        api_service: str = "",
        quota_metric: str = "",
        quota_id: str = "",
        quota_dimensions: dict[str, str] | None = None,
        quota_value: int = 0,
        future_quota_value: int | None = None,
    ) -> None:
        self.subject = subject
        self.description = description
        self.api_service = api_service
        self.quota_metric = quota_metric
        self.quota_id = quota_id
        self.quota_dimensions = {} if quota_dimensions is None else quota_dimensions
        self.quota_value = quota_value
        self.future_quota_value = future_quota_value
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("subject", 1, "string"),
            Field("description", 2, "string"),
            Field("api_service", 3, "string"),
            Field("quota_metric", 4, "string"),
            Field("quota_id", 5, "string"),
            Field("quota_dimensions", 6, "string", "map", key="string"),
            Field("quota_value", 7, "int64"),
            Field("future_quota_value", 8, "int64", "optional"),
        )


class PreconditionFailure(Message, proto="google.rpc.PreconditionFailure"):
    """Says which conditions for a call do not hold."""

    violations: list[PreconditionFailureViolation]
    """The conditions that do not hold."""

    def __init__(
        self,
        *,
        violations: list[PreconditionFailureViolation] | None = None,
    ) -> None:
        self.violations = [] if violations is None else violations
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (Field("violations", 1, "message", "repeated", type=PreconditionFailureViolation),)


class PreconditionFailureViolation(Message, proto="google.rpc.PreconditionFailure.Violation"):
    """One condition that does not hold."""

    type: str = ""
    """Kind of condition, as a constant that the service defines."""
    subject: str = ""
    """What the condition is about."""
    description: str = ""
    """How to make it hold, in words."""

    def __init__(
        self,
        *,
        type: str = "",
        subject: str = "",
        description: str = "",
    ) -> None:
        self.type = type
        self.subject = subject
        self.description = description
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("type", 1, "string"),
            Field("subject", 2, "string"),
            Field("description", 3, "string"),
        )


class BadRequest(Message, proto="google.rpc.BadRequest"):
    """Says which fields of a request are wrong."""

    field_violations: list[BadRequestFieldViolation]
    """The fields that are wrong."""

    def __init__(
        self,
        *,
        field_violations: list[BadRequestFieldViolation] | None = None,
    ) -> None:
        self.field_violations = [] if field_violations is None else field_violations
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (Field("field_violations", 1, "message", "repeated", type=BadRequestFieldViolation),)


class BadRequestFieldViolation(Message, proto="google.rpc.BadRequest.FieldViolation"):
    """One field that is wrong."""

    field: str = ""
    """Path of the field from the request's root, in proto names:
    "sampling_params.top_p", "stop[2]".
    """
    description: str = ""
    """What is wrong with it, in words."""
    reason: str = ""
    """What is wrong, as a constant in UPPER_SNAKE_CASE."""
    localized_message: LocalizedMessage | None = None
    """What is wrong, in the user's language."""

    def __init__(
        self,
        *,
        field: str = "",
        description: str = "",
        reason: str = "",
        localized_message: LocalizedMessage | None = None,
    ) -> None:
        self.field = field
        self.description = description
        self.reason = reason
        self.localized_message = localized_message
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("field", 1, "string"),
            Field("description", 2, "string"),
            Field("reason", 3, "string"),
            Field("localized_message", 4, "message", "optional", type=LocalizedMessage),
        )


class RequestInfo(Message, proto="google.rpc.RequestInfo"):
    """Identifies a request, to mention when reporting a problem."""

    request_id: str = ""
    """Id that only means something to the service."""
    serving_data: str = ""
    """Data on how the request was served, for its operator."""

    def __init__(
        self,
        *,
        request_id: str = "",
        serving_data: str = "",
    ) -> None:
        self.request_id = request_id
        self.serving_data = serving_data
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("request_id", 1, "string"),
            Field("serving_data", 2, "string"),
        )


class ResourceInfo(Message, proto="google.rpc.ResourceInfo"):
    """Names the resource that a call was about."""

    resource_type: str = ""
    """Kind of resource, a full message name for instance."""
    resource_name: str = ""
    """Name of the resource."""
    owner: str = ""
    """Who owns it, if that may be told."""
    description: str = ""
    """What went wrong with it, in words."""

    def __init__(
        self,
        *,
        resource_type: str = "",
        resource_name: str = "",
        owner: str = "",
        description: str = "",
    ) -> None:
        self.resource_type = resource_type
        self.resource_name = resource_name
        self.owner = owner
        self.description = description
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("resource_type", 1, "string"),
            Field("resource_name", 2, "string"),
            Field("owner", 3, "string"),
            Field("description", 4, "string"),
        )


class Help(Message, proto="google.rpc.Help"):
    """Points to documentation."""

    links: list[HelpLink]
    """The pages."""

    def __init__(
        self,
        *,
        links: list[HelpLink] | None = None,
    ) -> None:
        self.links = [] if links is None else links
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (Field("links", 1, "message", "repeated", type=HelpLink),)


class HelpLink(Message, proto="google.rpc.Help.Link"):
    """One page."""

    description: str = ""
    """What the page offers."""
    url: str = ""
    """Address of the page."""

    def __init__(
        self,
        *,
        description: str = "",
        url: str = "",
    ) -> None:
        self.description = description
        self.url = url
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("description", 1, "string"),
            Field("url", 2, "string"),
        )


class LocalizedMessage(Message, proto="google.rpc.LocalizedMessage"):
    """A message that can be shown to a user."""

    locale: str = ""
    """Language as an IETF BCP 47 tag, "en-US" for instance."""
    message: str = ""
    """Text in that language."""

    def __init__(
        self,
        *,
        locale: str = "",
        message: str = "",
    ) -> None:
        self.locale = locale
        self.message = message
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("locale", 1, "string"),
            Field("message", 2, "string"),
        )

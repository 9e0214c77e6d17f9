# Generated from google/rpc by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Messages of google.rpc."""

from . import error_details_codec as error_details_codec
from . import status_codec as status_codec
from .code_pb import Code
from .error_details_pb import (
    BadRequest,
    BadRequestFieldViolation,
    DebugInfo,
    ErrorInfo,
    Help,
    HelpLink,
    LocalizedMessage,
    PreconditionFailure,
    PreconditionFailureViolation,
    QuotaFailure,
    QuotaFailureViolation,
    RequestInfo,
    ResourceInfo,
    RetryInfo,
)
from .status_pb import Status

__all__ = [
    "BadRequest",
    "BadRequestFieldViolation",
    "Code",
    "DebugInfo",
    "ErrorInfo",
    "Help",
    "HelpLink",
    "LocalizedMessage",
    "PreconditionFailure",
    "PreconditionFailureViolation",
    "QuotaFailure",
    "QuotaFailureViolation",
    "RequestInfo",
    "ResourceInfo",
    "RetryInfo",
    "Status",
]

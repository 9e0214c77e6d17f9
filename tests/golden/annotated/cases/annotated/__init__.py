# Generated from cases/annotated/annotated.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Every annotation of tokenwire, on a schema other than the shipped one."""

from . import annotated_codec as annotated_codec
from .annotated_grpc import (
    ANNOTATED_SERVICE,
    BOTH,
    RAW,
    RAW_STREAM,
    SHUTDOWN,
    SPEAK,
    SPEAK_ALONE,
    STATUS,
    AnnotatedServiceBase,
    AnnotatedServiceClient,
)
from .annotated_pb import Part, PartWord, Prompt, RawAnswer, RawCall, RawEvent

__all__ = [
    "ANNOTATED_SERVICE",
    "BOTH",
    "RAW",
    "RAW_STREAM",
    "SHUTDOWN",
    "SPEAK",
    "SPEAK_ALONE",
    "STATUS",
    "AnnotatedServiceBase",
    "AnnotatedServiceClient",
    "Part",
    "PartWord",
    "Prompt",
    "RawAnswer",
    "RawCall",
    "RawEvent",
]

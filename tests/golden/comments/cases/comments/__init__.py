# Generated from cases/comments/comments.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""A comment of the file as a block,
over two lines.
"""

from . import comments_codec as comments_codec
from .comments_grpc import (
    COMMENTED_SERVICE,
    GET,
    TRAILING,
    WATCH,
    CommentedServiceBase,
    CommentedServiceClient,
)
from .comments_pb import (
    Backslashes,
    Blocks,
    Commented,
    CommentedOneof,
    DoubleQuotes,
    LongLines,
    Markup,
    NonAscii,
    OneLine,
    Templates,
)

__all__ = [
    "COMMENTED_SERVICE",
    "GET",
    "TRAILING",
    "WATCH",
    "Backslashes",
    "Blocks",
    "Commented",
    "CommentedOneof",
    "CommentedServiceBase",
    "CommentedServiceClient",
    "DoubleQuotes",
    "LongLines",
    "Markup",
    "NonAscii",
    "OneLine",
    "Templates",
]

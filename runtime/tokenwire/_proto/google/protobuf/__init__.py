# Generated from google/protobuf by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Messages of google.protobuf."""

from . import any_codec as any_codec
from . import api_codec as api_codec
from . import duration_codec as duration_codec
from . import empty_codec as empty_codec
from . import field_mask_codec as field_mask_codec
from . import source_context_codec as source_context_codec
from . import struct_codec as struct_codec
from . import timestamp_codec as timestamp_codec
from . import type_codec as type_codec
from . import wrappers_codec as wrappers_codec
from .any_pb import Any
from .api_pb import Api, Method, Mixin
from .duration_pb import Duration
from .empty_pb import Empty
from .field_mask_pb import FieldMask
from .source_context_pb import SourceContext
from .struct_pb import ListValue, NullValue, Struct, Value
from .timestamp_pb import Timestamp
from .type_pb import (
    Enum,
    EnumValue,
    Field,
    FieldCardinality,
    FieldKind,
    Option,
    Syntax,
    Type,
)
from .wrappers_pb import (
    BoolValue,
    BytesValue,
    DoubleValue,
    FloatValue,
    Int32Value,
    Int64Value,
    StringValue,
    UInt32Value,
    UInt64Value,
)

__all__ = [
    "Any",
    "Api",
    "BoolValue",
    "BytesValue",
    "DoubleValue",
    "Duration",
    "Empty",
    "Enum",
    "EnumValue",
    "Field",
    "FieldCardinality",
    "FieldKind",
    "FieldMask",
    "FloatValue",
    "Int32Value",
    "Int64Value",
    "ListValue",
    "Method",
    "Mixin",
    "NullValue",
    "Option",
    "SourceContext",
    "StringValue",
    "Struct",
    "Syntax",
    "Timestamp",
    "Type",
    "UInt32Value",
    "UInt64Value",
    "Value",
]

"""The well-known types of google.protobuf, as messages.

As the type of a field, Timestamp, Duration and the wrappers are presented as plain Python values
(`datetime`, `timedelta`, `int | None`, ...); these classes serve where they stand alone, inside an
`Any` for instance.
"""

from __future__ import annotations

from ._proto.google.protobuf.any_pb import Any
from ._proto.google.protobuf.api_pb import Api, Method, Mixin
from ._proto.google.protobuf.duration_pb import Duration
from ._proto.google.protobuf.empty_pb import Empty
from ._proto.google.protobuf.field_mask_pb import FieldMask
from ._proto.google.protobuf.source_context_pb import SourceContext
from ._proto.google.protobuf.struct_pb import ListValue, NullValue, Struct, Value
from ._proto.google.protobuf.timestamp_pb import Timestamp
from ._proto.google.protobuf.type_pb import (
    Enum,
    EnumValue,
    Field,
    FieldCardinality,
    FieldKind,
    Option,
    Syntax,
    Type,
)
from ._proto.google.protobuf.wrappers_pb import (
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

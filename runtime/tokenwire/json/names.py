"""Names of enum values in JSON, both ways; made once per enum."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenwire.message import Enum

__all__ = ["enum_names", "enum_numbers", "is_null"]


@cache
def enum_names(enum: type[Enum]) -> dict[int, str]:
    """The name of each number: of aliases the first."""
    renamed = enum.betterproto_value_to_renamed_proto_names()
    return {member.value: renamed.get(member.value, member.name) for member in enum}


@cache
def enum_numbers(enum: type[Enum]) -> dict[str, int]:
    """The number of each name, aliases included."""
    numbers = {name: member.value for name, member in enum.__members__.items()}
    return numbers | enum.betterproto_renamed_proto_names_to_value()


def is_null(enum: type[Enum]) -> bool:
    """Whether it is google.protobuf.NullValue, whose one value is JSON's null."""
    return enum.__name__ == "NullValue" and enum.__module__ == "tokenwire._proto.google.protobuf.struct_pb"

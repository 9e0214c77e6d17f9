# Generated from google/protobuf/field_mask.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Messages and enums of google/protobuf/field_mask.proto."""

from __future__ import annotations

from tokenwire.message import Field as _twField
from tokenwire.wellknown.base import FieldMaskBase


class FieldMask(FieldMaskBase, proto="google.protobuf.FieldMask"):
    """A set of field paths.

    In JSON one string: paths in lower camel case, separated by commas.
    """

    paths: list[str]
    """Paths in the schema's names, "user.display_name" for instance."""

    def __init__(
        self,
        *,
        paths: list[str] | None = None,
    ) -> None:
        self.paths = [] if paths is None else paths
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[_twField, ...]:
        return (_twField("paths", 1, "string", "repeated"),)

# Generated from no_package.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Messages and enums of no_package.proto."""

from __future__ import annotations

from tokenwire.message import Enum, Field, Message


class UnpackagedKind(Enum):
    """An enum without a package."""

    UNPACKAGED_KIND_UNSPECIFIED = 0
    UNPACKAGED_KIND_GOOD = 1


class Unpackaged(Message, proto="Unpackaged"):
    """A message without a package."""

    name: str = ""
    kind: UnpackagedKind = UnpackagedKind.UNPACKAGED_KIND_UNSPECIFIED
    nested: UnpackagedNested | None = None

    def __init__(
        self,
        *,
        name: str = "",
        kind: UnpackagedKind = UnpackagedKind.UNPACKAGED_KIND_UNSPECIFIED,
        nested: UnpackagedNested | None = None,
    ) -> None:
        self.name = name
        self.kind = kind
        self.nested = nested
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("name", 1, "string"),
            Field("kind", 2, "enum", type=UnpackagedKind),
            Field("nested", 3, "message", "optional", type=UnpackagedNested),
        )


class UnpackagedNested(Message, proto="Unpackaged.Nested"):
    """A nested one."""

    parent: Unpackaged | None = None

    def __init__(
        self,
        *,
        parent: Unpackaged | None = None,
    ) -> None:
        self.parent = parent
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (Field("parent", 1, "message", "optional", type=Unpackaged),)

# Generated from google/protobuf/api.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Messages and enums of google/protobuf/api.proto."""

from __future__ import annotations

from tokenwire.message import Field as _twField
from tokenwire.message import Message

from .source_context_pb import SourceContext
from .type_pb import Option, Syntax


class Api(Message, proto="google.protobuf.Api"):
    """A service."""

    name: str = ""
    """Full name."""
    methods: list[Method]
    """Its methods."""
    options: list[Option]
    """Options of the service."""
    version: str = ""
    """Version, "v1" for instance."""
    source_context: SourceContext | None = None
    """Where it was declared."""
    mixins: list[Mixin]
    """Services that it includes."""
    syntax: Syntax = Syntax.SYNTAX_PROTO2
    """The syntax of its file."""
    edition: str = ""
    """The edition of its file, where `syntax` is SYNTAX_EDITIONS."""

    def __init__(
        self,
        *,
        name: str = "",
        methods: list[Method] | None = None,
        options: list[Option] | None = None,
        version: str = "",
        source_context: SourceContext | None = None,
        mixins: list[Mixin] | None = None,
        syntax: Syntax = Syntax.SYNTAX_PROTO2,
        edition: str = "",
    ) -> None:
        self.name = name
        self.methods = [] if methods is None else methods
        self.options = [] if options is None else options
        self.version = version
        self.source_context = source_context
        self.mixins = [] if mixins is None else mixins
        self.syntax = syntax
        self.edition = edition
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[_twField, ...]:
        return (
            _twField("name", 1, "string"),
            _twField("methods", 2, "message", "repeated", type=Method),
            _twField("options", 3, "message", "repeated", type=Option),
            _twField("version", 4, "string"),
            _twField("source_context", 5, "message", "optional", type=SourceContext),
            _twField("mixins", 6, "message", "repeated", type=Mixin),
            _twField("syntax", 7, "enum", type=Syntax),
            _twField("edition", 8, "string"),
        )


class Method(Message, proto="google.protobuf.Method"):
    """A method of a service."""

    name: str = ""
    """Name."""
    request_type_url: str = ""
    """URL of the request's type."""
    request_streaming: bool = False
    """Whether the caller sends a stream."""
    response_type_url: str = ""
    """URL of the answer's type."""
    response_streaming: bool = False
    """Whether the answer is a stream."""
    options: list[Option]
    """Options of the method."""
    syntax: Syntax = Syntax.SYNTAX_PROTO2
    """The syntax of its file.

    Deprecated.
    """
    edition: str = ""
    """The edition of its file.

    Deprecated.
    """

    def __init__(
        self,
        *,
        name: str = "",
        request_type_url: str = "",
        request_streaming: bool = False,
        response_type_url: str = "",
        response_streaming: bool = False,
        options: list[Option] | None = None,
        syntax: Syntax = Syntax.SYNTAX_PROTO2,
        edition: str = "",
    ) -> None:
        self.name = name
        self.request_type_url = request_type_url
        self.request_streaming = request_streaming
        self.response_type_url = response_type_url
        self.response_streaming = response_streaming
        self.options = [] if options is None else options
        self.syntax = syntax
        self.edition = edition
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[_twField, ...]:
        return (
            _twField("name", 1, "string"),
            _twField("request_type_url", 2, "string"),
            _twField("request_streaming", 3, "bool"),
            _twField("response_type_url", 4, "string"),
            _twField("response_streaming", 5, "bool"),
            _twField("options", 6, "message", "repeated", type=Option),
            _twField("syntax", 7, "enum", type=Syntax),
            _twField("edition", 8, "string"),
        )


class Mixin(Message, proto="google.protobuf.Mixin"):
    """A service whose methods another one includes."""

    name: str = ""
    """Full name of the included service."""
    root: str = ""
    """Path under which its HTTP routes go."""

    def __init__(
        self,
        *,
        name: str = "",
        root: str = "",
    ) -> None:
        self.name = name
        self.root = root
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[_twField, ...]:
        return (
            _twField("name", 1, "string"),
            _twField("root", 2, "string"),
        )

# Generated from cases/annotated/annotated.proto by protoc-gen-tokenwire 0.1.0. DO NOT EDIT.
"""Messages and enums of cases/annotated/annotated.proto."""

from __future__ import annotations

from tokenwire.message import Field, Message


class Prompt(Message, proto="cases.annotated.Prompt"):
    """A prompt."""

    text: str = ""

    def __init__(
        self,
        *,
        text: str = "",
    ) -> None:
        self.text = text
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (Field("text", 1, "string"),)


class Part(Message, proto="cases.annotated.Part"):
    """Part of an answer; every kind of field that can grow, and one that cannot."""

    text: str = ""
    audio: bytes = b""
    ids: list[int]
    words: list[PartWord]
    facts: dict[str, str]
    voice: int = 0
    total: int = 0
    """total.

    Deprecated.
    """

    def __init__(
        self,
        *,
        text: str = "",
        audio: bytes = b"",
        ids: list[int] | None = None,
        words: list[PartWord] | None = None,
        facts: dict[str, str] | None = None,
        voice: int = 0,
        total: int = 0,
    ) -> None:
        self.text = text
        self.audio = audio
        self.ids = [] if ids is None else ids
        self.words = [] if words is None else words
        self.facts = {} if facts is None else facts
        self.voice = voice
        self.total = total
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("text", 1, "string"),
            Field("audio", 2, "bytes"),
            Field("ids", 3, "int32", "repeated"),
            Field("words", 4, "message", "repeated", type=PartWord),
            Field("facts", 5, "string", "map", key="string"),
            Field("voice", 6, "int32"),
            Field("total", 7, "int32"),
        )


class PartWord(Message, proto="cases.annotated.Part.Word"):
    """A word with its place."""

    text: str = ""
    at: int = 0

    def __init__(
        self,
        *,
        text: str = "",
        at: int = 0,
    ) -> None:
        self.text = text
        self.at = at
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("text", 1, "string"),
            Field("at", 2, "int32"),
        )


class RawCall(Message, proto="cases.annotated.RawCall"):
    """A call that is carried through, with field names other than the shipped ones."""

    headers: dict[str, str]
    payload: bytes = b""

    def __init__(
        self,
        *,
        headers: dict[str, str] | None = None,
        payload: bytes = b"",
    ) -> None:
        self.headers = {} if headers is None else headers
        self.payload = payload
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("headers", 1, "string", "map", key="string"),
            Field("payload", 2, "bytes"),
        )


class RawAnswer(Message, proto="cases.annotated.RawAnswer"):
    """A whole answer."""

    status: int = 0
    payload: bytes = b""

    def __init__(
        self,
        *,
        status: int = 0,
        payload: bytes = b"",
    ) -> None:
        self.status = status
        self.payload = payload
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("status", 1, "uint32"),
            Field("payload", 2, "bytes"),
        )


class RawEvent(Message, proto="cases.annotated.RawEvent"):
    """One event of a streamed answer."""

    last: bool = False
    event: bytes = b""

    def __init__(
        self,
        *,
        last: bool = False,
        event: bytes = b"",
    ) -> None:
        self.last = last
        self.event = event
        self._unknown_fields = b""

    @classmethod
    def _tw_fields(cls) -> tuple[Field, ...]:
        return (
            Field("last", 1, "bool"),
            Field("event", 2, "bytes"),
        )

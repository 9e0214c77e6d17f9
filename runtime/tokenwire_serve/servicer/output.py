"""Text and token ids of one choice together, which HTTP answers carry and no RPC message does."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Generated", "Output"]


@dataclass(frozen=True, slots=True)
class Output:
    """What was generated, as text and as token ids; `+` joins what comes later."""

    text: str = ""
    token_ids: list[int] = field(default_factory=list)

    def __add__(self, later: Output) -> Output:
        return Output(self.text + later.text, self.token_ids + later.token_ids)

    def __bool__(self) -> bool:
        return bool(self.text or self.token_ids)


@dataclass(slots=True)
class Generated:
    """A message of a generation stream, with both forms of output.

    Attributes:
        output: All so far, or what is new, by the mode of the stream.
        meta_info: Facts by name, every value JSON text.
        finished: The last choice is complete.
    """

    output: Output
    meta_info: dict[str, str] = field(default_factory=dict)
    finished: bool = False

"""Text and token ids of one choice together, which HTTP answers carry and no RPC message does."""

from __future__ import annotations

from dataclasses import dataclass, field

from .meta_info import json_string

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

    def json(self) -> str:
        """The JSON object without its closing brace."""
        facts = ",".join(f"{json_string(name)}:{value}" for name, value in self.meta_info.items())
        ids = ",".join(map(str, self.output.token_ids))
        return f'{{"text":{json_string(self.output.text)},"output_ids":[{ids}],"meta_info":{{{facts}}}'

"""The OpenAI RPCs that stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.sglang.parity.compare import ABSENT, Difference, like

from .errors import CLEAN

if TYPE_CHECKING:
    from collections.abc import Iterator

LOST: Final = "3.4: a body that does not validate is INVALID_ARGUMENT with the error; SGLang says INTERNAL"
MAPPED: Final = "3.4: an error before the first chunk is a status; SGLang answers OK and the body as a chunk"
MODEL: Final = "3.7: a name that is not served is NOT_FOUND; SGLang takes any"
NAME: Final = "3.7: default stands for the served model, and answers carry its name"

BODY: Final = r'.*"metadata": \{"body": "\{\\"error\\":.*'
RPCS: Final = "grpc/C[ho]*mplete"


def status(case: str, sglang: str, ours: str, why: str) -> Iterator[Difference]:
    """SGLang's status, ours with the JSON error in its details."""
    yield Difference(f"{RPCS}/{case}", "code", sglang, ours, why)
    yield Difference(f"{RPCS}/{case}", "details", like(r".*"), like(CLEAN + r".+"), why)
    yield Difference(f"{RPCS}/{case}", "typed_details", None, like(BODY), why)


def dropped(case: str, path: str, why: str) -> Difference:
    """What SGLang sends before an OK, where ours has a status."""
    return Difference(f"{RPCS}/{case}", path, like(r".*"), ABSENT, why)


DIFFERENCES: Final = (
    *status("*", "INTERNAL", "INVALID_ARGUMENT", LOST),
    *status("*", "OK", "INVALID_ARGUMENT", MAPPED),
    *status("other model*", "OK", "NOT_FOUND", MODEL),
    Difference(RPCS + "/*", "messages.0", like(r'\{"json_chunk": \{"object": "error".*'), ABSENT, MAPPED),
    Difference(RPCS + "/*", "stream.no choice", like(r'\[\{"object": "error".*'), ABSENT, MAPPED),
    Difference(RPCS + "/*", "finished.0", -1, ABSENT, MAPPED),
    dropped("other model", "messages.0", MODEL),
    dropped("other model, streamed", "stream.*", MODEL),
    *(Difference(f"*/{case}", "*.model", "default", "tiny", NAME) for case in ("model default", "no model")),
)

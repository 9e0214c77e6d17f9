"""Errors in JSON: over HTTP, in unary OpenAI RPCs, through the SDK."""

from __future__ import annotations

from typing import Final

from tests.sglang.parity.compare import ABSENT, Difference, like

SHAPE: Final = "3.6, 3.7: errors are {error: {message, type, param, code}}, without stack traces or paths"
EVENT: Final = "3.4: before the first event an error is a status; SGLang answers 200 and an event"
MODEL: Final = "3.7: a name that is not served is 404; SGLang takes any"
JSON: Final = "3.7: POST wants content-type application/json, and then 415"
STRICT: Final = "ours refuses keys that it does not know, as 3.1 does values; SGLang drops them here"

CLEAN: Final = r'(?!.*(File \\?"|site-packages|\.py\b|\.cc\b|Traceback))'
"""Texts without paths and stack traces."""

SENTENCE: Final = like(CLEAN + r".+")
ANYTHING: Final = like(r".*")
INVALID: Final = like(
    CLEAN + r'\{"message": "[^"].*", "type": "invalid_request_error", "param": (null|".+"), "code": 4\d\d\}'
)
NOT_FOUND: Final = like(
    r'\{"message": ".+", "type": "not_found_error", "param": (null|"model"), "code": 404\}'
)

FLAT: Final = {
    "object": "error",
    "message": like(r".+"),
    "type": like(r"BadRequest|BadRequestError|Bad Request|InternalServerError|400"),
    "param": None,
    "code": like(r"400|500"),
}
"""SGLang's error object of most routes."""


def instead(case: str, why: str, status: int, ours: like = INVALID) -> tuple[Difference, ...]:
    """SGLang answers with a result or with events, ours with an error."""
    return (
        Difference(case, "status", like(r"200|400"), status, why),
        Difference(case, "body.*", ANYTHING, ABSENT, why),
        Difference(case, "body.error", ABSENT, ours, why),
    )


DIFFERENCES: Final = (
    *(Difference("[hg]*", f"*body.{key}", value, ABSENT, SHAPE) for key, value in FLAT.items()),
    Difference("[hg]*", "*body.error", ABSENT, INVALID, SHAPE),
    # Routes whose errors are in `error` in SGLang too.
    Difference("[hg]*", "*body.error.code", ABSENT, 400, SHAPE),
    Difference("http/*", "body.error.type", ABSENT, "invalid_request_error", SHAPE),
    Difference("grpc/*", "*body.error.type", "BadRequest", "invalid_request_error", SHAPE),
    Difference("[hg]*", "*body.error.param", ABSENT, like(r"null|.+"), SHAPE),
    Difference("[hg]*", "*body.error.message", like(r".+"), SENTENCE, SHAPE),
    Difference("http/generate/*", "body.error", like(r"\w.*"), INVALID, SHAPE),
    Difference("http/*/not an object", "body", "Internal Server Error", like(r'\{"error": .*'), SHAPE),
    Difference("http/*/not an object", "status", 500, 400, SHAPE),
    Difference("http/*/not an object", "media_type", "text/plain", "application/json", SHAPE),
    Difference("http/*", "body.detail", like(r"Not Found|Method Not Allowed"), ABSENT, SHAPE),
    Difference("http/nobody/unknown route", "body.error", ABSENT, NOT_FOUND, SHAPE),
    # Through the SDK, which takes `error` out.
    Difference("sdk/*", "body.object", "error", ABSENT, SHAPE),
    Difference("sdk/*", "body.type", "BadRequestError", "invalid_request_error", SHAPE),
    Difference("sdk/*", "body.message", like(r".+"), SENTENCE, SHAPE),
    Difference("sdk/*", "body.param", None, like(r".+"), SHAPE),
    # Statuses.
    *(
        difference
        for case in ("http/generate/temperature, streamed", "http/generate/too long, streamed")
        for difference in (
            *instead(case, EVENT, 400),
            Difference(case, "media_type", "text/event-stream", "application/json", EVENT),
        )
    ),
    *instead("http/generate/key nobody knows", STRICT, 400),
    *instead("http/generate/both text and ids", "3.7: text or input_ids", 400),
    Difference(
        "http/v1/models/*/unknown*", "body.error.type", "invalid_request_error", "not_found_error", SHAPE
    ),
    Difference("http/v1/models/*/unknown*", "body.error.code", "model_not_found", 404, SHAPE),
    *instead("http/*/other model*", MODEL, 404, NOT_FOUND),
    Difference("http/*/other model, streamed", "media_type", "text/event-stream", "application/json", MODEL),
    Difference("grpc/*/other model", "messages.0.status_code", like(r"200|400"), 404, MODEL),
    Difference("grpc/*/other model", "messages.0.json_body.*", ANYTHING, ABSENT, MODEL),
    Difference("grpc/*/other model", "messages.0.json_body.error", ABSENT, NOT_FOUND, MODEL),
    Difference("sdk/chat, other model", "*", ANYTHING, ABSENT, MODEL),
    Difference("sdk/chat, other model", "status", ABSENT, 404, MODEL),
    Difference("sdk/chat, other model", "raised", ABSENT, "NotFoundError", MODEL),
    Difference("sdk/chat, other model", "body", ABSENT, NOT_FOUND, MODEL),
    Difference("http/*/not called JSON", "status", 400, 415, JSON),
    Difference("http/detokenize/negative", "status", 500, 400, SHAPE),
    Difference("http/v1/detokenize/negative", "status", 500, 400, SHAPE),
    *instead("http/detokenize/beyond the vocabulary", "3.1: token ids inside the vocabulary", 400),
    *instead("http/v1/detokenize/beyond the vocabulary", "3.1: token ids inside the vocabulary", 400),
    Difference("http/generate/no texts", "status", 200, 400, "3.1: an empty list asks for nothing"),
    Difference(
        "http/generate/no texts", "body", [], like(r'\{"error": .*'), "3.1: an empty list asks for nothing"
    ),
)

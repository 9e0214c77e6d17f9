"""Abort, pause, cache, weights, profile, watch."""

from __future__ import annotations

from typing import Final

from tests.sglang.parity.compare import ABSENT, NOT_ASKED, Difference, like

TRACE: Final = "3.5: the reply names the trace"
TRACED: Final = like(r'\{"message": ".* in /.+"\}')
WORDS: Final = "3.5 does not fix the sentence"
TRUE: Final = "3.5: an unknown id is success=false; SGLang always says true"
EXACT: Final = "3.5: exact match only"
LAST: Final = "3.5: an aborted stream ends with a message whose finish_reason is abort, then CANCELLED"
REPLY: Final = "3.7: {success}"
HELD: Final = "3.7: num_paused_requests, which the reply over gRPC has no field for"
NUMBERS: Final = (
    "2.8; SGLang 0.5.23 has is_pause, model_info and server_info one number lower, and no server_status"
)
UNKNOWN: Final = "SERVER_STATUS_UNSPECIFIED"
UP: Final = "SERVER_STATUS_UP"
JSON: Final = "3.7: POST wants content-type application/json"

ABORTED: Final = ("grpc/Abort/whole-name *", "grpc/Abort/all")

DIFFERENCES: Final = (
    Difference("grpc/Abort/unknown id", "messages.0.success", True, False, TRUE),
    Difference("grpc/Abort/half *", "reply.messages.0.success", True, False, EXACT),
    *(
        difference
        for case in ABORTED
        for difference in (
            Difference(case, "stream.details", like(r".+"), like(r"request '.+' was aborted"), LAST),
            Difference(case, "stream.finish_reason.0", ABSENT, {"type": "abort", "message": "aborted"}, LAST),
            Difference(case, "stream.finished", False, True, LAST),
        )
    ),
    Difference("grpc/ChatComplete/caller leaves", "runs on", True, False, "3.4: aborted at once, unary too"),
    Difference("http/abort_request/*", "media_type", "", "application/json", REPLY),
    Difference("http/abort_request/*", "body", "", {"success": False}, REPLY),
    Difference(
        "http/abort_request/blank id", "status", 200, 400, "3.5: a blank rid without abort_all is refused"
    ),
    Difference("http/abort_request/blank id", "body", "", like(r'\{"error": .*"param": "rid".*'), "3.5"),
    Difference("grpc/FlushCache/*", "messages.0.message", "Cache flushed.", like(r".+"), WORDS),
    Difference("http/flush_cache/*", "media_type", "", "application/json", "3.7: {success, message}"),
    Difference(
        "http/flush_cache/idle", "body", like(r"Cache flushed\..*"), like(r'\{"success": true.*'), "3.7"
    ),
    Difference("http/flush_cache/no body", "status", 200, 415, JSON),
    Difference("http/flush_cache/no body", "body", like(r"Cache flushed\..*"), like(r'\{"error": .*'), JSON),
    Difference("*/pause/*", "*.message", like(r"Generation .*"), like(r"generation .*"), WORDS),
    Difference("*Continue*", "messages.0.message", like(r"Generation .*"), like(r"generation .*"), WORDS),
    Difference(
        "http/continue_generation/*", "body.message", like(r"Generation .*"), like(r"generation .*"), WORDS
    ),
    Difference("*/pause/abort", "running.code", "OK", "CANCELLED", LAST),
    Difference("*/pause/abort", "running.details", "", like(r"request '.+' was aborted"), LAST),
    Difference("*/pause/abort", "running.finish_reason.0.message", "Aborted", like(r"aborted .*"), WORDS),
    Difference("*/pause/abort", "running.finish_reason.0.err_type", None, ABSENT, "3.3: type and message"),
    Difference("*/pause/abort", "running.finish_reason.0.status_code", None, ABSENT, "3.3: type and message"),
    Difference(
        "grpc/UpdateWeightsFromDisk/no such *", "metadata.0", ABSENT, "x-tokenwire-paused-requests", HELD
    ),
    Difference("grpc/StopProfile/not started", "code", "INTERNAL", "FAILED_PRECONDITION", "3.6"),
    Difference("grpc/StopProfile/not started", "details", like(r"Profiling .*"), like(r"no trace .*"), WORDS),
    Difference("grpc/WatchEngineState/pause", "states.[02].server_status", UNKNOWN, UP, NUMBERS),
    Difference(
        "grpc/WatchEngineState/pause", "states.1.server_status", "SERVER_STATUS_STARTING", UP, NUMBERS
    ),
    Difference("grpc/WatchEngineState/pause", "states.1.is_pause", False, True, NUMBERS),
    Difference("grpc/WatchEngineState/pause", "states.?.model_info.*", like(r".*"), like(r".*"), NUMBERS),
    Difference("grpc/WatchEngineState/pause", "states.?.server_info", None, like(r".*"), NUMBERS),
    Difference("grpc/profile/*", "start.messages.0.message", "Profiling started.", like(r".* in /.+"), TRACE),
    Difference("grpc/profile/*", "stop.messages.0.message", "Profiling stopped.", like(r".* in /.+"), TRACE),
    Difference("http/profile/*", "*.media_type", "", "application/json", "3.7: {message}"),
    Difference(
        "http/profile/*", "start.body", "Start profiling.\n", like(r'\{"message": ".* in /.+"\}'), TRACE
    ),
    Difference(
        "http/profile/*", "stop.body", like(r"Stop profiling\..*"), like(r'\{"message": ".* in /.+"\}'), TRACE
    ),
    Difference(
        "grpc/UpdateWeightsFromDisk/no such format",
        "",
        NOT_ASKED,
        like(r'\{"code": "OK", .*"success": false.*'),
        "3.5: a failure is a reply with success=false; SGLang's scheduler ends over it",
    ),
    Difference(
        "grpc/pause/no mode", "", NOT_ASKED, like(r'\{"code": "OK", .*'), "3.5: the empty mode is abort"
    ),
)

"""Calls that steer: abort, pause, cache, weights, profile, and the watch that sees it."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from tokenwire_gen.sglang.runtime.v1 import (
    ABORT,
    CHAT_COMPLETE,
    CONTINUE_GENERATION,
    FLUSH_CACHE,
    GET_LOAD,
    PAUSE_GENERATION,
    START_PROFILE,
    STOP_PROFILE,
    TEXT_GENERATE,
    UPDATE_WEIGHTS_FROM_DISK,
    WATCH_ENGINE_STATE,
)
from tokenwire_gen.sglang.runtime.v1.sglang_pb import (
    AbortRequest,
    ContinueGenerationRequest,
    FlushCacheRequest,
    GetLoadRequest,
    OpenAIRequest,
    PauseGenerationRequest,
    StartProfileRequest,
    StopProfileRequest,
    TextGenerateRequest,
    UpdateWeightsRequest,
    WatchEngineStateRequest,
)

from tests.sglang.parity.client import answer, messages_of
from tests.sglang.parity.values import plain

from .case import Case, deadly, http, rpc
from .generation import TEXT, greedy
from .openai import CHAT, written

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokenwire import Message, Method

    from tests.sglang.parity.client import Server
    from tests.sglang.parity.values import Json

WAIT_S: Final = 0.7
REST_S: Final = 10
ENDLESS: Final = 600
"""Tokens of a request that does not get to its end."""


def long(rid: str, tokens: int) -> TextGenerateRequest:
    params = greedy(max_new_tokens=tokens)
    return TextGenerateRequest(text=TEXT, rid=rid, stream=True, sampling_params=params)


def end_of(call: Any) -> Json:
    """How a stream ended that something happened to; how far it had come is a matter of timing."""
    messages = messages_of(call)
    reasons = [message["meta_info"].get("finish_reason") for message in messages]
    finished = any(message["finished"] for message in messages)
    return answer(call, []) | {
        "finish_reason": [reason for reason in reasons if reason],
        "finished": finished,
    }


def rested(case: Case) -> Case:
    """The same, once nothing runs."""

    def run(server: Server) -> Json:
        wait(lambda: not loads(server)[0]["num_running_reqs"])
        return case.run(server)

    return replace(case, run=run)


def wait(holds: Callable[[], Any], patience: float = REST_S) -> None:
    """Wait until something holds, or for no longer."""
    deadline = time.monotonic() + patience
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.05)


def loads(server: Server) -> list[dict[str, Any]]:
    return server.grpc(GET_LOAD, GetLoadRequest())["messages"][0]["json_info"]


def abort(request: AbortRequest, rid: str, tokens: int = ENDLESS) -> Case:
    """Abort while a stream of id `rid` runs, and then that stream itself."""

    def run(server: Server) -> Json:
        call = server.start(TEXT_GENERATE, long(rid, tokens))
        next(call)
        reply = server.grpc(ABORT, request)
        return {"reply": reply, "stream": end_of(call)}

    what = "all" if request.abort_all else f"{request.rid} while {rid} runs"
    return Case(f"grpc/Abort/{what}", run)


def leave(request: Message, method: Method[Any, Any]) -> Case:
    """The caller leaves while a request runs."""

    def run(server: Server) -> Json:
        call = server.start(method, request)
        wait(lambda: loads(server)[0]["num_running_reqs"])
        call.cancel()
        wait(lambda: not loads(server)[0]["num_running_reqs"], WAIT_S)
        runs_on = bool(loads(server)[0]["num_running_reqs"])
        server.grpc(ABORT, AbortRequest(abort_all=True))
        return {"runs on": runs_on}

    return rested(Case(f"grpc/{method.name}/caller leaves", run))


def pause(mode: str, verb: str) -> Case:
    """Pause over gRPC or HTTP, a stream that begins in the pause, and one that runs when it begins."""

    def run(server: Server) -> Json:
        tokens = ENDLESS if mode == "abort" else 60
        running = server.start(TEXT_GENERATE, long(f"before-{mode}-{verb}", tokens))
        next(running)
        reply = steer(server, verb, mode)
        late = server.start(TEXT_GENERATE, TextGenerateRequest(text=TEXT, sampling_params=greedy()))
        got: list[Json] = []
        reader = threading.Thread(target=lambda: got.append(answer(late, messages_of(late))))
        reader.start()
        reader.join(WAIT_S)
        waits = not got
        end = steer(server, verb, None)
        reader.join()
        return {"pause": reply, "waits": waits, "continue": end, "late": got[0], "running": end_of(running)}

    return Case(f"{verb}/pause/{mode}", run)


def steer(server: Server, verb: str, mode: str | None) -> Json:
    """Pause in a mode, or, without one, go on."""
    if verb == "http":
        body = {} if mode is None else {"mode": mode}
        return server.http("POST", "/continue_generation" if mode is None else "/pause_generation", json=body)
    if mode is None:
        return server.grpc(CONTINUE_GENERATION, ContinueGenerationRequest())
    return server.grpc(PAUSE_GENERATION, PauseGenerationRequest(mode=mode))


def refused_pause(mode: str) -> Case:
    """A pause in a mode that does not exist, ended in case it was made."""

    def run(server: Server) -> Json:
        reply = steer(server, "grpc", mode)
        steer(server, "grpc", None)
        return reply

    return Case(f"grpc/pause/{mode or 'no mode'}", run)


def watch(server: Server) -> Json:
    """The state at once, paused, and after that."""
    stream = server.start(WATCH_ENGINE_STATE, WatchEngineStateRequest())
    states = [plain(next(stream))]
    steer(server, "grpc", "in_place")
    states.append(plain(next(stream)))
    steer(server, "grpc", None)
    states.append(plain(next(stream)))
    stream.cancel()
    rising = all(a["revision"] < b["revision"] for a, b in itertools.pairwise(states))
    one_engine = len({state["instance_id"] for state in states}) == 1
    return {"states": states, "rising": rising, "one engine": one_engine}


def profile(server: Server) -> Json:
    """A profile begun, one token, and the profile ended."""
    start = server.grpc(START_PROFILE, StartProfileRequest())
    server.grpc(TEXT_GENERATE, TextGenerateRequest(text=TEXT, sampling_params=greedy(max_new_tokens=1)))
    return {"start": start, "stop": server.grpc(STOP_PROFILE, StopProfileRequest())}


def profile_over_http(server: Server) -> Json:
    start = server.http("POST", "/start_profile", json={})
    return {"start": start, "stop": server.http("POST", "/stop_profile", json={})}


ENDLESS_CHAT: Final = CHAT | {"max_tokens": ENDLESS, "ignore_eos": True}


def weights(what: str, **fields: Any) -> Case:
    return rpc(what, UPDATE_WEIGHTS_FROM_DISK, UpdateWeightsRequest(**fields))


CASES: Final = (
    rpc("unknown id", ABORT, AbortRequest(rid="nobody")),
    rpc("blank id", ABORT, AbortRequest()),
    rpc("blank, not empty", ABORT, AbortRequest(rid="  ")),
    abort(AbortRequest(rid="whole-name"), "whole-name"),
    abort(AbortRequest(rid="half"), "half-a-name", tokens=60),
    abort(AbortRequest(abort_all=True), "any"),
    leave(long("left", ENDLESS), TEXT_GENERATE),
    leave(OpenAIRequest(json_body=written(ENDLESS_CHAT)), CHAT_COMPLETE),
    http("unknown id", "POST", "/abort_request", {"rid": "nobody"}),
    http("blank id", "POST", "/abort_request", {}),
    http("all", "POST", "/abort_request", {"abort_all": True}),
    rested(rpc("idle", FLUSH_CACHE, FlushCacheRequest())),
    rested(http("idle", "POST", "/flush_cache", {})),
    http("no body", "POST", "/flush_cache"),
    pause("abort", "grpc"),
    pause("in_place", "grpc"),
    pause("retract", "grpc"),
    pause("abort", "http"),
    pause("in_place", "http"),
    deadly(refused_pause("")),
    deadly(refused_pause("nobody")),
    rpc("not paused", CONTINUE_GENERATION, ContinueGenerationRequest()),
    http("mode nobody knows", "POST", "/pause_generation", {"mode": "nobody"}),
    http("not paused", "POST", "/continue_generation", {}),
    Case("grpc/WatchEngineState/pause", watch),
    weights("no such directory", model_path="no/such/directory"),
    weights("no path", model_path=""),
    deadly(weights("no such format", model_path="no/such/directory", load_format="nobody")),
    http("no such directory", "POST", "/update_weights_from_disk", {"model_path": "no/such/directory"}),
    http("no path", "POST", "/update_weights_from_disk", {}),
    rpc("not started", STOP_PROFILE, StopProfileRequest()),
    Case("grpc/profile/start and stop", profile),
    Case("http/profile/start and stop", profile_over_http),
)

"""schemathesis: requests made from openapi.json, valid ones and others, to a server over the null engine.

Whatever is sent, the answer keeps to the document, an error has its shape, nothing fails inside the server,
and no connection is cut.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from tokenwire.auth import OPEN, Access, KeyRing
from tokenwire.limits import Limits
from tokenwire_serve.engines import EngineOptions, create
from tokenwire_serve.process.listeners import address_of, listen
from tokenwire_serve.process.servers import Servers
from tokenwire_serve.servicer.service import SglangServicer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis import Case

DOCUMENT: Final = Path(__file__).parents[2] / "generated/tokenwire_gen/sglang/runtime/v1/openapi.json"
EXAMPLES: Final = int(os.environ.get("TOKENWIRE_SCHEMATHESIS_EXAMPLES", "8"))
EXAMPLES_WITH_KEYS: Final = 2
PLAIN: Final = settings(
    deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
MAY_FAIL: Final = {501, 503}
"""What an engine cannot do, and what it cannot do now."""
NAMES: Final = (
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
USER_KEY: Final = "user-key"
MOST: Final = {"max_new_tokens": 20, "max_tokens": 20, "max_completion_tokens": 20, "n": 4, "best_of": 4}
"""The null engine goes on until the number of tokens is reached."""

schema = schemathesis.openapi.from_dict(json.loads(DOCUMENT.read_text()))
OPERATIONS = {result.ok().label: result.ok() for result in schema.get_all_operations()}
load_all_checks()
CASES = [
    (label, mode)
    for label, operation in OPERATIONS.items()
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or operation.body or operation.path_parameters
]
"""Only what has parameters can be given wrong ones."""
CHECKS_USED = [check for name in NAMES for check in CHECKS.get_by_names([name])]


class _Bearer(requests.auth.AuthBase):
    """Sends a key, or none, in place of whatever was made up."""

    def __init__(self, key: str | None) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.pop("authorization", None)
        if self._key is not None:
            request.headers["authorization"] = f"Bearer {self._key}"
        return request


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server that is open to everybody."""
    with serving(OPEN) as address:
        yield address


@pytest.fixture(scope="module")
def locked_url() -> Iterator[str]:
    """A server that asks for keys."""
    with serving(Access(KeyRing(user=[USER_KEY], admin=["admin-key"]))) as address:
        yield address


@contextlib.contextmanager
def serving(access: Access) -> Iterator[str]:
    """A server in a thread with a loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    engine = create("null", EngineOptions(served_model_name="null"))

    async def start() -> Servers:
        servers = Servers(SglangServicer(engine), http, None, limits=Limits(), access=access)
        await servers.start()
        await engine.start()
        return servers

    async def stop(servers: Servers) -> None:
        await engine.close()
        await servers.close()

    with listen("127.0.0.1", 0, "--port") as http:
        servers = asyncio.run_coroutine_threadsafe(start(), loop).result(20)
        yield f"http://{address_of(http)}"
        asyncio.run_coroutine_threadsafe(stop(servers), loop).result(20)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(20)
    loop.close()


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as made:
        yield made


def bounded(value: Any) -> Any:
    """The same body with less work in it."""
    if isinstance(value, dict):
        return {
            name: min(inner, MOST[name]) if name in MOST and isinstance(inner, int) else bounded(inner)
            for name, inner in value.items()
        }
    return [bounded(item) for item in value] if isinstance(value, list) else value


def check(case: Case, url: str, session: requests.Session, auth: _Bearer | None = None) -> int:
    """Make a request and look at the answer; its status."""
    if isinstance(case.body, dict | list):
        case.body = bounded(case.body)
    try:
        response = case.call(base_url=url, session=session, auth=auth, timeout=20)
    finally:
        if case.operation.label == "POST /pause_generation" and auth is None:
            session.post(f"{url}/continue_generation", json={}, timeout=20).raise_for_status()
    status = response.status_code
    assert status < 500 or status in MAY_FAIL, (status, response.text)
    if status >= 400:
        error = json.loads(response.text)["error"]
        assert error["message"] and error["type"], error
        assert "Traceback" not in error["message"]
    if status not in (404, 405):  # Of a path that is not the operation's.
        case.validate_response(response, checks=CHECKS_USED)
    return status


@pytest.mark.parametrize(("label", "mode"), CASES)
def test_an_operation(
    label: str,
    mode: GenerationMode,
    url: str,
    session: requests.Session,
    caplog: pytest.LogCaptureFixture,
) -> None:
    operation = OPERATIONS[label]

    @settings(PLAIN, max_examples=EXAMPLES)
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: Case) -> None:
        check(case, url, session)

    run()
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("label", OPERATIONS)
def test_an_operation_with_keys(label: str, locked_url: str, session: requests.Session) -> None:
    """What the document says of who may call it holds, and refusals keep to the document, too."""
    operation = OPERATIONS[label]
    scopes = {scope for entry in operation.definition.raw["security"] for scope in entry}

    @settings(PLAIN, max_examples=EXAMPLES_WITH_KEYS)
    @given(case=operation.as_strategy())
    def run(case: Case) -> None:
        for key in (USER_KEY, None, "wrong-key"):
            status = check(case, locked_url, session, _Bearer(key))
            if scopes and key != USER_KEY:
                assert status == 401, key
            elif scopes == {"admin"}:
                assert status == 403
            else:
                assert status not in (401, 403), key

    run()

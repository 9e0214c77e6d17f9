"""What measures the attacks: that it attacks nobody else, and sees what it is to see."""

from __future__ import annotations

import json
import socket
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RemoteSettingsChanged, RequestReceived, StreamEnded, StreamReset
from tokenwire_gen.sglang.runtime.v1 import TextGenerateRequest

from benchmarks.attacks import frames, report
from benchmarks.attacks.__main__ import main
from benchmarks.attacks.arena import MEMORY_BYTES, SLACK, Latency, Outcome, State
from benchmarks.attacks.attacker import perform
from benchmarks.attacks.catalog import catalog, named
from benchmarks.attacks.driver import Burst, Driver
from benchmarks.attacks.target import Target
from benchmarks.errors import BenchError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .conftest import Stage

QUICK = Latency(100, 1.0, 2.0, 3.0)
TALLY = {
    "opened": 1,
    "refused": 0,
    "ended": 0,
    "sent": 1000,
    "received": 0,
    "units": 10,
    "goaways": {},
    "statuses": {},
    "let_through": [],
}
FINE = Outcome(
    name="grpc/ping_flood",
    control=QUICK,
    during=QUICK,
    errors=[],
    tally=TALLY,
    cpu=0.1,
    seconds=1.0,
    starved_ms=0.0,
    memory_before=50 << 20,
    memory_peak=60 << 20,
    memory_after=50 << 20,
    settled=0.1,
)
STATE = State(
    memory=50 << 20, descriptors=10, requests=0, tasks=5, objects={"tokenwire.grpc.stream.Stream": 2}
)


@pytest.mark.parametrize("host", ["10.0.0.1", "8.8.8.8", "0.0.0.0", "localhost", "example.com", "", "::"])
def test_only_loopback_is_attacked(host: str) -> None:
    with pytest.raises(BenchError, match=r"a loopback address such as 127\.0\.0\.1 and nowhere else"):
        Target(host, 80)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1"])
def test_loopback_is(host: str) -> None:
    assert Target(host, 80).port == 80


def test_the_attacker_refuses_other_addresses() -> None:
    answer = perform({"name": "grpc/ping_flood", "host": "192.0.2.1", "port": 80, "seconds": 0.1})
    assert "loopback" in answer["error"]


def test_names() -> None:
    assert [attack.name for attack in named(["ping_flood", "grpc/rapid_reset", "ping_flood"])] == [
        "grpc/ping_flood",
        "grpc/rapid_reset",
    ]
    assert {attack.name for attack in named(["half_open"])} == {"grpc/half_open", "http/half_open"}
    assert {attack.listener for attack in named(["http"])} == {"http"}
    assert len(named([])) == len(catalog())
    with pytest.raises(BenchError, match=r"there is no attack 'no_such'; there are grpc/rapid_reset, "):
        named(["no_such"])


def test_each_attack_says_what_it_does() -> None:
    assert all(attack.what.endswith((".", ").")) for attack in catalog().values())


def test_frames_are_those_that_h2_reads() -> None:
    server = H2Connection(H2Configuration(client_side=False))
    server.initiate_connection()
    body = frames.generation(7)
    data = (
        frames.greeting({4: 9}) + frames.call(1, frames.request("TextGenerate"), body) + frames.window(0, 5)
    )
    data += frames.frame(frames.HEADERS, frames.END_HEADERS, 3, frames.request("X", (b"x-a", b"b" * 300)))
    events = server.receive_data(data + frames.reset(3))
    settings = next(event for event in events if isinstance(event, RemoteSettingsChanged))
    assert {int(key): change.new_value for key, change in settings.changed_settings.items()} == {4: 9}
    first, second = [dict(event.headers) for event in events if isinstance(event, RequestReceived)]
    assert first[b":path"] == b"/sglang.runtime.v1.SglangService/TextGenerate"
    assert second[b"x-a"] == b"b" * 300
    received = next(event for event in events if isinstance(event, DataReceived))
    assert received.data == b"\0" + len(body).to_bytes(4, "big") + body
    request = TextGenerateRequest.parse(body)
    assert request.sampling_params is not None and request.sampling_params.max_new_tokens == 7
    assert [event.stream_id for event in events if isinstance(event, StreamEnded)] == [1]
    assert [event.stream_id for event in events if isinstance(event, StreamReset)] == [3]


def test_the_driver_plays_scripts_and_sees_ends() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        script: Iterator[Burst | float] = iter([Burst(b"ab", 2), 0.01, Burst(b"c")])
        driver = Driver(Target("127.0.0.1", listener.getsockname()[1]), 0.3, lambda: prepared.append(True))
        prepared: list[bool] = []
        listener.setblocking(False)
        driver.play(lambda: script)
        server, _ = listener.accept()
        with server:
            server.setblocking(True)
            assert server.recv(10) == b"abc"
            assert server.recv(10) == b""
    assert prepared == [True]
    assert (driver.tally.opened, driver.tally.sent, driver.tally.units, driver.tally.ended) == (1, 3, 3, 0)


def test_nobody_listening_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    driver = Driver(Target("127.0.0.1", port), 0.2)
    driver.play(lambda: iter([Burst(b"a")]), again=False)
    assert (driver.tally.opened, driver.tally.refused) == (0, 1)


def test_latency() -> None:
    assert Latency.of([float(n) for n in range(1, 101)]) == Latency(100, 51.0, 100.0, 100.0)
    assert Latency.of([]).calls == 0


def test_an_outcome_without_faults() -> None:
    assert FINE.faults(100.0) == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"errors": ["grpc health: no"]}, "1 calls of the victim failed, the first: grpc health: no"),
        ({"during": Latency(9, 1.0, 101.0, 102.0)}, "the victim's p99 is 101 ms, 2 ms without the attack"),
        ({"memory_after": (71 << 20)}, "memory is 21 MiB above that before"),
        ({"leaked": {"tasks": 9}}, "left behind: 9 tasks"),
        ({"tally": {**TALLY, "let_through": ["NUL in a value"]}}, "let through: NUL in a value"),
    ],
)
def test_faults(changes: dict[str, object], fault: str) -> None:
    assert replace(FINE, **changes).faults(100.0) == [fault]  # type: ignore[arg-type]


def test_memory_within_its_limit_is_none() -> None:
    assert replace(FINE, memory_after=FINE.memory_before + MEMORY_BYTES).faults(100.0) == []


def test_what_is_more_than_before_has_leaked() -> None:
    more = replace(
        STATE, descriptors=12, requests=1, tasks=7, objects={"tokenwire.X": SLACK + 1, "asyncio.Y": SLACK}
    )
    assert more.leaked(STATE) == {"descriptors": 2, "tokenwire.X": SLACK + 1, "engine requests": 1}
    assert STATE.leaked(more) == {}


def test_the_page_names_what_was_missed() -> None:
    bad = replace(FINE, name="http/half_open", errors=["lost"])
    results = {
        "environment": {"date": "today", "versions": {"h2": "4"}},
        "attacks": {o.name: o.as_dict() | {"faults": o.faults(100.0)} for o in (FINE, bad)},
    }
    page = report.markdown(json.loads(json.dumps(results)))
    assert "1 of 2 attacks met the aims." in page
    assert "| ping_flood | 1.0 | 2.0 | 2.0 | 3.0 | 0.10 of 1 |" in page
    assert "- `http/half_open`: 1 calls of the victim failed, the first: lost" in page


def test_a_slow_machine_is_given_more() -> None:
    assert report.most_ms(QUICK) == 100.0
    assert report.most_ms(Latency(9, 1.0, 100.0, 100.0)) == 150.0


def test_the_command_lists_and_refuses(tmp_path: Path) -> None:
    listed = CliRunner().invoke(main, ["--list", "grpc"])
    assert listed.exit_code == 0 and "grpc/ping_flood" in listed.output and "http/" not in listed.output
    refused = CliRunner().invoke(main, ["no_such", "--out", str(tmp_path)])
    assert refused.exit_code == 1 and "there is no attack 'no_such'" in refused.output


def test_what_lives_in_the_server_is_seen(stage: Stage) -> None:
    """A leak that is planted: connections that are still there."""
    stage.control()
    before = stage.arena.state()
    held = [socket.create_connection(("127.0.0.1", stage.arena.grpc)) for _ in range(20)]
    for sock in held:
        sock.sendall(frames.GREETING)
    until = time.monotonic() + 10
    kind = "tokenwire.grpc.protocol.WireProtocol"
    leaked: dict[str, int] = {}
    try:
        while leaked.get(kind) != len(held) and time.monotonic() < until:
            leaked = stage.arena.state().leaked(before)
    finally:
        for sock in held:
            sock.close()
    assert leaked["descriptors"] == 20
    assert leaked[kind] == 20

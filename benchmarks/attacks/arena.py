"""A server, a victim and an attacker, each in a process of its own, and what is seen of them."""

from __future__ import annotations

import json
import os
import re
import signal
import ssl
import sys
import time
import urllib.request
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from select import select
from typing import TYPE_CHECKING, Any, Final, Self

import trustme

from benchmarks.errors import BenchError
from benchmarks.serving.machine import cpu_seconds
from benchmarks.serving.programs import Program
from benchmarks.serving.servers import ROOT, accepts, environment, free_ports

if TYPE_CHECKING:
    from types import TracebackType

    from .catalog import Attack

__all__ = ["MEMORY_BYTES", "SLACK", "Arena", "Latency", "Outcome", "State"]

MEMORY_BYTES: Final = 20 << 20
"""How far from before the memory may be once an attack is over."""
SLACK: Final = 32
"""How many more objects of a kind may be there: what the victim's last calls have left varies."""
_EXACT: Final = {
    "descriptors": 1,
    "tasks": 2,
    "tokenwire.grpc.protocol.WireProtocol": 0,
    "tokenwire_serve.process.http_connection.HttpConnection": 1,
}
"""The same for what is counted closely; a connection may be that which asked."""
_ENDED: Final = frozenset(
    {"h2.stream.H2Stream", "h2.stream.H2StreamStateMachine", "h2.windows.WindowManager"}
)
_ENDED_SLACK: Final = 200
"""Ended streams of the victim's own connection are forgotten from time to time."""
_SETTLE_S: Final = 10.0
_STEP_S: Final = 0.1
_ANSWER_S: Final = 30.0
_RESIDENT: Final = re.compile(r"^VmRSS:\s+(\d+) kB$", re.MULTILINE)
_PEAK: Final = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)
_PLACES: Final = ("--max-running-requests", "4096")
"""An engine that is full delays others because it is full; what is looked at here is the server."""
_SERVER: Final = "tokenwire_gen.sglang.runtime.v1"


@dataclass(frozen=True)
class Latency:
    """Of the victim's calls, in milliseconds."""

    calls: int
    p50: float
    p99: float
    longest: float

    @classmethod
    def of(cls, took: list[float]) -> Latency:
        """From each call's own."""
        if not took:
            return cls(0, 0.0, 0.0, 0.0)
        ordered = sorted(took)
        return cls(
            len(ordered),
            round(ordered[len(ordered) // 2], 2),
            round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))], 2),
            round(ordered[-1], 2),
        )


@dataclass(frozen=True)
class State:
    """Of the server, between two attacks.

    Attributes:
        memory: Bytes, resident.
        descriptors: Open files and sockets.
        requests: Those that the engine runs, and those that wait for it.
        tasks: Of the event loop.
        objects: Of the server's packages, by type.
    """

    memory: int
    descriptors: int
    requests: int
    tasks: int
    objects: dict[str, int]

    def leaked(self, before: State) -> dict[str, int]:
        """What is more than it was."""
        found = {
            "descriptors": self.descriptors - before.descriptors,
            "tasks": self.tasks - before.tasks,
        }
        found |= {name: count - before.objects.get(name, 0) for name, count in self.objects.items()}
        more = {name: count for name, count in found.items() if count > _slack(name)}
        return more | ({"engine requests": self.requests} if self.requests else {})


def _slack(name: str) -> int:
    return _EXACT.get(name, _ENDED_SLACK if name in _ENDED else SLACK)


def _waited_ms(pid: int) -> float:
    """How long a process has waited for a core so far; 0 where the system does not say."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e6
    except (OSError, IndexError):
        return 0.0


@dataclass
class Outcome:
    """What an attack did to a server, and to the victim.

    Attributes:
        name: Of the attack.
        control: The victim without the attack.
        during: The victim beside it.
        errors: Calls of the victim that failed.
        tally: What the attacker did and saw.
        cpu: Seconds of CPU time of the server.
        seconds: How long the attack was.
        starved_ms: How long the server was ready to run and its core was another program's.
        memory_before: Bytes.
        memory_peak: Bytes, the most at any moment.
        memory_after: Bytes, once the server had settled.
        settled: Seconds from the end of the attack until memory and everything else was as before, or None.
        leaked: What was still there then, and had not been before.
    """

    name: str
    control: Latency
    during: Latency
    errors: list[str]
    tally: dict[str, Any]
    cpu: float
    seconds: float
    starved_ms: float
    memory_before: int
    memory_peak: int
    memory_after: int
    settled: float | None
    leaked: dict[str, int] = field(default_factory=dict)

    def faults(self, most_ms: float) -> list[str]:
        """What was not as it should be; the victim's 99th percentile may be `most_ms`."""
        found = []
        if self.errors:
            found.append(f"{len(self.errors)} calls of the victim failed, the first: {self.errors[0]}")
        if self.during.p99 > most_ms:
            found.append(
                f"the victim's p99 is {self.during.p99:.0f} ms, {self.control.p99:.0f} ms without the attack"
            )
        if self.memory_after - self.memory_before > MEMORY_BYTES:
            grown = (self.memory_after - self.memory_before) / (1 << 20)
            found.append(f"memory is {grown:.0f} MiB above that before")
        if self.leaked:
            found.append("left behind: " + ", ".join(f"{n} {name}" for name, n in self.leaked.items()))
        if self.tally["let_through"]:
            found.append("let through: " + ", ".join(self.tally["let_through"]))
        return found

    def as_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        return asdict(self)


class Arena:
    """A context manager that starts all three and ends them.

    Args:
        folder: For files of theirs.
        cores: Of the server, and of the two clients; None is wherever the system likes.
        loop: The server's event loop.
        flags: More flags of the server.
        sources: A checkout to serve instead of this one, to see what an attack does to another state.
        tls: The server speaks TLS, with an RSA key of 2048 bits, the dearest that is usual.
    """

    def __init__(
        self,
        folder: Path,
        *,
        cores: tuple[int, int] | None = None,
        loop: str = "auto",
        flags: tuple[str, ...] = (),
        sources: Path | None = None,
        tls: bool = False,
    ) -> None:
        self.tls = tls
        self._certificate, self._key = folder / "server.crt", folder / "server.key"
        self._stack = ExitStack()
        self._census = folder / "census.json"
        self._server_core, self._client_core = map(str, cores) if cores else ("-", "-")
        self._loop, self._flags, self._sources = loop, flags, sources
        self.grpc, self.http = free_ports(2)

    def __enter__(self) -> Self:
        try:
            certificate = self._certify() if self.tls else ""
            self._server = self._start_server()
            self._victim = self._start("victim", str(self.grpc), str(self.http), certificate)
            self._attacker = self._start("attacker")
            self.control(0.5)
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._server.process.pid

    def _certify(self) -> str:
        """Make the server's certificate; returns the file of its authority's."""
        authority = trustme.CA(key_type=trustme.KeyType.RSA)
        issued = authority.issue_cert("127.0.0.1", key_type=trustme.KeyType.RSA)
        self._certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(str(self._key))
        file = str(self._certificate.with_name("ca.crt"))
        authority.cert_pem.write_to_path(file)
        self._context = ssl.create_default_context(cafile=file)
        return file

    def _start_server(self) -> Program:
        listen = ["--port", str(self.http), "--grpc-port", str(self.grpc)]
        if self.tls:
            listen += ["--ssl-certfile", str(self._certificate), "--ssl-keyfile", str(self._key)]
        watched = str(Path(__file__).with_name("watched.py"))
        command = [sys.executable, watched, str(self._census), self._server_core, _SERVER, "--engine", "null"]
        command += [*listen, "--log-level", "error", "--loop", self._loop, *_PLACES, *self._flags]
        paths = (
            [self._sources / name for name in ("codegen", "templates", "runtime", "generated")]
            if self._sources
            else []
        )
        server = Program("the server", command, folder=ROOT, env=environment(*paths))
        self._stack.enter_context(server)
        until = time.monotonic() + _ANSWER_S
        while not (accepts(self.http) and accepts(self.grpc)):
            server.check()
            if time.monotonic() > until:
                raise BenchError("the server does not listen")
            time.sleep(_STEP_S / 10)
        return server

    def _start(self, name: str, *arguments: str) -> Program:
        command = [sys.executable, "-m", f"benchmarks.attacks.{name}", self._client_core, *arguments]
        program = Program(f"the {name}", command, folder=ROOT, env=environment(), pipes=True)
        self._stack.enter_context(program)
        self._hear(program)
        return program

    def _say(self, program: Program, line: str) -> None:
        assert program.process.stdin is not None
        program.process.stdin.write(line + "\n")
        program.process.stdin.flush()

    def _hear(self, program: Program, seconds: float = _ANSWER_S) -> dict[str, Any]:
        """The next line of JSON of a program."""
        pipe = program.process.stdout
        assert pipe is not None
        if not select([pipe], [], [], seconds)[0]:
            raise BenchError(f"{program.title} says nothing for {seconds:.0f} s")
        line = pipe.readline()
        if not line:
            program.process.wait(1)
            program.check()
        found: dict[str, Any] = json.loads(line)
        return found

    def control(self, seconds: float) -> Latency:
        """The victim alone.

        Raises:
            BenchError: A call failed.
        """
        self._say(self._victim, "start")
        time.sleep(seconds)
        latency, errors = self._stop_victim()
        if errors:
            raise BenchError(f"a call failed without any attack: {errors[0]}")
        return latency

    def _stop_victim(self) -> tuple[Latency, list[str]]:
        self._say(self._victim, "stop")
        found = self._hear(self._victim, 60.0)
        return Latency.of([took for kind in found["took_ms"].values() for took in kind]), found["errors"]

    def attack(self, attack: Attack, seconds: float, control: Latency) -> Outcome:
        """Attack for so long, with the victim beside it, and wait until the server has settled."""
        port = self.grpc if attack.listener == "grpc" else self.http
        job = {"name": attack.name, "host": "127.0.0.1", "port": port, "seconds": seconds}
        self._say(self._attacker, json.dumps(job))
        answer = self._hear(self._attacker)
        if "error" in answer:
            raise BenchError(f"{attack.name}: {answer['error']}")
        before = self.state()
        self._forget_peak()
        cpu, waited = cpu_seconds([self.pid]), _waited_ms(self.pid)
        self._say(self._victim, "start")
        self._say(self._attacker, "go")
        tally = self._hear(self._attacker, seconds + _ANSWER_S)
        if "error" in tally:
            raise BenchError(f"{attack.name}: {tally['error']}")
        ended = time.monotonic()
        cpu, waited = cpu_seconds([self.pid]) - cpu, _waited_ms(self.pid) - waited
        during, errors = self._stop_victim()
        after, settled = self._settle(before, ended)
        return Outcome(
            name=attack.name,
            control=control,
            during=during,
            errors=errors,
            tally=tally,
            cpu=round(cpu, 3),
            seconds=seconds,
            starved_ms=round(waited, 1),
            memory_before=before.memory,
            memory_peak=self._status(_PEAK),
            memory_after=after.memory,
            settled=settled,
            leaked=after.leaked(before),
        )

    def _settle(self, before: State, ended: float) -> tuple[State, float | None]:
        while True:
            after = self.state()
            passed = time.monotonic() - ended
            if not after.leaked(before) and after.memory - before.memory <= MEMORY_BYTES:
                return after, round(passed, 2)
            if passed > _SETTLE_S:
                return after, None
            time.sleep(_STEP_S)

    def state(self) -> State:
        """What the server holds now."""
        requests = self._requests()
        found = self._count()
        descriptors = len(os.listdir(f"/proc/{self.pid}/fd"))  # noqa: PTH208  # not paths: counts
        return State(self._status(_RESIDENT), descriptors, requests, found["tasks"], found["objects"])

    def _requests(self) -> int:
        url = f"{'https' if self.tls else 'http'}://127.0.0.1:{self.http}/get_load"
        context = self._context if self.tls else None
        with urllib.request.urlopen(url, timeout=_ANSWER_S, context=context) as answer:
            return sum(rank["num_running_reqs"] + rank["num_waiting_reqs"] for rank in json.load(answer))

    def _count(self) -> dict[str, Any]:
        self._census.unlink(missing_ok=True)
        self._server.check()
        os.kill(self.pid, signal.SIGUSR1)
        until = time.monotonic() + _ANSWER_S
        while not self._census.exists():
            self._server.check()
            if time.monotonic() > until:
                raise BenchError("the server does not answer a signal")
            time.sleep(0.005)
        found: dict[str, Any] = json.loads(self._census.read_text())
        return found

    def _status(self, what: re.Pattern[str]) -> int:
        match = what.search(Path(f"/proc/{self.pid}/status").read_text())
        return int(match[1]) * 1024 if match else 0

    def _forget_peak(self) -> None:
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

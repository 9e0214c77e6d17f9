"""h2load's output, as recorded from version 1.52."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.errors import BenchError
from benchmarks.serving.load import Load, Outcome, command, parse

DATA = Path(__file__).parent / "data"


def recorded(name: str) -> str:
    return (DATA / f"h2load_{name}.txt").read_text()


@pytest.mark.parametrize(
    ("name", "expected"),
    [("http2", Outcome(448, 0.02098)), ("http1", Outcome(1807552, 0.12229))],
)
def test_counts_are_read_exactly(name: str, expected: Outcome) -> None:
    found = parse(recorded(name), 64)
    assert found.data_bytes == expected.data_bytes
    assert found.longest_s == pytest.approx(expected.longest_s)


def test_calls_that_fail_are_an_error() -> None:
    with pytest.raises(BenchError, match=r"of 4 calls 0 succeeded \(requests: 4 total, .* 4 errored"):
        parse(recorded("refused"), 4)


def test_fewer_calls_than_asked_are_an_error() -> None:
    with pytest.raises(BenchError, match="of 65 calls 64 succeeded"):
        parse(recorded("http2"), 65)


@pytest.mark.parametrize(
    ("output", "said"), [("", "nothing"), ("Segmentation fault\n", "Segmentation fault")]
)
def test_output_without_an_end_is_an_error(output: str, said: str) -> None:
    with pytest.raises(BenchError, match=f"did not finish; it said: {said}"):
        parse(output, 1)


def test_command_of_grpc_has_windows_that_never_close() -> None:
    load = Load("http://127.0.0.1:1/x", Path("body"), 64, 8, 4, {"te": "trailers"})
    expected = "taskset -c 1 h2load -n 64 -c 8 -m 4 -w 30 -W 30 -d body -H"
    assert command(load, 1) == [*expected.split(), "te: trailers", "http://127.0.0.1:1/x"]


def test_command_of_http1() -> None:
    load = Load("http://127.0.0.1:1/x", Path("body"), 2, http1=True)
    line = " ".join(command(load, 3, "--log-file=log"))
    assert line == "taskset -c 3 h2load -n 2 -c 1 -m 1 -d body --h1 --log-file=log http://127.0.0.1:1/x"

"""JSON that grows is the JSON of the whole."""

from __future__ import annotations

import json
from operator import attrgetter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tokenwire_serve.engine import Delta, Finish, GenerateRequest, Sampling
from tokenwire_serve.servicer.json_sink import GrowingJsonSink
from tokenwire_serve.servicer.output import Generated, Output
from tokenwire_serve.servicer.sinks import CumulativeSink, Shape

SHAPE: Shape[Generated, Output] = Shape(
    empty=Output(),
    part=lambda delta: Output(delta.text, delta.token_ids),
    read=attrgetter("output"),
    make=Generated,
)
STEPS = st.lists(
    st.tuples(st.text(max_size=8), st.lists(st.integers(0, 9), max_size=3)), min_size=1, max_size=9
)


def messages(kind: Any, steps: list[tuple[str, list[int]]]) -> list[dict[str, Any]]:
    request = GenerateRequest('r"1', "prompt", Sampling())
    sink = kind(SHAPE, request, "v", 0.0, dict, on_end=lambda: None, on_leave=lambda: None)
    seen: list[Generated] = []

    class Reader:
        push = staticmethod(seen.append)

        def close(self, error: BaseException | None = None, /) -> None:
            assert error is None

    sink.stream.subscribe(Reader())
    made = 0
    for place, (text, ids) in enumerate(steps):
        made += len(ids)
        last = place == len(steps) - 1
        finish = Finish("stop", matched="ö\n") if last else None
        sink.push(Delta(0, list(ids), text, 3, made, place % 2, finish))
    sink.close()
    assert [message.finished for message in seen] == [False] * (len(steps) - 1) + [True]
    return [json.loads(message.json() + "}") for message in seen]


@given(STEPS)
def test_same_as_written_anew(steps: list[tuple[str, list[int]]]) -> None:
    grown, anew = messages(GrowingJsonSink, steps), messages(CumulativeSink, steps)
    for message in (grown[-1], anew[-1]):
        assert message["meta_info"].pop("e2e_latency") > 0
    assert grown == anew

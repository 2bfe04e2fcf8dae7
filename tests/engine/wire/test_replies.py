from __future__ import annotations

from typing import Any

import pytest

from blindgrade.checks import Check
from blindgrade.engine.judging.judging import judge
from blindgrade.engine.wire import frames
from blindgrade.engine.wire.frames import WireError
from blindgrade.engine.wire.replies import (
    MAX_FRAMES,
    Broken,
    Loaded,
    Problem,
    Raised,
    Result,
    TraceLine,
    Unsendable,
    answer_of,
    read,
    sent,
)

ERROR = {"type": "KeyError", "message": "x", "own": True, "missing": None, "frames": [["a.py", 3, "f"]]}
GOOD: list[dict[str, Any]] = [
    {"kind": "result", "value": None},
    {"kind": "raised", **ERROR},
    {"kind": "raised", **ERROR, "missing": "f", "frames": []},
    {"kind": "loaded", "problems": [{**ERROR, "line": 1}]},
    {"kind": "loaded", "problems": []},
    {"kind": "broken", "message": "x"},
    {"kind": "unsendable", "message": "too large"},
    {"kind": "result", "value": 1, "leaves": "check"},
    {"kind": "raised", **ERROR, "leaves": "exercise"},
    {"kind": "unsendable", "message": "too large", "leaves": "check"},
]
BAD: list[Any] = [
    None,
    [],
    "result",
    {},
    {"kind": "result"},
    {"kind": "result", "value": 1, "leaves": "all"},
    {"kind": "raised", **ERROR, "leaves": ["check"]},
    {"kind": ["result"], "value": 1},
    {"kind": "passed", "value": 1},
    {"kind": "raised"},
    *({"kind": "raised", **{k: v for k, v in ERROR.items() if k != missing}} for missing in ERROR),
    {"kind": "raised", **ERROR, "own": 1},
    {"kind": "raised", **ERROR, "frames": 5},
    {"kind": "raised", **ERROR, "frames": [["a.py", "3", "f"]]},
    {"kind": "raised", **ERROR, "frames": [["a.py", True, "f"]]},
    {"kind": "raised", **ERROR, "frames": [["a.py", -1, "f"]]},
    {"kind": "raised", **ERROR, "frames": [["a.py", 1 << 62, "f"]]},
    {"kind": "loaded", "problems": [1]},
    {"kind": "loaded", "problems": [ERROR]},
    {"kind": "broken"},
    {"kind": "unsendable", "message": 3},
]


@pytest.mark.parametrize("reply", GOOD, ids=str)
def test_each_kind_that_a_worker_sends_is_taken(reply: dict[str, Any]) -> None:
    assert sent(answer_of(reply)) == reply


def test_a_reply_is_read_as_it_was_sent() -> None:
    error = Raised("KeyError", "x", (TraceLine("a.py", 3, "f"),), own=True)
    for reply in (Result([1.0]), error, Loaded((Problem(error, 7),)), Broken("x"), Unsendable("too large")):
        assert read(frames.encode(sent(reply))) == reply


def test_the_form_on_the_wire_is_what_recorded_answers_hold() -> None:
    """Answer keys contain these bytes: another order or another name would make every key out of date."""
    error = Raised("E", "m", (TraceLine("f.py", 1, "f"),), own=True)
    assert list(sent(Result(1))) == ["kind", "value"]
    assert list(sent(error)) == ["kind", "type", "message", "frames", "own", "missing"]
    assert sent(error)["frames"] == [["f.py", 1, "f"]]
    assert sent(Loaded((Problem(error, 2),)))["problems"] == [
        {"type": "E", "message": "m", "frames": [["f.py", 1, "f"]], "own": True, "missing": None, "line": 2}
    ]


@pytest.mark.parametrize("reply", BAD, ids=str)
def test_any_other_form_is_a_wire_error(reply: Any) -> None:
    with pytest.raises(WireError):
        answer_of(reply)


@pytest.mark.parametrize("kind", ["broken", "unsendable", "result"])
def test_fields_of_another_kind_are_dropped(kind: str) -> None:
    """Fuzzing found this: frames with a form that nobody expected ended the grader."""
    own = {"kind": kind, "value": 1} if kind == "result" else {"kind": kind, "message": "m"}
    reply = answer_of({**own, "frames": [["ind", "bf.py", 0, ""]], "type": 5, "missing": ["f"]})
    assert sent(reply) == own
    judge(Check("e", "c", "It is so.", lambda lesson, rng: None, public=True), reply, None, 7)


def test_no_text_of_a_reply_is_longer_than_a_reader_wants() -> None:
    long = "x" * 100_000
    error = {"type": long, "message": long, "own": True, "missing": long, "frames": [[long, 1, long]] * 1_000}
    raised = answer_of({"kind": "raised", **error})
    loaded = answer_of({"kind": "loaded", "problems": [{**error, "line": 1, "kind": "result"}] * 1_000})
    assert len(str(sent(raised))) < 6_000 and len(str(sent(loaded))) < 600_000
    assert len(str(answer_of({"kind": "unsendable", "message": long, "frames": 5}))) < 6_000


def test_of_a_long_trace_the_innermost_lines_are_kept() -> None:
    found = answer_of({"kind": "raised", **ERROR, "frames": [["a.py", line, "f"] for line in range(1, 50)]})
    assert isinstance(found, Raised)
    assert [frame.line for frame in found.frames] == list(range(50 - MAX_FRAMES, 50))

from __future__ import annotations

from typing import Any

import pytest

from blindgrade.checks import Check
from blindgrade.engine.judging.judging import judge
from blindgrade.engine.wire.frames import WireError
from blindgrade.engine.wire.replies import well_formed

ERROR = {"type": "KeyError", "message": "x", "own": True, "missing": None, "frames": [["a.py", 3, "f"]]}
GOOD: list[dict[str, Any]] = [
    {"kind": "result", "value": None},
    {"kind": "raised", **ERROR},
    {"kind": "raised", **ERROR, "missing": "f", "frames": []},
    {"kind": "loaded", "problems": [{**ERROR, "line": 1}]},
    {"kind": "loaded", "problems": []},
    {"kind": "broken", "message": "x"},
    {"kind": "unsendable", "message": "too large"},
]
BAD: list[Any] = [
    None,
    [],
    "result",
    {},
    {"kind": "result"},
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
    assert well_formed(reply) == reply


@pytest.mark.parametrize("reply", BAD, ids=str)
def test_any_other_form_is_a_wire_error(reply: Any) -> None:
    with pytest.raises(WireError):
        well_formed(reply)


@pytest.mark.parametrize("kind", ["broken", "unsendable", "result"])
def test_fields_of_another_kind_are_dropped(kind: str) -> None:
    """Found by fuzzing: frames of a form that nobody had looked at ended the grader."""
    own = {"kind": kind, "value": 1} if kind == "result" else {"kind": kind, "message": "m"}
    reply = well_formed({**own, "frames": [["ind", "bf.py", 0, ""]], "type": 5, "missing": ["f"]})
    assert reply == own
    judge(Check("e", "c", "It is so.", lambda lesson, rng: None, public=True), reply, None, 7)


def test_no_text_of_a_reply_is_longer_than_a_reader_wants() -> None:
    long = "x" * 100_000
    error = {"type": long, "message": long, "own": True, "missing": long, "frames": [[long, 1, long]] * 1_000}
    raised = well_formed({"kind": "raised", **error})
    loaded = well_formed({"kind": "loaded", "problems": [{**error, "line": 1, "kind": "result"}] * 1_000})
    assert len(str(raised)) < 6_000 and len(str(loaded)) < 600_000
    assert len(well_formed({"kind": "unsendable", "message": long, "frames": 5})["message"]) < 6_000

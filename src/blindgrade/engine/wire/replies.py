"""What a worker may answer. A reply of any other form is the student's doing, and is stopped where it comes in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from blindgrade.engine.wire.frames import WireError, unpack

Reply = dict[str, Any]
Read = Callable[[bytes], Reply]  # what makes a reply of a frame, or raises WireError

MAX_LINE = 1 << 31
MAX_NAME = 200  # characters of a type, a name, a file
MAX_MESSAGE = 2_000
MAX_FRAMES = 8
MAX_PROBLEMS = 100
FIELDS = {  # of each kind; whatever else a reply holds nobody has asked for
    "result": ("value",),
    "raised": ("type", "message", "frames", "own", "missing"),
    "loaded": ("problems",),
    "broken": ("message",),
    "unsendable": ("message",),
}


def read(frame: bytes) -> Reply:
    """The reply that a frame holds; WireError if it holds none."""
    return well_formed(unpack(frame))


def well_formed(reply: Any) -> Reply:
    """The reply with the fields of its kind and no others, on which the grader may rely; WireError if it lacks one."""
    kind = reply.get("kind") if isinstance(reply, dict) else None
    if not isinstance(kind, str) or kind not in FIELDS:
        raise WireError("a reply that is none of the known kinds")
    if kind == "result":
        fits = "value" in reply
    elif kind == "raised":
        fits = _describes_an_error(reply)
    elif kind == "loaded":
        problems = reply.get("problems")
        fits = isinstance(problems, list) and all(_describes_an_error(p) and _line(p.get("line")) for p in problems)
    else:
        fits = isinstance(reply.get("message"), str)
    if not fits:
        raise WireError("a reply that lacks what its kind has")
    return _cut({"kind": kind, **{field: reply[field] for field in FIELDS[kind]}})


def _cut(reply: Reply) -> Reply:
    """The reply without more text than a reader wants: the worker caps it too, but a student may speak in its place."""
    cut = dict(reply)
    for field in ("type", "missing"):
        if isinstance(cut.get(field), str):
            cut[field] = cut[field][:MAX_NAME]
    if isinstance(cut.get("message"), str):
        cut["message"] = cut["message"][:MAX_MESSAGE]
    if cut["kind"] == "raised":
        cut["frames"] = [[file[:MAX_NAME], line, name[:MAX_NAME]] for file, line, name in cut["frames"][-MAX_FRAMES:]]
    if cut["kind"] == "loaded":
        told = [_cut({**problem, "kind": "raised"}) for problem in cut["problems"][:MAX_PROBLEMS]]
        cut["problems"] = [{field: problem[field] for field in problem if field != "kind"} for problem in told]
    return cut


def _describes_an_error(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("type"), str)
        and isinstance(value.get("message"), str)
        and isinstance(value.get("own"), bool)
        and "missing" in value
        and isinstance(value["missing"], str | None)
        and isinstance(value.get("frames"), list)
        and all(_frame(frame) for frame in value["frames"])
    )


def _frame(frame: Any) -> bool:
    if not isinstance(frame, list) or len(frame) != 3:
        return False
    file, line, function = frame
    return isinstance(file, str) and _line(line) and isinstance(function, str)


def _line(number: Any) -> bool:
    return type(number) is int and 0 < number < MAX_LINE

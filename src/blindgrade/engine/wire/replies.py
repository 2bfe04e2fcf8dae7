"""Replies of a worker as typed data. `sent` makes an answer's form for the wire. `read` is its inverse.

A student's code may answer in place of the worker, so the grader relies on nothing that is not checked here. `read`
refuses every other form. The worker loads this module too, so it needs the standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from blindgrade.engine.wire.frames import WireError, encode, unpack

MAX_LINE = 1 << 31
MAX_NAME = 200  # characters of a type, a name, a file
MAX_MESSAGE = 2_000
MAX_FRAMES = 8
MAX_PROBLEMS = 100
MAX_OPENED = 200  # files that one process names
MAX_PATH = 1_000
UNKNOWN = "*"  # in a list of opened files: the code may have read others


# What a check leaves behind: a fresh worker is needed for no check, for the next check, or for the next exercise's.
Leaves = Literal["", "check", "exercise"]
# Files that the code opened since the last reply. None: nobody asked for them, or the reply does not show them.
Opened = tuple[str, ...] | None


@dataclass(frozen=True)
class TraceLine:
    """Line that an exception passed through. `file` is relative to the worker's folder."""

    file: str
    line: int
    function: str


@dataclass(frozen=True)
class Result:
    """The experiment ended and returned data."""

    value: Any
    leaves: Leaves = ""
    opened: Opened = None


@dataclass(frozen=True)
class Raised:
    """The experiment ended with an exception.

    `frames` are the frames in the student's own files, innermost last. `own` is True if a line of the student's file
    raised it, and not a function that the line called. `missing` is a name that the experiment needs and the file does
    not define.
    """

    type: str
    message: str
    frames: tuple[TraceLine, ...] = ()
    own: bool = False
    missing: str | None = None
    leaves: Leaves = ""
    opened: Opened = None


@dataclass(frozen=True)
class Problem:
    """Statement of the student's file that was left out: its line, and the exception that it raised."""

    error: Raised
    line: int


@dataclass(frozen=True)
class Loaded:
    """The lesson's file was run."""

    problems: tuple[Problem, ...] = ()
    opened: Opened = None


@dataclass(frozen=True)
class Broken:
    """The experiment itself does not load. That is the course's fault, if the worker's reply is true."""

    message: str


@dataclass(frozen=True)
class Unsendable:
    """The experiment returned a value that the wire cannot carry."""

    message: str
    leaves: Leaves = ""
    opened: Opened = None


@dataclass(frozen=True)
class Stopped:
    """No answer came; `message` says why. The grader makes this reply. A worker cannot send it."""

    message: str


@dataclass(frozen=True)
class Unwritten:
    """The exercise is not defined; `message` says what the student should do. A worker cannot send it."""

    message: str


Answer = Result | Raised | Loaded | Broken | Unsendable  # what a worker sends
Reply = Answer | Stopped | Unwritten
Sent = dict[str, Any]  # a reply as plain data, which the wire carries


# ---------------------------------------------------------------- the worker's side


def sent(reply: Answer) -> Sent:
    """Plain data of the answer, for the wire."""
    match reply:
        case Result():
            return {"kind": "result", "value": reply.value, **_leaves_sent(reply.leaves)}
        case Raised():
            return {"kind": "raised", **_error_sent(reply), **_leaves_sent(reply.leaves)}
        case Loaded():
            problems = [{**_error_sent(problem.error), "line": problem.line} for problem in reply.problems]
            return {"kind": "loaded", "problems": problems}
        case Broken():
            return {"kind": "broken", "message": reply.message}
        case Unsendable():
            return {"kind": "unsendable", "message": reply.message, **_leaves_sent(reply.leaves)}


def _leaves_sent(leaves: Leaves) -> Sent:
    return {"leaves": leaves} if leaves else {}  # nearly every reply is without


def _error_sent(error: Raised) -> Sent:
    return {
        "type": error.type,
        "message": error.message,
        "frames": [[frame.file, frame.line, frame.function] for frame in error.frames],
        "own": error.own,
        "missing": error.missing,
    }


# ---------------------------------------------------------------- the grader's side


def read(frame: bytes) -> Answer:
    """Answer in a frame. WireError if the frame contains none."""
    return answer_of(unpack(frame))


def crossed(reply: Sent) -> Answer:
    """Answer of this process, as it would arrive over the wire. WireError if the wire cannot carry it."""
    return read(encode(reply))


def answer_of(data: Any) -> Answer:
    """Answer that plain data describe. WireError if a field is missing. Additional fields are ignored."""
    kind = data.get("kind") if isinstance(data, dict) else None
    if not isinstance(kind, str):
        raise WireError("the data are not a reply")
    if kind == "result" and "value" in data:
        return Result(data["value"], _leaves(data), _opened(data))
    if kind == "raised":
        return replace(_error(data), leaves=_leaves(data), opened=_opened(data))
    if kind == "loaded":
        problems = tuple(_problem(problem) for problem in _list(data.get("problems")))[:MAX_PROBLEMS]
        return Loaded(problems, _opened(data))
    if kind == "broken":
        return Broken(_text(data.get("message"), MAX_MESSAGE))
    if kind == "unsendable":
        return Unsendable(_text(data.get("message"), MAX_MESSAGE), _leaves(data), _opened(data))
    raise WireError("a reply of an unknown kind, or without a field of its kind")


def _leaves(data: dict[str, Any]) -> Leaves:
    found = data.get("leaves", "")
    if found not in ("", "check", "exercise"):
        raise WireError("a reply that leaves something unknown")
    return found  # type: ignore[no-any-return]  # the line above shows that it is one of these


def _opened(data: dict[str, Any]) -> Opened:
    if "opened" not in data:
        return None
    return tuple(_text(name, MAX_PATH) for name in _list(data["opened"])[: MAX_OPENED + 1])


def _problem(data: Any) -> Problem:
    error = _error(data)
    return Problem(error, _line(data.get("line")))


def _error(data: Any) -> Raised:
    if not isinstance(data, dict) or "missing" not in data or type(data.get("own")) is not bool:
        raise WireError("an error without one of its fields")
    frames = tuple(_frame(frame) for frame in _list(data.get("frames")))
    return Raised(
        _text(data.get("type"), MAX_NAME),
        _text(data.get("message"), MAX_MESSAGE),
        frames[-MAX_FRAMES:],
        data["own"],
        None if data["missing"] is None else _text(data["missing"], MAX_NAME),
    )


def _frame(data: Any) -> TraceLine:
    if not isinstance(data, list) or len(data) != 3:
        raise WireError("a frame without file, line and function")
    file, line, function = data
    return TraceLine(_text(file, MAX_NAME), _line(line), _text(function, MAX_NAME))


def _list(data: Any) -> list[Any]:
    if not isinstance(data, list):
        raise WireError("a field that is not a list")
    return data


def _text(data: Any, most: int) -> str:
    """The text, cut to `most` characters. The worker cuts it too, but a student may answer in its place."""
    if not isinstance(data, str):
        raise WireError("a field that is not a text")
    return data[:most]


def _line(number: Any) -> int:
    if type(number) is not int or not 0 < number < MAX_LINE:
        raise WireError("a line number out of range")
    return number

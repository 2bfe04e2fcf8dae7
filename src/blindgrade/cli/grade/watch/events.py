"""Events that the threads of `grade --watch` send to its main thread."""

from __future__ import annotations

from dataclasses import dataclass

from blindgrade.models import Attempt


@dataclass(frozen=True)
class Request:
    """A request to grade what changed, or everything. `awaited` is False if nobody waits for an answer."""

    at: float
    everything: bool = False
    awaited: bool = True


@dataclass(frozen=True)
class Key:
    """A key was pressed."""

    text: str


@dataclass(frozen=True)
class Saved:
    """A file was written, renamed or removed."""

    at: float


@dataclass(frozen=True)
class Running:
    """The grader runs this exercise."""

    exercise: str


@dataclass(frozen=True)
class Graded:
    """Exercises of one lesson were graded, `seconds` after the save or the key that asked for it.

    `part` counts the events of one request, from 0. `goes_on`: a save interrupted the request before this one.
    """

    attempt: Attempt
    seconds: float
    part: int
    goes_on: bool


@dataclass(frozen=True)
class Rest:
    """The grader has nothing to do. Holds the last request and the number of its parts."""

    request: Request
    graded: int


@dataclass(frozen=True)
class Redraw:
    """The screen may have to be drawn again."""


@dataclass(frozen=True)
class Failed:
    """The grader cannot continue."""

    message: str
    code: int

"""What the threads of `grade --watch` report to its main thread."""

from __future__ import annotations

from dataclasses import dataclass

from blindgrade.models import Attempt


@dataclass(frozen=True)
class Request:
    """Grade what changed, or everything. `awaited` is False if nobody waits for an answer."""

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
    """The grader is at this exercise."""

    exercise: str


@dataclass(frozen=True)
class Graded:
    """Exercises of one lesson were graded, `seconds` after the save or the key that asked for it.

    `part` counts what one request brings, from 0; `goes_on` says that a save interrupted the request before it.
    """

    attempt: Attempt
    seconds: float
    part: int
    goes_on: bool


@dataclass(frozen=True)
class Rest:
    """The grader has nothing to do; what the last request asked for, and how many parts it brought."""

    request: Request
    graded: int


@dataclass(frozen=True)
class Redraw:
    """The screen is not what it was."""


@dataclass(frozen=True)
class Failed:
    """Nothing can be graded any more."""

    message: str
    code: int

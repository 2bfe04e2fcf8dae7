"""What an observer saw of one check: the reply, and what goes with it."""

from __future__ import annotations

from dataclasses import dataclass

from blindgrade.engine.wire.replies import Reply
from blindgrade.places import Frame


@dataclass(frozen=True)
class Observed:
    """A reply to a check's experiment.

    `trace` are an exception's frames in the student's own files, innermost last, in places that the student knows.
    `frame` is the reply as it came over the wire; empty if it came from elsewhere.
    """

    reply: Reply
    printed: str = ""
    trace: tuple[Frame, ...] = ()
    frame: bytes = b""

"""Observation of one check: the reply, and the data that belong to it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from blindgrade.engine.wire.replies import Raised, Reply
from blindgrade.places import Frame


@dataclass(frozen=True)
class Observed:
    """Reply to a check's experiment.

    `printed` is the text that the experiment printed. `trace` has the frames of an exception in the student's own
    files, innermost last, in places that the student knows. `frame` is the reply as it came over the wire; empty if it
    came from elsewhere.
    """

    reply: Reply
    printed: str = ""
    trace: tuple[Frame, ...] = ()
    frame: bytes = b""


def left_over(reply: Raised) -> Raised:
    """Reply for a `raise NotImplementedError` of the stub below written code: a failure, not an unwritten answer."""
    text = "code is written here, but this line of the stub still raises; delete the line"
    return replace(reply, message=text, own=False)

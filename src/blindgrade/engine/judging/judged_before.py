"""Verdicts that were given before. A cohort's students answer alike, and a verdict follows from the reply alone."""

from __future__ import annotations

from dataclasses import dataclass

from blindgrade.checks import Check
from blindgrade.engine.answers.reference import Reference
from blindgrade.engine.judging.judging import judge_by
from blindgrade.engine.wire import replies
from blindgrade.engine.wire.replies import Reply
from blindgrade.models import CheckResult

MOST = 16  # replies that are kept of one check: the right one, in a few roundings, and the common mistakes
LONGEST = 32 << 10  # bytes of a reply that is kept


@dataclass
class _Known:
    reply: Reply
    result: CheckResult | None = None


class Verdicts:
    """Judges by a reference, and keeps what it said of a reply for whoever sends the same bytes again.

    Replies are shared between students, so nobody may write into one.
    """

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self._known: dict[tuple[str, int], dict[bytes, _Known]] = {}

    def read(self, check: Check, seed: int, frame: bytes) -> Reply:
        """The reply that a frame holds. WireError if it holds none."""
        known = self._known.setdefault((check.name, seed), {})
        found = known.pop(frame, None)
        if found is None:
            found = _Known(replies.read(frame))
            if len(frame) > LONGEST:
                return found.reply
        known[frame] = found  # the newest stand last
        if len(known) > MOST:
            del known[next(iter(known))]
        return found.reply

    def of(self, check: Check, reply: Reply, seed: int) -> CheckResult:
        """What the check says of the reply. ReferenceFailed if the course is at fault."""
        same = (known for known in self._known.get((check.name, seed), {}).values() if known.reply is reply)
        known = next(same, None) or _Known(reply)
        if known.result is None:
            known.result = judge_by(self.reference, check, reply, seed)
        return known.result.model_copy()

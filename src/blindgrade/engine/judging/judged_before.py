"""Results that were given before. A cohort's students answer alike, and equal answers have equal results."""

from __future__ import annotations

from dataclasses import dataclass

from blindgrade.checks import Check
from blindgrade.engine.answers.reference import Reference
from blindgrade.engine.judging.judging import judge_by
from blindgrade.engine.judging.observed import Observed
from blindgrade.engine.wire import replies
from blindgrade.engine.wire.replies import Answer, Result
from blindgrade.models import CheckResult

MOST = 16  # answers that are kept of one check: the right one, in a few roundings, and the common mistakes
LONGEST = 32 << 10  # bytes of an answer that is kept


@dataclass
class _Known:
    answer: Answer
    result: CheckResult | None = None


class JudgedBefore:
    """Judges by a reference, and keeps its results for whoever sends the same bytes again.

    Answers are shared between students, so nobody may write into one.
    """

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self._known: dict[tuple[str, int], dict[bytes, _Known]] = {}

    def read(self, check: Check, seed: int, frame: bytes) -> Answer:
        """The answer that a frame holds. WireError if it holds none."""
        if len(frame) > LONGEST:
            return replies.read(frame)
        known = self._known.setdefault((check.name, seed), {})
        found = known.pop(frame, None) or _Known(replies.read(frame))
        known[frame] = found  # the newest are last
        if len(known) > MOST:
            del known[next(iter(known))]
        return found.answer

    def judge(self, check: Check, seed: int, seen: Observed) -> CheckResult:
        """What the check says of an observation. ReferenceFailed if the course is at fault."""
        known = self._kept(check, seed, seen)
        if known is None:
            return judge_by(self.reference, check, seen.reply, seed, seen.trace)
        if known.result is None:
            known.result = judge_by(self.reference, check, seen.reply, seed)
        return known.result.model_copy()

    def _kept(self, check: Check, seed: int, seen: Observed) -> _Known | None:
        # An exception's result names lines of this student's own file, so it is made anew.
        if not isinstance(seen.reply, Result) or not 0 < len(seen.frame) <= LONGEST:
            return None
        return self._known.get((check.name, seed), {}).get(seen.frame)

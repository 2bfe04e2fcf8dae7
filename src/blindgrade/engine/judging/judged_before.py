"""Results that were given before. Students of a cohort give equal answers, and equal answers have equal results."""

from __future__ import annotations

from dataclasses import dataclass

from blindgrade.checks import Check
from blindgrade.engine.answers.reference import Reference
from blindgrade.engine.judging.judging import judge_by
from blindgrade.engine.judging.observed import Observed
from blindgrade.engine.wire import replies
from blindgrade.engine.wire.replies import Answer, Result
from blindgrade.models import CheckResult

MOST = 16  # answers that are kept for one check: the right one, in a few roundings, and the common mistakes
LONGEST = 32 << 10  # bytes; a longer answer is not kept


@dataclass
class _Known:
    answer: Answer
    result: CheckResult | None = None


class JudgedBefore:
    """Judges by a reference, and gives its earlier result if the same bytes come again.

    Students share these answers, so no code may write into one.
    """

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self._known: dict[tuple[str, int], dict[bytes, _Known]] = {}

    def read(self, check: Check, seed: int, frame: bytes) -> Answer:
        """Answer in a frame. WireError if the frame contains none."""
        if len(frame) > LONGEST:
            return replies.read(frame)
        known = self._known.setdefault((check.name, seed), {})
        found = known.pop(frame, None) or _Known(replies.read(frame))
        known[frame] = found  # the newest are last
        if len(known) > MOST:
            del known[next(iter(known))]
        return found.answer

    def judge(self, check: Check, seed: int, seen: Observed) -> CheckResult:
        """Result of the check for an observation. ReferenceFailed if the course is at fault."""
        known = self._kept(check, seed, seen)
        if known is None:
            return judge_by(self.reference, check, seen.reply, seed, seen.trace)
        if known.result is None:
            known.result = judge_by(self.reference, check, seen.reply, seed)
        return known.result.model_copy()

    def _kept(self, check: Check, seed: int, seen: Observed) -> _Known | None:
        # The result of an exception names lines of this student's own file, so it is made again.
        if not isinstance(seen.reply, Result) or not 0 < len(seen.frame) <= LONGEST:
            return None
        return self._known.get((check.name, seed), {}).get(seen.frame)

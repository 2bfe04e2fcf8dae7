"""Files that never loaded. Their points are 0, and they say nothing about an answer, an exercise or a concept."""

from __future__ import annotations

import re
from dataclasses import dataclass

from blindgrade.models import Attempt
from blindgrade.student_view import MISSING

LEFT_OUT = re.compile(r"; (this part was left out|`[^`]*` could not be read),? and the rest was graded$")
NOTHING_DEFINED = "the file defines none of the lesson's exercises"


@dataclass(frozen=True)
class Unread:
    """A student's newest file for a lesson that never loaded, and why."""

    student: str
    lesson: str
    reason: str


def why_unread(attempt: Attempt) -> str:
    """Reason why nothing of the attempt's file was judged; "" if something was."""
    if attempt.unreadable:
        return attempt.unreadable
    checks = [check for result in attempt.exercises for check in result.checks]
    if checks and all(MISSING.match(check.seen) for check in checks):
        return LEFT_OUT.sub("", attempt.problems[0]) if attempt.problems else NOTHING_DEFINED
    return ""

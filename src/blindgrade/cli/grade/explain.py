"""`grade --explain`: small changes of the solution that reply exactly as a wrong answer."""

from __future__ import annotations

import os

from blindgrade.cli.bars import Bar
from blindgrade.cli.grade.job import Job
from blindgrade.cohort_report.group_words import about_mutant
from blindgrade.discover.one_file import explained, unexplained
from blindgrade.engine.judging.wrong_answers import CollectedReplies
from blindgrade.models import Attempt, Grading
from blindgrade.render.safe import shown

NOTHING = "no small change of the solution replies exactly like it"


def explain(job: Job, grading: Grading, replies: CollectedReplies) -> Grading:
    """The grading with the changes that reply like its wrong answers."""
    with Bar() as bar:
        return explained(grading, job.targets, replies, os.cpu_count() or 1, bar.step)


def explanation(job: Job, grading: Grading) -> str:
    """Lines about all wrong answers that no misconception explains."""
    lines = [line for attempt in grading.lessons for line in _lines(job, attempt)]
    if not lines:
        return "\nno wrong answer is left without a misconception, so --explain has nothing to add\n"
    head = "wrong answers that no misconception explains, next to small changes of the solution (for instructors):"
    return shown("\n".join(["", head, *lines, ""]))


def _lines(job: Job, attempt: Attempt) -> list[str]:
    target = next(t for t in job.targets if t.files.entry.id == attempt.lesson)
    return [
        f"  {attempt.lesson}/{result.name}: {about_mutant(result.mutant) or NOTHING}"
        for result in unexplained(target, attempt)
    ]

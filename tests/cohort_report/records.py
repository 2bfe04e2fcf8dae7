"""Attempts and records of the miniature course, as the tests of the report make them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from blindgrade.cohort_report.records import Record, records_of
from blindgrade.engine.judging.scoring import score
from blindgrade.models import Attempt, CheckResult, Lesson, Outcome, Policy, SubmissionRef

from ..graded import handed_in

START = datetime(2026, 9, 1, tzinfo=UTC)
P, F, N, E, B = Outcome.PASSED, Outcome.FAILED, Outcome.NOT_ATTEMPTED, Outcome.ERROR, Outcome.BLOCKED


def attempt_of(
    lesson: Lesson, student: str, hours: float, outcomes: tuple[Outcome, ...], misconception: str | None = None,
    **fields: object,
) -> Attempt:  # fmt: skip
    """Attempt with these outcomes of the lesson's exercises; `misconception` is that of the failed checks."""
    at = (START + timedelta(hours=hours)).isoformat()
    results = []
    for exercise, outcome in zip(lesson.exercises, outcomes, strict=True):
        check = CheckResult(name=f"{exercise.name}_holds", claim="It holds.", public=False, outcome=outcome)
        if outcome is F:
            check.misconception, check.hint = misconception, "Look again."
        results.append(score(exercise, [check]))
    return Attempt(**{
        "lesson": lesson.id, "title": lesson.title, "points": sum(r.points for r in results), "max_points": 100,
        "submission": SubmissionRef(path=student, sha256=f"{student}{hours}"), "student": student, "submitted_at": at,
        "graded_at": at, "seed": 1, "reference": "live", "sandbox": "none", "seconds": 0.5, "exercises": results,
        "key": f"{student}{hours}", **fields,
    })  # fmt: skip


def record_of(*attempts: Attempt, **policy: object) -> Record:
    """Record of one student's attempts at one lesson."""
    first = attempts[0]
    return records_of(first.student, {first.lesson: handed_in(*attempts)}, Policy(**policy))[first.lesson]

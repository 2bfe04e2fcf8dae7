"""Scores as a CSV file: one line for each student and lesson. `earned` are the points before lateness."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from blindgrade.gradebook.formulas import guarded
from blindgrade.gradebook.scores import LessonScores
from blindgrade.roster.matching import Roster

COLUMNS = [
    "student", "name", "email", "lesson", "points", "max_points", "earned", "days_late", "submitted_at", "graded_at",
]  # fmt: skip


def table(scores: Iterable[LessonScores], roster: Roster) -> str:
    """Text of the CSV file."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for lesson in scores:
        for student, attempt in lesson.attempts.items():
            person = roster.person(student)
            who = [guarded(text) for text in (student, person.name, person.get("email"))]
            points = [f"{value:g}" for value in (attempt.points, attempt.max_points, attempt.earned)]
            when = [attempt.days_late, attempt.submitted_at or "", attempt.graded_at]
            writer.writerow([*who, lesson.lesson, *points, *when])
    return out.getvalue()

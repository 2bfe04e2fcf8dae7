from __future__ import annotations

import csv
import io

from blindgrade.gradebook.plain import table
from blindgrade.gradebook.scores import LessonScores
from blindgrade.roster.matching import Roster
from blindgrade.roster.people import Identifier, Person


def test_one_line_for_each_student_and_lesson(scores: LessonScores) -> None:
    bo = Person("bo", (Identifier("name", "=cmd|' /C calc'!A0"), Identifier("email", "bo@uni.edu")))
    rows = list(csv.DictReader(io.StringIO(table([scores], Roster.of([bo])))))
    assert [(r["student"], r["points"], r["max_points"]) for r in rows] == [
        ("ana", "100", "100"), ("bo", "52", "100"), ("cy", "0", "100"),
    ]  # fmt: skip
    assert rows[1]["name"] == "'=cmd|' /C calc'!A0"
    assert rows[0]["submitted_at"] == "2026-11-01T10:00:00Z"

"""Scores as a CSV file: one line for each student and lesson. `earned` are the points before lateness."""

from __future__ import annotations

from collections.abc import Sequence

from blindgrade.gradebook.csv_text import csv_text
from blindgrade.gradebook.filled import Filled
from blindgrade.gradebook.formulas import guarded
from blindgrade.gradebook.marks import Mark, NoShows, about_excused, marks
from blindgrade.gradebook.points import EXACT, short
from blindgrade.gradebook.scores import LessonScores
from blindgrade.roster.matching import Roster

COLUMNS = [
    "student", "name", "email", "lesson", "points", "max_points", "earned", "days_late", "submitted_at", "graded_at",
    "section", "note",
]  # fmt: skip
NO_ATTEMPT = "no attempt"
EXCUSED = "excused"


def fill(
    scores: Sequence[LessonScores], roster: Roster, *, no_shows: NoShows | None = None, exercises: bool = False
) -> Filled:
    """CSV file with the number of its points and sentences about excused students."""
    found = [mark for lesson in scores for mark in marks(lesson, roster, no_shows).values()]
    news = [sentence for lesson in scores for sentence in about_excused(lesson, "the file has no points for them")]
    text = table(scores, roster, no_shows=no_shows, exercises=exercises)
    return Filled(text, sum(mark.points is not None for mark in found), [], news=news)


def table(
    scores: Sequence[LessonScores], roster: Roster, *, no_shows: NoShows | None = None, exercises: bool = False
) -> str:
    """Text of the CSV file. `exercises` adds a column of points before lateness for each exercise: lesson/exercise."""
    names = _exercises(scores) if exercises else []
    rows = [[*COLUMNS, *names]]
    for lesson in scores:
        for student, mark in marks(lesson, roster, no_shows).items():
            rows.append([*_line(lesson.lesson, student, mark, roster), *_points(lesson.lesson, mark, names)])
    return csv_text(rows)


def _exercises(scores: Sequence[LessonScores]) -> list[str]:
    found = (f"{s.lesson}/{r.name}" for s in scores for a in s.attempts.values() for r in a.exercises)
    return list(dict.fromkeys(found))


def _line(lesson: str, student: str, mark: Mark, roster: Roster) -> list[str]:
    person, score = roster.person(student), mark.score
    who = [guarded(text) for text in (student, person.name, person.get("email"))]
    points = "" if mark.points is None else short(mark.points, EXACT)
    earned = short(score.earned, EXACT) if score else points
    when = [str(score.days_late), score.submitted_at or "", score.graded_at] if score else ["", "", ""]
    decided = guarded("; ".join(one.what for one in score.decisions)) if score else ""
    note = EXCUSED if mark.excused else NO_ATTEMPT if mark.no_show else decided
    return [
        *who, lesson, points, short(mark.max_points, EXACT), earned, *when, guarded(person.get("section")), note,
    ]  # fmt: skip


def _points(lesson: str, mark: Mark, names: Sequence[str]) -> list[str]:
    """Points of the exercises that the columns name. Blank for those of other lessons and without points."""
    results = {f"{lesson}/{r.name}": r.points for r in mark.score.exercises} if mark.score else {}
    if mark.no_show and mark.points is not None:
        results = {name: mark.points for name in names if name.startswith(f"{lesson}/")}
    return ["" if name not in results else short(results[name], EXACT) for name in names]

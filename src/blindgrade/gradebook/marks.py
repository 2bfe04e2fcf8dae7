"""What a file for another system says about each student: points, nothing, or that the student is excused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from blindgrade.gradebook.scores import LessonScores, Score
from blindgrade.roster.matching import Roster

NoShows = Literal["blank", "zero"]
MOST_NAMED = 10  # students that one sentence names


@dataclass(frozen=True)
class Mark:
    """A student's mark for a lesson. Without points, the other system's cell stays as it is.

    `score` is None if the student has no attempt.
    """

    points: float | None
    max_points: float
    excused: bool = False
    score: Score | None = None

    @property
    def no_show(self) -> bool:
        """Has a student of the roster handed in nothing, without an excuse?"""
        return self.score is None and not self.excused


def marks(lesson: LessonScores, roster: Roster, no_shows: NoShows | None = None) -> dict[str, Mark]:
    """Marks by student, sorted. Students of the roster without an attempt have one only if `no_shows` is given."""
    worth = most(lesson)
    found = {student: Mark(score.points, score.max_points, False, score) for student, score in lesson.attempts.items()}
    found |= {student: Mark(None, worth, True) for student in lesson.excused}
    if no_shows:
        points = 0.0 if no_shows == "zero" else None
        found |= {student: Mark(points, worth) for student in absent(lesson, roster)}
    return dict(sorted(found.items()))


def most(lesson: LessonScores) -> float:
    """Points of the lesson: the most that an attempt could earn."""
    return max((score.max_points for score in lesson.attempts.values()), default=0.0)


def absent(lesson: LessonScores, roster: Roster) -> list[str]:
    """Students of the roster who have no attempt and no excuse."""
    return sorted(s for s in roster.people if s not in lesson.attempts and s not in lesson.excused)


def about_absent(lesson: LessonScores, roster: Roster, no_shows: NoShows | None) -> list[str]:
    """Sentence that names the students of the roster without an attempt, and says what the file has for them."""
    missing = absent(lesson, roster)
    if not missing:
        return []
    what = {
        "zero": "the file has 0 for them",
        "blank": "the file has no points for them",
        None: "the file leaves them out; write 0 with --no-shows zero",
    }[no_shows]
    return [f"{lesson.lesson}: the roster's students without an attempt: {named(missing)}; {what}"]


def about_excused(lesson: LessonScores, what: str) -> list[str]:
    """Sentence that names the excused students of a lesson, and says what the file has for them."""
    excused = sorted(lesson.excused)
    return [f"{lesson.lesson}: excused: {named(excused)}; {what}"] if excused else []


def named(students: Sequence[str]) -> str:
    """The first students' ids, and the number of the others."""
    more = len(students) - MOST_NAMED
    return ", ".join(students[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")

"""How far each student has mastered each concept, and where a student is weakest for this class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from blindgrade.cohort_report.records import Record
from blindgrade.course import Concept, Course
from blindgrade.models import Lesson

MASTERED = 0.8  # share of a concept's points from which the concept is mastered
FAR = 0.1  # share of points by which a student must be below the class before a concept is named
NAMED = 3  # concepts that are named for a student


@dataclass(frozen=True)
class Mastery:
    """One concept: each student's share of the points of the exercises that train it."""

    concept: Concept
    exercises: list[str]
    shares: dict[str, float]

    @property
    def mean(self) -> float:
        """Mean share of the cohort, from 0 to 1."""
        return sum(self.shares.values()) / len(self.shares) if self.shares else 0.0

    @property
    def mastered(self) -> float:
        """Share of students who have mastered the concept, from 0 to 1."""
        return sum(s >= MASTERED for s in self.shares.values()) / len(self.shares) if self.shares else 0.0


@dataclass(frozen=True)
class Weak:
    """A concept in which a student is below the class: the student's share of the points, and the class's mean."""

    concept: Concept
    share: float
    mean: float


def mastery_of(course: Course, records: Mapping[str, Sequence[Record]], lessons: Sequence[Lesson]) -> list[Mastery]:
    """Mastery of each concept that the lessons train. A file that never loaded says nothing about a concept."""
    trained: dict[str, list[str]] = {}
    for lesson in lessons:
        for exercise in lesson.exercises:
            for concept in exercise.concepts:
                trained.setdefault(concept, []).append(f"{lesson.id}/{exercise.name}")
    earned: dict[str, dict[str, list[float]]] = {}
    for record in (r for group in records.values() for r in group if not r.unread):
        for result in record.counted.exercises:
            for concept in result.concepts:
                sums = earned.setdefault(concept, {}).setdefault(record.student, [0.0, 0.0])
                sums[0] += result.points
                sums[1] += result.max_points
    return [
        Mastery(c, trained[c.id], {s: got / of for s, (got, of) in earned[c.id].items() if of > 0})
        for c in course.concepts
        if c.id in trained and c.id in earned
    ]


def weakest(student: str, mastery: Sequence[Mastery]) -> list[Weak]:
    """Concepts that the student has not mastered and in which the student is far below the class; the farthest first.

    What the whole class finds hard is no weakness of one student.
    """
    own = [Weak(m.concept, m.shares[student], m.mean) for m in mastery if student in m.shares]
    below = [w for w in own if w.share < MASTERED and w.mean - w.share >= FAR]
    return sorted(below, key=lambda w: w.share - w.mean)[:NAMED]

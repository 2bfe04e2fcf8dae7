"""Results of a cohort across lessons: concepts, misconceptions, and students who need help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from blindgrade.attempts.decision import Decision, DecisionKind
from blindgrade.cohort_report.items import LessonNumbers, lesson_numbers
from blindgrade.cohort_report.records import Record
from blindgrade.models import Concept, Course, Lesson
from blindgrade.roster.matching import Roster
from blindgrade.roster.people import Person

MASTERED = 0.8  # share of a concept's points from which the concept is mastered
Excused = Set[tuple[str, str]]  # student and lesson
LOW = 0.4  # share of all points; a student with less needs help
FALL = 0.35  # share of points by which a lesson is below the student's earlier lessons
STUCK = 3  # submissions in a row without more points, by a student without all points
RECENT = 2  # last lessons to look at; the points show earlier problems, and nobody can fix those now


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
class Held:
    """A misconception and its students: `now` in the newest submission, `overcome` only in an earlier one."""

    lesson: str
    exercise: str
    name: str
    hint: str
    now: list[str]
    overcome: list[str]


@dataclass(frozen=True)
class Needs:
    """A student who needs help: the share of all points, the reasons, and the student's weakest concepts."""

    student: str
    share: float
    reasons: list[str]
    weakest: list[Concept]


@dataclass(frozen=True)
class Missing:
    """A student of the roster, and the lessons of the report for which the student handed in nothing."""

    person: Person
    lessons: list[str]


@dataclass(frozen=True)
class Cohort:
    """A cohort's report. Lessons without an attempt are in `empty`.

    `students` have attempts. `missing` are the roster's students with missing lessons; empty without a roster.
    `decisions` are in force and about these lessons. Excused students count in no figure of the lesson.
    """

    course: Course
    students: list[str]
    lessons: list[LessonNumbers]
    empty: list[Lesson]
    mastery: list[Mastery]
    misconceptions: list[Held]
    needs: list[Needs]
    roster: Roster
    missing: list[Missing]
    decisions: list[Decision]

    @property
    def absent(self) -> list[Missing]:
        """Students who handed in nothing at all."""
        return [one for one in self.missing if len(one.lessons) == len(self.lessons)]


def analyse(
    course: Course,
    records: Mapping[str, Sequence[Record]],
    lessons: Sequence[Lesson],
    roster: Roster | None = None,
    decisions: Sequence[Decision] = (),
) -> Cohort:
    """Report on these lessons. `records` are by lesson and without excused students. `decisions` are in force."""
    roster = roster or Roster()
    about = [one for one in decisions if one.lesson in {lesson.id for lesson in lessons}]
    excused = {(one.student, one.lesson) for one in about if one.kind is DecisionKind.EXCUSE}
    students = sorted({r.student for group in records.values() for r in group})
    mastery = _mastery(course, records, lessons)
    return Cohort(
        course=course,
        students=students,
        lessons=[lesson_numbers(lesson, records[lesson.id]) for lesson in lessons if records.get(lesson.id)],
        empty=[lesson for lesson in lessons if not records.get(lesson.id)],
        mastery=mastery,
        misconceptions=_misconceptions(records),
        needs=_needs(records, lessons, mastery, excused),
        roster=roster,
        missing=_missing(records, lessons, roster, excused),
        decisions=about,
    )


def _missing(
    records: Mapping[str, Sequence[Record]], lessons: Sequence[Lesson], roster: Roster, excused: Excused
) -> list[Missing]:
    given = {lesson.id: {r.student for r in records[lesson.id]} for lesson in lessons if records.get(lesson.id)}
    gaps = {
        person.id: [lesson for lesson in given if person.id not in given[lesson] and (person.id, lesson) not in excused]
        for person in roster.people.values()
    }
    found = [Missing(roster.person(student), missed) for student, missed in gaps.items() if missed]
    return sorted(found, key=lambda one: (-len(one.lessons), one.person.id))


def _mastery(course: Course, records: Mapping[str, Sequence[Record]], lessons: Sequence[Lesson]) -> list[Mastery]:
    trained: dict[str, list[str]] = {}
    for lesson in lessons:
        for exercise in lesson.exercises:
            for concept in exercise.concepts:
                trained.setdefault(concept, []).append(f"{lesson.id}/{exercise.name}")
    earned: dict[str, dict[str, list[float]]] = {}
    for group in records.values():
        for record in group:
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


def _misconceptions(records: Mapping[str, Sequence[Record]]) -> list[Held]:
    now: dict[tuple[str, str, str], list[str]] = {}
    ever: dict[tuple[str, str, str], list[str]] = {}
    hints: dict[tuple[str, str, str], str] = {}
    for lesson, group in records.items():
        for record in group:
            seen: set[tuple[str, str, str]] = set()
            current: set[tuple[str, str, str]] = set()
            for attempt in record.submissions:
                current = set()
                for result in attempt.exercises:
                    for check in result.checks:
                        if check.misconception:
                            key = (lesson, result.name, check.misconception)
                            hints[key] = check.hint
                            current.add(key)
                seen |= current
            for key in seen:
                (now if key in current else ever).setdefault(key, []).append(record.student)
    found = [Held(*key, hints[key], sorted(now.get(key, [])), sorted(ever.get(key, []))) for key in hints]
    return sorted(found, key=lambda h: (-len(h.now), -len(h.overcome), h.lesson, h.exercise, h.name))


def _needs(
    records: Mapping[str, Sequence[Record]], lessons: Sequence[Lesson], mastery: Sequence[Mastery], excused: Excused
) -> list[Needs]:
    by_student: dict[str, dict[str, Record]] = {}
    for lesson, group in records.items():
        for record in group:
            by_student.setdefault(record.student, {})[lesson] = record
    found = []
    for student, own in sorted(by_student.items()):
        given = [x for x in lessons if records.get(x.id) and (student, x.id) not in excused]
        shares = [own[x.id].points / x.max_points if x.id in own else 0.0 for x in given]
        worth = [x.max_points for x in given]
        share = sum(s * w for s, w in zip(shares, worth, strict=True)) / sum(worth)
        reasons = _reasons(own, given, shares, share)
        if reasons:
            weak = sorted(
                (m for m in mastery if m.shares.get(student, 1.0) < MASTERED), key=lambda m: m.shares[student]
            )
            found.append(Needs(student, share, reasons, [m.concept for m in weak[:3]]))
    return sorted(found, key=lambda n: (n.share, n.student))


def _reasons(own: Mapping[str, Record], given: Sequence[Lesson], shares: Sequence[float], share: float) -> list[str]:
    reasons = []
    if share < LOW:
        reasons.append(f"has {share:.0%} of all points")
    recent = given[-RECENT:]
    missing = [lesson.id for lesson in given if lesson.id not in own]
    if len(missing) > len(given) / 3 or any(lesson.id in missing for lesson in recent):
        reasons.append(f"handed in nothing for {_listed(missing)}")
    for number, lesson in enumerate(given):
        if lesson not in recent or lesson.id not in own:
            continue
        usual = sum(shares[:number]) / number if number else 0.0
        if usual - shares[number] > FALL:
            reasons.append(f"fell from {usual:.0%} to {shares[number]:.0%} in {lesson.id}")
        if _stuck(own[lesson.id]):
            reasons.append(f"is stuck in {lesson.id}: {STUCK} submissions without a gain")
    return reasons


def _stuck(record: Record) -> bool:
    points = [a.points for a in record.submissions]
    if len(points) <= STUCK or points[-1] >= record.last.max_points:
        return False
    return max(points[-STUCK:]) <= points[-STUCK - 1]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")

"""Results of a cohort across lessons: who needs help, what to teach, exercises and concepts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from blindgrade.attempts.decision import Decision, DecisionKind
from blindgrade.cohort_report.items import LessonNumbers, lesson_numbers
from blindgrade.cohort_report.mastery import Mastery, mastery_of
from blindgrade.cohort_report.misunderstandings import Held, Topic, misunderstandings, topics
from blindgrade.cohort_report.needs import Excused, Needs, needs_of
from blindgrade.cohort_report.records import Record
from blindgrade.cohort_report.unread import Unread
from blindgrade.course import Course
from blindgrade.models import Lesson
from blindgrade.roster.matching import Roster
from blindgrade.roster.people import Person


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
    `unread` are files that never loaded. `topics` are the misconceptions to talk about.
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
    unread: list[Unread] = field(default_factory=list)
    topics: list[Topic] = field(default_factory=list)

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
    not_graded: Sequence[Unread] = (),
) -> Cohort:
    """Report on these lessons. `records` are by lesson and without excused students. `decisions` are in force.

    `not_graded` are files of these lessons that could not even be graded.
    """
    roster = roster or Roster()
    about = [one for one in decisions if one.lesson in {lesson.id for lesson in lessons}]
    excused = {(one.student, one.lesson) for one in about if one.kind is DecisionKind.EXCUSE}
    students = sorted({r.student for group in records.values() for r in group})
    mastery = mastery_of(course, records, lessons)
    held = misunderstandings(records)
    unread = _unread(records, lessons, [one for one in not_graded if (one.student, one.lesson) not in excused])
    return Cohort(
        course=course,
        students=students,
        lessons=[lesson_numbers(lesson, records[lesson.id]) for lesson in lessons if records.get(lesson.id)],
        empty=[lesson for lesson in lessons if not records.get(lesson.id)],
        mastery=mastery,
        misconceptions=held,
        needs=needs_of(records, lessons, mastery, held, excused),
        roster=roster,
        missing=_missing(records, lessons, roster, excused, unread),
        decisions=about,
        unread=unread,
        topics=topics(course, lessons, records, held),
    )


def _unread(
    records: Mapping[str, Sequence[Record]], lessons: Sequence[Lesson], not_graded: Sequence[Unread]
) -> list[Unread]:
    """Newest files that never loaded, by lesson and student. A file that could not be graded has no attempt."""
    found = {(one.lesson, one.student): one for one in not_graded}
    for lesson in lessons:
        for record in records.get(lesson.id, []):
            if record.last_unread:
                one = Unread(record.student, lesson.id, record.last_unread)
                found.setdefault((lesson.id, record.student), one)
    return [found[key] for key in sorted(found)]


def _missing(
    records: Mapping[str, Sequence[Record]], lessons: Sequence[Lesson], roster: Roster, excused: Excused,
    unread: Sequence[Unread],
) -> list[Missing]:  # fmt: skip
    given = {lesson.id: {r.student for r in records[lesson.id]} for lesson in lessons if records.get(lesson.id)}
    for one in unread:  # whoever handed in a file that does not load has handed in something
        given.get(one.lesson, set()).add(one.student)
    gaps = {
        person.id: [lesson for lesson in given if person.id not in given[lesson] and (person.id, lesson) not in excused]
        for person in roster.people.values()
    }
    found = [Missing(roster.person(student), missed) for student, missed in gaps.items() if missed]
    return sorted(found, key=lambda one: (-len(one.lessons), one.person.id))

"""Groups of equal wrong answers that no misconception explains, the largest first.

`course grade` has compared the replies. Here the stored results are counted, so no code runs and torch is not needed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from blindgrade.cohort_report.records import Record
from blindgrade.cohort_report.samples import Sample, shortest
from blindgrade.engine.judging.unexplained import is_unexplained
from blindgrade.lesson_files import LessonFiles
from blindgrade.models import Attempt, ExerciseResult, Lesson, MutantMatch, Outcome

SHORT = 6  # characters of a group's id that people read and type


@dataclass(frozen=True)
class AnswerGroup:
    """Students whose wrong answers to an exercise reply the same to every check.

    claims: those of the failed checks. relations: their ids, the most frequent first, and `compared`
    the first of them in words, as the students read it. mutant: what small changes of the solution say. sample: the
    shortest answer; None if no student's file is where it was graded.
    """

    lesson: str
    exercise: str
    id: str
    students: list[str]
    claims: list[str]
    relations: list[str]
    compared: str
    mutant: MutantMatch | None
    digest: str  # of the answer that stands for all of the group
    sample: Sample | None = None


@dataclass(frozen=True)
class Grouped:
    """Groups of a lesson. `silent`: students by exercise whose wrong answers have no result that can be compared."""

    lesson: Lesson
    groups: list[AnswerGroup]
    silent: Mapping[str, list[str]] = field(default_factory=dict)


def grouped(files: LessonFiles, lesson: Lesson, records: Sequence[Record], *, samples: bool = True) -> Grouped:
    """Groups in the students' last submissions. Without `samples` no student's file is read."""
    found: dict[tuple[str, str], list[tuple[Attempt, ExerciseResult]]] = {}
    silent: dict[str, list[str]] = {}
    for record in records:
        for result in _unexplained(lesson, record.last):
            if result.answer:
                found.setdefault((result.name, result.group or result.answer), []).append((record.last, result))
            else:
                silent.setdefault(result.name, []).append(record.student)
    groups = [_group(files, lesson, place, members, samples) for place, members in found.items()]
    groups.sort(key=lambda one: (-len(one.students), one.exercise, one.id))
    return Grouped(lesson, _with_short_ids(groups), silent)


def _unexplained(lesson: Lesson, attempt: Attempt) -> Iterator[ExerciseResult]:
    """Wrong answers to the lesson's present exercises that no misconception explains."""
    exercises = {exercise.name: exercise for exercise in lesson.exercises}
    for result in attempt.exercises if not attempt.unreadable else ():
        if result.name in exercises and is_unexplained(exercises[result.name], result):
            yield result


def _group(
    files: LessonFiles,
    lesson: Lesson,
    place: tuple[str, str],
    members: Sequence[tuple[Attempt, ExerciseResult]],
    samples: bool,
) -> AnswerGroup:
    exercise, group = place
    results = [result for _, result in members]
    return AnswerGroup(
        lesson=lesson.id,
        exercise=exercise,
        id=group,
        students=sorted(attempt.student or "" for attempt, _ in members),
        claims=[check.claim for check in results[0].checks if check.outcome is Outcome.FAILED],
        relations=(relations := _relations(results)),
        compared=_compared(results, relations),
        mutant=next((result.mutant for result in results if result.mutant), None),
        digest=group,
        sample=shortest(files, lesson, exercise, [attempt for attempt, _ in members]) if samples else None,
    )


def _relations(results: Iterable[ExerciseResult]) -> list[str]:
    """Ids of the relations in failed checks, the most frequent first."""
    named = Counter(check.relation for result in results for check in result.checks if check.relation)
    return [relation for relation, _ in named.most_common()]


def _compared(results: Iterable[ExerciseResult], relations: Sequence[str]) -> str:
    """The most frequent relation in words; empty without one."""
    checks = (check for result in results for check in result.checks)
    return next((check.relation_text for check in checks if relations and check.relation == relations[0]), "")


def _with_short_ids(groups: list[AnswerGroup]) -> list[AnswerGroup]:
    """The same groups with ids that are as short as the lesson allows."""
    ids = {one.id for one in groups}
    length = next(n for n in range(SHORT, 65) if len({text[:n] for text in ids}) == len(ids))
    return [replace(one, id=one.id[:length]) for one in groups]

"""Misconceptions of a cohort: who holds them now, who overcame them, and what an instructor can say about each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from blindgrade.cohort_report.records import Record
from blindgrade.cohort_report.statistics import Interval, share_interval
from blindgrade.course import Course, MentalModel
from blindgrade.models import Attempt, CheckResult, Exercise, Lesson, Outcome

WIDE = 0.05  # a misconception is for the whole class if surely more than this share of the students hold it


@dataclass(frozen=True)
class Held:
    """A misconception and its students: `now` in the newest file that loaded, `overcome` only in an earlier one."""

    lesson: str
    exercise: str
    name: str
    hint: str
    now: list[str]
    overcome: list[str]


@dataclass(frozen=True)
class Saying:
    """Words for an instructor, all from the course: an idea to refer to, and a check that shows the fault.

    check: of the checks that name the misconception, the one that the fewest students fail. public: whether students
    can run it themselves.
    """

    model: MentalModel | None = None
    check: str = ""
    claim: str = ""
    public: bool = False


@dataclass(frozen=True)
class Topic:
    """A misconception to talk about. share: of the students whose file for the lesson loaded."""

    held: Held
    share: Interval
    of: int
    saying: Saying = field(default_factory=Saying)

    @property
    def for_all(self) -> bool:
        """Whether it is worth the time of the whole class; else it concerns the named students."""
        return self.share.low > WIDE


def misunderstandings(records: Mapping[str, Sequence[Record]]) -> list[Held]:
    """Every misconception that a student holds or has overcome, the most frequent first."""
    now: dict[tuple[str, str, str], list[str]] = {}
    ever: dict[tuple[str, str, str], list[str]] = {}
    hints: dict[tuple[str, str, str], str] = {}
    for lesson, group in records.items():
        for record in group:
            seen: set[tuple[str, str, str]] = set()
            current: set[tuple[str, str, str]] = set()
            for attempt in record.loaded:
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


def topics(
    course: Course, lessons: Sequence[Lesson], records: Mapping[str, Sequence[Record]], held: Sequence[Held]
) -> list[Topic]:
    """What to talk about: each misconception that somebody still holds, in the order of `held`."""
    exercises = {(lesson.id, exercise.name): exercise for lesson in lessons for exercise in lesson.exercises}
    models = {model.id: model for model in course.mental_models}
    loaded = {lesson: {r.student: r.loaded[-1] for r in group if r.loaded} for lesson, group in records.items()}
    fails = {lesson: _fails(group) for lesson, group in loaded.items()}
    found = []
    for one in held:
        exercise = exercises.get((one.lesson, one.exercise))
        if one.now and exercise is not None:
            of = len(loaded[one.lesson])
            shown = _shown(one, loaded[one.lesson], fails[one.lesson])
            found.append(Topic(one, share_interval(len(one.now), of), of, _saying(exercise, models, shown)))
    return found


def _fails(newest: Mapping[str, Attempt]) -> Counter[tuple[str, str]]:
    """Number of students who fail each check now."""
    return Counter(
        (result.name, check.name)
        for attempt in newest.values()
        for result in attempt.exercises
        for check in result.checks
        if check.outcome is Outcome.FAILED
    )


def _shown(held: Held, newest: Mapping[str, Attempt], fails: Counter[tuple[str, str]]) -> CheckResult | None:
    """Check that shows the misconception best: the one that the fewest others fail."""
    naming = {
        check.name: check
        for student in held.now
        for result in newest[student].exercises
        if result.name == held.exercise
        for check in result.checks
        if check.misconception == held.name
    }
    return min(naming.values(), key=lambda c: (fails[held.exercise, c.name], not c.public, c.name), default=None)


def _saying(exercise: Exercise, models: Mapping[str, MentalModel], shown: CheckResult | None) -> Saying:
    model = next((models[name] for name in exercise.mental_models if name in models), None)
    if shown is None:
        return Saying(model)
    return Saying(model, shown.name, shown.claim, shown.public)

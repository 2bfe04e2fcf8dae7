"""Who gained and who lost when the checks changed, how much, and because of which check.

Two attempts at the same submission are compared exercise by exercise. The difference of an exercise's points is divided
among the checks that changed, so that the parts sum to the difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from blindgrade.attempts.decision import DecisionKind, Kept, Ruling
from blindgrade.attempts.effects import NONE, Effects
from blindgrade.engine.judging.scoring import EARNS
from blindgrade.models import Attempt, CheckResult, ExerciseResult

TINY = 1e-6


@dataclass(frozen=True)
class Cause:
    """What changed the points of an exercise. `check` is "" if it was not one check; `why` is in words."""

    lesson: str
    exercise: str
    check: str
    why: str

    @property
    def text(self) -> str:
        """Words for a line."""
        return f"{self.lesson}/{self.exercise}{f' {self.check}' if self.check else ''}: {self.why}"


@dataclass(frozen=True)
class Change:
    """One submission before and after a change of checks, in points before lateness and before adjustments.

    A decision to keep the higher points counts on both sides. exercises: points before, by exercise.
    """

    student: str
    lesson: str
    submission: str
    old_points: float
    new_points: float
    old_max: float
    new_max: float
    exercises: Mapping[str, float]
    causes: Mapping[Cause, float]

    @property
    def difference(self) -> float:
        """Points gained; negative if the student lost some."""
        return round(self.new_points - self.old_points, 6)


@dataclass(frozen=True)
class Effect:
    """Effect of one cause: the points that each student gained or lost by it."""

    cause: Cause
    students: Mapping[str, float]

    @property
    def size(self) -> float:
        """Sum of all gains and losses, without their signs."""
        return sum(abs(points) for points in self.students.values())


@dataclass
class Changes:
    """Changes of a run: of all submissions that were graded before under other checks."""

    all: list[Change] = field(default_factory=list)

    @property
    def gained(self) -> list[Change]:
        """Submissions with more points than before."""
        return [one for one in self.all if one.difference > TINY]

    @property
    def lost(self) -> list[Change]:
        """Submissions with fewer points than before."""
        return [one for one in self.all if one.difference < -TINY]

    def effects(self) -> list[Effect]:
        """Causes with their students, the one with the largest effect first."""
        found: dict[Cause, dict[str, float]] = {}
        for one in self.all:
            for cause, points in one.causes.items():
                own = found.setdefault(cause, {})
                own[one.student] = round(own.get(one.student, 0.0) + points, 6)
        effects = [Effect(cause, students) for cause, students in found.items()]
        return sorted(effects, key=lambda one: (-one.size, one.cause.text))


def keep_higher(changes: Changes, reason: str) -> list[Ruling]:
    """A ruling for each submission that lost points: it keeps those that it had."""
    return [
        Ruling(
            kind=DecisionKind.KEEP_HIGHER,
            student=one.student,
            lesson=one.lesson,
            kept=Kept(
                submission=one.submission,
                old_points=one.old_points,
                new_points=one.new_points,
                exercises=dict(one.exercises),
                checks=[cause.text for cause, points in one.causes.items() if points < 0],
            ),
            reason=reason,
        )
        for one in sorted(changes.lost, key=lambda one: (one.student, one.lesson))
    ]


def change(old: Attempt, new: Attempt, effects: Effects = NONE) -> Change:
    """Comparison of two attempts of one student at the same submission."""
    sha256 = new.submission.sha256
    before, after = ({one.name: one for one in attempt.exercises} for attempt in (old, new))
    causes: dict[Cause, float] = {}
    for name in dict.fromkeys([*before, *after]):
        for cause, points in _causes(new.lesson, name, before.get(name), after.get(name)):
            causes[cause] = causes.get(cause, 0.0) + points
    old_points = effects.kept(sha256, old.points, old.exercises).points
    new_points = effects.kept(sha256, new.points, new.exercises).points
    if new_points > new.points and abs(new_points - old_points) <= TINY:
        causes = {}  # the student keeps the higher points, so no check has an effect
    return Change(
        student=new.student or "",
        lesson=new.lesson,
        submission=sha256,
        old_points=old_points,
        new_points=new_points,
        old_max=old.max_points,
        new_max=new.max_points,
        exercises={one.name: one.points for one in old.exercises},
        causes={cause: round(points, 6) for cause, points in causes.items() if abs(points) > TINY},
    )


def _causes(
    lesson: str, name: str, old: ExerciseResult | None, new: ExerciseResult | None
) -> Iterable[tuple[Cause, float]]:
    if old is None or new is None:
        one = new or old
        assert one is not None
        yield (
            Cause(lesson, name, "", "new exercise" if old is None else "exercise removed"),
            one.points if old is None else -one.points,
        )
        return
    if abs(new.points - old.points) <= TINY:
        return
    share = old.points / old.max_points if old.max_points else 0.0
    if abs(worth := (new.max_points - old.max_points) * share) > TINY:
        yield Cause(lesson, name, "", f"points of the exercise {old.max_points:g} → {new.max_points:g}"), worth
    rest = new.points - old.points - worth
    if abs(rest) > TINY:
        yield from _by_check(lesson, name, old, new, rest)


def _by_check(
    lesson: str, name: str, old: ExerciseResult, new: ExerciseResult, rest: float
) -> Iterable[tuple[Cause, float]]:
    """The checks that changed, and the part of `rest` that each has."""
    before, after = _shares(old), _shares(new)
    parts: dict[Cause, float] = {}
    sets: list[Cause] = []  # checks that were added or removed: they change the weight of all others
    for check in dict.fromkeys([*before, *after]):
        was, now = before.get(check), after.get(check)
        if was is None or now is None:
            result = now[0] if now else was[0] if was else None
            assert result is not None
            words = f"new check, {_outcome(result)}" if was is None else f"check removed, {_outcome(result)} before"
            sets.append(Cause(lesson, name, check, words))
            parts[sets[-1]] = ((now[1] if now else 0.0) - (was[1] if was else 0.0)) * new.max_points
        elif (was[0].outcome in EARNS) != (now[0].outcome in EARNS):
            words = f"{_outcome(was[0])} before, {_outcome(now[0])} now"
            parts[Cause(lesson, name, check, words)] = (now[1] - was[1]) * new.max_points
    left = rest - sum(parts.values())
    if abs(left) > TINY:
        for cause in sets or [Cause(lesson, name, "", "weights of its checks")]:
            parts[cause] = parts.get(cause, 0.0) + left / max(1, len(sets))
    yield from parts.items()


def _shares(result: ExerciseResult) -> dict[str, tuple[CheckResult, float]]:
    """Each check with the share of the exercise's points that it earned."""
    total = sum(check.weight for check in result.checks) or 1.0
    return {
        check.name: (check, check.weight / total if check.outcome in EARNS else 0.0) for check in result.checks
    }  # fmt: skip


def _outcome(check: CheckResult) -> str:
    return check.outcome.value.replace("_", " ")

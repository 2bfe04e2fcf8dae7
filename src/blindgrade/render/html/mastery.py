"""Progress of a student from the attempts: the points of a lesson over time, and the mastery of each concept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from blindgrade.models import Attempt, ExerciseResult, Outcome


@dataclass(frozen=True)
class Step:
    """Points of the lesson after one attempt, and the changes by that attempt."""

    graded_at: str
    points: float
    changed: str


@dataclass
class ConceptRow:
    """Points earned in the exercises of one concept; `places` are (lesson, exercise)."""

    concept: str
    earned: float = 0.0
    of: float = 0.0
    begun: bool = False
    places: list[tuple[str, str]] = field(default_factory=list)

    @property
    def standing(self) -> str:
        """A word for the share that was earned."""
        if not self.begun:
            return "not begun"
        share = self.earned / self.of if self.of else 1.0
        return "mastered" if share > 0.999 else "mostly" if share >= 0.7 else "partly" if share > 0 else "not yet"


def history(attempts: Sequence[Attempt], lesson: str) -> list[Step]:
    """Steps of the lesson's points, the oldest attempt first.

    An attempt at one exercise does not change the others, so each step adds up the last result of every exercise.
    """
    last: dict[str, ExerciseResult] = {}
    steps = []
    for attempt in sorted((a for a in attempts if a.lesson == lesson), key=lambda a: a.graded_at):
        changed = [_change(last.get(result.name), result) for result in attempt.exercises]
        last |= {result.name: result for result in attempt.exercises}
        points = round(sum(result.points for result in last.values()), 6)
        steps.append(Step(attempt.graded_at, points, ", ".join(c for c in changed if c)))
    return steps


def _change(before: ExerciseResult | None, now: ExerciseResult) -> str:
    was = before.outcome if before is not None else Outcome.NOT_ATTEMPTED
    if was is now.outcome:
        gained = now.points - (before.points if before is not None else 0.0)
        return f"{now.name} {gained:+.4g} points" if abs(gained) > 1e-6 else ""
    return f"{now.name} {now.outcome.replace('_', ' ')}"


def mastery(
    attempts: Iterable[Attempt], known: Mapping[str, Iterable[ExerciseResult]] | None = None
) -> list[ConceptRow]:
    """Mastery of each concept of the exercises, in order of appearance; concepts of the attempts come first.

    `known` are earlier results by lesson. They count for exercises without a result in the attempts.
    """
    results = {(attempt.lesson, result.name): result for attempt in attempts for result in attempt.exercises}
    for lesson, kept in (known or {}).items():
        for result in kept:
            results.setdefault((lesson, result.name), result)
    rows: dict[str, ConceptRow] = {}
    for place, result in results.items():
        for concept in result.concepts:
            row = rows.setdefault(concept, ConceptRow(concept))
            row.earned += result.points
            row.of += result.max_points
            row.begun = row.begun or result.outcome is not Outcome.NOT_ATTEMPTED
            row.places.append(place)
    return list(rows.values())

"""An exercise with two checks, and a result of it."""

from __future__ import annotations

from blindgrade.models import CheckResult, Exercise, ExerciseResult, Outcome

EXERCISE = Exercise(name="e", title="E", points=1, difficulty=1, concepts=["c"], hints=["1", "2", "3"])


def graded(a: Outcome, b: Outcome, misconception: str | None = None) -> ExerciseResult:
    outcomes = {"a": a, "b": b}
    checks = [CheckResult(name=n, claim="c", public=True, outcome=o) for n, o in outcomes.items()]
    checks[0].misconception = misconception
    return ExerciseResult(
        name="e", title="E", outcome=Outcome.FAILED, points=0, max_points=1, concepts=[], checks=checks
    )  # fmt: skip

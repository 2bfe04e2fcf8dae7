"""An answer is unexplained if it is wrong, is no trained model, and no check names a misconception."""

from __future__ import annotations

from blindgrade.engine.judging.unexplained import is_unexplained
from blindgrade.models import CheckResult, Exercise, ExerciseResult, Kind, Outcome

EXERCISE = Exercise(name="e", title="E", points=1, difficulty=1, concepts=["c"], hints=["1", "2", "3"])


def graded(a: Outcome, b: Outcome, misconception: str | None = None) -> ExerciseResult:
    outcomes = {"a": a, "b": b}
    checks = [CheckResult(name=n, claim="c", public=True, outcome=o) for n, o in outcomes.items()]
    checks[0].misconception = misconception
    return ExerciseResult(
        name="e", title="E", outcome=Outcome.FAILED, points=0, max_points=1, concepts=[], checks=checks
    )  # fmt: skip


def test_only_failures_without_a_misconception_and_without_a_training_are_unexplained() -> None:
    wrong = graded(Outcome.FAILED, Outcome.PASSED)
    assert is_unexplained(EXERCISE, wrong)
    assert not is_unexplained(EXERCISE, graded(Outcome.FAILED, Outcome.FAILED, "known"))
    assert not is_unexplained(EXERCISE, wrong.model_copy(update={"outcome": Outcome.BLOCKED}))
    assert not is_unexplained(EXERCISE.model_copy(update={"kind": Kind.TRAINING}), wrong)

"""An answer is unexplained if it is wrong, is no trained model, and no check names a misconception."""

from __future__ import annotations

from blindgrade.engine.judging.unexplained import is_unexplained
from blindgrade.models import Kind, Outcome

from .two_checks import EXERCISE, graded


def test_only_failures_without_a_misconception_and_without_a_training_are_unexplained() -> None:
    wrong = graded(Outcome.FAILED, Outcome.PASSED)
    assert is_unexplained(EXERCISE, wrong)
    assert not is_unexplained(EXERCISE, graded(Outcome.FAILED, Outcome.FAILED, "known"))
    assert not is_unexplained(EXERCISE, wrong.model_copy(update={"outcome": Outcome.BLOCKED}))
    assert not is_unexplained(EXERCISE.model_copy(update={"kind": Kind.TRAINING}), wrong)

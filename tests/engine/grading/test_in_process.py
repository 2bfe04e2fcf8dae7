"""Trusted modules in this process: one exercise, one check and the whole lesson give the same results."""

from __future__ import annotations

from pathlib import Path

import pytest

from blindgrade.catalog import Catalog
from blindgrade.checks import Check
from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.engine.answers.reference import LiveReference
from blindgrade.engine.answers.solution import Solution
from blindgrade.engine.grading.in_process import Trusted
from blindgrade.engine.judging.judging import ReferenceFailed
from blindgrade.engine.wire.replies import Raised
from blindgrade.engine.worker.lesson import load
from blindgrade.models import Outcome

MINI = Path(__file__).parents[2] / "courses" / "mini"
STANDARDIZE_FAILS = "\n\ndef standardize(values):\n    raise ValueError('no')\n"


@pytest.fixture
def reference() -> LiveReference:
    [target] = Catalog(MINI).find(["lesson-1.1.1"])
    return LiveReference(LessonChecks(target.files, target.lesson), Solution(target.files, target.lesson))


def test_the_solution_passes_every_check(reference: LiveReference) -> None:
    results = Trusted.by(reference).lesson(reference.solution.module, 3)
    assert {result.outcome for result in results} == {Outcome.PASSED}
    assert [result.name for result in results] == [e.name for e in reference.checks.lesson.exercises]


def test_an_exercise_alone_is_not_blocked_and_in_the_lesson_it_is(reference: LiveReference) -> None:
    module = load("basics", reference.solution.text + STANDARDIZE_FAILS, "basics.py")
    trusted = Trusted.by(reference)
    exercise = reference.checks.lesson.exercise("correlation")
    assert trusted.exercise(exercise, module, 3, diagnosed=False).outcome is Outcome.FAILED
    assert trusted.lesson(module, 3, diagnosed=False)[1].outcome is Outcome.BLOCKED


def test_one_check_gives_what_it_gives_within_its_exercise(reference: LiveReference) -> None:
    module = load("basics", reference.solution.text + STANDARDIZE_FAILS, "basics.py")
    trusted = Trusted.by(reference)
    exercise = reference.checks.lesson.exercise("standardize")
    whole = trusted.exercise(exercise, module, 3, diagnosed=False).checks
    assert [trusted.check(check, module, 3) for check in reference.checks.of("standardize")] == whole
    assert str(whole[0].where).startswith("basics.py:")


def test_a_fault_of_the_course_is_raised_with_the_checks_name(
    reference: LiveReference, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raised(check: Check, seed: int) -> Raised:
        return Raised("KeyError", "'x'")

    monkeypatch.setattr(reference, "expected", raised)
    with pytest.raises(ReferenceFailed, match="^has_mean_zero_and_spread_one: the reference raised KeyError"):
        Trusted.by(reference).lesson(reference.solution.module, 3)

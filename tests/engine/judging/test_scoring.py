from __future__ import annotations

import pytest

from blindgrade.engine.judging.scoring import block, score
from blindgrade.models import CheckResult, Exercise, Outcome

PASSED, FAILED, ERROR = Outcome.PASSED, Outcome.FAILED, Outcome.ERROR
BLOCKED, NOT_ATTEMPTED = Outcome.BLOCKED, Outcome.NOT_ATTEMPTED

EXERCISE = Exercise(
    name="loss",
    title="Loss",
    points=30,
    difficulty=1,
    requires=["field", "path"],
    concepts=["flow"],
    hints=["a", "b", "c"],
)


def result(outcome: Outcome, weight: float = 1.0) -> CheckResult:
    return CheckResult(
        name="c",
        claim="It is so.",
        public=False,
        outcome=outcome,
        weight=weight,
        message="m",
        hint="h",
        misconception="wrong_sign",
    )


@pytest.mark.parametrize(
    ("outcomes", "outcome", "points"),
    [
        ([PASSED, PASSED, PASSED], PASSED, 30),
        ([PASSED, PASSED, FAILED], FAILED, 20),
        ([FAILED, FAILED, FAILED], FAILED, 0),
        ([NOT_ATTEMPTED, NOT_ATTEMPTED], NOT_ATTEMPTED, 0),
        ([NOT_ATTEMPTED, PASSED], FAILED, 15),
        ([NOT_ATTEMPTED, FAILED], FAILED, 0),
        ([PASSED, ERROR], ERROR, 30),
        ([FAILED, ERROR], ERROR, 15),
        ([NOT_ATTEMPTED, ERROR], ERROR, 15),
        ([BLOCKED, PASSED], BLOCKED, 15),
    ],
)
def test_the_gravest_check_decides_and_passed_checks_and_our_errors_earn(
    outcomes: list[Outcome], outcome: Outcome, points: float
) -> None:
    scored = score(EXERCISE, [result(each) for each in outcomes])
    assert (scored.outcome, scored.points, scored.max_points) == (outcome, points, 30)


def test_points_are_split_by_weight() -> None:
    assert score(EXERCISE, [result(PASSED, 2.0), result(FAILED, 1.0)]).points == 20
    assert score(EXERCISE, [result(PASSED, 0.5), result(FAILED, 0.25), result(FAILED, 0.25)]).points == 15


def test_all_checks_passed_earn_exactly_all_points() -> None:
    assert score(EXERCISE, [result(PASSED, 0.1) for _ in range(7)]).points == 30


@pytest.mark.parametrize("checks", [[], [result(PASSED, 0.0)]], ids=["no checks", "no weight"])
def test_an_exercise_whose_checks_have_no_weight_costs_no_points(checks: list[CheckResult]) -> None:
    assert score(EXERCISE, checks).points == 30


def test_an_exercise_without_checks_is_our_error() -> None:
    assert score(EXERCISE, []).outcome is ERROR


def test_the_result_carries_the_exercise_its_checks_and_its_output() -> None:
    checks = [result(PASSED)]
    scored = score(EXERCISE, checks, "printed")
    assert (scored.name, scored.title, scored.concepts) == ("loss", "Loss", ["flow"])
    assert (scored.checks, scored.output) == (checks, "printed")


def test_a_failure_waits_for_the_required_exercises_that_did_not_pass() -> None:
    scored = score(EXERCISE, [result(PASSED), result(FAILED), result(NOT_ATTEMPTED)])
    blocked = block(EXERCISE, scored, {"field": FAILED, "path": NOT_ATTEMPTED})
    assert blocked.outcome is BLOCKED
    assert [c.outcome for c in blocked.checks] == [PASSED, BLOCKED, BLOCKED]
    for check in blocked.checks[1:]:
        assert (check.message, check.hint, check.misconception) == ("waits for field, path", "", None)
    assert blocked.checks[0] == scored.checks[0]
    assert blocked.points == scored.points == 10


def test_a_blocked_check_keeps_what_it_saw_itself() -> None:
    own = result(FAILED).model_copy(update={"message": "the result is 1; expected 2", "where": None})
    [check] = block(EXERCISE, score(EXERCISE, [own]), {"field": FAILED}).checks
    assert (check.message, check.own, check.seen) == ("waits for field", own.message, own.message)


def test_only_the_exercises_that_did_not_pass_are_waited_for() -> None:
    scored = score(EXERCISE, [result(FAILED)])
    assert block(EXERCISE, scored, {"field": PASSED, "path": BLOCKED}).checks[0].message == "waits for path"


@pytest.mark.parametrize("outcomes", [{}, {"field": PASSED, "path": ERROR}, {"unrelated": FAILED}], ids=str)
def test_a_failure_is_the_students_when_nothing_required_failed(outcomes: dict[str, Outcome]) -> None:
    scored = score(EXERCISE, [result(FAILED)])
    assert block(EXERCISE, scored, outcomes) == scored


@pytest.mark.parametrize("outcome", [PASSED, ERROR, NOT_ATTEMPTED])
def test_only_a_failure_can_be_blocked(outcome: Outcome) -> None:
    scored = score(EXERCISE, [result(outcome)])
    assert block(EXERCISE, scored, {"field": FAILED}) == scored


def test_blocking_leaves_the_first_result_unchanged() -> None:
    scored = score(EXERCISE, [result(FAILED)])
    before = scored.model_copy(deep=True)
    block(EXERCISE, scored, {"field": FAILED})
    assert scored == before

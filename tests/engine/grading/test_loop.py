"""The loop with a scripted observer: the checks that it asks for, their order, and the exercise to blame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog
from blindgrade.checks import Check
from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.engine.answers.reference import LiveReference, check_seed
from blindgrade.engine.answers.solution import Solution
from blindgrade.engine.grading.loop import Judge, Loop, Round, forgiving
from blindgrade.engine.judging.diagnosis import Seen
from blindgrade.engine.judging.judging import ReferenceFailed, result_of
from blindgrade.engine.judging.observed import Observed
from blindgrade.engine.wire.replies import Result
from blindgrade.models import CheckResult, Exercise, Outcome
from blindgrade.places import Place

MINI = Path(__file__).parents[2] / "courses" / "mini"
HERE = Place("basics.py", 3)


@pytest.fixture
def checks() -> LessonChecks:
    [target] = Catalog(MINI).find(["lesson-1.1.1"])
    return LessonChecks(target.files, target.lesson)


@dataclass
class Script:
    """Answers everything with 1 and notes the requests."""

    asked: list[list[str]] = field(default_factory=list)
    uses: set[str] | None = None

    def observe(self, exercise: Exercise, rounds: Sequence[Round]) -> Observed:
        self.asked.append([check.name for check, _ in rounds])
        return Observed(Result(1), printed=f"{rounds[0][0].name}\n")

    def definition(self, exercise: Exercise) -> Place | None:
        return HERE

    def names_used(self, exercise: Exercise) -> set[str] | None:
        return self.uses


def failing(*names: str) -> Judge:
    def judge(check: Check, seed: int, seen: Observed) -> CheckResult:
        return result_of(check, Outcome.FAILED if check.exercise in names else Outcome.PASSED)

    return judge


def loop(checks: LessonChecks, judge: Judge, script: Script | None = None, **options: object) -> Loop:
    reference = LiveReference(checks, Solution(checks.files, checks.lesson))
    return Loop(checks, reference, 5, script or Script(), judge, diagnosed=False, **options)  # type: ignore[arg-type]


def test_each_check_is_observed_in_turn_with_those_that_come_next(checks: LessonChecks) -> None:
    script = Script()
    loop(checks, failing(), script).exercise("standardize")
    names = ["has_mean_zero_and_spread_one", "works_on_a_single_row", "refuses_one_value"]
    assert script.asked == [names, names[1:], names[2:]]


def test_an_isolated_check_comes_last(checks: LessonChecks) -> None:
    checks.all = [replace(check, isolated=check.name == "has_mean_zero_and_spread_one") for check in checks.all]
    script = Script()
    result = loop(checks, failing(), script).exercise("standardize")
    assert script.asked[-1] == [result.checks[-1].name] == ["has_mean_zero_and_spread_one"]


def test_an_exercise_that_nobody_asked_for_is_graded_to_find_whom_to_blame(checks: LessonChecks) -> None:
    one = loop(checks, failing("standardize", "correlation"))
    assert one.exercise("correlation").outcome is Outcome.BLOCKED
    assert loop(checks, failing("correlation")).exercise("correlation").outcome is Outcome.FAILED


def test_an_exercise_waits_only_for_what_its_code_or_its_check_uses(checks: LessonChecks) -> None:
    judge = failing("standardize", "correlation")
    own = Script(uses={"torch"})
    assert loop(checks, judge, own).exercise("correlation").outcome is Outcome.FAILED
    assert all("has_mean_zero_and_spread_one" not in names for names in own.asked)  # not graded to find whom to blame
    assert loop(checks, judge, Script(uses={"standardize"})).exercise("correlation").outcome is Outcome.BLOCKED
    checks.slice = lambda check: {"experiment": "lesson.standardize(values)"}  # type: ignore[method-assign]
    assert loop(checks, judge, Script(uses={"torch"})).exercise("correlation").outcome is Outcome.BLOCKED


def test_an_exercise_is_observed_once(checks: LessonChecks) -> None:
    script = Script()
    one = loop(checks, failing("standardize", "correlation"), script)
    for name in ("correlation", "standardize", "correlation"):
        one.exercise(name)
    assert len(script.asked) == 5


def test_an_exercise_that_passes_waits_for_nobody(checks: LessonChecks) -> None:
    script = Script()
    loop(checks, failing("standardize"), script).exercise("correlation")
    assert len(script.asked) == 2


def test_a_failure_without_a_line_points_at_the_definition(checks: LessonChecks) -> None:
    found = loop(checks, failing("fit_line")).exercise("fit_line").checks
    assert [check.where for check in found] == [HERE]
    assert [check.where for check in loop(checks, failing()).exercise("fit_line").checks] == [None]


def test_prints_of_hidden_checks_are_not_shown(checks: LessonChecks) -> None:
    assert loop(checks, failing()).exercise("standardize").output == "has_mean_zero_and_spread_one\n"


def test_every_check_that_was_seen_can_be_kept_with_its_seed(checks: LessonChecks) -> None:
    kept: list[Seen] = []
    loop(checks, failing(), keep=kept.append).exercise("fit_line")
    [seen] = kept
    assert (seen.check.name, seen.reply, seen.result.outcome) == ("finds_the_line", Result(1), Outcome.PASSED)
    assert seen.seed == check_seed(5, "lesson-1.1.1", seen.check)


def test_untimed_results_are_the_same_each_time(checks: LessonChecks) -> None:
    results = [loop(checks, failing(), timed=False).exercise("standardize") for _ in range(2)]
    assert results[0] == results[1]
    assert {check.seconds for check in results[0].checks} == {0.0}


def test_where_the_course_is_at_fault_a_student_loses_no_points(checks: LessonChecks) -> None:
    def judge(check: Check, seed: int, seen: Observed) -> CheckResult:
        raise ReferenceFailed("the reference raised KeyError: 'x'")

    result = loop(checks, forgiving(judge)).exercise("fit_line")
    assert (result.outcome, result.points) == (Outcome.ERROR, result.max_points)
    assert "the reference raised KeyError" in result.checks[0].message
    with pytest.raises(ReferenceFailed):
        loop(checks, judge).exercise("fit_line")

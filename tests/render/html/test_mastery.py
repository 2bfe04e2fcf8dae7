from __future__ import annotations

import pytest

from blindgrade.models import Attempt, ExerciseResult, Outcome, SubmissionRef
from blindgrade.render.html.mastery import history, mastery


def result(
    name: str, points: float, outcome: Outcome = Outcome.FAILED, concepts: tuple[str, ...] = ()
) -> ExerciseResult:
    return ExerciseResult(
        name=name, title=name, outcome=outcome, points=points, max_points=10, concepts=list(concepts), checks=[]
    )


def attempt(at: str, *results: ExerciseResult, lesson: str = "lesson-1.1.1") -> Attempt:
    return Attempt(
        lesson=lesson, title="", points=0, max_points=10, submission=SubmissionRef(path="", sha256=""), graded_at=at,
        seed=0, reference="live", sandbox="none", seconds=0, exercises=list(results),
    )  # fmt: skip


def test_an_attempt_at_one_exercise_leaves_the_others_as_they_were() -> None:
    first = attempt("2026-01-01", result("a", 10, Outcome.PASSED), result("b", 0))
    second = attempt("2026-01-02", result("b", 4))
    third = attempt("2026-01-03", result("a", 0))
    steps = history([second, third, first], "lesson-1.1.1")
    assert [step.points for step in steps] == [10, 14, 4]
    assert [step.changed for step in steps] == ["a passed, b failed", "b +4 points", "a failed"]


def test_other_lessons_are_not_counted() -> None:
    assert history([attempt("2026-01-01", result("a", 1), lesson="lesson-1.1.2")], "lesson-1.1.1") == []


@pytest.mark.parametrize(
    ("results", "standing"),
    [
        ([result("a", 0, Outcome.NOT_ATTEMPTED, ("c",))], "not begun"),
        ([result("a", 0, concepts=("c",))], "not yet"),
        ([result("a", 10, Outcome.PASSED, ("c",)), result("b", 0, Outcome.NOT_ATTEMPTED, ("c",))], "partly"),
        ([result("a", 7, concepts=("c",))], "mostly"),
        ([result("a", 10, Outcome.PASSED, ("c",))], "mastered"),
    ],
)
def test_mastery_is_the_share_of_points(results: list[ExerciseResult], standing: str) -> None:
    (row,) = mastery([attempt("2026-01-01", *results)])
    assert (row.concept, row.standing, len(row.places)) == ("c", standing, len(results))


def test_earlier_results_count_where_this_grading_has_none() -> None:
    now = attempt("2026-01-02", result("a", 4, concepts=("c",)))
    known = {
        "lesson-1.1.1": [result("a", 10, Outcome.PASSED, ("c",)), result("b", 0, concepts=("c",))],
        "lesson-1.1.2": [result("a", 10, Outcome.PASSED, ("c", "d"))],
    }
    first, second = mastery([now], known)
    assert (first.concept, first.earned, first.of) == ("c", 14, 30)
    assert first.places == [("lesson-1.1.1", "a"), ("lesson-1.1.1", "b"), ("lesson-1.1.2", "a")]
    assert (second.concept, second.standing) == ("d", "mastered")

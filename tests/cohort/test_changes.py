"""Who gained and lost by a change of checks, and because of which check."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blindgrade.attempts.decision import Decision
from blindgrade.attempts.effects import Effects
from blindgrade.cohort.changes import Changes, change
from blindgrade.engine.judging.scoring import score
from blindgrade.models import Attempt, CheckResult, Exercise, ExerciseResult, Outcome, SubmissionRef

P, F, E, N = Outcome.PASSED, Outcome.FAILED, Outcome.ERROR, Outcome.NOT_ATTEMPTED
Checks = dict[str, tuple[Outcome, float]]


def exercise(name: str, points: float, checks: Checks) -> ExerciseResult:
    hints = ["a", "b", "c"]
    spec = Exercise(name=name, title=name, points=points, difficulty=1, concepts=["c"], hints=hints)
    results = [
        CheckResult(name=check, claim="", public=True, outcome=outcome, weight=weight)
        for check, (outcome, weight) in checks.items()
    ]
    return score(spec, results)


def attempt(*exercises: ExerciseResult, student: str = "ada") -> Attempt:
    values: dict[str, Any] = {
        "lesson": "lesson-1", "title": "", "points": round(sum(e.points for e in exercises), 6), "student": student,
        "max_points": sum(e.max_points for e in exercises), "submission": SubmissionRef(path="x", sha256="s"),
        "graded_at": "2026-11-02T00:00:00Z", "seed": 1, "reference": "live", "sandbox": "", "seconds": 0,
        "exercises": list(exercises), "key": "k",
    }  # fmt: skip
    return Attempt.model_validate(values)


def causes(old: Attempt, new: Attempt) -> dict[str, float]:
    return {cause.text: points for cause, points in change(old, new).causes.items()}


def test_the_check_that_judges_differently_has_the_difference() -> None:
    old = attempt(exercise("a", 6, {"x": (P, 1), "y": (P, 2)}), exercise("b", 4, {"z": (F, 1)}))
    new = attempt(exercise("a", 6, {"x": (P, 1), "y": (F, 2)}), exercise("b", 4, {"z": (P, 1)}))
    found = change(old, new)
    assert (found.old_points, found.new_points, found.difference) == (6, 6, 0)
    assert causes(old, new) == {
        "lesson-1/a y: passed before, failed now": -4,
        "lesson-1/b z: failed before, passed now": 4,
    }


def test_a_new_check_has_also_what_the_others_lost_in_weight() -> None:
    old, new = attempt(exercise("a", 6, {"x": (P, 1)})), attempt(exercise("a", 6, {"x": (P, 1), "y": (F, 1)}))
    assert causes(old, new) == {"lesson-1/a y: new check, failed": -3}
    assert causes(new, old) == {"lesson-1/a y: check removed, failed before": 3}


def test_points_and_weights_of_an_exercise_are_causes_of_their_own() -> None:
    old = attempt(exercise("a", 6, {"x": (P, 1), "y": (F, 1)}))
    assert causes(old, attempt(exercise("a", 2, {"x": (P, 1), "y": (F, 1)}))) == {
        "lesson-1/a: points of the exercise 6 → 2": -2
    }
    assert causes(old, attempt(exercise("a", 6, {"x": (P, 1), "y": (F, 2)}))) == {
        "lesson-1/a: weights of its checks": -1
    }
    assert causes(old, attempt(exercise("a", 12, {"x": (P, 1), "y": (P, 1)}))) == {
        "lesson-1/a: points of the exercise 6 → 12": 3,
        "lesson-1/a y: failed before, passed now": 6,
    }


def test_a_new_exercise_and_a_removed_one() -> None:
    a, b = exercise("a", 6, {"x": (P, 1)}), exercise("b", 4, {"z": (P, 1)})
    assert causes(attempt(a), attempt(a, b)) == {"lesson-1/b: new exercise": 4}
    assert causes(attempt(a, b), attempt(a)) == {"lesson-1/b: exercise removed": -4}


def test_a_check_that_the_grader_cannot_judge_costs_nothing() -> None:
    old, new = attempt(exercise("a", 6, {"x": (P, 1)})), attempt(exercise("a", 6, {"x": (E, 1)}))
    assert causes(old, new) == {}


outcomes = st.sampled_from([P, F, E, N])
checks = st.dictionaries(st.sampled_from("xyz"), st.tuples(outcomes, st.sampled_from([0.5, 1.0, 3.0])), min_size=1)
exercises = st.dictionaries(st.sampled_from("ab"), st.tuples(st.sampled_from([1.0, 4.0, 7.5]), checks), min_size=1)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # other tests may load the machine
@given(exercises, exercises)
def test_the_causes_sum_to_the_difference(old: Any, new: Any) -> None:
    before, after = (attempt(*(exercise(n, p, c) for n, (p, c) in one.items())) for one in (old, new))
    found = change(before, after)
    assert sum(found.causes.values()) == pytest.approx(found.difference, abs=1e-4)


def test_the_largest_effect_comes_first_and_students_are_summed() -> None:
    def pair(student: str, *outcomes: Outcome) -> Any:
        old = attempt(exercise("a", 6, {"x": (P, 1)}), exercise("b", 4, {"z": (P, 1)}), student=student)
        x, z = outcomes
        return change(old, attempt(exercise("a", 6, {"x": (x, 1)}), exercise("b", 4, {"z": (z, 1)}), student=student))

    found = Changes([pair("ada", P, F), pair("ben", F, F), pair("cem", P, F), pair("dan", P, P)])
    assert [(one.cause.check, dict(one.students)) for one in found.effects()] == [
        ("z", {"ada": -4, "ben": -4, "cem": -4}),
        ("x", {"ben": -6}),
    ]
    assert [one.student for one in found.lost] == ["ada", "ben", "cem"] and found.gained == []


def test_a_decision_to_keep_the_higher_points_counts_on_both_sides() -> None:
    kept = {"submission": "s", "old_points": 6, "new_points": 0, "exercises": {"a": 6}}
    one = Decision.model_validate({
        "kind": "keep_higher", "student": "ada", "lesson": "lesson-1", "kept": kept, "reason": "r", "number": 1,
        "at": "2026-11-01T00:00:00Z", "author": "prof",
    })  # fmt: skip
    old, new = attempt(exercise("a", 6, {"x": (P, 1), "y": (F, 1)})), attempt(exercise("a", 6, {"x": (F, 1)}))
    assert change(old, new).difference == -3
    held = change(old, new, Effects((one,)))
    assert (held.difference, held.causes) == (0, {})

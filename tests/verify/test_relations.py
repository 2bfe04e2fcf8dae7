"""Relations of a course's misconceptions."""

from __future__ import annotations

from pathlib import Path

from blindgrade.catalog import Catalog
from blindgrade.verify.relations import counts, relations_of

MINI = Path(__file__).parents[1] / "courses" / "mini"


def test_each_misconception_of_a_deterministic_exercise_has_its_relations() -> None:
    done: list[tuple[str, int, int]] = []
    found = relations_of(Catalog(MINI), ["lesson-1.1.1"], 1, lambda *step: done.append(step))
    of = {(one.exercise, one.misconception): one for one in found}
    assert {exercise for exercise, _ in of} == {"standardize", "correlation"}
    assert (done[-1][1:], len(done)) == ((2, 2), 2)
    spread = of["standardize", "sample_spread"]
    assert spread.named and spread.failed >= 2
    assert spread.relations == {"proportional": "Your result is the expected value times one factor."}
    assert list(of["standardize", "accepts_one_value"].relations) == ["no_error"]
    assert of["correlation", "covariance"].relations == {}
    assert counts(found)["proportional"] == 1


def test_one_exercise_can_be_asked_for() -> None:
    found = relations_of(Catalog(MINI), ["lesson-1.1.1/correlation"], 1, lambda *step: None)
    assert {one.exercise for one in found} == {"correlation"}

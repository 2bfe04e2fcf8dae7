"""Figures of results as plain numbers: right results, wrong results, and results that cannot be drawn."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from blindgrade.checks import Check, Rng, check
from blindgrade.engine.judging.collected_figures import MAX_ELEMENTS, CollectedFigures
from blindgrade.engine.wire.replies import Answer, Raised, Result
from blindgrade.figures import Figure, paths
from blindgrade.models import Outcome

RIGHT = torch.zeros(2, 3, 2)


def ways(result: Any, rng: Rng) -> Figure:
    return paths(f"from {rng.integer(0, 1000)}", result["walk"])


class Expected:
    """Reference that always has the same result."""

    kind = "live"

    def expected(self, check: Check, seed: int) -> Answer | None:
        return Result({"walk": RIGHT})

    own = expected

    def given(self, check: Check, seed: int) -> dict[str, str]:
        return {}


def made(reply: Answer, outcome: Outcome = Outcome.FAILED, **options: Any) -> CollectedFigures:
    def walk(lesson: Any, rng: Rng) -> None:
        """The claim."""

    figures = CollectedFigures()
    one = check("walking", figure=ways, **{"public": True, **options})(walk)
    figures.add("lesson-1.1.1", one, reply, outcome, Expected(), seed=3)
    return figures


def a_result(value: Any) -> Result:
    return Result(value)


def test_a_wrong_result_of_a_public_check_is_shown_beside_the_references() -> None:
    (pair,) = made(a_result({"walk": RIGHT + 1})).found
    assert pair.student is not None and pair.reference is not None
    assert pair.student.series[0].rows == [[1.0, 1.0]] * 3
    assert pair.reference.series[0].rows == [[0.0, 0.0]] * 3
    assert pair.student.title == pair.reference.title  # both sides draw from the same seed


def test_a_right_result_is_shown_alone() -> None:
    (pair,) = made(a_result({"walk": RIGHT}), Outcome.PASSED).found
    assert pair.student is not None and pair.reference is None


def test_the_references_figure_of_a_hidden_check_is_never_shown() -> None:
    (pair,) = made(a_result({"walk": RIGHT + 1}), public=False).found
    assert pair.reference is None
    assert not made(Raised("ValueError", ""), public=False).found


def test_a_check_without_a_reference_shows_the_students_figure_alone() -> None:
    (pair,) = made(a_result({"walk": RIGHT}), reference=False).found
    assert pair.reference is None


@pytest.mark.parametrize(
    "reply",
    [
        Raised("ValueError", ""),
        a_result(None),
        a_result({"walk": "<script>"}),
        a_result({"walk": torch.zeros(3)}),
        a_result({"walk": torch.zeros(2, 3, 2, dtype=torch.complex64)}),
        a_result({"walk": torch.zeros(1).expand(MAX_ELEMENTS + 1)}),
        a_result([[]] * (MAX_ELEMENTS + 1)),
    ],
    ids=["raised", "none", "text", "shape", "complex", "large", "long"],
)
def test_a_result_that_cannot_be_drawn_leaves_the_references_figure_alone(reply: Answer) -> None:
    (pair,) = made(reply).found
    assert pair.student is None and pair.reference is not None


def test_infinite_and_huge_numbers_become_gaps() -> None:
    (pair,) = made(a_result({"walk": torch.tensor([[[math.inf, 0.0], [1e30, 1.0], [2.0, 3.0]]])})).found
    assert pair.student is not None
    assert [math.isnan(row[0]) for row in pair.student.series[0].rows] == [True, True, False]


def test_a_check_without_a_figure_keeps_nothing() -> None:
    def plain(lesson: Any, rng: Rng) -> None:
        """The claim."""

    figures = CollectedFigures()
    figures.add("l", check("walking", public=True)(plain), a_result(1), Outcome.FAILED, Expected(), seed=3)
    assert figures.found == []

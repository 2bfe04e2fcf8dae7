from __future__ import annotations

import pytest

from blindgrade.systems.nbgrader.adjustments import added_before, extra_credit, with_sentence

from ...graded import scored


@pytest.mark.parametrize("points", [5.0, 0.25, 12.333333])
def test_the_comment_says_how_many_points_a_later_sync_takes_back(points: float) -> None:
    score = scored("ana", 60).model_copy(update={"adjusted": points})
    for comment in (None, "- ✗ A claim."):
        assert added_before(with_sentence(comment, score)) == points


def test_without_added_points_the_comment_stays() -> None:
    assert with_sentence(None, scored("ana", 60)) is None
    assert with_sentence("x", scored("ana", 60).model_copy(update={"adjusted": -5.0})) == "x"


def test_a_persons_extra_credit_stays() -> None:
    score = scored("ana", 60).model_copy(update={"adjusted": 3.0})
    assert extra_credit(1.0, None, score) == 4
    assert extra_credit(4.0, with_sentence(None, score), scored("ana", 60)) == 1
    assert extra_credit(None, None, scored("ana", 60)) is None

"""Weight of evidence."""

from __future__ import annotations

import numpy as np

from blindgrade.engine.judging.relations.evidence import Weight, weight
from blindgrade.engine.judging.relations.parts import Part


def _part(values: list[float], atol: float = 1e-9, rtol: float = 1e-7) -> Part:
    return Part((), values, values, atol, rtol)


def test_distinct_values_count_once() -> None:
    part = _part([0.3, 0.3, 0.3, 0.7])
    assert weight([(part, -part.w, part.w)], of_values=True).values == 2


def test_values_within_the_tolerance_do_not_count() -> None:
    part = _part([0.3, 0.001, 0.7, 0.9], atol=0.01, rtol=0.0)
    assert weight([(part, -part.w, part.w)], of_values=True).values == 3


def test_coarse_values_weigh_less() -> None:
    fine, coarse = (_part([0.31, 0.52, 0.73, 0.94], rtol=r) for r in (1e-7, 1e-2))
    assert weight([(fine, -fine.w, fine.w)]).enough
    assert not weight([(coarse, -coarse.w, coarse.w)]).enough


def test_chosen_numbers_are_no_evidence() -> None:
    assert not Weight(4, 1, 80.0).less(3).enough
    assert Weight(6, 1, 100.0).less(2).enough


def test_a_mask_weighs_by_its_places() -> None:
    part = Part((), [], [[1] * 6] * 3 + [[0] * 6] * 3, 0.0, 0.0)
    with np.errstate(divide="ignore"):
        assert weight([(part, part.w[::-1], part.w)]).bits == 36.0

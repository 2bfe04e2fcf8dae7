"""Rounding of points, which every export uses."""

from __future__ import annotations

import pytest

from blindgrade.gradebook.points import fixed, scaled, short


@pytest.mark.parametrize(
    ("points", "two"),
    [(2.675, "2.68"), (1.005, "1.01"), (0.125, "0.13"), (44.2, "44.20"), (-0.001, "0.00"), (1e6, "1000000.00")],
)
def test_a_half_is_rounded_up_as_it_reads(points: float, two: str) -> None:
    assert fixed(points) == two


def test_short_text_has_no_zeros_at_its_end_and_never_an_exponent() -> None:
    assert [short(p) for p in (100, 52.0, 8.5, 1 / 3, 0.0)] == ["100", "52", "8.5", "0.33", "0"]
    assert short(1234567.125, 6) == "1234567.125" and short(1e-7, 6) == "0"


def test_points_are_scaled_and_nothing_of_nothing_is_nothing() -> None:
    assert scaled(52, 100, 10) == 5.2
    assert scaled(0, 0, 10) == 0

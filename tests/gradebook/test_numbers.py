"""Numbers as Canvas and Moodle write them in several languages."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blindgrade.gradebook.numbers import number


@pytest.mark.parametrize(
    ("text", "in_commas", "in_semicolons"),
    [
        ("10", 10, 10), ("1,000.00", 1000, 1000), ("1.000,00", 1000, 1000), ("1000.50", 1000.5, 1000.5),
        ("1,000", 1000, 1), ("1.000", 1, 1000), ("8,5", 8.5, 8.5), ("10,00", 10, 10), ("1,000,000", 1e6, 1e6),
        ("1 000,50", 1000.5, 1000.5), ("1\u202f000,50", 1000.5, 1000.5), ("1'000.50", 1000.5, 1000.5), ("-3", -3, -3),
    ],
)  # fmt: skip
def test_a_comma_separates_thousands_unless_semicolons_separate_cells(
    text: str, in_commas: float, in_semicolons: float
) -> None:
    assert (number(text, thousands=","), number(text, thousands=".")) == (in_commas, in_semicolons)


@pytest.mark.parametrize(
    "text", ["", "ten", "1,00,0", "1.2.3", "10.", ".5", "1,0000", "1 00", "10 %", "1e3", "nan", "(read only)", "=1+1"]
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert number(text, thousands=",") is None


@settings(deadline=None)  # the machine may be busy
@given(st.floats(0, 1e6), st.sampled_from([",", "."]), st.booleans())
def test_a_number_with_two_decimals_is_read_back_with_any_marks(points: float, mark: str, grouped: bool) -> None:
    text = f"{points:,.2f}" if grouped else f"{points:.2f}"
    if mark == ",":
        text = text.translate(str.maketrans(",.", ".,"))
    assert number(text, thousands=",") == number(text, thousands=".") == number(text) == float(f"{points:.2f}")

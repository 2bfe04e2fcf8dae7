"""Values that depend on the machine are fixed before the sample is made."""

from __future__ import annotations

import pytest

from blindgrade.figures import FigurePair, curves
from blindgrade.samples.student import _rounded, _short


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("is -1.2170212; expected 1.21702 (rtol 0.0001)", "is -1.22; expected 1.22 (rtol 0.0001)"),
        ("stopped after 10 s", "stopped after 10 s"),
        ("1.23456e-07 and 0.5", "1.23e-07 and 0.5"),
    ],
)  # fmt: skip
def test_numbers_in_a_message_keep_three_digits(text: str, short: str) -> None:
    assert _short(text) == short


def test_last_digits_of_a_figure_do_not_reach_the_page() -> None:
    one, other = (curves("x", {"a": ([0.0, 1.0], [0.5, value])}) for value in (1.2345678, 1.2345679))
    assert _rounded(FigurePair("l", "e", "c", one, None)) == _rounded(FigurePair("l", "e", "c", other, None))

"""A remark is made only if the whole interval of its figure says the same."""

import numpy as np
import pytest

from blindgrade.cohort_report.remarks import EVERYONE, remarks, separates_poorly, surely_failed
from blindgrade.cohort_report.statistics import Interval, ItemStatistics, item_statistics, share_interval
from blindgrade.models import Outcome


def _found(r: Interval | None, difficulty: float = 0.5) -> ItemStatistics:
    return ItemStatistics(difficulty, difficulty, r, None, None)


def _outcomes(passed: int, failed: int = 0, blocked: int = 0, left: int = 0, error: int = 0) -> dict[Outcome, int]:
    return {
        Outcome.PASSED: passed, Outcome.FAILED: failed, Outcome.BLOCKED: blocked, Outcome.NOT_ATTEMPTED: left,
        Outcome.ERROR: error,
    }  # fmt: skip


def test_wilsons_limits_are_those_of_the_formula_and_hold_for_none_and_all():
    # Newcombe 1998, table I: 81 of 263 and 15 of 148, Wilson's score method.
    assert share_interval(81, 263).low == pytest.approx(0.2553, abs=5e-5)
    assert share_interval(81, 263).high == pytest.approx(0.3662, abs=5e-5)
    assert share_interval(15, 148).low == pytest.approx(0.0624, abs=5e-5)
    assert share_interval(15, 148).high == pytest.approx(0.1605, abs=5e-5)
    assert share_interval(0, 20).low == 0.0 and share_interval(20, 20).high == 1.0
    assert (share_interval(0, 0).low, share_interval(0, 0).high) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("interval", "poorly"),
    [
        (Interval(0.18, -0.08, 0.41), False),  # of 60 real students: it may as well separate them well
        (Interval(0.05, -0.09, 0.19), True),
        (Interval(-0.1, -0.4, 0.21), False),
        (Interval(-0.4, -0.6, -0.1), True),
        (None, False),
    ],
)
def test_an_exercise_separates_poorly_only_if_its_upper_limit_says_so(interval, poorly):
    assert separates_poorly(_found(interval)) is poorly
    assert bool(remarks(_found(interval), _outcomes(30, 30))) is poorly


def test_an_easy_exercise_is_not_blamed_for_separating_poorly_but_for_separating_wrongly():
    assert not separates_poorly(_found(Interval(0.05, -0.05, 0.15), 0.97))
    assert separates_poorly(_found(Interval(-0.3, -0.4, -0.2), 0.97))


def test_the_remark_names_the_figure_and_its_limits():
    assert remarks(_found(Interval(0.05, -0.09, 0.19)), _outcomes(30, 30)) == [
        "it separates strong and weak students poorly (point-biserial 0.05, 95 % limits -0.09 to 0.19)"
    ]


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        (_outcomes(3, 17), []),  # 15 % of 20; the upper limit is 36 %
        (_outcomes(12, 88), ["hard: 12 of 100 pass"]),
        (_outcomes(10, 0, 0, 10), []),  # half of 20 leave it; the lower limit is 30 %
        (_outcomes(50, 0, 0, 50), ["50 of 100 students do not attempt it"]),
        (_outcomes(60, 10, 30), []),
        (_outcomes(50, 10, 40), ["an earlier exercise blocks 40 of 100 students"]),
        (_outcomes(10, 9), []),  # too few students
        (_outcomes(30, 0, 0, 0, 5), [EVERYONE]),  # what the grader could not judge does not count
        (_outcomes(0, 25), ["no one of 25 passes: is it taught, and does a check require more than the text says?"]),
    ],
)
def test_shares_have_remarks_only_beyond_their_limits(outcomes, said):
    assert remarks(_found(None), outcomes) == said


def test_a_check_that_a_few_reached_and_no_one_passed_is_no_finding():
    assert not surely_failed(1) and not surely_failed(15)
    assert surely_failed(16)


def test_good_exercises_are_called_poor_in_at_most_one_of_forty_cohorts():
    """A hundred cohorts of each size; every exercise's true correlation is above the threshold, at about 0.3."""
    rng = np.random.default_rng(0)
    wrong = made = 0
    for students in (25, 60, 200):
        for _ in range(100):
            ability = rng.normal(size=(students, 1))
            passed = (0.45 * ability + 0.9 * rng.normal(size=(students, 8)) > 0).astype(float)
            for found in item_statistics(passed, passed, np.ones(8)):
                made += 1
                wrong += separates_poorly(found)
    assert made == 2400 and wrong / made < 0.025

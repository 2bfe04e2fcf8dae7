"""Item analysis against a published data set, and against answers that are known by construction."""

import math

import numpy as np
import pytest

from blindgrade.cohort_report.statistics import (
    alpha,
    alpha_interval,
    item_statistics,
    point_biserial,
    standard_error,
    upper_lower,
)

# Law School Admission Test, section 6: 1000 candidates, five items, from Bock and Lieberman (1970), "Fitting a response
# model for n dichotomously scored items", Psychometrika 35, table 1. How many gave each pattern, 00000 to 11111.
LSAT = [
    *(3, 6, 2, 11, 1, 1, 3, 4, 1, 8, 0, 16, 0, 3, 2, 15),
    *(10, 29, 14, 81, 3, 28, 15, 80, 16, 56, 21, 173, 11, 61, 28, 298),
]
# What `descript(LSAT)` of the R package ltm prints for these data: Rizopoulos (2006), "ltm: An R package for latent
# variable modeling and item response theory analyses", Journal of Statistical Software 17(5).
PASSED = [0.924, 0.709, 0.553, 0.763, 0.870]
POINT_BISERIAL_EXCLUDED = [0.1128, 0.1532, 0.1728, 0.1444, 0.1216]
ALPHA, ALPHA_WITHOUT = 0.2950, [0.2754, 0.2376, 0.2168, 0.2459, 0.2663]
TOTALS = [3, 20, 85, 237, 357, 298]


@pytest.fixture(scope="module")
def lsat():
    rows = [[int(bit) for bit in f"{pattern:05b}"] for pattern, count in enumerate(LSAT) for _ in range(count)]
    return np.array(rows, dtype=float)


def test_the_lsat_data_are_those_that_were_published(lsat):
    assert lsat.shape == (1000, 5)
    assert np.bincount(lsat.sum(axis=1).astype(int)).tolist() == TOTALS


def test_lsat_items_have_their_published_statistics(lsat):
    found = item_statistics(lsat, lsat, np.ones(5))
    assert [s.passed for s in found] == pytest.approx(PASSED)
    assert [s.difficulty for s in found] == pytest.approx(PASSED)
    assert [s.point_biserial.value for s in found] == pytest.approx(POINT_BISERIAL_EXCLUDED, abs=6e-5)
    assert [s.alpha_without for s in found] == pytest.approx(ALPHA_WITHOUT, abs=6e-5)
    assert alpha(lsat) == pytest.approx(ALPHA, abs=6e-5)


def test_parallel_items_have_the_alpha_of_spearman_and_brown():
    # Six items of equal truth and independent errors of equal size correlate by 1/2, so alpha is 6/2 / (1 + 5/2).
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(200_000, 1)) + rng.normal(size=(200_000, 6))
    assert alpha(scores) == pytest.approx(6 * 0.5 / (1 + 5 * 0.5), abs=0.003)
    # The total of six has variance 36 + 6; what is not truth in it are the six errors.
    assert standard_error(scores) == pytest.approx(math.sqrt(6), abs=0.02)


def test_point_biserial_of_a_threshold_is_the_normal_curves_ordinate():
    # A normal score correlates with "above the mean" by phi(0) / sqrt(1/4).
    score = np.random.default_rng(1).normal(size=200_000)
    found = point_biserial((score > 0).astype(float), score)
    assert found.value == pytest.approx(2 / math.sqrt(2 * math.pi), abs=0.003)
    assert found.low < found.value < found.high


def test_upper_lower_of_a_threshold_item_is_what_two_normals_give():
    from scipy import stats

    rng = np.random.default_rng(2)
    total = rng.normal(size=200_000)
    latent = 0.6 * total + 0.8 * rng.normal(size=200_000)
    cut = stats.norm.ppf(0.73)
    below = stats.multivariate_normal(cov=[[1, 0.6], [0.6, 1]]).cdf([-cut, 0.0]) / 0.27
    expected = below - (1 - below)  # of those below the cut this share fails; above it as many pass
    assert upper_lower((latent > 0).astype(float), total) == pytest.approx(expected, abs=0.01)


def test_upper_lower_by_hand_with_ties_at_the_cut():
    # 27 % of ten is 2.7: the upper tail is 9, 8 and 0.7 of the two students with 7, each counted by 0.35.
    total = np.array([0, 1, 2, 3, 4, 5, 7, 7, 8, 9], dtype=float)
    shares = np.array([0, 0, 0, 0, 0, 0, 1, 0, 1, 1], dtype=float)
    assert upper_lower(shares, total) == pytest.approx((1 + 1 + 0.35) / 2.7)
    order = np.random.default_rng(3).permutation(10)
    assert upper_lower(shares[order], total[order]) == pytest.approx((1 + 1 + 0.35) / 2.7)


def test_feldts_limits_contain_alpha_as_often_as_they_say():
    rng = np.random.default_rng(4)
    true = 5 * 0.5 / (1 + 4 * 0.5)
    held = 0
    for _ in range(600):
        limits = alpha_interval(rng.normal(size=(40, 1)) + rng.normal(size=(40, 5)))
        held += limits.low < true < limits.high
    assert 0.92 < held / 600 < 0.98


def test_an_exercise_of_more_points_weighs_more_in_the_rest():
    shares = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1], [0, 1, 0], [1, 1, 1.0]])
    light, heavy = (item_statistics(shares, shares, np.array(points)) for points in ([1, 9, 1.0], [1, 1, 9.0]))
    assert light[0].point_biserial.value < 0 < heavy[0].point_biserial.value


def test_a_column_that_does_not_vary_has_no_figure():
    everyone = np.ones((10, 3))
    found = item_statistics(everyone, everyone, np.ones(3))
    assert all(s.point_biserial is None and s.upper_lower is None and s.alpha_without is None for s in found)
    assert alpha(everyone) is None and alpha_interval(everyone) is None and standard_error(everyone) is None
    assert alpha(np.ones((1, 3))) is None and alpha(np.random.default_rng(5).normal(size=(9, 1))) is None

"""Levels, quota, capacity and time."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blindgrade.models import Feedback, LessonFeedback, Level, Policy, Quota
from blindgrade.service import policy

LEVELS = st.sampled_from(list(Level))


@given(LEVELS, st.floats(0, 2e9), st.floats(0, 299))
def test_a_result_appears_after_it_is_there_and_only_at_a_slot(level: Level, accepted: float, took: float) -> None:
    shown = policy.shown_at(level, accepted, accepted + took)
    assert shown >= accepted + took - 1e-6
    waits = shown - accepted
    assert any(abs(waits - slot) < 1e-3 for slot in policy.slots(level, 300.0))


def test_up_to_exercises_a_sleep_is_seen_in_doubled_slots_alone() -> None:
    at = [policy.shown_at(Level.EXERCISES, 0.0, took) for took in (0.1, 1.0, 9.9, 10.1, 19.0, 21.0)]
    assert at == [10.0, 10.0, 10.0, 20.0, 20.0, 40.0]
    assert [policy.shown_at(Level.CHECKS, 0.0, took) for took in (0.0, 0.4, 1.99, 2.01)] == [2.0, 2.0, 2.0, 4.0]


def test_a_clock_that_goes_back_shows_nothing_too_early() -> None:
    assert policy.shown_at(Level.TOTAL, 100.0, 50.0) == 110.0


@pytest.mark.parametrize(
    ("level", "bits"),
    [
        (Level.NOTHING, 0.0),
        (Level.TOTAL, math.log2(7)),
        (Level.EXERCISES, 2.0),
        (Level.COUNTS, math.log2(3) + math.log2(5)),
        (Level.CHECKS, 6.0),
    ],
)
def test_capacity_counts_the_results_that_differ(level: Level, bits: float) -> None:
    found = policy.capacity(level, [[1.0, 1.0], [1.0] * 4], 300.0)
    assert found.result == pytest.approx(bits)
    assert found.time == pytest.approx(0.0 if level is Level.NOTHING else math.log2(len(policy.slots(level, 300.0))))


def test_points_that_are_sums_of_unequal_weights_say_more_than_a_count() -> None:
    equal = policy.capacity(Level.TOTAL, [[1.0, 1.0, 1.0]], 300.0)
    unequal = policy.capacity(Level.TOTAL, [[1.0, 2.0, 4.0]], 300.0)
    assert (equal.result, unequal.result) == (2.0, 3.0)


def test_each_level_carries_at_least_as_much_as_the_level_before() -> None:
    found = [policy.capacity(level, [[1.0] * 3, [1.0] * 5, [1.0]], 300.0).result for level in Level]
    assert found[0] == 0 and found[3] <= found[4] and found[1] <= found[4]


def test_a_quota_counts_the_last_hour_and_day_and_none_means_none() -> None:
    hour = Quota(per_hour=2)
    assert not policy.over_quota(None, [1.0] * 99, 2.0)
    assert not policy.over_quota(hour, [5000.0], 5001.0)
    assert policy.over_quota(hour, [5000.0, 5000.5], 5001.0)
    assert not policy.over_quota(hour, [1.0, 5000.5], 5001.0)
    assert policy.over_quota(Quota(per_day=1), [1.0], 86400.0)
    assert policy.over_quota(Quota(per_hour=0), [], 1.0)


def test_a_lessons_own_quota_comes_before_the_courses() -> None:
    whole, own = Quota(per_day=5), Quota(per_day=1, beyond=Level.TOTAL)
    feedback = Feedback(quota=whole, lessons={"lesson-1": LessonFeedback(quota=own), "lesson-2": LessonFeedback()})
    rules = Policy(feedback=feedback)
    assert [policy.quota_of(rules, name) for name in ("lesson-1", "lesson-2", "lesson-3")] == [own, whole, whole]
    assert policy.quota_of(Policy(), "lesson-1") is None

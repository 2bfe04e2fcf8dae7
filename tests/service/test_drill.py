"""A student who submits adaptively: their results differ in no more ways than the stated capacity has."""

from __future__ import annotations

import itertools
import math
from functools import cache

import pytest

from blindgrade.models import Attempt, CheckResult, ExerciseResult, Level, Outcome, SubmissionRef
from blindgrade.service.policy import capacity, shown_at, slots
from blindgrade.student_view import student_view

# Checks of three exercises, with unequal points: what a student would like to know is which of them pass.
POINTS = {"one": [10.0, 10.0], "two": [5.0, 5.0, 5.0], "three": [30.0]}
LIMIT = 300.0


@cache
def seen(level: Level, passed: tuple[bool, ...]) -> str:
    """All that the student reads of a submission of which these hidden checks pass."""
    left = iter(passed)
    exercises = []
    for name, own in POINTS.items():
        outcomes = [next(left) for _ in own]
        checks = [
            CheckResult(
                name=f"{name}{number}", claim="A claim.", public=False, message="expected 4.25",
                outcome=Outcome.PASSED if good else Outcome.FAILED, seconds=0.5 + good,
            )
            for number, good in enumerate(outcomes)
        ]  # fmt: skip
        exercises.append(
            ExerciseResult(
                name=name, title=name, outcome=Outcome.PASSED if all(outcomes) else Outcome.FAILED, concepts=[],
                points=sum(p for p, good in zip(own, outcomes, strict=True) if good), max_points=sum(own),
                checks=checks,
            )
        )  # fmt: skip
    attempt = Attempt(
        lesson="l", title="L", points=sum(one.points for one in exercises), max_points=65, graded_at="t", seed=1,
        submission=SubmissionRef(path="", sha256=""), reference="live", sandbox="", seconds=sum(passed),
        exercises=exercises,
    )  # fmt: skip
    return student_view(attempt, level).model_dump_json()


@pytest.mark.parametrize("level", list(Level))
def test_results_differ_in_no_more_ways_than_the_stated_capacity(level: Level) -> None:
    every = itertools.product([True, False], repeat=sum(map(len, POINTS.values())))
    different = {seen(level, passed) for passed in every}
    stated = capacity(level, list(POINTS.values()), LIMIT).result
    assert math.log2(len(different)) <= stated + 1e-9
    if level in (Level.NOTHING, Level.EXERCISES, Level.CHECKS):
        assert math.log2(len(different)) == pytest.approx(stated)  # what is stated is not a mere upper bound


@pytest.mark.parametrize("level", [level for level in Level if level is not Level.NOTHING])
def test_a_program_that_sleeps_writes_no_more_than_the_stated_slots(level: Level) -> None:
    """It knows the slots, and sleeps so that the time of the result names a secret as well as it can."""
    times = {round(shown_at(level, 0.0, took / 10), 3) for took in range(1, int(LIMIT * 10))}
    assert math.log2(len(times)) <= capacity(level, list(POINTS.values()), LIMIT).time + 1e-9
    assert len(times) <= len(slots(level, LIMIT))


def test_a_program_that_bisects_needs_as_many_submissions_as_the_capacity_says() -> None:
    """It asks what splits the possible secrets best. All secrets together show how many bits each answer had."""
    truths = list(itertools.product([True, False], repeat=6))
    stated = capacity(Level.TOTAL, list(POINTS.values()), LIMIT).result
    asked = {truth: _asked(truth, truths) for truth in truths}
    assert max(len(answers) for answers in asked.values()) < 6  # it does learn the secret
    for count in range(1, 6):
        transcripts = {answers[:count] for answers in asked.values()}
        assert math.log2(len(transcripts)) <= count * stated
    average = sum(map(len, asked.values())) / len(asked)
    assert average * stated >= math.log2(len(truths))


def _asked(truth: tuple[bool, ...], truths: list[tuple[bool, ...]]) -> tuple[str, ...]:
    """The answers until one secret is left."""
    possible, answers = tuple(truths), []
    while len(possible) > 1:
        question = _best(possible, tuple(truths))
        answers.append(seen(Level.TOTAL, _flipped(truth, question)))
        possible = tuple(_groups(possible, question)[answers[-1]])
    assert possible == (truth,)
    return tuple(answers)


@cache
def _best(possible: tuple[tuple[bool, ...], ...], questions: tuple[tuple[bool, ...], ...]) -> tuple[bool, ...]:
    """Which answers to flip on purpose: a submission then passes a check where it was right and is not flipped."""
    return min(questions, key=lambda flips: max(map(len, _groups(possible, flips).values())))


def _flipped(truth: tuple[bool, ...], flips: tuple[bool, ...]) -> tuple[bool, ...]:
    return tuple(one != flip for one, flip in zip(truth, flips, strict=True))


def _groups(possible: tuple[tuple[bool, ...], ...], flips: tuple[bool, ...]) -> dict[str, list[tuple[bool, ...]]]:
    found: dict[str, list[tuple[bool, ...]]] = {}
    for truth in possible:
        found.setdefault(seen(Level.TOTAL, _flipped(truth, flips)), []).append(truth)
    return found

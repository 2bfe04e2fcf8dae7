"""Every figure of the course can be drawn, of the solution's result and of wrong ones, within the size of a report."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog
from blindgrade.checks import Check
from blindgrade.engine.answers.reference import LiveReference, check_seed, observe
from blindgrade.engine.judging.collected_figures import CollectedFigures
from blindgrade.engine.judging.judging import judge_by
from blindgrade.figures import FigurePair
from blindgrade.models import Kind, Outcome
from blindgrade.render.figure_svg import picture
from blindgrade.verify.workshop import Workshop

ROOT = Path(__file__).parents[2]
LESSONS = [files.entry.id for files in Catalog(ROOT).ready()]
SEED = 11


@cache
def workshop(lesson: str) -> Workshop:
    return Workshop(ROOT, lesson)


def drawn_checks(lesson: str) -> list[Check]:
    return [check for check in workshop(lesson).checks.all if check.figure is not None]


def quick(lesson: str) -> list[Check]:
    kinds = {e.name: e.kind for e in workshop(lesson).lesson.exercises}
    return [check for check in drawn_checks(lesson) if kinds[check.exercise] is not Kind.TRAINING]


def shown(reference: LiveReference, check: Check, variant: object = None) -> FigurePair | None:
    """What the report gets of the solution, or of a misconception; None where that one passes."""
    solution = reference.solution
    module = solution.module if variant is None else solution.variant(variant)  # type: ignore[arg-type]
    seed = check_seed(SEED, reference.checks.lesson.id, check)
    reply = observe(reference.checks, check, module, seed)
    outcome = judge_by(reference, check, reply, seed).outcome
    if variant is not None and outcome is Outcome.PASSED:
        return None
    figures = CollectedFigures()
    figures.add(reference.checks.lesson.id, check, reply, outcome, reference, seed)
    (pair,) = figures.found
    return pair


def test_at_least_twelve_exercises_of_several_lessons_have_a_picture() -> None:
    exercises = {(lesson, check.exercise) for lesson in LESSONS for check in drawn_checks(lesson)}
    assert len(exercises) >= 12
    assert len({lesson for lesson, _ in exercises}) >= 4


@pytest.mark.parametrize("lesson", [lesson for lesson in LESSONS if quick(lesson)])
def test_pictures_of_right_and_wrong_answers_fit_into_a_report(lesson: str) -> None:
    reference = workshop(lesson).reference
    size, wrong = 0, 0
    for check in quick(lesson):
        right = shown(reference, check)
        assert right is not None and right.student is not None and right.reference is None
        largest = len(picture(right, "p0"))
        for variant in reference.misconceptions(check.exercise):
            pair = shown(reference, check, variant)
            if pair is not None and pair.student is not None:
                assert (pair.reference is not None) is (check.public and check.reference)
                largest = max(largest, len(picture(pair, "p0")))
                wrong += 1
        size += largest
    assert wrong >= len(quick(lesson)) / 2  # wrong answers are what a picture is for
    assert size < 400_000

"""The answer key of the small course, as a student's folder has it: without solution and misconceptions."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from blindgrade.catalog import Catalog
from blindgrade.engine.answers import answer_key
from blindgrade.engine.answers.answer_key import KEY_SEED, KeyReference, check_counts
from blindgrade.engine.answers.known import read_known_answers
from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.engine.answers.solution import Solution
from blindgrade.engine.grading.in_process import Trusted
from blindgrade.models import ExerciseResult, Outcome

MINI = Path(__file__).parents[2] / "courses" / "mini"


@pytest.fixture
def released(tmp_path: Path) -> Path:
    shutil.copytree(MINI, tmp_path / "mini", ignore=shutil.ignore_patterns("solutions", "graders", "__pycache__"))
    return tmp_path / "mini"


@pytest.fixture
def known() -> tuple[Solution, Any]:
    [target] = Catalog(MINI).find(["all"])
    solution = Solution(target.files, target.lesson)
    return solution, read_known_answers(solution)


def graded(released: Path, exercise: str, module: Any) -> tuple[ExerciseResult, KeyReference]:
    [target] = Catalog(released).find(["all"])
    checks = LessonChecks(target.files, target.lesson, target.files.public_checks)
    reference = KeyReference(target.files, checks)
    return Trusted(checks, reference).exercise(target.lesson.exercise(exercise), module, KEY_SEED), reference


def test_every_misconception_that_loses_public_points_is_named_without_the_private_trees(
    released: Path, known: tuple[Solution, Any]
) -> None:
    solution, answers = known
    lost, named = [], []
    for variant in answers.wrong:
        result, _ = graded(released, variant.exercise, solution.variant(variant))
        lost += [variant.name] if result.points < result.max_points else []
        shown = {(c.misconception, c.hint) for c in result.checks if c.outcome is Outcome.FAILED}
        named += [variant.name] if (variant.name, variant.hint) in shown else []
    assert named == lost
    assert len(named) >= 9


def test_an_answer_that_passes_reads_nothing_about_misconceptions(
    released: Path, known: tuple[Solution, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    solution, answers = known
    read: list[str] = []
    real = answer_key.recorded_misconceptions
    monkeypatch.setattr(answer_key, "recorded_misconceptions", lambda c, e: read.append(c.name) or real(c, e))
    graded(released, "standardize", solution.module)
    assert read == []
    graded(released, "standardize", solution.variant(answers.wrong[0]))
    assert read == ["has_mean_zero_and_spread_one"]


def test_a_reply_is_unpacked_once_however_often_a_diagnosis_asks_for_it(
    released: Path, known: tuple[Solution, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    solution, answers = known
    read: list[str] = []
    real = answer_key.recorded_reply
    monkeypatch.setattr(answer_key, "recorded_reply", lambda c, e: read.append(c.name) or real(c, e))
    graded(released, "standardize", solution.variant(answers.wrong[0]))
    assert "has_mean_zero_and_spread_one" in read and len(read) == len(set(read))


def test_a_key_shows_hints_of_what_its_checks_can_show_alone(released: Path, known: tuple[Solution, Any]) -> None:
    solution, answers = known
    _, reference = graded(released, "standardize", solution.module)
    every = {v.name: v.hint for v in answers.wrong if v.exercise == "standardize"}
    shown = reference.hints("standardize")
    assert shown == {name: every[name] for name in every if name in shown}
    assert "accepts_one_value" not in shown and "not_divided" in shown  # one value is tried by a hidden check


def test_a_key_counts_the_hidden_checks_too(released: Path) -> None:
    [target] = Catalog(released).find(["all"])
    private = LessonChecks(Catalog(MINI).find(["all"])[0].files, target.lesson)
    counts = {exercise.name: len(private.of(exercise.name)) for exercise in target.lesson.exercises}
    assert check_counts(target.files.answer_key) == counts
    assert check_counts(released / "nothing.json") == {}

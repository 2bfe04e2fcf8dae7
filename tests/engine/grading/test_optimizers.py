"""The import for optimizers is made before the first worker where a lesson trains with one, and else not at all."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog, Target
from blindgrade.engine.grading.optimizers import needs_optimizer
from blindgrade.engine.grading.options import Options
from blindgrade.engine.grading.runner import grade
from blindgrade.engine.grading.warm_process import Zygote
from blindgrade.models import Kind

TESTS = Path(__file__).parents[2]
MINI = TESTS / "courses" / "mini"
STUB = "exercises/lesson_1_1_1_basics/basics.py"


def trained(target: Target) -> list[str]:
    return [e.name for e in target.lesson.exercises if e.kind is Kind.TRAINING]


@pytest.mark.parametrize("released", [False, True])
def test_every_trained_exercise_of_the_course_needs_one_also_on_a_students_machine(
    released: bool, tmp_path: Path
) -> None:
    for target in Catalog(TESTS.parent).find(["all"]):
        here = replace(target, files=replace(target.files, root=tmp_path)) if released else target
        if released:
            shutil.copytree(target.files.exercises, here.files.exercises)
        assert needs_optimizer(here) == bool(trained(target))
        assert not needs_optimizer(replace(here, exercises=tuple(set(here.exercises) - set(trained(target)))))


def test_gradient_descent_by_hand_needs_none_until_a_file_speaks_of_one(tmp_path: Path) -> None:
    course = Path(shutil.copytree(MINI, tmp_path / "mini", ignore=shutil.ignore_patterns("__pycache__")))
    [target] = Catalog(course).find(["lesson-1.1.1"])
    assert trained(target) and not needs_optimizer(target)
    assert not Zygote.for_targets([target])._options["optimizer"]
    stub = course / STUB
    stub.write_text(stub.read_text() + "\n# Try torch.optim.SGD, too.\n")
    assert needs_optimizer(target)
    assert Zygote.for_targets([target])._options["optimizer"]


def test_a_student_uses_an_optimizer_where_the_lesson_speaks_of_none(tmp_path: Path) -> None:
    line = """
import torch


def fit_line(x, y):
    parts = torch.zeros(2, dtype=x.dtype, requires_grad=True)
    optimizer = torch.optim.SGD([parts], lr=0.5)
    for _ in range(100):
        optimizer.zero_grad()
        (parts[0] * x + parts[1] - y).square().mean().backward()
        optimizer.step()
    return lambda at: (parts[0] * at + parts[1]).detach()
"""
    (tmp_path / "basics.py").write_text(line)
    course = Catalog(MINI)
    attempt = grade(course, course.find(["lesson-1.1.1/fit_line"]), tmp_path, Options()).lessons[0]
    assert [result.outcome for result in attempt.exercises] == ["passed"]

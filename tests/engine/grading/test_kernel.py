"""Grading of a kernel's objects, with the miniature course and with plain namespaces instead of a kernel."""

from __future__ import annotations

import os
import random
import shutil
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch

from blindgrade.catalog import Catalog, Target
from blindgrade.engine.grading.kernel import grade_names
from blindgrade.models import Attempt, Outcome
from blindgrade.places import Place

MINI = Path(__file__).parents[2] / "courses" / "mini"
CELL = "/tmp/ipykernel/cell.py"

RIGHT = """
def standardize(values):
    if values.shape[-1] < 2:
        raise ValueError("one value")
    centered = values - values.mean(dim=-1, keepdim=True)
    return centered / centered.std(dim=-1, keepdim=True, unbiased=False)
"""
NOT_DIVIDED = "def standardize(values):\n    return values - values.mean(dim=-1, keepdim=True)\n"
STUB = "def standardize(values):\n    raise NotImplementedError\n"
CORRELATION = """
def correlation(first, second):
    return (standardize(first) * standardize(second)).mean(dim=-1)
"""


@pytest.fixture
def target() -> Target:
    return Catalog(MINI).find(["lesson-1.1.1"])[0]


def kernel(*cells: str) -> dict[str, Any]:
    names: dict[str, Any] = {"torch": torch}
    for cell in cells:
        exec(compile(cell, CELL, "exec"), names)
    return names


def place(filename: str, line: int) -> Place | None:
    return Place("", line, "cell [5]") if filename == CELL else None


def graded(target: Target, *cells: str, **options: Any) -> Attempt:
    return grade_names(target, kernel(*cells), place, **options)


def outcomes(attempt: Attempt) -> dict[str, Outcome]:
    return {r.name: r.outcome for r in attempt.exercises}


@pytest.mark.parametrize("reference", ["live", "key"])
def test_right_code_passes_by_either_reference(target: Target, reference: str) -> None:
    attempt = graded(target, RIGHT, CORRELATION, reference=reference)
    assert outcomes(attempt) == {
        "standardize": Outcome.PASSED,
        "correlation": Outcome.PASSED,
        "fit_line": Outcome.NOT_ATTEMPTED,
    }
    assert (attempt.points, attempt.reference, attempt.sandbox) == (80, reference, "none")
    assert (attempt.public_checks, attempt.checks, attempt.public_only) == (3, 6, True)


def test_only_public_checks_run_though_the_course_has_hidden_ones(target: Target) -> None:
    checks = [c for r in graded(target, RIGHT).exercises for c in r.checks]
    assert [c.name for c in checks] == ["has_mean_zero_and_spread_one", "compares_rows", "finds_the_line"]
    assert all(c.public for c in checks)


def test_wrong_code_is_diagnosed_by_the_live_solution_and_by_the_key(target: Target) -> None:
    live, key = (graded(target, NOT_DIVIDED, reference=r).exercises[0].checks[0] for r in ("live", "key"))
    assert (live.misconception, live.hint) == ("not_divided", "The spread is still what it was.")
    assert (key.misconception, key.hint) == (live.misconception, live.hint)
    assert str(live.where) == "cell [5], line 1"


def test_an_exercise_that_waits_for_a_failed_one_is_blocked(target: Target) -> None:
    assert outcomes(graded(target, NOT_DIVIDED, CORRELATION))["correlation"] is Outcome.BLOCKED


def test_a_stub_and_a_cell_that_was_not_run_are_not_attempted(target: Target) -> None:
    first, second, _ = graded(target, STUB).exercises
    assert (first.outcome, first.checks[0].message) == (Outcome.NOT_ATTEMPTED, "not written yet")
    assert second.outcome is Outcome.NOT_ATTEMPTED
    assert second.checks[0].message == "this kernel does not define `correlation` yet; run its cell first"


def test_an_error_is_reported_with_its_cell_and_line(target: Target) -> None:
    check = graded(target, "def standardize(values):\n    return values.mean(dim=7)\n").exercises[0].checks[0]
    assert check.outcome is Outcome.FAILED
    assert check.message.startswith("IndexError at cell [5], line 2: Dimension out of range")
    assert str(check.where) == "cell [5], line 2"
    assert str(check.frames[0]) == "cell [5], line 2 in standardize"


def test_a_helper_that_the_kernel_lost_is_the_students_error(target: Target) -> None:
    check = graded(target, "def standardize(values):\n    return helper(values)\n").exercises[0].checks[0]
    assert check.message == "NameError at cell [5], line 2: name 'helper' is not defined"


def test_a_torch_notimplementederror_is_no_stub(target: Target) -> None:
    cell = "def standardize(values):\n    return torch.nn.Module()(values)\n"
    assert outcomes(graded(target, cell))["standardize"] is Outcome.FAILED


def test_the_stop_button_stops(target: Target) -> None:
    with pytest.raises(KeyboardInterrupt):
        graded(target, "def standardize(values):\n    raise KeyboardInterrupt\n")


def test_what_the_code_prints_is_kept_and_not_printed(target: Target, capsys: pytest.CaptureFixture[str]) -> None:
    attempt = graded(target, "def standardize(values):\n    print('shape', 3)\n    return values\n")
    assert attempt.exercises[0].output == "shape 3\n"
    assert capsys.readouterr().out == ""


def test_random_numbers_switches_and_imports_are_left_unchanged(target: Target) -> None:
    def state() -> tuple[object, ...]:
        switches = (torch.is_grad_enabled(), torch.get_num_threads(), torch.get_default_dtype())
        draws = (random.getstate(), numpy.random.get_state()[1].tolist(), torch.get_rng_state().tolist())
        return (*switches, *draws, list(sys.path), sys.modules.get("basics"))

    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        torch.set_default_dtype(torch.float64)
        with torch.no_grad():
            before = state()
            assert graded(target, RIGHT).exercises[0].outcome is Outcome.PASSED
            assert state() == before
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_num_threads(threads)


def test_a_released_course_needs_no_private_tree(target: Target, tmp_path: Path) -> None:
    shutil.copytree(MINI / "exercises", tmp_path / "exercises")
    shutil.copy(MINI / "course.toml", tmp_path)
    released = Catalog(tmp_path).find(["lesson-1.1.1"])[0]
    attempt = graded(released, RIGHT)
    assert (attempt.reference, attempt.exercises[0].outcome) == ("key", Outcome.PASSED)


LEAVES = """
import os, warnings
kept = []
right = standardize
def standardize(values):
    try:
        return right(values)
    finally:
        torch.set_default_dtype(torch.float16)
        torch.set_grad_enabled(False)
        torch.nn.functional.cosine_similarity = None
        warnings.simplefilter("error")
        kept.append(torch.inference_mode())
        kept[-1].__enter__()
        os.environ["LEFT"] = "1"
"""


def test_what_an_exercise_leaves_behind_reaches_neither_the_next_one_nor_the_notebook(target: Target) -> None:
    filters, similar = list(warnings.filters), torch.nn.functional.cosine_similarity
    own = "def correlation(first, second):\n    first, second = (r - r.mean(-1, True) for r in (first, second))\n"
    cosine = own + "    return torch.nn.functional.cosine_similarity(first, second, dim=-1)\n"
    found = outcomes(graded(target, RIGHT, LEAVES, cosine))
    assert found["standardize"] is found["correlation"] is Outcome.PASSED
    assert torch.get_default_dtype() == torch.float32 and torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled() and not torch.ones(1).is_inference()
    assert torch.nn.functional.cosine_similarity is similar
    assert warnings.filters == filters and "LEFT" not in os.environ


def test_an_experiment_begins_in_the_kernels_own_state(target: Target) -> None:
    cell = RIGHT + "\nright = standardize\n"
    asks = "def standardize(values):\n    assert torch.get_default_dtype() == torch.float64\n    return right(values)\n"
    torch.set_default_dtype(torch.float64)
    try:
        assert graded(target, cell, asks).exercises[0].outcome is Outcome.PASSED
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)

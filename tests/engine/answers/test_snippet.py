"""A snippet in a released course: it runs in a fresh Python and shows what differs."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog
from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.engine.answers.snippet import snippet, without_gaps

TESTS = Path(__file__).parents[2]
GRADE = Path(sys.executable).with_name("grade")
SHIFTED = "import torch\n\n\ndef standardize(values):\n    return values - values.mean(dim=-1, keepdim=True)\n"


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """A student's course, without the private trees, and with a wrong answer."""
    course = tmp_path / "course"
    shutil.copytree(TESTS / "courses" / "mini", course, ignore=shutil.ignore_patterns("solutions", "graders"))
    (course / "exercises" / "lesson_1_1_1_basics" / "basics.py").write_text(SHIFTED)
    return course


def show(course: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [GRADE, *args], capture_output=True, text=True, timeout=120, cwd=course,
        env={**os.environ, "BLINDGRADE_COURSE": str(course), "NO_COLOR": "1"},
    )  # fmt: skip


def test_the_snippet_runs_in_a_fresh_python_and_pasted_line_by_line(released: Path, tmp_path: Path) -> None:
    printed = show(released, "standardize", "--show", "has_mean_zero_and_spread_one")
    assert printed.returncode == 0, printed.stderr
    script = tmp_path / "snippet.py"
    script.write_text(printed.stdout)
    as_file = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120, cwd=tmp_path)
    pasted = subprocess.run(
        [sys.executable, "-i", "-q"], input=printed.stdout, capture_output=True, text=True, timeout=120, cwd=tmp_path
    )
    for done in (as_file, pasted):
        assert "standardize(tensor(" in done.stdout and "expected: tensor(" in done.stdout
        assert "This check fails: the result, row 0, column 0, is " in done.stdout
        assert "Error" not in done.stderr and "Traceback" not in done.stderr


def test_a_right_answer_passes_in_the_snippet(released: Path, tmp_path: Path) -> None:
    file = released / "exercises" / "lesson_1_1_1_basics" / "basics.py"
    file.write_text((TESTS / "submissions" / "mini" / "all_right" / "basics.py").read_text())
    for exercise, check in [("correlation", "compares_rows"), ("fit_line", "finds_the_line")]:  # one draws its inputs
        text = show(released, exercise, "--show", check).stdout
        done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=120, cwd=tmp_path)
        assert "This check passes." in done.stdout, (text, done.stderr)


def test_a_part_of_the_name_is_enough_and_another_name_gets_the_nearest(released: Path) -> None:
    assert (
        "Reproduces the public check has_mean_zero_and_spread_one"
        in show(released, "standardize", "--show", "mean").stdout
    )
    wrong = show(released, "standardize", "--show", "has_zero_spread")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "did you mean has_mean_zero_and_spread_one?" in wrong.stderr


def test_a_hidden_check_is_refused_with_a_sentence() -> None:
    done = show(TESTS / "courses" / "mini", "standardize", "--show", "refuses_one_value")
    assert (done.returncode, done.stdout) == (2, "")
    assert "refuses_one_value is a hidden check, so its inputs and values are not shown" in done.stderr


@pytest.mark.parametrize(
    "args", [("lesson-1.1.1", "--show", "x"), ("--show", "x"), ("standardize", "--show", "x", "--json")]
)
def test_show_needs_one_exercise_and_no_grading(args: tuple[str, ...]) -> None:
    done = show(TESTS / "courses" / "mini", *args)
    assert (done.returncode, done.stdout) == (2, "") and "--show" in done.stderr


def test_a_notebooks_snippet_uses_the_kernels_own_names() -> None:
    [target] = Catalog(TESTS / "courses" / "mini").find(["lesson-1.1.1"])
    checks = LessonChecks(target.files, target.lesson, target.files.public_checks)
    text = snippet(checks, checks.of("standardize")[0], Path("basics.ipynb"))
    assert (
        "Run it in a cell of basics.ipynb, below your code." in text and "lesson = SimpleNamespace(**globals())" in text
    )


@pytest.mark.parametrize("lesson", ["lesson-7.2.1", "lesson-7.2.2", "lesson-7.1.1"])
def test_every_public_check_has_a_snippet_that_parses_without_a_gap_in_a_block(lesson: str) -> None:
    course = Catalog(TESTS.parent)
    [target] = course.find([lesson])
    checks = LessonChecks(target.files, target.lesson, target.files.public_checks)
    for check in checks.all:
        text = snippet(checks, check, target.files.stub)
        for node in ast.parse(text).body:
            lines = text.splitlines()[node.lineno - 1 : node.end_lineno]
            strings = any(isinstance(n, ast.Constant) and "\n\n" in str(n.value) for n in ast.walk(node))
            assert strings or all(line.strip() for line in lines), check.name


def test_blank_lines_inside_a_text_are_kept() -> None:
    text = 'def f():\n    """One.\n\n    Two."""\n\n    return 1\nx = 2\n'
    assert without_gaps(text) == 'def f():\n    """One.\n\n    Two."""\n    return 1\n\nx = 2\n'
